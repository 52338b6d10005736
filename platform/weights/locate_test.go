package weights_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/fault"
	"showreel/platform/weights"
)

func TestAnOperatorsChoiceTakesEffect(t *testing.T) {
	dir := t.TempDir()
	put := func(m weights.Manifest) {
		folder := filepath.Join(dir, m.ID)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, m.Result), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := weights.Write(folder, m); err != nil {
			t.Fatal(err)
		}
	}
	at := func() weights.Found { return weights.Locate(dir, "speech.transcribe", "whisper-base", "ggml.bin") }
	if f := at(); !fault.Is(f.Missing(), fault.Unavailable) || !strings.Contains(fault.TextOf(f.Missing()), "showreel models install whisper-base") {
		t.Errorf("nothing installed: %+v, %v", f, f.Missing())
	}
	states := map[string]bool{weights.Revision(dir): true}
	changed := func(what string) {
		t.Helper()
		if r := weights.Revision(dir); states[r] {
			t.Errorf("%s changes no revision", what)
		} else {
			states[r] = true
		}
	}
	put(weights.Manifest{ID: "whisper-base", Version: "1", Role: "speech.transcribe", Result: "ggml.bin"})
	changed("an installation")
	if f := at(); f.Missing() != nil || f.Name("?") != "whisper-base 1" {
		t.Errorf("the standard one: %+v", f)
	}
	put(weights.Manifest{ID: "mine", Version: "7", Role: "speech.transcribe", Result: "mine.bin", Own: true})
	if err := weights.Use(dir, "speech.transcribe", "mine"); err != nil {
		t.Fatal(err)
	}
	changed("a choice")
	if f := at(); f.Missing() != nil || f.Name("?") != "mine 7 (own)" || filepath.Base(f.Path) != "mine.bin" {
		t.Errorf("chosen: %+v", f)
	}
	if err := os.RemoveAll(filepath.Join(dir, "mine")); err != nil {
		t.Fatal(err)
	}
	changed("a removal")
	if f := at(); f.ID != "mine" || f.Missing() == nil {
		t.Error("a chosen model that is gone is told by its name")
	}
}
