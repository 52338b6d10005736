//go:build cgo

package onnxvision_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/vision"
	"showreel/engine/vision/onnxvision"
	"showreel/engine/vision/remotevision"
	"showreel/engine/vision/visiontest"
	"showreel/fault"
	"showreel/platform/sidecar"
	"showreel/platform/sidecar/sidecartest"
)

// open opens the engine on what set-up installed; without ONNX Runtime or models there is nothing to test here.
func open(t *testing.T, models string) *onnxvision.Driver {
	t.Helper()
	cache := visiontest.Cache(t)
	if models == "" {
		models = filepath.Join(cache, "models")
	}
	sidecartest.Need(t, filepath.Join(cache, "native", "onnxruntime"), filepath.Join(cache, "models", "nanodet"))
	d, err := onnxvision.Open(onnxvision.Options{Models: models, Native: filepath.Join(cache, "native"), Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestSuite(t *testing.T) {
	visiontest.Run(t, func(t *testing.T) vision.Driver { return open(t, "") })
}

func TestSuiteOverTheWire(t *testing.T) {
	visiontest.Run(t, func(t *testing.T) vision.Driver {
		mux := http.NewServeMux()
		remotevision.Mount(mux, open(t, ""))
		const token = "a token of enough letters"
		server := httptest.NewServer(sidecar.RequireToken(token, mux))
		t.Cleanup(server.Close)
		reach, err := sidecar.NewRemote(token, server.URL)
		if err != nil {
			t.Fatal(err)
		}
		client := sidecar.New(reach)
		t.Cleanup(func() {
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		})
		return remotevision.New(client)
	})
}

func TestMissingModelsAreNamed(t *testing.T) {
	d := open(t, t.TempDir())
	s := vision.New(d)
	c, err := s.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	photo := [][]byte{visiontest.PNG(t, visiontest.Noise(40, 30, 1))}
	_, labels := s.Labels(t.Context(), photo)
	_, objects := s.Objects(t.Context(), photo)
	_, text := s.Text(t.Context(), photo)
	_, faces := s.Faces(t.Context(), photo, vision.FaceOptions{})
	_, moderate := s.Moderate(t.Context(), photo)
	_, boundaries := s.Boundaries(t.Context(), make([]byte, vision.BoundaryWidth*vision.BoundaryHeight*3))
	for ability, err := range map[string]error{"labels": labels, "objects": objects, "text": text, "faces": faces, "moderate": moderate, "boundaries": boundaries} {
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.TextOf(err), "showreel models install ") {
			t.Errorf("%s: %v, want unavailable with what to install", ability, err)
		}
		if c.Models[ability] != "" || !strings.Contains(c.Missing[ability], "showreel models install ") {
			t.Errorf("%s: caps say %q, missing %q", ability, c.Models[ability], c.Missing[ability])
		}
	}
}

// TestWrongModelsAreNamed puts damaged files and other models where the right ones are looked for.
func TestWrongModelsAreNamed(t *testing.T) {
	from := filepath.Join(visiontest.Cache(t), "models")
	dir := t.TempDir()
	sidecartest.Need(t, filepath.Join(from, "nanodet"))
	put := func(id, source string, change func([]byte) []byte) {
		raw, err := os.ReadFile(filepath.Join(from, source, "model.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, id), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, id, "model.onnx"), change(raw), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	whole := func(b []byte) []byte { return b }
	put("nanodet", "blazeface-back", whole)
	put("open-nsfw", "open-nsfw", func(b []byte) []byte { return b[:len(b)/3] })
	put("blazeface-back", "blazeface-back", func([]byte) []byte { return []byte("no model") })
	put("ppocr-v6-det", "ppocr-v6-rec", whole)
	put("ppocr-v6-rec", "ppocr-v6-rec", whole)
	put("transnetv2", "silero-vad", whole)
	s := vision.New(open(t, dir))
	photo := [][]byte{visiontest.PNG(t, visiontest.Noise(40, 30, 1))}
	_, objects := s.Objects(t.Context(), photo)
	_, text := s.Text(t.Context(), photo)
	_, faces := s.Faces(t.Context(), photo, vision.FaceOptions{})
	_, moderate := s.Moderate(t.Context(), photo)
	_, boundaries := s.Boundaries(t.Context(), make([]byte, vision.BoundaryWidth*vision.BoundaryHeight*3))
	for ability, err := range map[string]error{"objects": objects, "text": text, "faces": faces, "moderate": moderate, "boundaries": boundaries} {
		if !fault.Is(err, fault.Corrupt) || !strings.Contains(fault.TextOf(err), "nstall") {
			t.Errorf("%s: %v, want corrupt with what to do", ability, err)
		}
	}
}

func TestClosedEngineRefuses(t *testing.T) {
	d := open(t, "")
	photo := [][]byte{visiontest.PNG(t, visiontest.Noise(40, 30, 1))}
	if _, err := d.Moderate(t.Context(), photo); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Moderate(t.Context(), photo); !fault.Is(err, fault.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}
