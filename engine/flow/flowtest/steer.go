package flowtest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"showreel/engine/flow"
	"showreel/fault"
	"showreel/platform/sqldb"
)

type decision struct{ Publish bool }

func awaits(e *flow.Engine) {
	flow.Register(e, "ask", func(c flow.Ctx, timeout time.Duration) (string, error) {
		d, ok, err := flow.Await[decision](c, "verdict", timeout)
		switch {
		case err != nil:
			return "", err
		case !ok:
			return "nobody answered", nil
		case d.Publish:
			return "published", nil
		}
		return "withheld", nil
	})
}

func testSignal(t *testing.T, h Harness) {
	address := h.Place(t)
	e := h.engine(t, address, nil, awaits)
	begin(t, e, "ask", "after", time.Duration(0))
	time.Sleep(200 * time.Millisecond)
	if s, err := e.Status(t.Context(), "after"); err != nil || s.State != flow.Running {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := e.Signal(t.Context(), "after", "verdict", decision{Publish: true}); err != nil {
		t.Fatal(err)
	}
	if s := ended(t, e, "after", flow.Done); string(s.Output) != `"published"` {
		t.Fatalf("%s", s.Output)
	}
	shut(t, e)
	e = h.unlaunched(t, address, nil, awaits)
	begin(t, e, "ask", "before", time.Duration(0))
	if err := e.Signal(t.Context(), "before", "verdict", decision{}); err != nil {
		t.Fatal(err)
	}
	if err := e.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := ended(t, e, "before", flow.Done); string(s.Output) != `"withheld"` {
		t.Fatalf("%s", s.Output)
	}
}

func testAwaitTimeout(t *testing.T, h Harness) {
	e := h.engine(t, h.Place(t), nil, awaits)
	begin(t, e, "ask", "k", 100*time.Millisecond)
	if s := ended(t, e, "k", flow.Done); string(s.Output) != `"nobody answered"` {
		t.Fatalf("%s", s.Output)
	}
}

func testCancel(t *testing.T, h Harness) {
	inside, out := make(chan struct{}), make(chan error, 4)
	var after atomic.Int32
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) {
			_, err := flow.Each(c, "long", 2, []int{1, 2}, func(ctx context.Context, _ int) (int, error) {
				inside <- struct{}{}
				<-ctx.Done()
				out <- context.Cause(ctx)
				return 0, ctx.Err()
			})
			if !fault.Is(err, fault.Canceled) {
				t.Errorf("the run saw %v", err)
			}
			if _, err := flow.Do(c, "after", func(context.Context) (int, error) { after.Add(1); return 0, nil }); !fault.Is(err, fault.Canceled) {
				t.Errorf("a step after the cancel: %v", err)
			}
			return 0, nil // even an optimist is cancelled
		})
		flow.Register(e, "sleep", func(c flow.Ctx, _ int) (int, error) { return 0, flow.Sleep(c, time.Hour) })
		awaits(e)
	})
	begin(t, e, "f", "k", 0)
	<-inside
	<-inside
	if err := e.Cancel(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-out; err == nil {
			t.Error("the context of a cancelled step has no cause")
		}
	}
	ended(t, e, "k", flow.Cancelled)
	began := time.Now()
	const more = 4
	for i := range more { // left to the sweeper these take about a second each
		key := fmt.Sprint("more ", i)
		begin(t, e, "f", key, 0)
		<-inside
		<-inside
		if err := e.Cancel(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		<-out
		<-out
	}
	if d := time.Since(began); d > more*time.Second/2 {
		t.Errorf("%d cancels took %s", more, d)
	}
	if err := e.Cancel(t.Context(), "k"); err != nil {
		t.Errorf("cancelling twice: %v", err)
	}
	begin(t, e, "sleep", "s", 0)
	begin(t, e, "ask", "a", time.Duration(0))
	time.Sleep(200 * time.Millisecond)
	for _, key := range []string{"s", "a"} {
		if err := e.Cancel(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		ended(t, e, key, flow.Cancelled)
	}
	began = time.Now()
	shut(t, e)
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("cancelled runs held the close up for %s", d)
	}
	if after.Load() != 0 {
		t.Error("a step was done after the cancel")
	}
}

