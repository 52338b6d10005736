//go:build cgo

package onnx_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/fault"
	"showreel/platform/onnx"
	"showreel/platform/sidecar/sidecartest"
)

// library is the ONNX Runtime that set-up installs; without it there is nothing to test here.
func library(t *testing.T) string {
	t.Helper()
	path := filepath.Join(sidecartest.Cache(t), "native", "onnxruntime", "libonnxruntime.so.1")
	sidecartest.Need(t, path)
	return path
}

func open(t *testing.T, model string, o onnx.Options) *onnx.Session {
	t.Helper()
	s, err := onnx.OpenWith(library(t), filepath.Join("testdata", model), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func inputs(n float32) map[string]onnx.Tensor {
	return map[string]onnx.Tensor{
		"float32": onnx.Floats([]float32{n, 2.5}, 1, 2), "int64": onnx.Ints([]int64{-7, 1 << 40}, 1, 2),
		"uint8": onnx.Bytes([]uint8{0, 255}, 1, 2), "bool": onnx.Bools([]bool{true, false}, 1, 2),
	}
}

func TestTensorsPassByName(t *testing.T) {
	s := open(t, "echo.onnx", onnx.Options{Workers: 3})
	var all sync.WaitGroup
	for n := range 24 {
		all.Go(func() {
			in := inputs(float32(n))
			got, err := s.Run(t.Context(), in)
			if err != nil {
				t.Error(err)
				return
			}
			for name, want := range in {
				if diff := cmp.Diff(want, got[name+"_out"]); diff != "" {
					t.Errorf("%s changed on the way:\n%s", name, diff)
				}
			}
		})
	}
	all.Wait()
	if got, want := s.Inputs()["int64"], (onnx.Slot{Type: "int64", Shape: []int64{-1, 2}}); !cmp.Equal(got, want) {
		t.Errorf("the model says it takes %v, want %v", got, want)
	}
}

func TestMeta(t *testing.T) {
	s := open(t, "echo.onnx", onnx.Options{Lean: true})
	for key, want := range map[string]string{"character": "a\nb\nü", "other": ""} {
		if got, err := s.Meta(key); err != nil || got != want {
			t.Errorf("metadata %s is %q (%v), want %q", key, got, err, want)
		}
	}
}

func TestWhatDoesNotFitIsSaid(t *testing.T) {
	s := open(t, "echo.onnx", onnx.Options{})
	for name, change := range map[string]func(map[string]onnx.Tensor){
		"missing":    func(in map[string]onnx.Tensor) { delete(in, "bool") },
		"misnamed":   func(in map[string]onnx.Tensor) { in["other"] = in["bool"]; delete(in, "bool") },
		"type":       func(in map[string]onnx.Tensor) { in["bool"] = in["uint8"] },
		"length":     func(in map[string]onnx.Tensor) { in["int64"] = onnx.Ints([]int64{1}, 1, 2) },
		"dimensions": func(in map[string]onnx.Tensor) { in["int64"] = onnx.Ints([]int64{1, 2, 3}, 1, 3) },
		"negative":   func(in map[string]onnx.Tensor) { in["int64"] = onnx.Ints([]int64{1, 2}, -1, -2) },
		"empty":      func(in map[string]onnx.Tensor) { in["int64"] = onnx.Tensor{} },
	} {
		in := inputs(1)
		change(in)
		if _, err := s.Run(t.Context(), in); !fault.Is(err, fault.Corrupt) || fault.CodeOf(err) != "bad-model" {
			t.Errorf("%s: %v, want corrupt bad-model", name, err)
		}
	}
	if _, err := s.Run(t.Context(), inputs(1)); err != nil {
		t.Errorf("afterwards it does not work any more: %v", err)
	}
}

func TestFilesThatAreNoModels(t *testing.T) {
	lib, dir := library(t), t.TempDir()
	whole, err := os.ReadFile("testdata/slow.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"empty": {}, "words": []byte("this is no model"), "cut": whole[:len(whole)/2]} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := onnx.Open(lib, path); !fault.Is(err, fault.Corrupt) {
			t.Errorf("%s: %v, want corrupt", name, err)
		}
	}
	if _, err := onnx.Open(lib, filepath.Join(dir, "absent")); !fault.Is(err, fault.NotFound) {
		t.Errorf("absent: %v, want not-found", err)
	}
}

func TestRunStopsWhenAsked(t *testing.T) {
	s := open(t, "slow.onnx", onnx.Options{})
	const side = 1200 // 40 products of 3.5 GFLOP: seconds
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := s.Run(ctx, map[string]onnx.Tensor{"x": onnx.Floats(make([]float32, side*side), side, side)})
	if !fault.Is(err, fault.Canceled) {
		t.Fatalf("%v, want canceled after %s", err, time.Since(begun))
	}
	got, err := s.Run(t.Context(), map[string]onnx.Tensor{"x": onnx.Floats([]float32{1}, 1, 1)})
	if err != nil || got["t39"].F32[0] != 1 {
		t.Fatalf("afterwards: %v %v", got, err)
	}
}

func TestClosedSessionRefuses(t *testing.T) {
	s := open(t, "echo.onnx", onnx.Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(t.Context(), inputs(1)); !fault.Is(err, fault.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}
