package redaction_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"showreel/platform/sidecar/sidecartest"
	"showreel/test/redaction"
	"showreel/test/world"
)

func TestMain(m *testing.M) { os.Exit(world.Main(m)) }

// TestNothingMarkedIsLeft hides what is planted in films and looks for it in what comes out: in 4 films, in all with
// SHOWREEL_TEST_DEEP=1, a part of those with SHOWREEL_TEST_PART=K/N. What a detector misses is counted; what it found must be gone.
func TestNothingMarkedIsLeft(t *testing.T) {
	cache := sidecartest.Cache(t)
	models, native, samples, program := filepath.Join(cache, "models"), filepath.Join(cache, "native"), filepath.Join(cache, "samples"), filepath.Join(world.Root(), "bin", "showreel-ai")
	sidecartest.Need(t, program, filepath.Join(models, "whisper-base"), filepath.Join(models, "blazeface-back"), filepath.Join(models, "ppocr-v6-rec"), filepath.Join(models, "piper-joe"), filepath.Join(samples, "astronaut.png"))
	t.Setenv("SHOWREEL_MODELS_DIR", models)
	t.Setenv("SHOWREEL_AI_PROGRAM", program)
	t.Setenv("SHOWREEL_AI_NATIVE", native)
	sockets, err := os.MkdirTemp("", "redact")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(sockets)
	speaks, end := redaction.Voices(program, models, native, sockets)
	defer end()
	s := redaction.Setup{Server: world.StartT(t, filepath.Join(t.TempDir(), "data")), Dir: t.TempDir(), Samples: samples, Voice: speaks}
	ordinary := map[string]bool{"card by piper-joe": true, "card with a pause by piper-jenny": true, "writing 1": true, "face 4": true}
	if names := os.Getenv("SHOWREEL_TEST_CASE"); names != "" {
		ordinary = map[string]bool{names: true}
	}
	missed, leaks, done := 0, 0, 0
	part, parts := 0, 1
	if text := os.Getenv("SHOWREEL_TEST_PART"); text != "" {
		if _, err := fmt.Sscanf(text, "%d/%d", &part, &parts); err != nil || parts < 1 {
			t.Fatal("SHOWREEL_TEST_PART is a part and their number, such as 0/8: ", text)
		}
	}
	for n, c := range redaction.Cases() {
		if n%parts != part {
			continue
		}
		if !ordinary[c.Name] && os.Getenv("SHOWREEL_TEST_DEEP") != "1" {
			continue
		}
		o, err := s.Measure(t.Context(), c)
		if err != nil {
			t.Fatal(c.Name, err)
		}
		done++
		if o.Missed {
			missed++
		}
		if len(o.Leaks) > 0 {
			leaks++
		}
		t.Logf("%s: hard %v, %d marks, missed %v, %d left, leaks %v, %.0f s", c.Name, c.Hard, o.Marks, o.Missed, len(o.Left), o.Leaks, o.Spent.Seconds())
		if len(o.Left) > 0 {
			t.Errorf("%s: marked and still there: %v", c.Name, o.Left)
		}
		if o.Missed && !c.Hard && os.Getenv("SHOWREEL_TEST_DEEP") != "1" {
			t.Errorf("%s was not found", c.Name)
		}
	}
	if done == 0 {
		t.Fatal("no case was measured")
	}
	t.Logf("%d films, %d of their secrets missed, %d with parts outside their marks", done, missed, leaks)
}
