//go:build cgo

package onnxlanguage_test

import (
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/language/languagetest"
	"showreel/engine/language/onnxlanguage"
	"showreel/fault"
	"showreel/platform/sidecar/sidecartest"
)

func TestSuite(t *testing.T) {
	dir := sidecartest.Cache(t)
	sidecartest.Need(t, filepath.Join(dir, "models", "bge-small-en"))
	d, err := onnxlanguage.Open(onnxlanguage.Options{Models: filepath.Join(dir, "models"), Native: filepath.Join(dir, "native"), Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	languagetest.Embedder(t, d)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestMissing(t *testing.T) {
	d, err := onnxlanguage.Open(onnxlanguage.Options{Models: t.TempDir(), Native: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Embed(t.Context(), []string{"a"}); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.TextOf(err), "showreel models install bge-small-en") {
		t.Errorf("%v", err)
	}
}
