package sqldb

import (
	"context"
	"errors"
	"time"

	"showreel/fault"
)

// Scrub runs fn as Write does, so that what it deletes leaves no bytes behind: on SQLite with secure_delete, which writes
// zeros over deleted content, and with the write-ahead log folded in and cut to nothing afterwards; on Postgres with a
// VACUUM of the tables named, which frees the rows' space for others (their bytes stay until it is used again, and in the
// server's own log: seal what must be unreadable at once). fault.Unavailable "log-in-use" when a reader keeps the old log
// from being cut for ten seconds; what fn did stands then.
func (d *DB) Scrub(ctx context.Context, tables []string, fn func(tx *Tx) error) error {
	if d.dialect == Postgres {
		if err := d.Write(ctx, fn); err != nil {
			return err
		}
		var errs []error
		for _, t := range tables {
			_, err := d.write.ExecContext(ctx, `VACUUM `+t)
			errs = append(errs, err)
		}
		return d.wrap(errors.Join(errs...))
	}
	if _, err := d.write.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return d.wrap(err)
	}
	err := d.Write(ctx, fn)
	_, off := d.write.ExecContext(context.WithoutCancel(ctx), `PRAGMA secure_delete = OFF`)
	if err = errors.Join(err, off); err != nil {
		return err
	}
	if _, err := d.write.ExecContext(ctx, `PRAGMA busy_timeout = 100`); err != nil { // others wait for this connection
		return d.wrap(err)
	}
	defer func() { _, _ = d.write.ExecContext(context.WithoutCancel(ctx), `PRAGMA busy_timeout = 10000`) }()
	for pause := 10 * time.Millisecond; pause < 5*time.Second; pause *= 2 {
		var busy, log, done int
		if err := d.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &done); err != nil && !contended(err) {
			return d.wrap(err)
		} else if err == nil && busy == 0 {
			return nil
		}
		if !sleep(ctx, pause) {
			break
		}
	}
	return fault.Say("sqldb.scrub", "", fault.Unavailable, "log-in-use", "The database's log is still being read; its old content goes with the next change.")
}
