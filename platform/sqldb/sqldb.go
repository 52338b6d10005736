// Package sqldb opens Showreel's relational store: SQLite (modernc.org/sqlite, no cgo) or PostgreSQL (pgx), behind one small type with
// one SQL text for both. It is not an ORM and not a query builder: SQL stays visible in each package's store.go.
//
// One SQL text: $1 placeholders, ON CONFLICT … RETURNING, TEXT ids (UUIDv7), BIGINT milliseconds UTC, INTEGER 0/1 for
// truth, JSON as TEXT read whole, binary as base64 TEXT. SQLite runs in WAL mode with one writer connection and a
// reader pool; synchronous is FULL, so that what was acknowledged survives a power cut.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"showreel/fault"
)

// Dialect names the engine behind a DB.
type Dialect string

// The two engines.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Querier runs SQL. *Tx and the reader pool are Queriers.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// DB is an open store. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	url     string
	write   *sql.DB // one connection on SQLite
	read    *sql.DB
}

// Open opens the store at url: "sqlite:/path/to/file.db" (created when absent) or "postgres://…".
// Errors: fault.Invalid for a URL of another form, fault.Unavailable when it cannot be opened or reached.
func Open(ctx context.Context, rawURL string) (*DB, error) {
	switch {
	case strings.HasPrefix(rawURL, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(rawURL, "sqlite:"))
	case strings.HasPrefix(rawURL, "postgres://"), strings.HasPrefix(rawURL, "postgresql://"):
		return openPostgres(ctx, rawURL)
	}
	return nil, fault.Say("sqldb.open", redact(rawURL), fault.Invalid, "db-url", "The database address must start with sqlite: or postgres://.")
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fault.E("sqldb.open", path, fault.Unavailable, err)
	}
	dsn := func(extra string) string {
		q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(ON)", "temp_store(MEMORY)", "cache_size(-16000)"}}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode() + extra
	}
	write, err := sql.Open("sqlite", dsn("&_txlock=immediate"))
	if err != nil {
		return nil, fault.E("sqldb.open", path, fault.Unavailable, err)
	}
	write.SetMaxOpenConns(1)
	write.SetConnMaxLifetime(0)
	if err := write.PingContext(ctx); err != nil {
		return nil, errors.Join(fault.E("sqldb.open", path, fault.Unavailable, err), write.Close())
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fault.E("sqldb.open", path, fault.Unavailable, err), write.Close())
	}
	read, err := sql.Open("sqlite", dsn("&_pragma=query_only(ON)"))
	if err != nil {
		return nil, errors.Join(fault.E("sqldb.open", path, fault.Unavailable, err), write.Close())
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(4)
	return &DB{dialect: SQLite, url: "sqlite:" + path, write: write, read: read}, nil
}

func openPostgres(ctx context.Context, rawURL string) (*DB, error) {
	pool, err := openPool(rawURL)
	if err != nil {
		return nil, fault.E("sqldb.open", redact(rawURL), fault.Invalid, err)
	}
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(8)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(unreachable("sqldb.open", rawURL, err), pool.Close())
	}
	return &DB{dialect: Postgres, url: rawURL, write: pool, read: pool}, nil
}

// Dialect names the engine.
func (d *DB) Dialect() Dialect { return d.dialect }

// URL returns what the store was opened with. It may hold a password: never log it.
func (d *DB) URL() string { return d.url }

// Read returns the reader pool. On SQLite it refuses writes.
func (d *DB) Read() Querier { return d.read }

// Ping reports whether the store answers.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.read.PingContext(ctx); err != nil {
		return unreachable("sqldb.ping", d.url, err)
	}
	return nil
}

// Close closes every connection; on SQLite the write-ahead log is folded back into the file first.
func (d *DB) Close() error {
	if d.dialect == Postgres {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Tx is one transaction.
type Tx struct {
	*sql.Tx
	after []func()
}

// OnCommit registers fn to run once, after the transaction has committed.
func (t *Tx) OnCommit(fn func()) { t.after = append(t.after, fn) }

// Write runs fn in a transaction and commits it, or rolls back when fn fails. On SQLite writers queue for the one
// writer connection; on Postgres the transaction is read committed (guard check-then-write by a revision or a unique
// index) and is run again after a deadlock, so fn must have no effect outside tx but OnCommit. Keep it short: nothing
// slow happens inside.
func (d *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	for attempt := 0; ; attempt++ {
		err := d.once(ctx, fn)
		if err == nil || attempt == 12 || !contended(err) {
			return d.wrap(err)
		}
		select {
		case <-ctx.Done():
			return fault.E("sqldb.write", "", fault.Canceled, ctx.Err())
		case <-time.After(time.Duration(rand.IntN(1+4<<min(attempt, 6))) * time.Millisecond):
		}
	}
}

func (d *DB) once(ctx context.Context, fn func(tx *Tx) error) (err error) {
	raw, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	tx := &Tx{Tx: raw}
	done := false
	defer func() {
		if done {
			return
		}
		if undo := ignoreDone(raw.Rollback()); undo != nil {
			err = errors.Join(err, undo)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return err
	}
	done = true
	for _, after := range tx.after {
		after()
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// wrap gives engine errors a kind; faults pass through.
func (d *DB) wrap(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.E("sqldb.write", "", fault.Canceled, err)
	case full(err):
		return fault.E("sqldb.write", "", fault.Full, err)
	case lost(err):
		return unreachable("sqldb.write", d.url, err)
	case Unique(err):
		return fault.E("sqldb.write", "", fault.Conflict, err)
	}
	return fmt.Errorf("sqldb.write: %w", err)
}

// contended reports a lost race that a second try may win.
func contended(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && (lite.Code()&0xff == sqlite3.SQLITE_BUSY || lite.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

func full(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "53100"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_FULL
}

// Unique reports whether err is a violated unique or primary key constraint.
func Unique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && (lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// NotFound reports whether err says that a single-row query found no row.
func NotFound(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// NewID returns a UUIDv7 (RFC 9562): ids made later sort later.
func NewID() string {
	id, err := uuid.NewV7()
	if err != nil {
		id = uuid.New() // the random source failed once; v4 keeps uniqueness
	}
	return id.String()
}

// NowMS is the wall clock in milliseconds UTC.
func NowMS() int64 { return time.Now().UnixMilli() }
