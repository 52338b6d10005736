package sqldb

import (
	"context"
	"database/sql/driver"
	"os"

	"showreel/fault"
)

var errBadConn = driver.ErrBadConn

// Snapshot writes a consistent copy of a SQLite store to path while it is in use. fault.Unsupported on Postgres, whose
// own tools do this.
func (d *DB) Snapshot(ctx context.Context, path string) error {
	if d.dialect != SQLite {
		return fault.Say("sqldb.snapshot", "", fault.Unsupported, "snapshot-postgres", "Use pg_dump to copy a PostgreSQL database.")
	}
	if _, err := d.write.ExecContext(ctx, "VACUUM INTO $1", path); err != nil {
		return fault.E("sqldb.snapshot", path, fault.Internal, err)
	}
	return os.Chmod(path, 0o600)
}
