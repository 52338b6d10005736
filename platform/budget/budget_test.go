package budget_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"showreel/fault"
	"showreel/platform/budget"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line records the order in which asks are granted.
type line struct {
	mu    sync.Mutex
	order []string
}

// ask waits for a lease in the background and holds it for the time.
func (l *line) ask(t *testing.T, b *budget.Budget, a budget.Ask, hold time.Duration) {
	go func() {
		lease, err := b.Lease(t.Context(), a)
		if err != nil {
			t.Error(err)
			return
		}
		l.mu.Lock()
		l.order = append(l.order, a.Key)
		l.mu.Unlock()
		time.Sleep(hold)
		lease.Release()
	}()
	synctest.Wait()
}

func (l *line) want(t *testing.T, keys ...string) {
	t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.order, keys) {
		t.Errorf("granted in the order %v, want %v", l.order, keys)
	}
}

func two() *budget.Budget { return budget.New(budget.Limits{Cores: 2, MemMB: 1000}) }

func TestLanesComeBeforePriorities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := two(), &line{}
		l.ask(t, b, budget.Ask{Key: "first", Cores: 2}, time.Second)
		l.ask(t, b, budget.Ask{Key: "batch", Lane: budget.Batch, Priority: 100, Cores: 2}, time.Second)
		l.ask(t, b, budget.Ask{Key: "normal", Priority: 10, Cores: 2}, time.Second)
		l.ask(t, b, budget.Ask{Key: "odd lane", Lane: "no such", Priority: 50, Cores: 2}, time.Second)
		l.ask(t, b, budget.Ask{Key: "person", Lane: budget.Interactive, Cores: 2}, time.Second)
		l.ask(t, b, budget.Ask{Key: "live", Lane: budget.Live, Cores: 2}, time.Second)
		time.Sleep(10 * time.Second)
		l.want(t, "first", "live", "person", "odd lane", "normal", "batch")
	})
}

func TestWaitingMakesUrgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := two(), &line{}
		l.ask(t, b, budget.Ask{Key: "first", Cores: 2}, 11*time.Minute)
		l.ask(t, b, budget.Ask{Key: "old batch", Lane: budget.Batch, Cores: 2}, time.Minute)
		time.Sleep(10*time.Minute + 30*time.Second)
		l.ask(t, b, budget.Ask{Key: "new normal", Cores: 2}, time.Minute)
		l.ask(t, b, budget.Ask{Key: "live", Lane: budget.Live, Cores: 2}, time.Minute)
		time.Sleep(5 * time.Minute)
		l.want(t, "first", "live", "old batch", "new normal")
	})
}

func TestTenantsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := two(), &line{}
		l.ask(t, b, budget.Ask{Key: "a1", Tenant: "a", Cores: 1}, 10*time.Second)
		l.ask(t, b, budget.Ask{Key: "a2", Tenant: "a", Cores: 1}, 5*time.Second)
		l.ask(t, b, budget.Ask{Key: "a3", Tenant: "a", Cores: 1, Priority: 40}, time.Second)
		l.ask(t, b, budget.Ask{Key: "b1", Tenant: "b", Cores: 1}, time.Second)
		time.Sleep(time.Minute)
		l.want(t, "a1", "a2", "b1", "a3")
	})
}

func TestLargeRequestDoesNotStarve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := two(), &line{}
		l.ask(t, b, budget.Ask{Key: "s0", Cores: 1}, 3*time.Second)
		l.ask(t, b, budget.Ask{Key: "large", Cores: 2, Priority: 10}, time.Second)
		for i := range 8 { // each would always fit beside the one before
			l.ask(t, b, budget.Ask{Key: fmt.Sprintf("s%d", i+1), Cores: 1}, 3*time.Second)
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		l.mu.Lock()
		defer l.mu.Unlock()
		if at := slices.Index(l.order, "large"); at < 2 || at > 4 {
			t.Errorf("order %v: small ones should pass for a while, not for ever", l.order)
		}
	})
}

func TestPauseResumeAndChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := two(), &line{}
		b.Pause("job/1/")
		l.ask(t, b, budget.Ask{Key: "job/1/chunk/0", Cores: 1}, time.Second)
		l.ask(t, b, budget.Ask{Key: "job/10/chunk/0", Cores: 1}, time.Second)
		l.want(t, "job/10/chunk/0")
		if !b.Paused("job/1/x") || b.Paused("job/10/x") {
			t.Error("Paused does not go by the prefix")
		}
		if w := b.Waiting(); len(w) != 1 || w[0].Reason != "paused by a person" {
			t.Errorf("waiting: %+v", w)
		}
		b.Resume("job/1/")
		l.want(t, "job/10/chunk/0", "job/1/chunk/0")
		time.Sleep(2 * time.Second)

		l.ask(t, b, budget.Ask{Key: "hold", Cores: 2}, time.Second)
		l.ask(t, b, budget.Ask{Key: "job/2/a", Cores: 2}, time.Second)
		l.ask(t, b, budget.Ask{Key: "job/3/a", Cores: 2}, time.Second)
		if n := b.Change("job/3/", budget.Interactive, 5); n != 1 {
			t.Errorf("changed %d", n)
		}
		time.Sleep(10 * time.Second)
		l.want(t, "job/10/chunk/0", "job/1/chunk/0", "hold", "job/3/a", "job/2/a")
	})
}

func TestBurstIsForPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := budget.New(budget.Limits{Cores: 2, Burst: 1}), &line{}
		l.ask(t, b, budget.Ask{Key: "a", Cores: 2}, time.Minute)
		l.ask(t, b, budget.Ask{Key: "normal", Cores: 1}, time.Second)
		l.ask(t, b, budget.Ask{Key: "person", Lane: budget.Interactive, Cores: 1}, time.Second)
		l.want(t, "a", "person")
		time.Sleep(2 * time.Minute)
	})
}

func TestReasonsAreWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := two(), &line{}
		l.ask(t, b, budget.Ask{Key: "k1", Why: "encoding film.mp4, part 3 of 8", Cores: 1.5, MemMB: 900}, time.Second)
		l.ask(t, b, budget.Ask{Key: "k2", Cores: 1}, time.Second)
		l.ask(t, b, budget.Ask{Key: "k3", Cores: 0.5, MemMB: 200}, time.Second)
		w := b.Waiting()
		if len(w) != 2 || w[0].Reason != "1.5 of 2 cores are busy: encoding film.mp4, part 3 of 8" ||
			w[1].Reason != "needs 200 MB of memory and 900 of 1000 MB are in use: encoding film.mp4, part 3 of 8" || w[0].SinceMS != time.Now().UnixMilli() {
			t.Errorf("waiting: %+v", w)
		}
		if u := b.Usage(); u.Cores != 1.5 || u.MemMB != 900 || len(u.Leases) != 1 {
			t.Errorf("usage: %+v", u)
		}
		time.Sleep(time.Minute)
		if u := b.Usage(); u.Cores != 0 || u.MemMB != 0 || len(u.Leases) != 0 {
			t.Errorf("usage at the end: %+v", u)
		}
	})
}

func TestTooMuch(t *testing.T) {
	b := two()
	_, err := b.Lease(t.Context(), budget.Ask{Key: "k", MemMB: 1001})
	if !fault.Is(err, fault.TooLarge) || !strings.Contains(fault.TextOf(err), "1000 MB") {
		t.Errorf("got %v", err)
	}
	l, err := b.Lease(t.Context(), budget.Ask{Key: "all", Cores: 64})
	if err != nil {
		t.Fatal(err)
	}
	if u := b.Usage(); u.Cores != 2 {
		t.Errorf("a request for more cores than there are holds %v", u.Cores)
	}
	l.Release()
	l.Release()
	if u := b.Usage(); u.Cores != 0 {
		t.Errorf("released twice: %v", u.Cores)
	}
}

func TestCancelledWaitLeavesTheQueue(t *testing.T) {
	b := two()
	l, err := b.Lease(t.Context(), budget.Ask{Cores: 2})
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("the person went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
	if _, err := b.Lease(ctx, budget.Ask{Key: "k", Cores: 1}); !fault.Is(err, fault.Canceled) || !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if _, err := b.Lease(ctx, budget.Ask{Key: "k", Cores: 0}); !fault.Is(err, fault.Canceled) {
		t.Errorf("already cancelled: %v", err)
	}
	if w := b.Waiting(); len(w) != 0 {
		t.Errorf("still waiting: %+v", w)
	}
	l.Release()
}

// Whatever is asked, cancelled, paused and released in whatever order, the limits hold, nothing is lost, and nobody who
// could run waits at the end.
func TestLimitsAlwaysHold(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		lim := budget.Limits{Cores: rapid.Float64Range(0.5, 8).Draw(r, "cores"), MemMB: rapid.Int64Range(0, 500).Draw(r, "mem")}
		b := budget.New(lim)
		var wg sync.WaitGroup
		for i := range rapid.IntRange(1, 40).Draw(r, "n") {
			a := budget.Ask{
				Key: fmt.Sprintf("k%d/", i%3), Tenant: fmt.Sprint(i % 2), Priority: rapid.IntRange(-5, 120).Draw(r, "priority"),
				Lane:  rapid.SampledFrom([]string{"live", "interactive", "normal", "batch", ""}).Draw(r, "lane"),
				Cores: rapid.Float64Range(0, 10).Draw(r, "c"), MemMB: rapid.Int64Range(0, max(lim.MemMB, 1)).Draw(r, "m"),
			}
			if lim.MemMB == 0 {
				a.MemMB = 0
			}
			quit := rapid.Bool().Draw(r, "quit")
			wg.Go(func() {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if quit {
					go cancel()
				}
				l, err := b.Lease(ctx, a)
				if err != nil {
					return
				}
				if u := b.Usage(); u.Cores > lim.Cores+1e-3 || (lim.MemMB > 0 && u.MemMB > lim.MemMB) {
					t.Errorf("over the limit: %+v of %+v", u, lim)
				}
				l.Release()
			})
			if i%7 == 0 {
				b.Pause("k1")
			} else {
				b.Resume("k1")
			}
		}
		b.Resume("k1")
		wg.Wait()
		if u := b.Usage(); math.Abs(u.Cores) > 1e-3 || u.MemMB != 0 || len(u.Leases) != 0 || len(b.Waiting()) != 0 {
			t.Errorf("left over: %+v, %+v", u, b.Waiting())
		}
	})
}
