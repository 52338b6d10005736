//go:build cgo

package whisperspeech_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/speech"
	"showreel/engine/speech/speechtest"
	"showreel/fault"
	"showreel/platform/sidecar/sidecartest"
	"showreel/platform/weights"
)

// TestAnotherModelRunsBeside asks for a second model by its id, without exchanging the one in use.
func TestAnotherModelRunsBeside(t *testing.T) {
	o := installed()
	sidecartest.Need(t, filepath.Join(o.Models, "whisper-base"), filepath.Join(o.Models, "whisper-tiny-en"))
	d := open(t, o)
	pcm := speechtest.Prompts(t, "en", "agent-alreadyon")[0].PCM
	for model, want := range map[string]string{"": "whisper-base ", "whisper-tiny-en": "whisper-tiny-en "} {
		got, err := d.Transcribe(t.Context(), pcm, speech.Options{Language: "en", Model: model})
		if err != nil || !strings.HasPrefix(got.Model, want) || len(got.Utterances) == 0 {
			t.Errorf("asked for %q: %s, %d utterances, %v", model, got.Model, len(got.Utterances), err)
		}
	}
	for model, kind := range map[string]fault.Kind{"nothing-of-the-kind": fault.Unavailable, "../whisper-base": fault.NotFound} {
		if _, err := d.Transcribe(t.Context(), pcm, speech.Options{Language: "en", Model: model}); !fault.Is(err, kind) {
			t.Errorf("asked for %q: %v, want %s", model, err, kind)
		}
	}
	if _, err := d.Transcribe(t.Context(), pcm, speech.Options{Language: "fr", Model: "whisper-tiny-en"}); fault.CodeOf(err) != "english-only" {
		t.Errorf("an English model was let loose on French: %v", err)
	}
}

// TestAModelThatDoesNotHearIsRefused asks for one whose manifest names another role.
func TestAModelThatDoesNotHearIsRefused(t *testing.T) {
	o := installed()
	sidecartest.Need(t, filepath.Join(o.Native, "whisper"))
	o.Models = t.TempDir()
	if err := os.Mkdir(filepath.Join(o.Models, "eyes"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := weights.Write(filepath.Join(o.Models, "eyes"), weights.Manifest{ID: "eyes", Version: "1", Role: "vision.objects", Result: "eyes.onnx"}); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, o).Transcribe(t.Context(), make([]int16, speech.SampleRate), speech.Options{Language: "en", Model: "eyes"}); fault.CodeOf(err) != "other-role" {
		t.Error(err)
	}
}

// TestAnOperatorsModelIsUsed chooses an operator's own file for the role: results name it.
func TestAnOperatorsModelIsUsed(t *testing.T) {
	o := installed()
	from := filepath.Join(o.Models, "whisper-tiny-en")
	sidecartest.Need(t, from)
	o.Models = t.TempDir()
	mine := filepath.Join(o.Models, "mine")
	if err := os.Mkdir(mine, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(from, "ggml-tiny.en-q8_0.bin"), filepath.Join(mine, "tiny.en.bin")); err != nil {
		t.Fatal(err)
	}
	if err := weights.Write(mine, weights.Manifest{ID: "mine", Version: "7", Role: "speech.transcribe", Result: "tiny.en.bin", Own: true}); err != nil {
		t.Fatal(err)
	}
	if err := weights.Use(o.Models, "speech.transcribe", "mine"); err != nil {
		t.Fatal(err)
	}
	d := open(t, o)
	c, err := d.Caps(t.Context())
	if err != nil || c.Transcribe != "mine 7 (own)" {
		t.Fatalf("%+v, %v", c, err)
	}
	got, err := d.Transcribe(t.Context(), speechtest.Prompts(t, "en", "agent-alreadyon")[0].PCM, speech.Options{Language: "en"})
	if err != nil || got.Model != "mine 7 (own)" || len(got.Utterances) == 0 {
		t.Errorf("%s, %d utterances, %v", got.Model, len(got.Utterances), err)
	}
}
