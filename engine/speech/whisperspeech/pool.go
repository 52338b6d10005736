//go:build cgo

package whisperspeech

import (
	"context"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/onnx"
)

// restAfter is how long nobody asks until the things are freed: whisper-base at work holds 430 MB that other abilities
// can use meanwhile. Making them again takes 0.2 s.
const restAfter = 10 * time.Second

// pool lends up to a number of things that serve one call at a time; each is made when it is first needed, and freed when
// nobody has asked for a while.
type pool[T any] struct {
	places chan place[T]
	make   func() (T, error)
	free   func(T)
	empty  func() // after the last was freed and before another is made; may be nil
	closed chan struct{}

	mu   sync.Mutex
	rest *time.Timer
}

type place[T any] struct {
	thing T
	made  bool
}

func newPool[T any](size int, make_ func() (T, error), free func(T)) *pool[T] {
	p := &pool[T]{places: make(chan place[T], size), make: make_, free: free, closed: make(chan struct{})}
	for range size {
		p.places <- place[T]{}
	}
	return p
}

// with lends a thing to fn. Kinds: those of make and fn; fault.Canceled when the context ends first or the pool is closed.
func (p *pool[T]) with(ctx context.Context, fn func(T) error) error {
	const op = "whisperspeech.wait"
	select {
	case <-p.closed:
		return fault.E(op, "", fault.Canceled, nil)
	default:
	}
	select {
	case <-p.closed:
		return fault.E(op, "", fault.Canceled, nil)
	case <-ctx.Done():
		return fault.E(op, "", fault.Canceled, context.Cause(ctx))
	case at := <-p.places:
		defer func() { p.places <- at; p.wait() }()
		if !at.made {
			thing, err := p.make()
			if err != nil {
				return err
			}
			at = place[T]{thing, true}
		}
		return fn(at.thing)
	}
}

// wait frees everything when nobody asks for restAfter.
func (p *pool[T]) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rest == nil {
		p.rest = time.AfterFunc(restAfter, p.leave)
		return
	}
	p.rest.Reset(restAfter)
}

// leave frees what is not lent.
func (p *pool[T]) leave() {
	var taken int
	freed := false
	for taken < cap(p.places) {
		select {
		case at := <-p.places:
			if at.made {
				p.free(at.thing)
				freed = true
			}
			taken++
			continue
		default:
		}
		break
	}
	if taken == cap(p.places) && p.empty != nil {
		p.empty()
	}
	for range taken {
		p.places <- place[T]{}
	}
	if freed {
		onnx.Trim()
	}
}

// close waits for what is lent and frees everything. It is called once.
func (p *pool[T]) close() {
	close(p.closed)
	for range cap(p.places) {
		if at := <-p.places; at.made {
			p.free(at.thing)
		}
	}
}
