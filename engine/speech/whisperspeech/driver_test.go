//go:build cgo

package whisperspeech_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"showreel/engine/speech"
	"showreel/engine/speech/speechtest"
	"showreel/engine/speech/whisperspeech"
	"showreel/fault"
	"showreel/platform/sidecar/sidecartest"
)

func open(t *testing.T, o whisperspeech.Options) *whisperspeech.Driver {
	t.Helper()
	d, err := whisperspeech.Open(o)
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

func installed() whisperspeech.Options {
	return whisperspeech.Options{Models: filepath.Join(speechtest.Cache(), "models"), Native: filepath.Join(speechtest.Cache(), "native")}
}

func TestSuite(t *testing.T) { speechtest.Run(t, open(t, installed())) }

// Nothing installed is no error of Open: the caps say what is missing and calls say what to do.
func TestNothingInstalled(t *testing.T) {
	o := installed()
	o.Models = t.TempDir()
	d := open(t, o)
	c, err := d.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Transcribe != "" || c.Voices != "" || c.Missing["transcribe"] == "" || c.Missing["voices"] == "" {
		t.Errorf("%+v", c)
	}
	if _, err := d.Transcribe(t.Context(), make([]int16, speech.SampleRate), speech.Options{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

// TestSegmentShorterThanTheFilter is speech with most of it silenced: the model ends a segment after a few hundredths of a
// second, which ended the program that aligned its words.
func TestSegmentShorterThanTheFilter(t *testing.T) {
	o := installed()
	sidecartest.Need(t, filepath.Join(o.Models, "whisper-base"))
	raw, err := os.ReadFile(filepath.Join("testdata", "short-segment.pcm")) // a packaged voice, 16 kHz, signed 16 bit
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, len(raw)/2)
	for n := range pcm {
		pcm[n] = int16(binary.LittleEndian.Uint16(raw[2*n:]))
	}
	said, err := open(t, o).Transcribe(t.Context(), pcm, speech.Options{Language: "en"})
	if err != nil || len(said.Utterances) == 0 || len(said.Utterances[0].Words) == 0 || said.Utterances[0].Words[0].Text != "Yesterday" {
		t.Errorf("%+v %v", said, err)
	}
}
