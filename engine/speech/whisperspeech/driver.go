//go:build cgo

package whisperspeech

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"showreel/engine/speech"
	"showreel/fault"
	"showreel/platform/weights"
)

// Options of Open.
type Options struct {
	Models  string // folder with a folder for each model
	Native  string // folder with whisper/ and onnxruntime/
	Workers int    // calls answered in parallel, 1 when zero; they share a model's weights
}

// Driver implements speech.Driver. Models are loaded by the first call that needs them and stay until Close.
type Driver struct {
	o        Options
	base     *model // all languages
	english  *model // faster, English only
	activity *pool[*detector]
	voices   *voiceNet
	once     sync.Once

	mu    sync.Mutex
	extra map[string]*model // that run beside those in use, by id
}

var _ speech.Driver = (*Driver)(nil)

// activityID is the network for voice activity, which comes with whisper.cpp.
const activityID = "silero-vad 6.2.0 ggml"

// Open prepares a driver; it looks at no file yet. See Caps for what is missing.
func Open(o Options) (*Driver, error) {
	o.Workers = max(o.Workers, 1)
	d := &Driver{o: o, extra: map[string]*model{}}
	d.base = newModel(o, specOf(weights.Locate(o.Models, roleTranscribe, "whisper-base", "ggml-base-q8_0.bin"), "1.0.0 q8_0"))
	d.english = newModel(o, specOf(weights.Locate(o.Models, roleFast, "whisper-tiny-en", "ggml-tiny.en-q8_0.bin"), "0.1.0 q8_0"))
	d.activity = newPool(o.Workers, func() (*detector, error) { return newDetector(o.Native) }, (*detector).free)
	d.voices = newVoiceNet(o)
	return d, nil
}

// Close waits for calls in flight and frees the models. Later calls are answered fault.Canceled.
func (d *Driver) Close() (err error) {
	d.once.Do(func() {
		d.activity.close()
		d.base.close()
		d.english.close()
		d.mu.Lock()
		for _, m := range d.extra {
			m.close()
		}
		d.mu.Unlock()
		err = d.voices.close()
	})
	return err
}

// Caps implements speech.Driver. It loads the native library, but no model.
func (d *Driver) Caps(context.Context) (speech.Caps, error) {
	c := speech.Caps{Missing: map[string]string{}}
	native := load(d.o.Native)
	if native != nil {
		c.Missing["transcribe"], c.Missing["activity"] = fault.TextOf(native), fault.TextOf(native)
	} else {
		c.Activity = activityID
		if err := there(detectorFile(d.o.Native), whisperMissing); err != nil {
			c.Activity, c.Missing["activity"] = "", fault.TextOf(err)
		}
		d.capsOfModels(&c)
	}
	if err := errors.Join(there(d.voices.file, voicesMissing), there(d.voices.library, onnxMissing)); err != nil {
		c.Missing["voices"] = fault.TextOf(err)
	} else {
		c.Voices = d.voices.name
	}
	return c, nil
}

func (d *Driver) capsOfModels(c *speech.Caps) {
	base, english := d.base.missing(), d.english.missing()
	if base == nil {
		c.Transcribe, c.Fast, c.Translate, c.Languages = d.base.id, d.base.id, true, languages()
	} else {
		c.Missing["transcribe"] = fault.TextOf(base)
	}
	if english == nil {
		c.Fast = d.english.id
		if base != nil {
			c.Languages = []string{"en"}
		}
	}
}

const (
	whisperMissing = "The speech library whisper.cpp is missing; build it with `make native`."
	onnxMissing    = "The ONNX Runtime library is missing; bring it with `make native`."
	voicesMissing  = "The voice model is missing; run `showreel models install resemblyzer`."
)

// there reports a missing file as fault.Unavailable with the words given.
func there(file, missing string) error {
	if _, err := os.Stat(file); err != nil {
		return &fault.Error{Op: "whisperspeech.open", Subject: filepath.Base(file), Kind: fault.Unavailable, Code: "model-missing", Text: missing, Err: err}
	}
	return nil
}
