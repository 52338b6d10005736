package sqldb

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"showreel/fault"
)

// Schema is one package's set of migrations: goose SQL files (0001_what.sql) at the root of FS. Each set keeps its own
// version table, so packages evolve apart.
type Schema struct {
	Name string // a short lower-case word, unique in the product
	FS   fs.FS
}

// SchemaOf returns the set of the migrations in the folder "schema" of a package's embedded files. It panics where there is
// none, for that folder is part of the program.
func SchemaOf(name string, files embed.FS) Schema {
	sub, err := fs.Sub(files, "schema")
	if err == nil {
		_, err = fs.Stat(sub, ".")
	}
	if err != nil {
		panic(fmt.Sprintf("sqldb: schema %s: %v", name, err))
	}
	return Schema{Name: name, FS: sub}
}

var schemaName = regexp.MustCompile(`^[a-z][a-z0-9_]{1,30}$`)

// Migrate brings the set up to its newest version. It is safe to call by several processes at once on Postgres: a
// session lock lets one of them work.
func (d *DB) Migrate(ctx context.Context, s Schema) error {
	if !schemaName.MatchString(s.Name) {
		return fault.E("sqldb.migrate", s.Name, fault.Invalid, nil)
	}
	dialect := database.DialectSQLite3
	if d.dialect == Postgres {
		dialect = database.DialectPostgres
	}
	store, err := database.NewStore(dialect, "schema_"+s.Name)
	if err != nil {
		return fault.E("sqldb.migrate", s.Name, fault.Internal, err)
	}
	release, err := d.lockMigrations(ctx)
	if err != nil {
		return fault.E("sqldb.migrate", s.Name, fault.Unavailable, err)
	}
	defer release()
	provider, err := goose.NewProvider("", d.write, s.FS, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fault.E("sqldb.migrate", s.Name, fault.Internal, err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fault.E("sqldb.migrate", s.Name, fault.Internal, err)
	}
	return nil
}

// MigrateOther runs the migrations of a library that brings its own tables and does not expect several processes to
// start at once: on Postgres one process at a time does it.
func (d *DB) MigrateOther(ctx context.Context, fn func() error) error {
	release, err := d.lockMigrations(ctx)
	if err != nil {
		return fault.E("sqldb.migrate", "", fault.Unavailable, err)
	}
	defer release()
	return fn()
}

// migrationLock is the key of the Postgres advisory lock that serialises migrations: the bytes "showreel".
const migrationLock = 0x73686f777265656c

// lockPoll is how often a process looks whether another has ended its migrations.
const lockPoll = 50 * time.Millisecond

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (d *DB) lockMigrations(ctx context.Context) (release func(), err error) {
	if d.dialect == SQLite {
		return func() {}, nil
	}
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	// Asked for again and again, not waited for: a statement that waits holds a snapshot, and CREATE INDEX CONCURRENTLY in
	// the migration of the lock's holder would wait for that snapshot to end.
	for got := false; !got; {
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(migrationLock)).Scan(&got); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		if !got && !sleep(ctx, lockPoll) {
			return nil, errors.Join(ctx.Err(), conn.Close())
		}
	}
	return func() {
		_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		if unlockErr != nil {
			// A connection whose lock state is unknown must not go back to the pool.
			_ = conn.Raw(func(any) error { return errBadConn })
		}
		_ = conn.Close()
	}, nil
}
