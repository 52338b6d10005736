//go:build cgo

package onnxvision

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/onnx"
	"showreel/platform/weights"
)

// network is one model, loaded when first run and unloaded when nobody has asked for it for a while: together they hold
// over a gigabyte, and one ability after the other is at work.
type network struct {
	id, name      string
	found         weights.Found
	shape         shape
	library, file string
	workers       int
	rest          time.Duration

	mu     sync.Mutex
	s      *onnx.Session
	chars  []string // of the text model
	busy   int      // calls that hold the session
	unload *time.Timer
	closed bool
}

// hold loads the model unless it is loaded, and keeps it until release is called. Kinds: fault.Unavailable, fault.Corrupt,
// fault.Canceled after close.
func (n *network) hold() (s *onnx.Session, release func(), err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, nil, fault.Say("vision.model", n.id, fault.Canceled, "", "The vision engine was closed.")
	}
	if n.s == nil {
		if err := n.load(); err != nil {
			return nil, nil, err
		}
	}
	if n.unload != nil {
		n.unload.Stop()
	}
	n.busy++
	return n.s, n.release, nil
}

func (n *network) release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.busy--; n.busy == 0 {
		n.unload = time.AfterFunc(n.rest, n.leave)
	}
}

// leave unloads the model unless somebody holds it.
func (n *network) leave() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.busy > 0 || n.s == nil {
		return
	}
	_ = n.s.Close() // what cannot be freed is gone with the process
	n.s = nil
	onnx.Trim()
}

// load opens the file. n.mu is held.
func (n *network) load() error {
	if unrunnable[n.id] {
		return unfit(n.id, n.found.Role)
	}
	if _, err := os.Stat(n.library); err != nil {
		return noLibrary(err)
	}
	s, err := onnx.OpenWith(n.library, n.file, onnx.Options{Workers: n.workers, Lean: true})
	if fault.Is(err, fault.NotFound) {
		return missing(n.id)
	}
	if err != nil {
		return err
	}
	if err = n.shape.check(n.id, s); err == nil && n.shape.characters {
		n.chars, err = characters(n.id, s)
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	n.s = s
	return nil
}

func (n *network) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	if n.s == nil {
		return nil
	}
	s := n.s
	n.s = nil
	return s.Close()
}

// run puts one tensor through and returns the outputs that were asked for, each checked to hold as many numbers as its
// shape says.
func (n *network) run(ctx context.Context, in onnx.Tensor, outputs ...string) ([][]float32, error) {
	s, release, err := n.hold()
	if err != nil {
		return nil, err
	}
	defer release()
	out, err := s.Run(ctx, map[string]onnx.Tensor{n.shape.input: in})
	if err != nil {
		return nil, err
	}
	got := make([][]float32, len(outputs))
	for i, name := range outputs {
		got[i] = out[name].F32
		if want := n.shape.size(name); got[i] == nil || (want > 0 && len(got[i]) != want) {
			return nil, wrongShape(n.id, name)
		}
	}
	return got, nil
}
