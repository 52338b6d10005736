package sqldb_test

import (
	"net/url"
	"strings"
	"testing"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
)

// TestBrokenConnections ends every connection, as a restart of Postgres does: reads go on over new ones, and a write that
// was under way fails in a way that may be tried again.
func TestBrokenConnections(t *testing.T) {
	address := sqldbtest.PostgresURL(t)
	ctx := t.Context()
	db, err := sqldb.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	admin, err := sqldb.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	one := func() (n int, err error) { return n, db.Read().QueryRowContext(ctx, `SELECT 1`).Scan(&n) }
	for range 3 {
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.ExecContext(ctx, `SELECT 1`); err != nil {
				return err
			}
			if _, err := admin.Read().ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `SELECT 1`)
			return err
		})
		if !fault.Transient(err) || !strings.Contains(fault.TextOf(err), "cannot be reached") {
			t.Errorf("a write over a broken connection: %v", err)
		}
		if _, err := one(); err != nil {
			t.Errorf("a read: %v", err)
		}
	}
}

func TestAddressesInWords(t *testing.T) {
	u, err := url.Parse(sqldbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*url.URL)) string {
		other := *u
		other.User = url.UserPassword(u.User.Username(), "hidden-word")
		change(&other)
		return other.String()
	}
	for address, want := range map[string]string{
		with(func(u *url.URL) { u.Host = "127.0.0.1:1" }):                                   "database-unreachable",
		with(func(u *url.URL) { u.Path = "/absent" }):                                       "no-database",
		with(func(u *url.URL) { u.User = url.UserPassword("stranger", "hidden-word") }):     "database-denied",
		with(func(u *url.URL) { u.RawQuery = "sslmode=disable&default_query_exec_mode=x" }): "invalid",
	} {
		_, err := sqldb.Open(t.Context(), address)
		if fault.CodeOf(err) != want || strings.Contains(fault.TextOf(err), "hidden-word") {
			t.Errorf("%s, want %s: %v", fault.CodeOf(err), want, err)
		}
		if err != nil && strings.Contains(err.Error(), "hidden-word") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
