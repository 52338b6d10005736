//go:build cgo

package whisperspeech

// #include "bridge.h"
// #include <stdlib.h>
import "C"

import (
	"context"
	"path/filepath"
	"unsafe"

	"showreel/fault"
	"showreel/media"
)

// Silero's own constants for its segments, except that a pause of 300 ms ends one: speakers change in shorter pauses
// than the 100 ms of its live use cut.
const (
	frame      = 512       // samples of one probability, 32 ms
	onset      = 0.5       // speech begins above
	offset     = 0.35      // and goes on until below
	minSpeech  = 0.25      // s; shorter is a click
	minSilence = 0.3       // s
	margin     = 0.1       // s that are added on both sides
	activityAt = 60 * rate // samples looked at in one go, so that memory is bounded
)

// span is a stretch of sound in seconds.
type span struct{ start, end float64 }

// detector is Silero's network, for one call at a time.
type detector struct{ vad unsafe.Pointer }

func detectorFile(native string) string {
	return filepath.Join(native, "whisper", "share", "whisper", "silero-vad-ggml.bin")
}

func newDetector(native string) (*detector, error) {
	if err := load(native); err != nil {
		return nil, err
	}
	file := detectorFile(native)
	if err := there(file, whisperMissing); err != nil {
		return nil, err
	}
	path := C.CString(file)
	defer C.free(unsafe.Pointer(path))
	vad := C.sr_vad(path)
	if vad == nil {
		return nil, fault.Say("whisperspeech.open", activityID, fault.Corrupt, "bad-model", "The voice activity model is damaged; build it again with `make native`.")
	}
	return &detector{vad}, nil
}

func (d *detector) free() { C.sr_vad_free(d.vad) }

// Activity implements speech.Driver.
func (d *Driver) Activity(ctx context.Context, pcm []int16) ([]media.Range, error) {
	spans, _, err := d.speechIn(ctx, pcm)
	if err != nil {
		return nil, err
	}
	out := make([]media.Range, len(spans))
	for n, s := range spans {
		out[n] = media.Range{Start: media.FromSeconds(s.start), End: media.FromSeconds(s.end)}
	}
	return out, nil
}

// speechIn finds speech and says what processor time it took in seconds.
func (d *Driver) speechIn(ctx context.Context, pcm []int16) (spans []span, cpu float64, err error) {
	var probs []float32
	err = d.activity.with(ctx, func(v *detector) error {
		for from := 0; from < len(pcm); from += activityAt {
			if ctx.Err() != nil {
				return fault.E("whisperspeech.activity", "", fault.Canceled, context.Cause(ctx))
			}
			more, took, err := v.probabilities(floats(pcm[from:min(from+activityAt, len(pcm))]), from == 0)
			if err != nil {
				return err
			}
			probs, cpu = append(probs, more...), cpu+took
		}
		return nil
	})
	return spansOf(probs, float64(len(pcm))/rate), cpu, err
}

func (d *detector) probabilities(samples []float32, afresh bool) ([]float32, float64, error) {
	var pin pinner
	defer pin.Unpin()
	before, n := C.sr_cpu_seconds(), C.int(0)
	got := C.sr_vad_probs(d.vad, C.bool(afresh), (*C.float)(pin.floats(samples)), C.int(len(samples)), &n)
	if got == nil {
		return nil, 0, fault.Say("whisperspeech.activity", activityID, fault.Internal, "activity-failed", "Voice activity could not be computed.")
	}
	out := append([]float32(nil), unsafe.Slice((*float32)(unsafe.Pointer(got)), int(n))...)
	return out, float64(C.sr_cpu_seconds() - before), nil
}

func floats(pcm []int16) []float32 {
	out := make([]float32, len(pcm))
	for n, v := range pcm {
		out[n] = float32(v) / 32768
	}
	return out
}

// spansOf turns probabilities into stretches of speech within a sound of so many seconds, as Silero's own code does.
func spansOf(probs []float32, length float64) []span {
	const step = float64(frame) / rate
	var raw []span
	speaking, quietSince := false, -1.0
	for n, p := range probs {
		at := float64(n) * step
		switch {
		case p >= onset:
			if !speaking {
				raw, speaking = append(raw, span{at, at}), true
			}
			quietSince = -1
		case speaking && p < offset:
			if quietSince < 0 {
				quietSince = at
			}
			if at-quietSince >= minSilence {
				raw[len(raw)-1].end, speaking = quietSince, false
			}
		}
	}
	if speaking {
		raw[len(raw)-1].end = length
		if quietSince >= 0 {
			raw[len(raw)-1].end = quietSince
		}
	}
	var out []span
	for _, s := range raw {
		if s.end-s.start < minSpeech {
			continue
		}
		s = span{max(0, s.start-margin), min(length, s.end+margin)}
		if n := len(out); n > 0 && s.start <= out[n-1].end {
			out[n-1].end = s.end
			continue
		}
		out = append(out, s)
	}
	return out
}
