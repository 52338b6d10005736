package flowtest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"showreel/engine/flow"
	"showreel/fault"
)

type order struct {
	Films []string
	Gain  float64
}

func testResult(t *testing.T, h Harness) {
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "join", func(c flow.Ctx, in order) (string, error) {
			films, err := flow.Each(c, "upper", 2, in.Films, func(_ context.Context, f string) (string, error) { return strings.ToUpper(f), nil })
			if err != nil {
				return "", err
			}
			return flow.Do(c, "join", func(context.Context) (string, error) { return c.ID() + ":" + strings.Join(films, "+"), nil })
		})
	})
	begin(t, e, "join", "job/1", order{Films: []string{"a", "b", "c"}, Gain: 0.5})
	s := ended(t, e, "job/1", flow.Done)
	var out string
	if err := json.Unmarshal(s.Output, &out); err != nil || out != "job/1:A+B+C" {
		t.Fatalf("output %s (%v)", s.Output, err)
	}
	if s.Name != "join" || s.Key != "job/1" || s.Error != nil || s.StartedMS == 0 || s.EndedMS < s.StartedMS {
		t.Fatalf("status %+v", s)
	}
}

func testIdempotent(t *testing.T, h Harness) {
	var n counts
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "once", func(c flow.Ctx, _ int) (int, error) { return flow.Do(c, "work", n.step(0)) })
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := e.Start(t.Context(), "once", "k", i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ended(t, e, "k", flow.Done)
	begin(t, e, "once", "k", 9)
	time.Sleep(150 * time.Millisecond)
	n.want(t, 1)
	for _, bad := range []string{"", strings.Repeat("x", 201), "a\x00b"} {
		if err := e.Start(t.Context(), "once", bad, 0); !fault.Is(err, fault.Invalid) {
			t.Errorf("key %q: %v", bad, err)
		}
	}
	if err := e.Start(t.Context(), "no such", "k2", 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown workflow: %v", err)
	}
}

func testNotFound(t *testing.T, h Harness) {
	e := h.engine(t, h.Place(t), nil, func(*flow.Engine) {})
	ctx := t.Context()
	_, statusErr := e.Status(ctx, "no")
	for what, err := range map[string]error{
		"status": statusErr, "cancel": e.Cancel(ctx, "no"), "signal": e.Signal(ctx, "no", "topic", 1), "restart": e.Restart(ctx, "no"),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func testPermanent(t *testing.T, h Harness) {
	var n counts
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) {
			_, err := flow.Do(c, "bad", func(context.Context) (int, error) {
				n[0].Add(1)
				return 0, broken(fault.Unsupported)
			}, flow.WithRetry(5, time.Millisecond))
			if !fault.Is(err, fault.Unsupported) || flow.StepOf(err) != "bad" {
				t.Errorf("inside the run: %v", err)
			}
			return 0, err
		})
	})
	begin(t, e, "f", "k", 0)
	s := ended(t, e, "k", flow.Failed)
	n.want(t, 1)
	f := s.Error
	if f == nil || f.Kind != fault.Unsupported || f.Code != "test-code" || f.Text != "The film is broken; send another." || f.Step != "bad" || s.EndedMS == 0 {
		t.Fatalf("status %+v, fault %+v", s, f)
	}
}

func testRetry(t *testing.T, h Harness) {
	var n counts
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, tries int32) (int32, error) {
			return flow.Do(c, "flaky", func(context.Context) (int32, error) {
				if got := n[0].Add(1); got < tries {
					return 0, broken(fault.Unavailable)
				}
				return tries, nil
			}, flow.WithRetry(3, time.Millisecond))
		})
	})
	begin(t, e, "f", "heals", 4)
	ended(t, e, "heals", flow.Done)
	n.want(t, 4)
	n[0].Store(0)
	begin(t, e, "f", "does not", 5)
	if s := ended(t, e, "does not", flow.Failed); s.Error.Kind != fault.Unavailable {
		t.Fatalf("%+v", s.Error)
	}
	n.want(t, 4)
}

func testPanic(t *testing.T, h Harness) {
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "step", func(c flow.Ctx, _ int) (int, error) {
			return flow.Do(c, "boom", func(context.Context) (int, error) { panic("boom") })
		})
		flow.Register(e, "items", func(c flow.Ctx, _ int) ([]int, error) {
			return flow.Each(c, "boom", 2, []int{1, 2}, func(context.Context, int) (int, error) { panic("boom") })
		})
		flow.Register(e, "flow", func(flow.Ctx, int) (int, error) { panic("boom") })
	})
	for _, name := range []string{"step", "items", "flow"} {
		begin(t, e, name, name, 0)
		if s := ended(t, e, name, flow.Failed); s.Error.Kind != fault.Internal || strings.Contains(s.Error.Text, "boom") {
			t.Errorf("%s: %+v", name, s.Error)
		}
	}
}

