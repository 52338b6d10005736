// Package run starts the parts of a process in order and stops them in reverse: a small actor group in the manner of
// oklog/run, with an order and a drain limit. It is not a supervisor: a part that fails ends the process, and whoever
// started the process starts it again.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"showreel/fault"
)

// Ability is something a part of the product can do on this machine, for doctor.
type Ability struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Text  string `json:"text"` // for people: what was found, or what to install
}

// State of an ability.
type State string

// The states.
const (
	OK       State = "ok"
	Degraded State = "degraded" // works, slower or with less
	Missing  State = "missing"  // does not work; Text says what to do
)

// DefaultDrain is how long one part may take to stop.
const DefaultDrain = 15 * time.Second

// Group is a list of parts. The zero value is ready; it is used once.
type Group struct {
	Drain time.Duration // how long each part may take to stop; 0 is DefaultDrain
	Log   *slog.Logger  // nil discards

	parts []part
}

type part struct {
	name string
	run  func(context.Context) error
}

// running is a started part.
type running struct {
	part
	cancel context.CancelFunc
	done   chan struct{}
	err    error // valid once done is closed
}

// Add appends a part. run must return soon after its context ends; returning earlier without an error means that its work
// is done and the others go on.
func (g *Group) Add(name string, run func(context.Context) error) {
	g.parts = append(g.parts, part{name, run})
}

// Run starts every part in the order added, waits until ctx ends or a part fails, stops them in reverse order, each before
// the next, and returns the first failure. A panic in a part is a failure. A part that outlasts Drain is left behind and
// reported as fault.Internal with code "stuck".
func (g *Group) Run(ctx context.Context) error {
	log := g.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	failed := make(chan *running, len(g.parts))
	var started []*running
	var watching sync.WaitGroup
	base := context.WithoutCancel(ctx) // parts end one by one, not all at once with ctx
	for _, p := range g.parts {
		if ctx.Err() != nil || len(failed) > 0 {
			break
		}
		started = append(started, start(base, p, failed, &watching, log))
	}
	var first error
	select {
	case <-ctx.Done():
	case r := <-failed:
		first = r.err
	case <-allDone(&watching):
	}
	for i := len(started) - 1; i >= 0; i-- {
		err := g.stop(started[i], log)
		if first == nil && err != nil {
			first = err
		}
	}
	return first
}

func start(base context.Context, p part, failed chan<- *running, watching *sync.WaitGroup, log *slog.Logger) *running {
	ctx, cancel := context.WithCancel(base)
	r := &running{part: p, cancel: cancel, done: make(chan struct{})}
	log.DebugContext(ctx, "starting", "part", p.name)
	watching.Go(func() {
		defer close(r.done)
		err := shielded(ctx, p)
		if err != nil && (ctx.Err() == nil || !errors.Is(err, context.Canceled)) {
			r.err = fault.E("run."+p.name, "", "", err)
			failed <- r
		}
	})
	return r
}

// shielded runs a part and makes a panic an error, so that the others still stop in order.
func shielded(ctx context.Context, p part) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return p.run(ctx)
}

func (g *Group) stop(r *running, log *slog.Logger) error {
	drain := g.Drain
	if drain == 0 {
		drain = DefaultDrain
	}
	r.cancel()
	limit := time.NewTimer(drain)
	defer limit.Stop()
	select {
	case <-r.done:
		log.Debug("stopped", "part", r.name)
		return r.err
	case <-limit.C:
		log.Warn("did not stop in time", "part", r.name, "after", drain)
		return fault.Say("run."+r.name, "", fault.Internal, "stuck", "The part %s did not stop within %s.", r.name, drain)
	}
}

func allDone(wg *sync.WaitGroup) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	return done
}
