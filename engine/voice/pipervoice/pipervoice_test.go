//go:build cgo

package pipervoice_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/voice"
	"showreel/engine/voice/pipervoice"
	"showreel/engine/voice/voicetest"
	"showreel/fault"
	"showreel/platform/sidecar/sidecartest"
)

// cache is where set-up puts models and native libraries.
func cache(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SHOWREEL_CACHE")
	if dir == "" {
		home, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, "showreel")
	}
	return dir
}

func open(t *testing.T, o pipervoice.Options) *pipervoice.Driver {
	t.Helper()
	d, err := pipervoice.Open(o)
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
	sidecartest.Need(t, filepath.Join(cache(t), "models", "piper-joe"))
	voicetest.Run(t, open(t, pipervoice.Options{Models: filepath.Join(cache(t), "models"), Native: filepath.Join(cache(t), "native")}))
}

func TestWithoutEspeak(t *testing.T) {
	d := open(t, pipervoice.Options{Models: t.TempDir(), Native: t.TempDir(), Espeak: "no-such-espeak"})
	all, err := d.Voices(t.Context())
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, v := range all {
		if !strings.Contains(v.Missing, "espeak-ng") {
			t.Errorf("%s: %q", v.ID, v.Missing)
		}
	}
	if _, err := d.Say(t.Context(), voice.Request{Text: "hello", Voice: "piper-joe"}); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.TextOf(err), "espeak-ng") {
		t.Errorf("%v", err)
	}
}

func TestDamagedVoice(t *testing.T) {
	for name, tokens := range map[string]string{"list": "_ 0\nhello\n", "model": "_ 0\n^ 1\n$ 2\n  3\n, 8\n. 10\n? 13\n! 4\na 14\n"} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "piper-joe"), 0o755); err != nil {
			t.Fatal(err)
		}
		for file, body := range map[string]string{"model.onnx": "not a model", "tokens.txt": tokens} {
			if err := os.WriteFile(filepath.Join(dir, "piper-joe", file), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d := open(t, pipervoice.Options{Models: dir, Native: filepath.Join(cache(t), "native"), Espeak: "true"})
		_, err := d.Say(t.Context(), voice.Request{Text: "hello", Voice: "piper-joe"})
		if want := fault.Corrupt; !fault.Is(err, want) && !fault.Is(err, fault.Unavailable) || name == "list" && !fault.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
