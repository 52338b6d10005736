package run_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/fault"
	"showreel/platform/run"
)

// diary notes what happened in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) part(name string, stopping time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(stopping)
		d.note("stopped " + name)
		return ctx.Err()
	}
}

func TestStopsInReverseEachBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var g run.Group
		g.Add("store", d.part("store", 0))
		g.Add("worker", d.part("worker", time.Second))
		g.Add("http", d.part("http", 3*time.Second))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		if err := g.Run(ctx); err != nil {
			t.Fatalf("a clean stop gave %v", err)
		}
		want := []string{"stopped http", "stopped worker", "stopped store"}
		if diff := cmp.Diff(want, d.lines); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFirstFailureStopsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var g run.Group
		boom := errors.New("disk on fire")
		g.Add("store", d.part("store", 0))
		g.Add("watcher", func(context.Context) error { time.Sleep(time.Hour); return boom })
		err := g.Run(t.Context())
		if !errors.Is(err, boom) || !strings.Contains(err.Error(), "run.watcher") {
			t.Errorf("got %v, want the watcher's failure by name", err)
		}
		if diff := cmp.Diff([]string{"stopped store"}, d.lines); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPanicIsAFailureAndOthersStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var g run.Group
		g.Add("store", d.part("store", 0))
		g.Add("bad", func(context.Context) error { panic("index out of range") })
		if err := g.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "index out of range") {
			t.Errorf("got %v", err)
		}
		if len(d.lines) != 1 {
			t.Errorf("the store was not stopped: %v", d.lines)
		}
	})
}

func TestStuckPartIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		release := make(chan struct{})
		defer close(release)
		g := run.Group{Drain: 5 * time.Second}
		g.Add("store", d.part("store", 0))
		g.Add("stuck", func(context.Context) error { <-release; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel2 := time.AfterFunc(time.Second, cancel)
		defer cancel2.Stop()
		begin := time.Now()
		err := g.Run(ctx)
		if fault.CodeOf(err) != "stuck" {
			t.Errorf("got %v, want code stuck", err)
		}
		if took := time.Since(begin); took != 6*time.Second {
			t.Errorf("took %s, want the drain limit after the signal", took)
		}
		if len(d.lines) != 1 {
			t.Errorf("the store was not stopped: %v", d.lines)
		}
	})
}

func TestEndsWhenAllWorkIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g run.Group
		for _, name := range []string{"a", "b"} {
			g.Add(name, func(context.Context) error { time.Sleep(time.Second); return nil })
		}
		if err := g.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestStartsNothingAfterCancel(t *testing.T) {
	var g run.Group
	g.Add("never", func(context.Context) error { t.Error("was started"); return nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Run(ctx); err != nil {
		t.Error(err)
	}
}
