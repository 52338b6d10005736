package captions_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/speech"
	"showreel/engine/speech/remotespeech"
	"showreel/engine/speech/speechtest"
	"showreel/platform/sidecar/sidecartest"
	"showreel/test/captions"
	"showreel/test/world"
)

func TestChrF(t *testing.T) {
	same := captions.ChrF([]string{"The bridge is open."}, []string{"the bridge is open."})
	near := captions.ChrF([]string{"The bridge is closed."}, []string{"the bridge is open."})
	other := captions.ChrF([]string{"Le pont est ouvert."}, []string{"the bridge is open."})
	if same != 1 || near >= 1 || near < 0.4 || other >= near || other > 0.25 {
		t.Errorf("the same is %.2f alike, one word otherwise %.2f, another language %.2f", same, near, other)
	}
}

// TestTranslationOfPrompts translates French prompts whose English recording has a text of its own, which serves as the
// reference; with SHOWREEL_TEST_DEEP=1 150 of them, else 8. Beside it stands what the French words themselves score.
func TestTranslationOfPrompts(t *testing.T) {
	cache, most := sidecartest.Cache(t), 8
	sidecartest.Need(t, filepath.Join(cache, "prompts", "fr"), filepath.Join(cache, "prompts", "en"))
	if os.Getenv("SHOWREEL_TEST_DEEP") == "1" {
		most = 150
	}
	if os.Getenv("SHOWREEL_AI") == "" {
		t.Setenv("SHOWREEL_AI", filepath.Join(world.Root(), "bin", "showreel-ai"))
	}
	english := map[string]string{}
	for _, p := range speechtest.Prompts(t, "en") {
		english[p.Name] = p.Text
	}
	s := speech.New(remotespeech.New(sidecartest.Program(t, "speech", "whisper-base")))
	var got, want, untouched []string
	var cpu int64
	seconds := 0.0
	for _, p := range speechtest.Prompts(t, "fr") {
		text := english[p.Name]
		if len(strings.Fields(text)) < 4 || len(got) == most {
			continue
		}
		tr, err := s.Transcribe(t.Context(), p.PCM, speech.Options{Language: "fr", Translate: true})
		if err != nil {
			t.Fatal(err)
		}
		got, want, untouched = append(got, speechtest.Text(tr)), append(want, text), append(untouched, p.Text)
		cpu, seconds = cpu+tr.CPUms, seconds+float64(len(p.PCM))/speech.SampleRate
		if len(got)%10 == 1 {
			t.Logf("%s: %q for %q (%s)", p.Name, got[len(got)-1], text, p.Text)
		}
	}
	if len(got) < most {
		t.Fatalf("only %d prompts have an English text", len(got))
	}
	score, base := captions.ChrF(got, want), captions.ChrF(untouched, want)
	t.Logf("%d French prompts, %.0f s, into English: chrF2 %.3f; the French words themselves %.3f; %.2f CPU-s a second", len(got), seconds, score, base, float64(cpu)/1000/seconds)
	if score < base+0.05 { // eight short prompts score lower, and closer, than 150
		t.Errorf("chrF2 %.3f is no better than what was not translated, %.3f", score, base)
	}
}
