package outbox_test

import (
	"context"
	"errors"
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
