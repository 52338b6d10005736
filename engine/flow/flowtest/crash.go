package flowtest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"showreel/engine/flow"
	"showreel/fault"
)

func testClose(t *testing.T, h Harness) {
	var n counts
	inside := make(chan struct{}, 4)
	address := h.Place(t)
	var second atomic.Bool
	reg := func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) {
			if _, err := flow.Do(c, "first", n.step(0)); err != nil {
				return 0, err
			}
			items, err := flow.Each(c, "item", 2, []int{1, 2, 3}, func(ctx context.Context, i int) (int, error) {
				n[i].Add(1)
				if i > 1 && !second.Load() {
					inside <- struct{}{}
					<-ctx.Done()
					return 0, ctx.Err()
				}
				return i, nil
			})
			return len(items), err
		})
	}
	e := h.engine(t, address, nil, reg)
	begin(t, e, "f", "k", 0)
	<-inside
	<-inside
	shut(t, e)
	second.Store(true)
	e = h.engine(t, address, nil, reg)
	if s := ended(t, e, "k", flow.Done); string(s.Output) != "3" {
		t.Fatalf("%s", s.Output)
	}
	n.want(t, 1, 1, 2, 2)
}

func testTimer(t *testing.T, h Harness) {
	const nap = 1500 * time.Millisecond
	address := h.Place(t)
	reg := func(e *flow.Engine) {
		flow.Register(e, "nap", func(c flow.Ctx, d time.Duration) (int, error) { return 0, flow.Sleep(c, d) })
	}
	e := h.engine(t, address, nil, reg)
	began := time.Now()
	begin(t, e, "nap", "k", nap)
	time.Sleep(500 * time.Millisecond)
	shut(t, e)
	e = h.engine(t, address, nil, reg)
	ended(t, e, "k", flow.Done)
	if d := time.Since(began); d < nap || d > nap+nap*2/3 {
		t.Fatalf("slept %s, want %s in all", d, nap)
	}
}

func testDecisionKept(t *testing.T, h Harness) {
	address := h.Place(t)
	var second atomic.Bool
	inside := make(chan struct{}, 1)
	reg := func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (bool, error) {
			d, _, err := flow.Await[decision](c, "verdict", 0)
			if err != nil {
				return false, err
			}
			return flow.Do(c, "act", func(ctx context.Context) (bool, error) {
				if !second.Load() {
					inside <- struct{}{}
					<-ctx.Done()
					return false, ctx.Err()
				}
				return d.Publish, nil
			})
		})
	}
	e := h.engine(t, address, nil, reg)
	begin(t, e, "f", "k", 0)
	if err := e.Signal(t.Context(), "k", "verdict", decision{Publish: true}); err != nil {
		t.Fatal(err)
	}
	<-inside
	shut(t, e)
	second.Store(true)
	e = h.engine(t, address, nil, reg)
	if s := ended(t, e, "k", flow.Done); string(s.Output) != "true" {
		t.Fatalf("%s", s.Output)
	}
}

func testChanged(t *testing.T, h Harness) {
	address := h.Place(t)
	var n counts
	inside := make(chan struct{}, 1)
	e := h.engine(t, address, nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) {
			for i, name := range []string{"common", "old"} {
				if _, err := flow.Do(c, name, n.step(i)); err != nil {
					return 0, err
				}
			}
			return flow.Do(c, "long", func(ctx context.Context) (int, error) {
				inside <- struct{}{}
				<-ctx.Done()
				return 0, ctx.Err()
			})
		})
	})
	begin(t, e, "f", "k", 0)
	<-inside
	shut(t, e)
	e = h.engine(t, address, nil, func(e *flow.Engine) {
		flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) {
			for i, name := range []string{"common", "new", "newer"} {
				if _, err := flow.Do(c, name, n.step(i+2)); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
	})
	if s := ended(t, e, "k", flow.Failed); s.Error.Code != "flow-changed" || s.Error.Kind != fault.Conflict {
		t.Fatalf("%+v", s.Error)
	}
	if err := e.Restart(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	ended(t, e, "k", flow.Done)
	n.want(t, 1, 1, 0, 1, 1)
}

// The process that is killed: Main in the test binary, told by the environment what to do.
const (
	envAddress = "FLOWTEST_ADDRESS"
	envWorker  = "FLOWTEST_WORKER"
	envLog     = "FLOWTEST_LOG" // steps append their beginning here
	envStart   = "FLOWTEST_START"
)

// Main plays the process that is killed when the environment says so, and returns otherwise. A driver's TestMain calls
// it first.
func Main(h Harness) {
	address := os.Getenv(envAddress)
	if address == "" {
		return
	}
	err := func() error {
		d, err := h.Open(context.Background(), address, os.Getenv(envWorker))
		if err != nil {
			return err
		}
		e := flow.New(d, nil)
		victims(e, os.Getenv(envLog))
		if err := e.Launch(context.Background()); err != nil {
			return err
		}
		name, key, _ := strings.Cut(os.Getenv(envStart), "=")
		if name != "" {
			if err := e.Start(context.Background(), name, key, 0); err != nil {
				return err
			}
		}
		select {}
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// victims registers the workflows of the killed process; their steps write down that they begin.
func victims(e *flow.Engine, log string) {
	note := func(name string) error {
		f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = fmt.Fprintln(f, name)
		return err
	}
	step := func(name string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) {
			time.Sleep(5 * time.Millisecond)
			return name, note(name)
		}
	}
	flow.Register(e, "crash", func(c flow.Ctx, _ int) (string, error) {
		var all []string
		for _, name := range []string{"a", "b", "c", "d"} {
			got, err := flow.Do(c, name, step(name))
			if err != nil {
				return "", err
			}
			all = append(all, got)
		}
		items, err := flow.Each(c, "item", 3, []string{"e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7"}, func(ctx context.Context, s string) (string, error) { return step(s)(ctx) })
		if err != nil {
			return "", err
		}
		all = append(all, items...)
		if err := flow.Sleep(c, 20*time.Millisecond); err != nil {
			return "", err
		}
		last, err := flow.Do(c, "z", step("z"))
		return strings.Join(append(all, last), " "), err
	})
	flow.Register(e, "stuck", func(c flow.Ctx, _ int) (string, error) {
		if _, err := flow.Do(c, "a", step("a")); err != nil {
			return "", err
		}
		return flow.Do(c, "long", func(ctx context.Context) (string, error) {
			if err := note("long"); err != nil {
				return "", err
			}
			if os.Getenv(envAddress) == "" {
				return "taken over", nil // in the process of the test
			}
			<-ctx.Done()
			return "", note("ended")
		})
	})
}

// spawn starts the process that is killed.
func spawn(t *testing.T, address, worker, log, start string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), envAddress+"="+address, envWorker+"="+worker, envLog+"="+log, envStart+"="+start)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill9(c) })
	return c
}