func testCancelRestart(t *testing.T, h Harness) {
	var n counts
	inside := make(chan struct{}, 8)
	var heal atomic.Bool
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) {
			if _, err := flow.Do(c, "first", n.step(0)); err != nil {
				return 0, err
			}
			return flow.Do(c, "long", func(ctx context.Context) (int, error) {
				n[1].Add(1)
				inside <- struct{}{}
				if heal.Load() {
					return 5, nil
				}
				<-ctx.Done()
				time.Sleep(300 * time.Millisecond) // slow to end: the next execution waits for it
				n[2].Add(1)
				return 0, ctx.Err()
			})
		})
	})
	begin(t, e, "f", "k", 0)
	<-inside
	if err := e.Restart(t.Context(), "k"); !fault.Is(err, fault.Conflict) {
		t.Fatalf("restart of a running run: %v", err)
	}
	if err := e.Cancel(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	ended(t, e, "k", flow.Cancelled)
	heal.Store(true)
	if err := e.Restart(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	<-inside
	if n[2].Load() != 1 {
		t.Error("two executions of one run overlap in one process")
	}
	if s := ended(t, e, "k", flow.Done); string(s.Output) != "5" {
		t.Fatalf("%s", s.Output)
	}
	n.want(t, 1, 2)
}

func testStartIn(t *testing.T, h Harness) {
	var n counts
	db := database(t)
	e := h.engine(t, h.Place(t), db, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, i int) (int, error) { return flow.Do(c, "work", n.step(i)) })
	})
	ctx := t.Context()
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := e.StartIn(ctx, tx, "f", "rolled back", 0); err != nil {
			return err
		}
		return errPlain
	})
	if !errors.Is(err, errPlain) {
		t.Fatal(err)
	}
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		return errors.Join(e.StartIn(ctx, tx, "f", "committed", 1), e.StartIn(ctx, tx, "f", "committed", 2))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Status(ctx, "committed"); err != nil {
		t.Fatalf("a committed start is not visible: %v", err)
	}
	ended(t, e, "committed", flow.Done)
	began := time.Now()
	const more = 5
	for i := range more { // by polling alone these take about a second each
		key := fmt.Sprint("more ", i)
		if err := db.Write(ctx, func(tx *sqldb.Tx) error { return e.StartIn(ctx, tx, "f", key, 3) }); err != nil {
			t.Fatal(err)
		}
		ended(t, e, key, flow.Done)
	}
	if d := time.Since(began); d > more*time.Second/2 {
		t.Errorf("the commits did not wake the relay: %s", d)
	}
	if _, err := e.Status(ctx, "rolled back"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a rolled back start: %v", err)
	}
	n.want(t, 0, 1, 0, more)
	eventually(t, "the row is gone", func() bool {
		var rows int
		return db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM flow_starts`).Scan(&rows) == nil && rows == 0
	})
}

func testStartInLater(t *testing.T, h Harness) {
	var n counts
	db, address := database(t), h.Place(t)
	reg := func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, i int) (int, error) { return flow.Do(c, "work", n.step(i)) })
	}
	e := h.unlaunched(t, address, db, reg)
	ctx := t.Context()
	if err := db.Write(ctx, func(tx *sqldb.Tx) error { return e.StartIn(ctx, tx, "f", "k", 0) }); err != nil {
		t.Fatal(err)
	}
	begin(t, e, "f", "k", 0) // as if the relay had died between its start and its delete
	shut(t, e)
	e = h.engine(t, address, db, reg)
	ended(t, e, "k", flow.Done)
	n.want(t, 1)
}

func testStartInSteered(t *testing.T, h Harness) {
	db := database(t)
	e := h.unlaunched(t, h.Place(t), db, awaits)
	ctx := t.Context()
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		return errors.Join(e.StartIn(ctx, tx, "ask", "c", time.Duration(0)), e.StartIn(ctx, tx, "ask", "s", time.Duration(0)))
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := e.Status(ctx, "c"); err != nil || s.State != flow.Pending || s.Name != "ask" {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := errors.Join(e.Cancel(ctx, "c"), e.Signal(ctx, "s", "verdict", decision{Publish: true})); err != nil {
		t.Fatal(err)
	}
	if err := e.Launch(ctx); err != nil {
		t.Fatal(err)
	}
	ended(t, e, "c", flow.Cancelled)
	ended(t, e, "s", flow.Done)
}

func testWithoutWork(t *testing.T, h Harness) {
	var n counts
	db, address := database(t), h.Place(t)
	reg := func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) { return flow.Do(c, "work", n.step(0)) })
	}
	api := h.unlaunched(t, address, db, reg, flow.WithoutWork())
	if err := api.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := db.Write(ctx, func(tx *sqldb.Tx) error { return api.StartIn(ctx, tx, "f", "k", 0) }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if s, err := api.Status(ctx, "k"); err != nil || s.State != flow.Pending {
		t.Fatalf("%+v, %v", s, err)
	}
	if !h.Workers {
		shut(t, api)
	}
	ended(t, h.engine(t, address, db, reg), "k", flow.Done)
	n.want(t, 1)
}

func testForget(t *testing.T, h Harness) {
	var n counts
	var heal atomic.Bool
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) ([]int, error) {
			return flow.Each(c, "item", 1, []int{0, 1}, func(_ context.Context, i int) (int, error) {
				n[i].Add(1)
				if i == 1 && !heal.Load() {
					return 0, broken(fault.Invalid)
				}
				return i, nil
			})
		})
		awaits(e)
	})
	ctx := t.Context()
	begin(t, e, "ask", "waits", time.Duration(0))
	if err := e.Forget(ctx, "waits"); !fault.Is(err, fault.Conflict) {
		t.Errorf("forgetting a run under way: %v", err)
	}
	begin(t, e, "f", "k", 0)
	ended(t, e, "k", flow.Failed)
	if err := e.Forget(ctx, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Status(ctx, "k"); !fault.Is(err, fault.NotFound) {
		t.Fatalf("a forgotten run: %v", err)
	}
	heal.Store(true)
	begin(t, e, "f", "k", 0)
	ended(t, e, "k", flow.Done)
	n.want(t, 2, 2)
}
