package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
)

func write(t *testing.T, db *sqldb.DB, o *outbox.Outbox, tenant, name string, data any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error { return o.Write(t.Context(), tx, tenant, name, "s", data) })
	if err != nil {
		t.Error(err)
	}
}

func each(t *testing.T, fn func(t *testing.T, db *sqldb.DB, o *outbox.Outbox)) {
	sqldbtest.Each(t, []sqldb.Schema{outbox.Schema()}, func(t *testing.T, db *sqldb.DB) { fn(t, db, outbox.New(db)) })
}

func TestConsumeInOrderAndResume(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, o *outbox.Outbox) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10 {
					write(t, db, o, "main", "asset.created", 1)
				}
			})
		}
		read := func(stopAfter int) []int64 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var got []int64
			err := o.Consume(ctx, "c", []string{"asset.created"}, func(_ context.Context, e outbox.Event) error {
				if len(got) == stopAfter {
					cancel()
					return ctx.Err() // not handled: must be given again
				}
				got = append(got, e.Seq)
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("Consume ended with %v", err)
			}
			return got
		}
		first := read(7)
		wg.Wait()
		write(t, db, o, "main", "asset.other", 1)
		write(t, db, o, "main", "asset.created", 1)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		seen := map[int64]bool{}
		last := int64(0)
		_ = o.Consume(ctx, "c", []string{"asset.created"}, func(_ context.Context, e outbox.Event) error {
			if e.Seq <= last {
				t.Errorf("event %d after %d", e.Seq, last)
			}
			last = e.Seq
			seen[e.Seq] = true
			if e.Seq == 42 {
				cancel()
			}
			return nil
		})
		for _, s := range first {
			seen[s] = true
		}
		if len(seen) != 41 || len(first) != 7 {
			t.Fatalf("first run %d, in all %d events, want 7 and 41", len(first), len(seen))
		}
	})
}

func TestRollbackLeavesNoEventAndNoGap(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, o *outbox.Outbox) {
		boom := errors.New("boom")
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			return errors.Join(o.Write(t.Context(), tx, "main", "a.b", "s", nil), boom)
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		write(t, db, o, "main", "a.b", map[string]int{"n": 1})
		write(t, db, o, "other", "a.b", nil)
		got, err := o.Since(t.Context(), "main", 0, 10)
		if err != nil || len(got) != 1 || got[0].Seq != 1 || string(got[0].Data) != `{"n":1}` {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
}

func TestWaitWakes(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, o *outbox.Outbox) {
		done := make(chan error, 1)
		go func() { done <- o.Wait(t.Context(), 0) }()
		write(t, db, o, "main", "a.b", nil)
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("Wait did not wake")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := o.Wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestPruneKeepsWhatSomeoneNeeds(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, o *outbox.Outbox) {
		write(t, db, o, "main", "a.b", nil)
		time.Sleep(5 * time.Millisecond)
		if n, err := o.Prune(t.Context(), 0); err != nil || n != 0 {
			t.Fatalf("pruned %d, %v though nobody has read", n, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_ = o.Consume(ctx, "c", nil, func(context.Context, outbox.Event) error { time.AfterFunc(300*time.Millisecond, cancel); return nil })
		if n, err := o.Prune(t.Context(), 0); err != nil || n != 1 {
			t.Fatalf("pruned %d, %v, want 1", n, err)
		}
	})
}

// TestConsumeOutlastsAStoreThatFails takes each of the consumer's tables away for a while: it waits, says so once, and goes
// on with what it had not handled.
func TestConsumeOutlastsAStoreThatFails(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, o *outbox.Outbox) {
		var said safeBuffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&said, nil)))
		defer slog.SetDefault(before)
		exec := func(query string) {
			t.Helper()
			if err := db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err }); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		handled, ended := make(chan int64, 10), make(chan error, 1)
		exec(`ALTER TABLE outbox_cursors RENAME TO hidden`) // from the start, and later in the middle
		go func() {
			ended <- o.Consume(ctx, "c", nil, func(_ context.Context, e outbox.Event) error { handled <- e.Seq; return nil })
		}()
		wait := func(want int64) {
			t.Helper()
			select {
			case got := <-handled:
				if got != want {
					t.Fatalf("event %d, want %d", got, want)
				}
			case err := <-ended:
				t.Fatalf("Consume ended with %v", err)
			case <-time.After(20 * time.Second):
				t.Fatalf("event %d did not come", want)
			}
		}
		time.Sleep(400 * time.Millisecond)
		exec(`ALTER TABLE hidden RENAME TO outbox_cursors`)
		write(t, db, o, "main", "a.b", 1)
		wait(1)
		for end := time.Now().Add(10 * time.Second); strings.Count(said.String(), "answers its consumer again") < 1; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("it does not say that it goes on:\n%s", said.String())
			}
		}
		saved := func() (n int64) {
			_ = db.Read().QueryRowContext(t.Context(), `SELECT seq FROM outbox_cursors WHERE consumer = 'c'`).Scan(&n)
			return n
		}
		for end := time.Now().Add(10 * time.Second); saved() < 1; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the cursor is not saved")
			}
		}
		exec(`ALTER TABLE outbox_cursors RENAME TO hidden`)
		write(t, db, o, "main", "a.b", 2)
		wait(2)
		time.Sleep(600 * time.Millisecond)
		exec(`ALTER TABLE hidden RENAME TO outbox_cursors`)
		write(t, db, o, "main", "a.b", 3)
		wait(3)
		if n := strings.Count(said.String(), "does not answer its consumer"); n != 2 {
			t.Errorf("two failures are told %d times:\n%s", n, said.String())
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Consume ended with %v", err)
		}
	})
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
