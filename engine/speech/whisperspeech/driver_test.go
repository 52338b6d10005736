//go:build cgo

package whisperspeech_test

import (
	"path/filepath"
	"testing"

	"showreel/engine/speech"
	"showreel/engine/speech/speechtest"
	"showreel/engine/speech/whisperspeech"
	"showreel/fault"
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
