//go:build cgo

package onnxvision_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// TestModelsLeaveAndComeBack asks, waits until the model was unloaded, and asks again.
func TestModelsLeaveAndComeBack(t *testing.T) {
	cache := visiontest.Cache(t)
	sidecartest.Need(t, filepath.Join(cache, "models", "transnetv2"))
	d, err := onnxvision.Open(onnxvision.Options{Models: filepath.Join(cache, "models"), Native: filepath.Join(cache, "native"), Rest: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	film := make([]byte, 60*vision.BoundaryWidth*vision.BoundaryHeight*3)
	for n := range film[len(film)/2:] {
		film[len(film)/2+n] = 200
	}
	first, err := d.Boundaries(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	held := mappedMB(t)
	for until := time.Now().Add(20 * time.Second); mappedMB(t) > held-100; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("the model that nobody asks still takes memory: %.0f MB, %.0f before", mappedMB(t), held)
		}
	}
	again, err := d.Boundaries(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("it answers otherwise after it came back:\n%s", diff)
	}
}

// mappedMB is what this process holds in memory.
func mappedMB(t *testing.T) float64 {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(raw))[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * float64(os.Getpagesize()) / (1 << 20)
}
