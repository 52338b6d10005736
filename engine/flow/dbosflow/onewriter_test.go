package dbosflow

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A writer goes on as soon as the one before it has ended. With SQLite's own waiting it looks again after up to 100 ms.
func TestWritersTakeTurnsAtOnce(t *testing.T) {
	db, err := openSQLite(filepath.Join(t.TempDir(), "flow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE pots (n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	var waits []time.Duration
	for i := range 7 {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		begun := make(chan time.Time, 1)
		go func() {
			_, err := db.ExecContext(t.Context(), `INSERT INTO pots VALUES (1)`)
			if err != nil {
				t.Error(err)
			}
			begun <- time.Now()
		}()
		time.Sleep(240*time.Millisecond + time.Duration(i)*13*time.Millisecond) // off the beat of SQLite's pauses
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO pots VALUES (2)`); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		ended := time.Now()
		waits = append(waits, (<-begun).Sub(ended))
	}
	slices.Sort(waits)
	t.Log(waits)
	if waits[3] > 20*time.Millisecond {
		t.Errorf("the next writer went on %s after the one before it, median of 7", waits[3])
	}
	var n int
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pots`).Scan(&n); err != nil || n != 14 {
		t.Errorf("%d rows, %v, want 14", n, err)
	}
}

// Whoever gives up waiting, fails or is rolled back leaves the turn to the others.
func TestTurnsAreGivenBack(t *testing.T) {
	db, err := openSQLite(filepath.Join(t.TempDir(), "flow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE pots (n INTEGER UNIQUE)`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pots`).Scan(&n); err != nil {
			t.Errorf("a reader beside a writer: %v", err)
		}
		short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := db.ExecContext(short, `INSERT INTO pots VALUES (1)`); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a writer that gives up: %v", err)
		}
		stop()
		if _, err := tx.ExecContext(ctx, `INSERT INTO nowhere VALUES (1)`); err == nil {
			t.Error("a statement on a missing table passed")
		}
		cancel() // rolls back
	}
	if _, err := db.BeginTx(canceled(), nil); err == nil {
		t.Error("a transaction began after its context ended")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := db.ExecContext(ctx, `INSERT INTO pots VALUES (1)`); err != nil {
		t.Fatalf("the turn was not given back: %v", err)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
