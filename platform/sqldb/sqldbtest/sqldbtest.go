// Package sqldbtest runs a store's tests on every relational engine. It is for tests only.
package sqldbtest

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/platform/sqldb"
)

// Each runs fn on a fresh SQLite file and on a fresh Postgres database with the schemas migrated. Postgres is the
// server of SHOWREEL_TEST_POSTGRES; without one its half is skipped, unless SHOWREEL_TEST_FULL=1, which makes it fail.
func Each(t *testing.T, schemas []sqldb.Schema, fn func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		fn(t, SQLite(t, schemas...))
	})
	t.Run("postgres", func(t *testing.T) {
		fn(t, Postgres(t, schemas...))
	})
}

// SQLite returns a fresh migrated SQLite store.
func SQLite(t testing.TB, schemas ...sqldb.Schema) *sqldb.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"), schemas)
}

// Postgres returns a fresh migrated Postgres store; see Each for when it skips.
func Postgres(t testing.TB, schemas ...sqldb.Schema) *sqldb.DB {
	t.Helper()
	return open(t, PostgresURL(t), schemas)
}

// PostgresURL makes an empty database for this test and returns its address; see Each for when it skips.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("SHOWREEL_TEST_POSTGRES")
	if base == "" {
		if os.Getenv("SHOWREEL_TEST_FULL") == "1" {
			t.Fatal("SHOWREEL_TEST_POSTGRES is not set; start one with test/engines/postgres.sh")
		}
		t.Skip("SHOWREEL_TEST_POSTGRES is not set")
	}
	admin, err := sqldb.Open(context.Background(), base)
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.ReplaceAll(sqldb.NewID(), "-", "")
	exec(t, admin, `CREATE DATABASE `+name)
	t.Cleanup(func() {
		exec(t, admin, `DROP DATABASE `+name+` WITH (FORCE)`)
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func exec(t testing.TB, db *sqldb.DB, query string) {
	t.Helper()
	if _, err := db.Read().ExecContext(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, url string, schemas []sqldb.Schema) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, s := range schemas {
		if err := db.Migrate(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	return db
}