func testRestart(t *testing.T, h Harness) {
	var n counts
	var heal atomic.Bool
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) {
			work := func() (int, error) {
				if _, err := flow.Do(c, "first", n.step(0)); err != nil {
					return 0, err
				}
				if _, err := flow.Do(c, "optional", func(context.Context) (int, error) { n[1].Add(1); return 0, errPlain }); err == nil {
					t.Error("the optional step succeeded")
				}
				if _, err := flow.Do(c, "first", n.step(2)); err != nil { // the same name again
					return 0, err
				}
				return flow.Do(c, "fails", func(context.Context) (int, error) {
					n[3].Add(1)
					if heal.Load() {
						return 7, nil
					}
					return 0, broken(fault.Corrupt)
				})
			}
			out, err := work()
			if err != nil {
				if _, err := flow.Do(c, "report", n.step(4)); err != nil {
					return 0, err
				}
			}
			return out, err
		})
	})
	begin(t, e, "f", "k", 0)
	ended(t, e, "k", flow.Failed)
	n.want(t, 1, 1, 1, 1, 1)
	if err := e.Restart(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	ended(t, e, "k", flow.Failed)
	n.want(t, 1, 1, 1, 2, 2)
	heal.Store(true)
	if err := e.Restart(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if s := ended(t, e, "k", flow.Done); string(s.Output) != "7" {
		t.Fatalf("output %s", s.Output)
	}
	n.want(t, 1, 1, 1, 3, 2)
	if err := e.Restart(t.Context(), "k"); !fault.Is(err, fault.Conflict) {
		t.Fatalf("restart of a done run: %v", err)
	}
}

func testEach(t *testing.T, h Harness) {
	const width, items = 3, 20
	var now, peak atomic.Int32
	var mu sync.Mutex
	var begun []int
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, n int) ([]int, error) {
			var in []int
			for i := range n {
				in = append(in, i)
			}
			return flow.Each(c, "item", width, in, func(_ context.Context, i int) (int, error) {
				mu.Lock()
				begun = append(begun, i)
				mu.Unlock()
				peak.Store(max(peak.Load(), now.Add(1)))
				time.Sleep(3 * time.Millisecond)
				now.Add(-1)
				return i * i, nil
			})
		})
	})
	begin(t, e, "f", "k", items)
	s := ended(t, e, "k", flow.Done)
	var out []int
	if err := json.Unmarshal(s.Output, &out); err != nil || len(out) != items {
		t.Fatalf("%s (%v)", s.Output, err)
	}
	for i, v := range out {
		if v != i*i {
			t.Fatalf("result %d is %d", i, v)
		}
	}
	if p := peak.Load(); p > width || p < 2 {
		t.Errorf("%d at a time, want up to %d", p, width)
	}
	for at, i := range begun {
		if i > at+width || i < at-width {
			t.Errorf("begun out of order: %v", begun)
			break
		}
	}
	begin(t, e, "f", "empty", 0)
	ended(t, e, "empty", flow.Done)
}

func testEachFailure(t *testing.T, h Harness) {
	var n counts
	var heal atomic.Bool
	sixth := make(chan struct{})
	e := h.engine(t, h.Place(t), nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) ([]int, error) {
			if _, err := flow.Do(c, "before", n.step(7)); err != nil {
				return nil, err
			}
			return flow.Each(c, "item", 3, []int{0, 1, 2, 3, 4, 5, 6}, func(ctx context.Context, i int) (int, error) {
				n[min(i, 6)].Add(1)
				switch {
				case heal.Load():
				case i == 1: // waits until its siblings are where the test wants them
					<-sixth
					time.Sleep(50 * time.Millisecond) // 4 has ended and is on record
					return 0, broken(fault.Invalid)
				case i == 5:
					close(sixth)
					<-ctx.Done()
					return 0, errPlain // a cut-off sibling's own words do not matter
				case i == 0 || i == 2:
				case i == 3:
					<-ctx.Done()
					return 0, ctx.Err()
				}
				return i + 10, nil
			})
		})
	})
	begin(t, e, "f", "k", 0)
	s := ended(t, e, "k", flow.Failed)
	if s.Error.Code != "test-code" || s.Error.Step != "item[1]" {
		t.Fatalf("failed with %+v", s.Error)
	}
	n.want(t, 1, 1, 1, 1, 1, 1, 0, 1)
	heal.Store(true)
	if err := e.Restart(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	s = ended(t, e, "k", flow.Done)
	var out []int
	if err := json.Unmarshal(s.Output, &out); err != nil || !slices.Equal(out, []int{10, 11, 12, 13, 14, 15, 16}) {
		t.Fatalf("%s (%v)", s.Output, err)
	}
	n.want(t, 1, 2, 1, 2, 1, 2, 1, 1)
}
