package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"showreel/fault"
)

// codeSkipped marks an item that was not done, or cut off, because another one failed.
const codeSkipped = "flow-skipped"

var errSibling = errors.New("another item failed")

// Each does one step per item, at most width at a time, begun in order, and returns their results in order. Finished
// items are never done again. The first item that fails for good ends the others; its error is returned. A width below 1
// is 1.
func Each[T, R any](c Ctx, name string, width int, items []T, fn func(context.Context, T) (R, error), opts ...Option) ([]R, error) {
	r, o := c.run(), gather(opts)
	path := r.path(name)
	g := newGroup(r, max(width, 1), len(items))
	defer g.cancel(nil)
	raws := make([]json.RawMessage, len(items))
	errs := make([]error, len(items))
	var wg sync.WaitGroup
	for i, item := range items { // every step gets its place in the record here, in order
		at := itemPath(path, i)
		wait := r.drv.Go(at, func(ctx context.Context) (json.RawMessage, error) {
			return groupStep(ctx, g, i, func(ctx context.Context) (json.RawMessage, error) {
				return attempt(ctx, r, at, o, func(ctx context.Context) (R, error) { return fn(ctx, item) })
			})
		})
		wg.Go(func() {
			raws[i], errs[i] = wait()
			g.gate.pass(i)
			if errs[i] != nil { // recorded by now, so a repeat of this run sees the same failure
				g.cancel(errSibling)
			}
		})
	}
	wg.Wait()
	if i := culprit(errs); i >= 0 {
		return nil, &stepError{path: itemPath(path, i), err: errs[i]}
	}
	out := make([]R, len(items))
	for i, raw := range raws {
		v, err := result[R](r, itemPath(path, i), raw)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func itemPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// culprit is the first failure that is not a consequence of another, or -1.
func culprit(errs []error) int {
	first := -1
	for i, err := range errs {
		if err == nil {
			continue
		}
		if fault.CodeOf(err) != codeSkipped {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// group is the shared life of the items of one Each.
type group struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	gate   *gate
}

func newGroup(r *run, width, n int) *group {
	ctx, cancel := context.WithCancelCause(r)
	return &group{ctx: ctx, cancel: cancel, gate: newGate(width, n)}
}

// groupStep does item i when its turn comes, under a context that ends with the group.
func groupStep(ctx context.Context, g *group, i int, do Step) (json.RawMessage, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(g.ctx, func() { cancel(context.Cause(g.ctx)) })()
	if err := g.gate.enter(ctx, i); err != nil {
		return nil, skipped(ctx)
	}
	raw, err := do(ctx)
	if err == nil {
		g.gate.leave()
		return raw, nil
	}
	// The place of a failed item stays taken: nothing begins between the failure and its record, which ends the group.
	if errors.Is(context.Cause(ctx), errSibling) {
		return nil, skipped(ctx)
	}
	return nil, err
}

func skipped(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errSibling) {
		return fault.Say("flow.each", "", fault.Canceled, codeSkipped, "It was not done, because another part failed.")
	}
	return fault.E("flow.each", "", fault.Canceled, context.Cause(ctx))
}

// gate lets items in, in order and at most width at a time. Items whose results are on record pass by.
type gate struct {
	mu     sync.Mutex
	free   int
	next   int    // every item before it has entered or passed
	passed []bool // entered or passed
	moved  chan struct{}
}

func newGate(width, n int) *gate {
	return &gate{free: width, passed: make([]bool, n), moved: make(chan struct{})}
}

func (g *gate) enter(ctx context.Context, i int) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		g.mu.Lock()
		if g.free > 0 && g.next >= i {
			g.free--
			g.mark(i)
			g.mu.Unlock()
			return nil
		}
		moved := g.moved
		g.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free++
	g.wake()
}

func (g *gate) pass(i int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mark(i)
}

// mark notes an item and wakes those that wait for it. g.mu is held.
func (g *gate) mark(i int) {
	g.passed[i] = true
	for g.next < len(g.passed) && g.passed[g.next] {
		g.next++
	}
	g.wake()
}

func (g *gate) wake() {
	close(g.moved)
	g.moved = make(chan struct{})
}