func kill9(c *exec.Cmd) {
	_ = c.Process.Kill()
	_ = c.Wait()
}

func lines(t *testing.T, log string) []string {
	t.Helper()
	f, err := os.Open(log)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for s := bufio.NewScanner(f); s.Scan(); {
		out = append(out, s.Text())
	}
	return out
}

func testCrash(t *testing.T, h Harness) {
	const kills = 4
	address, log := h.Place(t), filepath.Join(t.TempDir(), "steps")
	for i := range kills {
		before := len(lines(t, log))
		c := spawn(t, address, "one", log, "crash=k")
		wait := rand.IntN(4) // how many steps further it comes
		for deadline := time.Now().Add(limit); len(lines(t, log)) <= before+wait && !slices.Contains(lines(t, log), "z") && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(rand.IntN(8000)) * time.Microsecond)
		kill9(c)
		t.Logf("kill %d after %v", i+1, lines(t, log)[before:])
	}
	e := h.engine(t, address, nil, func(e *flow.Engine) { victims(e, log) })
	s := ended(t, e, "k", flow.Done)
	if want := `"a b c d e0 e1 e2 e3 e4 e5 e6 e7 z"`; string(s.Output) != want {
		t.Fatalf("output %s, want %s", s.Output, want)
	}
	// A step is on record before the next begins, so nothing goes back behind a step that has begun; within the items
	// up to width may have been under way.
	reached := -1
	at := map[string]int{"a": 0, "b": 1, "c": 2, "d": 3, "z": 20}
	times := map[string]int{}
	for _, name := range lines(t, log) {
		p, ok := at[name]
		if !ok {
			p = 10
		}
		if p < reached {
			t.Errorf("%s was done again after a later step had begun: %v", name, lines(t, log))
		}
		reached = max(reached, p)
		times[name]++
	}
	for name, n := range times {
		if n > kills+1 {
			t.Errorf("%s was done %d times with %d kills", name, n, kills)
		}
	}
}

func testTakeOver(t *testing.T, h Harness) {
	address, log := h.Place(t), filepath.Join(t.TempDir(), "steps")
	dead := spawn(t, address, "two", log, "stuck=k")
	eventually(t, "the worker is in the long step", func() bool { return len(lines(t, log)) == 2 })
	e := h.engine(t, address, nil, func(e *flow.Engine) { victims(e, log) })
	time.Sleep(1500 * time.Millisecond)
	if got := lines(t, log); len(got) != 2 {
		t.Fatalf("a living worker's run was taken over: %v", got)
	}
	kill9(dead)
	if s := ended(t, e, "k", flow.Done); string(s.Output) != `"taken over"` {
		t.Fatalf("%s", s.Output)
	}
	if got := strings.Join(lines(t, log), " "); got != "a long long" {
		t.Fatalf("steps done: %s", got)
	}
}

func testRemoteCancel(t *testing.T, h Harness) {
	address, log := h.Place(t), filepath.Join(t.TempDir(), "steps")
	spawn(t, address, "two", log, "stuck=k")
	eventually(t, "the worker is in the long step", func() bool { return len(lines(t, log)) == 2 })
	e := h.unlaunched(t, address, nil, func(e *flow.Engine) { victims(e, log) }, flow.WithoutWork())
	if err := e.Cancel(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	ended(t, e, "k", flow.Cancelled)
	eventually(t, "the step in the other process ends", func() bool { return len(lines(t, log)) == 3 })
}
