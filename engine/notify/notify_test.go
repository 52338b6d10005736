package notify_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/notify"
	"showreel/fault"
	"showreel/platform/outbox"
)

// target fails as told and notes when it was tried.
type target struct {
	mu    sync.Mutex
	fails []error
	tries []time.Duration // since begin
	got   []string
	begin time.Time
	hang  bool
}

func (d *target) Send(ctx context.Context, m notify.Message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries = append(d.tries, time.Since(d.begin))
	if d.hang {
		d.mu.Unlock()
		<-ctx.Done()
		d.mu.Lock()
		return ctx.Err()
	}
	if len(d.fails) > 0 {
		err := d.fails[0]
		d.fails = d.fails[1:]
		if err != nil {
			return err
		}
	}
	d.got = append(d.got, m.ID)
	return nil
}

// source gives each consumer a fixed list, then waits for the end.
type source []outbox.Event

func (s source) Consume(ctx context.Context, _ string, _ []string, fn func(context.Context, outbox.Event) error) error {
	for _, e := range s {
		if err := fn(ctx, e); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func event(id, name string) outbox.Event {
	return outbox.Event{ID: id, Name: name, Tenant: "main", AtMS: time.Now().UnixMilli()}
}

func follow(t *testing.T, d time.Duration, s source, targets ...notify.Target) {
	t.Helper()
	n, err := notify.New(nil, targets...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := n.Run(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run ended with %v", err)
	}
}

func TestTransientFailuresAreRetriedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := fault.E("x", "", fault.Unavailable, nil)
		busy := &fault.Error{Kind: fault.Limited, After: 20 * time.Second}
		d := &target{fails: []error{down, down, busy, nil}, begin: time.Now()}
		follow(t, time.Hour, source{event("1", "a.b"), event("2", "a.b")}, notify.Target{Name: "t", Driver: d})
		if diff := cmp.Diff([]string{"1", "2"}, d.got); diff != "" {
			t.Error(diff)
		}
		want := []time.Duration{0, time.Second, 3 * time.Second, 23 * time.Second, 23 * time.Second}
		if diff := cmp.Diff(want, d.tries); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRefusedForGoodIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &target{fails: []error{fault.E("x", "", fault.Gone, nil)}}
		follow(t, time.Minute, source{event("1", "a.b"), event("2", "a.b")}, notify.Target{Name: "t", Driver: d})
		if diff := cmp.Diff([]string{"2"}, d.got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestGivesUpOnOldMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &target{begin: time.Now(), fails: slices.Repeat([]error{fault.E("x", "", fault.Unavailable, nil)}, 10_000)}
		follow(t, 7*time.Hour, source{event("1", "a.b")}, notify.Target{Name: "t", Driver: d})
		last := d.tries[len(d.tries)-1]
		if len(d.got) != 0 || last > notify.MaxAge || last < notify.MaxAge-10*time.Minute {
			t.Errorf("got %v, last try after %s", d.got, last)
		}
		if len(d.tries) > 100 {
			t.Errorf("%d tries in six hours", len(d.tries))
		}
		old := outbox.Event{ID: "0", Name: "a.b", AtMS: time.Now().Add(-notify.MaxAge - time.Second).UnixMilli()}
		fresh := &target{}
		follow(t, time.Minute, source{old, event("9", "a.b")}, notify.Target{Name: "new", Driver: fresh})
		if diff := cmp.Diff([]string{"9"}, fresh.got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestHangingTargetDelaysNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck, well := &target{hang: true}, &target{}
		follow(t, time.Minute, source{event("1", "a.b"), event("2", "c.d")},
			notify.Target{Name: "stuck", Driver: stuck}, notify.Target{Name: "well", Driver: well})
		if diff := cmp.Diff([]string{"1", "2"}, well.got); diff != "" {
			t.Error(diff)
		}
		if len(stuck.tries) != 1 {
			t.Errorf("the stuck one was tried %d times", len(stuck.tries))
		}
	})
}

func TestOnlyWantedEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &target{}
		s := source{event("1", "asset.created"), event("2", "job.changed"), event("3", "asset.failed"), event("4", "finding.written"), event("5", "assets")}
		follow(t, time.Second, s, notify.Target{Name: "t", Driver: d, Events: []string{"asset.*", "finding.written"}})
		if diff := cmp.Diff([]string{"1", "3", "4"}, d.got); diff != "" {
			t.Error(diff)
		}
	})
}

type brokenSource struct{}

func (brokenSource) Consume(context.Context, string, []string, func(context.Context, outbox.Event) error) error {
	return fault.E("outbox", "", fault.Corrupt, nil)
}

func TestSourceFailureEndsRun(t *testing.T) {
	n, err := notify.New(nil, notify.Target{Name: "t", Driver: &target{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Run(t.Context(), brokenSource{}); !fault.Is(err, fault.Corrupt) {
		t.Errorf("got %v", err)
	}
}

func TestTargetsAreChecked(t *testing.T) {
	d := &target{}
	for _, bad := range [][]notify.Target{{{Driver: d}}, {{Name: "a"}}, {{Name: "a", Driver: d}, {Name: "a", Driver: d}}} {
		if _, err := notify.New(nil, bad...); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
