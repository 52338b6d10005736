//go:build cgo

package whisperspeech

import (
	"context"
	"math"
	"path/filepath"
	"sync"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/onnx"
	"showreel/platform/weights"
)

const (
	voiceFrames = 160    // of one look of the network, 1.6 s
	voiceStep   = 80     // frames from one look to the next
	voiceLevel  = 0.0316 // RMS that quieter sound is raised to, -30 dBFS: the spectrogram is linear, so that loudness counts
)

// voiceNet is Resemblyzer's network.
type voiceNet struct {
	library string
	file    string
	name    string // and version
	workers int

	mu     sync.Mutex
	net    *onnx.Session
	closed bool
}

func newVoiceNet(o Options) *voiceNet {
	f := weights.Locate(o.Models, roleVoices, "resemblyzer", "model.onnx")
	return &voiceNet{library: filepath.Join(o.Native, "onnxruntime", "libonnxruntime.so.1"), file: f.Path, name: f.Name("0.1.4"), workers: o.Workers}
}

// session loads the network when it is first needed.
func (v *voiceNet) session() (*onnx.Session, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, fault.E("whisperspeech.voices", "", fault.Canceled, nil)
	}
	if v.net != nil {
		return v.net, nil
	}
	if err := there(v.library, onnxMissing); err != nil {
		return nil, err
	}
	if err := there(v.file, voicesMissing); err != nil {
		return nil, err
	}
	net, err := onnx.OpenWith(v.library, v.file, onnx.Options{Workers: v.workers})
	v.net = net
	return net, err
}

func (v *voiceNet) close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	if v.net == nil {
		return nil
	}
	return v.net.Close()
}

// Voices implements speech.Driver. A window longer than 1.6 s is looked at every 0.8 s and the vectors are averaged, a
// shorter one is repeated until it is long enough.
func (d *Driver) Voices(ctx context.Context, pcm []int16, windows []media.Range) ([][]float32, error) {
	net, err := d.voices.session()
	if err != nil {
		return nil, err
	}
	bank := newMelBank()
	out := make([][]float32, len(windows))
	for n, w := range windows {
		first := min(max(int(w.Start.Ticks(rate)), 0), len(pcm))
		last := min(max(int(w.End.Ticks(rate)), first), len(pcm))
		if out[n], err = voiceOf(ctx, net, looks(bank.frames(levelled(pcm[first:last])))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// levelled raises quiet sound.
func levelled(pcm []int16) []float32 {
	out := floats(pcm)
	sum := 0.0
	for _, s := range out {
		sum += float64(s) * float64(s)
	}
	rms := math.Sqrt(sum / float64(max(len(out), 1)))
	if rms > 0 && rms < voiceLevel {
		for n := range out {
			out[n] *= float32(voiceLevel / rms)
		}
	}
	return out
}

// looks cuts a spectrogram into stretches of voiceFrames lines, one after the other in one tensor; the last ends with
// the sound.
func looks(mel []float32) []float32 {
	if len(mel) == 0 {
		mel = make([]float32, bands)
	}
	for n := 0; len(mel) < voiceFrames*bands; n++ {
		mel = append(mel, mel[n])
	}
	lines := len(mel) / bands
	var out []float32
	for at := 0; ; at += voiceStep {
		at = min(at, lines-voiceFrames)
		out = append(out, mel[at*bands:(at+voiceFrames)*bands]...)
		if at == lines-voiceFrames {
			return out
		}
	}
}

func voiceOf(ctx context.Context, net *onnx.Session, mels []float32) ([]float32, error) {
	n := len(mels) / (voiceFrames * bands)
	got, err := net.Run(ctx, map[string]onnx.Tensor{"mels": onnx.Floats(mels, int64(n), voiceFrames, bands)})
	if err != nil {
		return nil, err
	}
	all := got["embed"].F32
	mean := make([]float32, len(all)/n)
	for i, x := range all {
		mean[i%len(mean)] += x
	}
	return unit(mean), nil
}

// unit scales a vector to length 1; the zero vector, of silence, becomes an even one.
func unit(v []float32) []float32 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for n := range v {
		if sum == 0 {
			v[n] = float32(1 / math.Sqrt(float64(len(v))))
			continue
		}
		v[n] = float32(float64(v[n]) / math.Sqrt(sum))
	}
	return v
}
