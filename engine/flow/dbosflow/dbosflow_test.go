package dbosflow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showreel/engine/flow"
	"showreel/engine/flow/dbosflow"
	"showreel/engine/flow/flowtest"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
)

func harness(place func(*testing.T) string, workers bool) flowtest.Harness {
	return flowtest.Harness{Place: place, Workers: workers, Open: func(ctx context.Context, address, worker string) (flow.Driver, error) {
		return dbosflow.Open(ctx, dbosflow.Options{URL: address, Worker: worker, DeadAfter: 3 * time.Second})
	}}
}

func TestMain(m *testing.M) {
	flowtest.Main(harness(nil, true))
	goleak.VerifyTestMain(m)
}

func TestSQLite(t *testing.T) {
	flowtest.Run(t, harness(func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "a flow.db") }, false))
}

func TestPostgres(t *testing.T) {
	sqldbtest.PostgresURL(t) // skips here, once, where there is none
	flowtest.Run(t, harness(func(t *testing.T) string { return sqldbtest.PostgresURL(t) }, true))
}

// A full disk in the middle of a run costs time, not the run: it stays under way and goes on when there is room.
func TestStoreThatCannotWriteForAWhile(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "flow.db")
	d, err := dbosflow.Open(t.Context(), dbosflow.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	e := flow.New(d, nil, flow.WithLog(slog.New(slog.DiscardHandler)))
	defer func() { _ = e.Close(context.Background()) }()
	var first, second, blamed atomic.Int32
	flow.Register(e, "f", func(c flow.Ctx, _ int) (int, error) {
		if _, err := flow.Do(c, "first", func(context.Context) (int, error) { return int(first.Add(1)), nil }); err != nil {
			return 0, err
		}
		n, err := flow.Do(c, "second", func(context.Context) (int, error) { return int(second.Add(1)), nil })
		if err != nil && c.Err() == nil {
			blamed.Add(1) // the function would record a failure of its own
		}
		return n, err
	})
	file, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	exec := func(query string) {
		t.Helper()
		err := file.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE TRIGGER full_disk BEFORE INSERT ON operation_outputs WHEN NEW.function_name = 'second' BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`)
	if err := e.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), "f", "k", 0); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); second.Load() == 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	if s, err := e.Status(t.Context(), "k"); err != nil || s.State.Ended() {
		t.Fatalf("with a full disk: %+v, %v", s, err)
	}
	exec(`DROP TRIGGER full_disk`)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if s, err := e.Wait(ctx, "k"); err != nil || s.State != flow.Done {
		t.Fatalf("with room again: %+v, %v", s, err)
	}
	if first.Load() != 1 || second.Load() < 2 {
		t.Fatalf("steps done %d and %d times", first.Load(), second.Load())
	}
	if blamed.Load() > 0 {
		t.Fatalf("the function was told %d times that its step failed, and not that it was interrupted", blamed.Load())
	}
}

// gone is an error of a storage that is away.
type gone struct{ error }

func (gone) Outage() string { return "the storage" }

// A step waits for what is away without using up its tries, and says so once; its patience ends.
func TestStepsOutlastAnOutage(t *testing.T) {
	var said lockedBuffer
	d, err := dbosflow.Open(t.Context(), dbosflow.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "flow.db")})
	if err != nil {
		t.Fatal(err)
	}
	e := flow.New(d, nil, flow.WithLog(slog.New(slog.NewTextHandler(&said, nil))), flow.WithPatience(8*time.Second))
	defer func() { _ = e.Close(context.Background()) }()
	var tries atomic.Int32
	flow.Register(e, "f", func(c flow.Ctx, failures int32) (int32, error) {
		return flow.Do(c, "put", func(context.Context) (int32, error) {
			if n := tries.Add(1); n <= failures {
				return 0, fault.E("put", "", fault.Unavailable, gone{errors.New("connection refused")})
			}
			return tries.Load(), nil
		})
	})
	if err := e.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	end := func(key string, failures int32) flow.Status {
		t.Helper()
		tries.Store(0)
		if err := e.Start(t.Context(), "f", key, failures); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		s, err := e.Wait(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := end("passes", 2); s.State != flow.Done {
		t.Errorf("an outage of two tries ended the run: %+v %+v", s, s.Error)
	}
	if out := said.String(); strings.Count(out, "step waits for the storage") != 1 || strings.Count(out, "goes on after waiting for the storage") != 1 {
		t.Errorf("it says:\n%s", out)
	}
	if s := end("stays", 1000); s.State != flow.Failed || s.Error.Kind != fault.Unavailable || tries.Load() > 5 {
		t.Errorf("an outage without end: %+v %+v after %d tries", s, s.Error, tries.Load())
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestOpenRefusesOtherAddresses(t *testing.T) {
	if _, err := dbosflow.Open(t.Context(), dbosflow.Options{URL: "redis://x"}); !fault.Is(err, fault.Invalid) {
		t.Fatalf("got %v", err)
	}
	_, err := dbosflow.Open(t.Context(), dbosflow.Options{URL: "postgres://nobody@127.0.0.1:1/none?sslmode=disable"})
	if !fault.Is(err, fault.Unavailable) {
		t.Fatalf("got %v", err)
	}
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flow.db")
	d, err := dbosflow.Open(t.Context(), dbosflow.Options{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(context.Background()) }()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
}
