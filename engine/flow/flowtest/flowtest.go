// Package flowtest is the conformance suite of engine/flow: every driver passes it. It is for tests only.
//
// A driver's test has two lines: TestMain calls Main, which lets the test binary play the process that is killed, and a
// test calls Run.
package flowtest

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"showreel/engine/flow"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
)

// Harness is a driver under test.
type Harness struct {
	Place   func(t *testing.T) string // the address of a new empty store
	Open    func(ctx context.Context, address, worker string) (flow.Driver, error)
	Workers bool // several processes may share a store
}

// limit bounds every wait of the suite.
const limit = 30 * time.Second

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	tests := map[string]func(*testing.T, Harness){
		"a run gives its result":                   testResult,
		"a key starts once":                        testIdempotent,
		"an unknown key is not found":              testNotFound,
		"a permanent fault fails the run":          testPermanent,
		"a transient fault is retried":             testRetry,
		"a panic fails the run":                    testPanic,
		"restart repeats only the failed step":     testRestart,
		"each keeps order and width":               testEach,
		"each stops at a failure and goes on":      testEachFailure,
		"a signal before and after the await":      testSignal,
		"an await times out":                       testAwaitTimeout,
		"cancel ends the running step":             testCancel,
		"cancel then restart":                      testCancelRestart,
		"a close in the middle of a step":          testClose,
		"a timer outlives a close":                 testTimer,
		"a decision outlives a close":              testDecisionKept,
		"a changed program is told and goes on":    testChanged,
		"a start in a transaction":                 testStartIn,
		"a start outlives the process":             testStartInLater,
		"a start in a transaction can be steered":  testStartInSteered,
		"kill -9 at any point":                     testCrash,
		"an engine without work leaves runs alone": testWithoutWork,
		"an ended run can be forgotten":            testForget,
	}
	if h.Workers {
		tests["another worker takes over after kill -9"] = testTakeOver
		tests["another process cancels"] = testRemoteCancel
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, h) })
	}
}

// engine opens an engine on a store, lets reg register, and launches it. It is closed at the end of the test.
func (h Harness) engine(t *testing.T, address string, db *sqldb.DB, reg func(*flow.Engine)) *flow.Engine {
	t.Helper()
	e := h.unlaunched(t, address, db, reg)
	if err := e.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func (h Harness) unlaunched(t *testing.T, address string, db *sqldb.DB, reg func(*flow.Engine), opts ...flow.Opt) *flow.Engine {
	t.Helper()
	d, err := h.Open(t.Context(), address, "one")
	if err != nil {
		t.Fatal(err)
	}
	e := flow.New(d, db, append(opts, flow.WithLog(slog.New(slog.DiscardHandler)))...)
	reg(e)
	t.Cleanup(func() { shut(t, e) })
	return e
}

// shut closes an engine; more than once is harmless.
func shut(t *testing.T, e *flow.Engine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := e.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

func database(t *testing.T) *sqldb.DB { return sqldbtest.SQLite(t, flow.Schema()) }

func begin(t *testing.T, e *flow.Engine, name, key string, input any) {
	t.Helper()
	if err := e.Start(t.Context(), name, key, input); err != nil {
		t.Fatal(err)
	}
}

// ended waits for the end of a run and checks its state.
func ended(t *testing.T, e *flow.Engine, key string, want flow.State) flow.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s, err := e.Wait(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	if s.State != want {
		t.Fatalf("%s ended as %s (%+v), want %s", key, s.State, s.Error, want)
	}
	return s
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// counts counts how often things were done.
type counts [8]atomic.Int32

func (c *counts) step(i int) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return int(c[i].Add(1)), nil }
}

func (c *counts) want(t *testing.T, want ...int32) {
	t.Helper()
	for i, n := range want {
		if got := c[i].Load(); got != n {
			t.Errorf("step %d was done %d times, want %d", i, got, n)
		}
	}
}

func broken(kind fault.Kind) error {
	return fault.Say("test.step", "film.mp4", kind, "test-code", "The film is broken; send another.")
}

var errPlain = errors.New("an error without a kind")
