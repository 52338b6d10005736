//go:build cgo

package pipervoice

import (
	"context"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"showreel/engine/voice"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/onnx"
)

// Options of a driver.
type Options struct {
	Models  string // folder with a folder a voice
	Native  string // folder with onnxruntime/libonnxruntime.so.1
	Workers int    // sentences spoken at once by a voice; 0 is 1
	Espeak  string // the program; "" is "espeak-ng"
}

// pause is the silence between two sentences, in samples (a quarter of a second).
const pause = rate / 4

// Driver implements voice.Driver. Voices are loaded when they first speak.
type Driver struct {
	o    Options
	mu   sync.Mutex
	open map[string]*loaded
}

// loaded is a voice in memory.
type loaded struct {
	net *onnx.Session
	ids map[rune]int64
}

// Open never fails for something missing; Voices and Say tell it.
func Open(o Options) (*Driver, error) {
	o.Workers = max(o.Workers, 1)
	if o.Espeak == "" {
		o.Espeak = "espeak-ng"
	}
	return &Driver{o: o, open: map[string]*loaded{}}, nil
}

// Close gives the memory back.
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	for _, l := range d.open {
		if e := l.net.Close(); err == nil {
			err = e
		}
	}
	d.open = map[string]*loaded{}
	return err
}

// Voices implements voice.Driver.
func (d *Driver) Voices(context.Context) ([]voice.Voice, error) {
	var all []voice.Voice
	for _, v := range voices {
		v.Missing = d.missing(v)
		all = append(all, v.Voice)
	}
	return all, nil
}

// Say implements voice.Driver.
func (d *Driver) Say(ctx context.Context, r voice.Request) (voice.Speech, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := threadCPU()
	v, err := find(r.Voice)
	if err != nil {
		return voice.Speech{}, err
	}
	if text := d.missing(v); text != "" {
		return voice.Speech{}, fault.Say("voice.say", r.Voice, fault.Unavailable, "voice-missing", "%s", text)
	}
	l, err := d.load(v.ID)
	if err != nil {
		return voice.Speech{}, err
	}
	speed := r.Speed
	if speed == 0 {
		speed = 1
	}
	out := voice.Speech{Rate: rate, Model: v.Model, Words: []media.Word{}}
	for n, s := range split(r.Text) {
		if n > 0 {
			out.PCM = append(out.PCM, make([]int16, pause)...)
		}
		said, spent, err := d.phonemize(ctx, v.espeak, s)
		if err != nil {
			return voice.Speech{}, err
		}
		began -= int64(spent)
		if err := l.speak(ctx, s, said, speed, &out); err != nil {
			return voice.Speech{}, err
		}
	}
	if len(out.Words) == 0 {
		return voice.Speech{}, fault.Say("voice.say", r.Voice, fault.Invalid, "nothing-to-say", "There is nothing in this text that can be spoken.")
	}
	out.CPUms = (threadCPU() - began) / 1e6
	return out, nil
}

func (d *Driver) load(id string) (*loaded, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.open[id]; l != nil {
		return l, nil
	}
	dir := filepath.Join(d.o.Models, id)
	ids, err := readTokens(filepath.Join(dir, "tokens.txt"))
	if err != nil {
		return nil, err
	}
	net, err := onnx.OpenWith(filepath.Join(d.o.Native, "onnxruntime", "libonnxruntime.so.1"), filepath.Join(dir, "model.onnx"), onnx.Options{Workers: d.o.Workers, Lean: true})
	if err != nil {
		return nil, err
	}
	if s, err := net.Meta("sample_rate"); err != nil || s != strconv.Itoa(rate) || net.Outputs()[durations].Type != "float32" {
		return nil, firstOf(err, net.Close(), fault.Say("voice.open", id, fault.Corrupt, "bad-voice", "The voice %s is not as its converter makes it; install it again.", id))
	}
	l := &loaded{net: net, ids: ids}
	d.open[id] = l
	return l, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// threadCPU is the processor time of the calling thread, in ns: a network runs on the thread that asks.
func threadCPU() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
