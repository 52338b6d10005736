package sqldb

import (
	"context"
	"io/fs"
	"regexp"

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

// migrationLock is the key of the Postgres advisory lock that serialises migrations: the bytes "showreel".
const migrationLock = 0x73686f777265656c

func (d *DB) lockMigrations(ctx context.Context) (release func(), err error) {
	if d.dialect == SQLite {
		return func() {}, nil
	}
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return nil, err
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
