package sqlkv_test

import (
	"context"
	"testing"
	"time"

	"showreel/engine/kv"
	"showreel/engine/kv/kvtest"
	"showreel/engine/kv/sqlkv"
	"showreel/platform/sqldb/sqldbtest"
)

func TestConformanceSQLite(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Driver { return sqlkv.New(sqldbtest.SQLite(t, sqlkv.Schema())) })
}

func TestConformancePostgres(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Driver { return sqlkv.New(sqldbtest.Postgres(t, sqlkv.Schema())) })
}

func TestRunSweeps(t *testing.T) {
	db := sqldbtest.SQLite(t, sqlkv.Schema())
	s := kv.New(sqlkv.New(db))
	if err := s.Put(t.Context(), "k", nil, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx, 5*time.Millisecond) }()
	deadline := time.Now().Add(5 * time.Second)
	for n := 1; n > 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err := db.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM kv_record`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			return
		}
	}
	cancel()
	t.Error("the expired record was never removed", <-done)
}
