package redaction_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"showreel/platform/sidecar/sidecartest"
	"showreel/test/redaction"
	"showreel/test/world"
)

func TestMain(m *testing.M) { os.Exit(world.Main(m)) }

// setup starts a server with the real models.
func setup(t *testing.T) redaction.Setup {
	t.Helper()
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
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	speaks, end := redaction.Voices(program, models, native, sockets)
	t.Cleanup(end)
	s := redaction.Setup{Server: world.StartT(t, filepath.Join(t.TempDir(), "data")), Dir: t.TempDir(), Samples: samples, Voice: speaks}
	must(t, s.Prepare(t.Context()))
	return s
}

// chosen are the cases of this run: 3, all with SHOWREEL_TEST_DEEP=1, a part of those with SHOWREEL_TEST_PART=K/N, one by
// its name in SHOWREEL_TEST_CASE, those of one family with SHOWREEL_TEST_FAMILY=face. With SHOWREEL_TEST_GO_ON=1 those in SHOWREEL_TEST_OUT are not measured again.
func chosen(t *testing.T) []redaction.Case {
	part, parts := 0, 1
	if text := os.Getenv("SHOWREEL_TEST_PART"); text != "" {
		if _, err := fmt.Sscanf(text, "%d/%d", &part, &parts); err != nil || parts < 1 {
			t.Fatal("SHOWREEL_TEST_PART is a part and their number, such as 0/8: ", text)
		}
	}
	name := os.Getenv("SHOWREEL_TEST_CASE")
	done := map[string]bool{}
	if path := os.Getenv("SHOWREEL_TEST_OUT"); path != "" && os.Getenv("SHOWREEL_TEST_GO_ON") == "1" {
		before, err := redaction.Outcomes(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range before {
			done[o.Name] = true
		}
	}
	var out []redaction.Case
	for n, c := range redaction.Cases() {
		if family := os.Getenv("SHOWREEL_TEST_FAMILY"); done[c.Name] || family != "" && family != c.Family {
			continue
		}
		if name == c.Name || name == "" && n%parts == part && (redaction.Ordinary(c) || os.Getenv("SHOWREEL_TEST_DEEP") == "1") {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b redaction.Case) int { // the hard ones first
		switch {
		case a.Hard == b.Hard:
			return 0
		case a.Hard:
			return -1
		}
		return 1
	})
	return out
}

// TestNothingMarkedIsLeft hides what is planted in films, two at a time, and looks for it in what comes out. What a detector
// misses is counted, in SHOWREEL_TEST_OUT too; what it found must be gone.
func TestNothingMarkedIsLeft(t *testing.T) {
	s := setup(t)
	cases := chosen(t)
	if len(cases) == 0 {
		t.Fatal("no case was measured")
	}
	missed, leaks := 0, 0
	s.MeasureAll(t.Context(), cases, func(o redaction.Outcome, err error) {
		if err != nil {
			t.Errorf("%s: %v", o.Name, err)
			return
		}
		if o.Missed {
			missed++
		}
		if len(o.Leaks) > 0 {
			leaks++
		}
		t.Logf("%s: hard %v, %d marks, missed %v, %d left, leaks %v, %.0f s", o.Name, o.Hard, o.Marks, o.Missed, len(o.Left), o.Leaks, o.Spent.Seconds())
		if len(o.Left) > 0 {
			t.Errorf("%s: marked and still there: %v", o.Name, o.Left)
		}
		if o.Missed && !o.Hard && os.Getenv("SHOWREEL_TEST_DEEP") != "1" {
			t.Errorf("%s was not found", o.Name)
		}
		if path := os.Getenv("SHOWREEL_TEST_OUT"); path != "" {
			if err := redaction.Append(path, o); err != nil {
				t.Error(err)
			}
		}
	})
	t.Logf("%d films, %d of their secrets missed, %d with parts outside their marks", len(cases), missed, leaks)
}
