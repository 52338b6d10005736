package sqldb_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
)

var schema = sqldb.Schema{Name: "pots", FS: fstest.MapFS{
	"0001_pots.sql": {Data: []byte("-- +goose Up\nCREATE TABLE pots (id TEXT PRIMARY KEY, n BIGINT NOT NULL);\n-- +goose Down\nDROP TABLE pots;\n")},
}}

func TestWriteCommitsOrRollsBack(t *testing.T) {
	sqldbtest.Each(t, []sqldb.Schema{schema}, func(t *testing.T, db *sqldb.DB) {
		told := 0
		insert := func(fail error) error {
			return db.Write(t.Context(), func(tx *sqldb.Tx) error {
				tx.OnCommit(func() { told++ })
				if _, err := tx.ExecContext(t.Context(), `INSERT INTO pots (id, n) VALUES ($1, $2)`, "a", 1); err != nil {
					return err
				}
				return fail
			})
		}
		boom := errors.New("boom")
		if err := insert(boom); !errors.Is(err, boom) {
			t.Fatalf("got %v, want boom", err)
		}
		if err := insert(nil); err != nil {
			t.Fatalf("the rolled back row is still there: %v", err)
		}
		if err := insert(nil); !fault.Is(err, fault.Conflict) {
			t.Fatalf("second insert: got %v, want a conflict", err)
		}
		if told != 1 {
			t.Fatalf("OnCommit ran %d times, want 1", told)
		}
		var n int
		err := db.Read().QueryRowContext(t.Context(), `SELECT n FROM pots WHERE id = $1`, "none").Scan(&n)
		if !sqldb.NotFound(err) {
			t.Fatalf("got %v, want not found", err)
		}
	})
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	sqldbtest.Each(t, []sqldb.Schema{schema}, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		write := func(query string) error {
			return db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.ExecContext(ctx, query); return err })
		}
		if err := write(`INSERT INTO pots (id, n) VALUES ('a', 0)`); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 25 {
					if err := write(`UPDATE pots SET n = n + 1 WHERE id = 'a'`); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		var n int
		if err := db.Read().QueryRowContext(ctx, `SELECT n FROM pots`).Scan(&n); err != nil || n != 200 {
			t.Fatalf("n = %d (%v), want 200", n, err)
		}
	})
}

func TestMigrateTwiceAndAtOnce(t *testing.T) {
	sqldbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		var wg sync.WaitGroup
		if db.Dialect() == sqldb.Postgres {
			for range 4 {
				wg.Go(func() {
					if err := db.Migrate(t.Context(), schema); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		for range 2 {
			if err := db.Migrate(t.Context(), schema); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestReadPoolRefusesWrites(t *testing.T) {
	db := sqldbtest.SQLite(t, schema)
	if _, err := db.Read().ExecContext(t.Context(), `INSERT INTO pots (id, n) VALUES ('a', 0)`); err == nil {
		t.Fatal("the reader pool accepted a write")
	}
}

func TestSnapshot(t *testing.T) {
	db := sqldbtest.SQLite(t, schema)
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO pots (id, n) VALUES ('a', 7)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy 100%.db")
	if err := db.Snapshot(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	again, err := sqldb.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var n int
	if err := again.Read().QueryRowContext(context.Background(), `SELECT n FROM pots`).Scan(&n); err != nil || n != 7 {
		t.Fatalf("n = %d (%v), want 7", n, err)
	}
}

func TestOpenRefusesOtherAddresses(t *testing.T) {
	if _, err := sqldb.Open(t.Context(), "mysql://user:secret@host/db"); !fault.Is(err, fault.Invalid) {
		t.Fatalf("got %v", err)
	}
	_, err := sqldb.Open(t.Context(), "postgres://user:secret@127.0.0.1:1/db?sslmode=disable")
	if !fault.Is(err, fault.Unavailable) {
		t.Fatalf("got %v", err)
	}
}
