//go:build cgo

package whisperspeech

/*
#cgo CFLAGS: -std=c11 -D_GNU_SOURCE -I${SRCDIR}/include
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"showreel/fault"
)

// library is the state of libwhisper, of which a process has one. A failed load is tried again: it may be installed later.
var library struct {
	sync.Mutex
	loaded bool
}

// load binds libwhisper. Kind: fault.Unavailable where it is missing or does not fit.
func load(native string) error {
	library.Lock()
	defer library.Unlock()
	if library.loaded {
		return nil
	}
	dir := filepath.Join(native, "whisper", "lib")
	if err := there(filepath.Join(dir, "libwhisper.so"), whisperMissing); err != nil {
		return err
	}
	path := C.CString(dir)
	defer C.free(unsafe.Pointer(path))
	if why := C.sr_load(path); why != nil {
		return fault.Say("whisperspeech.load", "", fault.Unavailable, "whisper-unfit", "The speech library whisper.cpp does not fit this machine (%s); build it again with `make native`.", C.GoString(why))
	}
	library.loaded = true
	return nil
}

// languages lists the codes Whisper knows, sorted. The library is loaded.
func languages() []string {
	var out []string
	for id := range int(C.sr_language_count()) {
		out = append(out, C.GoString(C.sr_language(C.int(id))))
	}
	slices.Sort(out)
	return out
}

// spec names a model.
type spec struct {
	id      string // and version, as results name it
	model   string // id in the catalogue
	file    string
	heads   string // whisper.cpp's name for the alignment heads
	install string // command that brings it
}

// model is a Whisper model: weights that the states of all workers share.
type model struct {
	spec
	native string
	path   string
	states *pool[unsafe.Pointer]

	mu      sync.Mutex
	weights unsafe.Pointer
}

func newModel(o Options, s spec) *model {
	m := &model{spec: s, native: o.Native, path: s.file}
	m.states = newPool(o.Workers, m.newState, func(state unsafe.Pointer) { C.sr_state_free(state) })
	m.states.empty = m.unload
	return m
}

// unload frees the weights. No state is there.
func (m *model) unload() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.weights != nil {
		C.sr_model_free(m.weights)
		m.weights = nil
	}
}

func (m *model) missing() error {
	return there(m.path, "The speech model "+m.model+" is missing; run `"+m.install+"`.")
}

func (m *model) newState() (unsafe.Pointer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.weights == nil {
		if err := m.open(); err != nil {
			return nil, err
		}
	}
	state := C.sr_state(m.weights)
	if state == nil {
		return nil, fault.Say("whisperspeech.open", m.id, fault.Full, "no-memory", "There is not enough memory for the speech model.")
	}
	return state, nil
}

func (m *model) open() error {
	if err := load(m.native); err != nil {
		return err
	}
	if err := m.missing(); err != nil {
		return err
	}
	path, heads := C.CString(m.path), C.CString(m.heads)
	defer C.free(unsafe.Pointer(path))
	defer C.free(unsafe.Pointer(heads))
	if m.weights = C.sr_model(path, heads); m.weights == nil {
		return fault.Say("whisperspeech.open", m.id, fault.Corrupt, "bad-model", "The speech model %s is damaged; install it again with `%s`.", m.model, m.install)
	}
	return nil
}

func (m *model) close() {
	m.states.close()
	m.unload()
}

// request is one run over one window.
type request struct {
	language  string
	prompt    string
	translate bool
	frames    int // of the encoder, 50 a second; 0 is all 30 s
	fallback  bool
}

// decode runs the model and returns its segments and the processor seconds spent. Kinds: fault.Canceled, fault.Internal.
func (m *model) decode(ctx context.Context, state unsafe.Pointer, samples []float32, r request) ([]segment, float64, error) {
	call, free := newCall(ctx, samples, r)
	defer free()
	if rc := C.sr_run(m.weights, state, call); rc != 0 || ctx.Err() != nil {
		return nil, float64(call.cpu_s), failed(ctx, m.id, int(rc))
	}
	return m.segments(state, r.language), float64(call.cpu_s), nil
}

// detect returns the probability of each language over the first seconds of the samples.
func (m *model) detect(ctx context.Context, state unsafe.Pointer, samples []float32) (map[string]float64, float64, error) {
	samples = samples[:min(len(samples), detectSeconds*rate)]
	call, free := newCall(ctx, samples, request{language: "en", frames: framesFor(len(samples))})
	defer free()
	probs := make([]C.float, int(C.sr_language_count()))
	if rc := C.sr_languages(m.weights, state, call, &probs[0]); rc != 0 || ctx.Err() != nil {
		return nil, float64(call.cpu_s), failed(ctx, m.id, int(rc))
	}
	out := map[string]float64{}
	for id, p := range probs {
		out[C.GoString(C.sr_language(C.int(id)))] = float64(p)
	}
	return out, float64(call.cpu_s), nil
}

// newCall lays a request out for C. free must be called.
func newCall(ctx context.Context, samples []float32, r request) (*C.sr_decode, func()) {
	var pin pinner
	call := (*C.sr_decode)(C.calloc(1, C.sizeof_sr_decode))
	flag := (*C.int32_t)(C.calloc(1, C.sizeof_int32_t))
	*call = C.sr_decode{samples: (*C.float)(pin.floats(samples)), count: C.int(len(samples)), audio_ctx: C.int(r.frames),
		language: C.CString(r.language), translate: C.bool(r.translate), fallback: C.bool(r.fallback), stop: flag}
	if r.prompt != "" {
		call.prompt = C.CString(r.prompt)
	}
	raised := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		atomic.StoreInt32((*int32)(unsafe.Pointer(flag)), 1)
		close(raised)
	})
	return call, func() {
		if !unwatch() {
			<-raised // it has begun: the flag is its until it ends
		}
		pin.Unpin()
		C.free(unsafe.Pointer(call.language))
		C.free(unsafe.Pointer(call.prompt))
		C.free(unsafe.Pointer(flag))
		C.free(unsafe.Pointer(call))
	}
}

func failed(ctx context.Context, id string, rc int) error {
	if ctx.Err() != nil {
		return fault.E("whisperspeech.decode", id, fault.Canceled, context.Cause(ctx))
	}
	return fault.Say("whisperspeech.decode", id, fault.Internal, "decode-failed", "The speech model could not decode this sound (code %d).", rc)
}

// framesFor is the encoder's length for so many samples and a second more, in whole blocks of 64 frames: enough that the
// end is not cut, and less work than the full 30 s.
func framesFor(samples int) int {
	seconds := float64(samples)/rate + 1
	return min(max(int(math.Ceil(seconds*50/64))*64, 128), fullFrames)
}
