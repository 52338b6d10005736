//go:build cgo

package onnxvision_test

import (
	"os"
	"path/filepath"
	"testing"

	"showreel/engine/vision"
	"showreel/engine/vision/visiontest"
	"showreel/fault"
	"showreel/platform/sidecar/sidecartest"
	"showreel/platform/weights"
)

// TestModelsAreChosen runs an operator's own model beside the one in use and in its place, and refuses by name what it cannot
// run.
func TestModelsAreChosen(t *testing.T) {
	from := filepath.Join(visiontest.Cache(t), "models")
	sidecartest.Need(t, filepath.Join(from, "open-nsfw"), filepath.Join(from, "nanodet"))
	dir := t.TempDir()
	put := func(id, role, source string) {
		t.Helper()
		folder := filepath.Join(dir, id)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(from, source, "model.onnx"), filepath.Join(folder, "net.onnx")); err != nil {
			t.Fatal(err)
		}
		if err := weights.Write(folder, weights.Manifest{ID: id, Version: "1", Role: role, Result: "net.onnx", Own: true}); err != nil {
			t.Fatal(err)
		}
	}
	put("mine", "vision.moderation", "open-nsfw")
	put("swapped", "vision.moderation", "nanodet")
	put("centernet", "vision.objects", "nanodet")
	photo := [][]byte{visiontest.PNG(t, visiontest.Noise(40, 30, 1))}
	s := vision.New(open(t, dir))
	beside, err := s.With("mine")
	if err != nil {
		t.Fatal(err)
	}
	c, err := beside.Caps(t.Context())
	if err != nil || c.Models["moderate"] != "mine 1 (own)" {
		t.Errorf("beside: %+v, %v", c, err)
	}
	if _, err := beside.Moderate(t.Context(), photo); err != nil {
		t.Errorf("beside: %v", err)
	}
	if _, err := s.Moderate(t.Context(), photo); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the one in use is not installed: %v", err)
	}
	for model, kind := range map[string]fault.Kind{"swapped": fault.Corrupt, "centernet": fault.Unsupported, "nothing": fault.Unavailable, "../mine": fault.NotFound} {
		other, err := s.With(model)
		if err != nil {
			t.Fatal(err)
		}
		_, moderate := other.Moderate(t.Context(), photo)
		if !fault.Is(moderate, kind) {
			t.Errorf("%s: %v, want %s", model, moderate, kind)
		}
	}
	if err := weights.Use(dir, "vision.moderation", "mine"); err != nil {
		t.Fatal(err)
	}
	if _, err := vision.New(open(t, dir)).Moderate(t.Context(), photo); err != nil {
		t.Errorf("chosen: %v", err)
	}
	if err := weights.Use(dir, "vision.objects", "centernet"); err != nil {
		t.Fatal(err)
	}
	if _, err := vision.New(open(t, dir)).Objects(t.Context(), photo); !fault.Is(err, fault.Unsupported) {
		t.Errorf("a model that cannot be run: %v", err)
	}
}
