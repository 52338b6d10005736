//go:build cgo

package whisperspeech

import (
	"context"

	"showreel/fault"
)

// pool lends up to a number of things that serve one call at a time; each is made when it is first needed.
type pool[T any] struct {
	places chan place[T]
	make   func() (T, error)
	free   func(T)
	closed chan struct{}
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
		defer func() { p.places <- at }()
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

// close waits for what is lent and frees everything. It is called once.
func (p *pool[T]) close() {
	close(p.closed)
	for range cap(p.places) {
		if at := <-p.places; at.made {
			p.free(at.thing)
		}
	}
}
