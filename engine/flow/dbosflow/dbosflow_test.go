package dbosflow_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showreel/engine/flow"
	"showreel/engine/flow/dbosflow"
	"showreel/engine/flow/flowtest"
	"showreel/fault"
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
