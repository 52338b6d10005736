package weights_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/fault"
	"showreel/platform/weights"
)

func put(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFindFollowsTheChoice(t *testing.T) {
	dir := t.TempDir()
	_, err := weights.Find(dir, "speech.transcribe", "whisper-base", "model.bin")
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.TextOf(err), "showreel models install whisper-base") {
		t.Fatalf("got %v", err)
	}
	put(t, filepath.Join(dir, "whisper-base", "model.bin"))
	f, err := weights.Find(dir, "speech.transcribe", "whisper-base", "model.bin")
	if err != nil || f.ID != "whisper-base" || f.Version != "" || filepath.Base(f.Path) != "model.bin" {
		t.Fatalf("%+v, %v", f, err)
	}
	put(t, filepath.Join(dir, "mine", "ggml.bin"))
	if err := weights.Write(filepath.Join(dir, "mine"), weights.Manifest{ID: "mine", Version: "3", Result: "ggml.bin"}); err != nil {
		t.Fatal(err)
	}
	if err := weights.Use(dir, "speech.transcribe", "mine"); err != nil {
		t.Fatal(err)
	}
	f, err = weights.Find(dir, "speech.transcribe", "whisper-base", "model.bin")
	if err != nil || f.ID != "mine" || f.Version != "3" || filepath.Base(f.Path) != "ggml.bin" {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := weights.Use(dir, "speech.transcribe", ""); err != nil {
		t.Fatal(err)
	}
	if f, err = weights.Find(dir, "speech.transcribe", "whisper-base", "model.bin"); err != nil || f.ID != "whisper-base" {
		t.Fatalf("%+v, %v", f, err)
	}
}

func TestDamagedRecordsAreSaid(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "use.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := weights.Uses(dir); !fault.Is(err, fault.Corrupt) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "installed.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := weights.Read(dir); !fault.Is(err, fault.Corrupt) {
		t.Errorf("got %v", err)
	}
	for _, id := range []string{"", "..", "a/b", ".hidden", "Ä"} {
		if weights.SafeID(id) {
			t.Errorf("%q is no safe id", id)
		}
	}
}
