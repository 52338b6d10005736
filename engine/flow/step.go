package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"time"

	"showreel/fault"
)

// Ctx is what a workflow function works with. It ends when the run is cancelled or the engine closes; steps get their
// own context, which ends then too.
type Ctx interface {
	context.Context
	// ID is the run's key.
	ID() string
	run() *run
}

// run is one execution of a workflow function.
type run struct {
	context.Context
	drv  Run
	log  *slog.Logger
	seen map[string]int // how often a step name was used

	patience time.Duration // with what is away
}

func (r *run) ID() string { return r.drv.Key() }
func (r *run) run() *run  { return r }

// path makes a step's name unique within the run: the second use of "probe" is "probe#2".
func (r *run) path(name string) string {
	r.seen[name]++
	if n := r.seen[name]; n > 1 {
		return name + "#" + strconv.Itoa(n)
	}
	return name
}

// An Option changes how a step is done.
type Option func(*options)

type options struct {
	retries int
	backoff time.Duration
}

// maxBackoff bounds the pause between two tries.
const maxBackoff = 5 * time.Minute

// WithRetry does a step again, up to n times, while it fails with a transient fault. The pause begins at backoff and
// doubles, a little jittered, never shorter than what the fault asks for. Other faults are never retried.
func WithRetry(n int, backoff time.Duration) Option {
	return func(o *options) { o.retries, o.backoff = n, backoff }
}

func gather(opts []Option) (o options) {
	for _, f := range opts {
		f(&o)
	}
	return o
}

// Do does a step once in the life of the run: a finished step gives its recorded result. Its error has the kind, code
// and text of the step's own error, but not its identity, for it may come from the record.
func Do[T any](c Ctx, name string, fn func(context.Context) (T, error), opts ...Option) (T, error) {
	r, o := c.run(), gather(opts)
	path := r.path(name)
	raw, err := r.drv.Step(path, func(ctx context.Context) (json.RawMessage, error) {
		return attempt(ctx, r, path, o, fn)
	})
	if err != nil {
		var none T
		return none, &stepError{path: path, err: err}
	}
	return result[T](r, path, raw)
}

// Sleep waits, across restarts too, until d after its first call.
func Sleep(c Ctx, d time.Duration) error { return c.run().drv.Sleep(d) }

// forever is the timeout of an Await without one.
const forever = 10 * 365 * 24 * time.Hour

// Await waits for a Signal of the topic: a person's decision. ok is false when the timeout passed first; a timeout of 0
// waits as long as it takes.
func Await[T any](c Ctx, topic string, timeout time.Duration) (v T, ok bool, err error) {
	if timeout <= 0 {
		timeout = forever
	}
	r := c.run()
	raw, ok, err := r.drv.Receive(topic, timeout)
	if err != nil || !ok {
		return v, false, err
	}
	v, err = result[T](r, topic, raw)
	return v, err == nil, err
}

// attempt does the work of a step, with retries, and encodes its result. An outage takes none of the retries.
func attempt[T any](ctx context.Context, r *run, path string, o options, fn func(context.Context) (T, error)) (json.RawMessage, error) {
	away := wait{log: r.log, step: path, patience: r.patience}
	r.log.Debug("a step begins", "step", path)
	for try := 0; ; try++ {
		v, err := protect(ctx, r, path, fn)
		for err != nil && away.out(ctx, err) {
			v, err = protect(ctx, r, path, fn)
		}
		if err == nil {
			away.over()
			return encode(path, v)
		}
		if try >= o.retries || !fault.Transient(err) || ctx.Err() != nil {
			return nil, err
		}
		pause := pauseBefore(o.backoff, try, fault.AfterOf(err))
		r.log.Warn("step failed and is tried again", "step", path, "try", try+1, "of", o.retries+1, "pause", pause, "error", err)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
		}
	}
}

func pauseBefore(backoff time.Duration, try int, asked time.Duration) time.Duration {
	pause := backoff
	for range try {
		pause = min(2*pause, maxBackoff)
	}
	if pause > 1 {
		pause += rand.N(pause/8 + 1) // steps that failed together do not come back together
	}
	return max(pause, asked)
}

// protect turns a panic of a step into an error.
func protect[T any](ctx context.Context, r *run, path string, fn func(context.Context) (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("step panicked", "step", path, "panic", p, "stack", string(debug.Stack()))
			err = fault.E("flow.step", path, fault.Internal, fmt.Errorf("panic: %v", p))
		}
	}()
	return fn(ctx)
}

func result[T any](r *run, path string, raw json.RawMessage) (T, error) {
	v, err := decode[T](raw)
	if err != nil {
		return v, &stepError{path: path, err: fault.E("flow.step", r.ID(), fault.Corrupt, err)}
	}
	return v, nil
}
