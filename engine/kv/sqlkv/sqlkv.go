// Package sqlkv keeps small records in a table of the relational store: the embedded default of engine/kv. It is not for
// thousands of writes a second; rediskv is.
package sqlkv

import (
	"context"
	"database/sql"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"

	"showreel/engine/kv"
	"showreel/fault"
	"showreel/platform/sqldb"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema returns the table of the records.
func Schema() sqldb.Schema { return sqldb.SchemaOf("kv", schemaFS) }

// Driver implements kv.Driver over a database that Schema was migrated into.
type Driver struct{ db *sqldb.DB }

// New makes the driver.
func New(db *sqldb.DB) *Driver { return &Driver{db: db} }

// newRev returns a revision that no earlier put of any key has had, but for a chance of 1 in 2^53: with a counter,
// writers of unrelated keys would wait for each other.
func newRev() int64 { return 1 + rand.Int64N(1<<53-1) }

// Put implements kv.Driver.
func (d *Driver) Put(ctx context.Context, key string, value []byte, expiresMS int64) (int64, error) {
	rev := newRev()
	err := d.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO kv_record (key_hex, value, rev, expires_ms) VALUES ($1, $2, $3, $4)
			ON CONFLICT (key_hex) DO UPDATE SET value = excluded.value, rev = excluded.rev, expires_ms = excluded.expires_ms`,
			encode(key), base64.StdEncoding.EncodeToString(value), rev, expiresMS)
		return err
	})
	return rev, err
}

// PutIf implements kv.Driver.
func (d *Driver) PutIf(ctx context.Context, key string, value []byte, expiresMS, rev int64) (int64, error) {
	next, now := newRev(), sqldb.NowMS()
	text := base64.StdEncoding.EncodeToString(value)
	err := d.db.Write(ctx, func(tx *sqldb.Tx) error {
		var res sql.Result
		var err error
		if rev == 0 {
			res, err = tx.ExecContext(ctx, `INSERT INTO kv_record (key_hex, value, rev, expires_ms) VALUES ($1, $2, $3, $4)
				ON CONFLICT (key_hex) DO UPDATE SET value = excluded.value, rev = excluded.rev, expires_ms = excluded.expires_ms
				WHERE kv_record.expires_ms > 0 AND kv_record.expires_ms <= $5`, encode(key), text, next, expiresMS, now)
		} else {
			res, err = tx.ExecContext(ctx, `UPDATE kv_record SET value = $1, rev = $2, expires_ms = $3
				WHERE key_hex = $4 AND rev = $5 AND (expires_ms = 0 OR expires_ms > $6)`, text, next, expiresMS, encode(key), rev, now)
		}
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			return fault.Say("sqlkv.putif", key, fault.Stale, "stale-record", "The record was changed meanwhile; read it again and retry.")
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return next, nil
}

// Get implements kv.Driver.
func (d *Driver) Get(ctx context.Context, key string) (kv.Entry, error) {
	row := d.db.Read().QueryRowContext(ctx, `SELECT key_hex, value, rev, expires_ms FROM kv_record
		WHERE key_hex = $1 AND (expires_ms = 0 OR expires_ms > $2)`, encode(key), sqldb.NowMS())
	e, err := scan(row)
	if sqldb.NotFound(err) {
		return kv.Entry{}, fault.Say("sqlkv.get", key, fault.NotFound, "no-record", "There is no such record, or it has expired.")
	}
	return e, err
}

// Delete implements kv.Driver.
func (d *Driver) Delete(ctx context.Context, key string) error {
	return d.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM kv_record WHERE key_hex = $1`, encode(key))
		return err
	})
}

// Scan implements kv.Driver.
func (d *Driver) Scan(ctx context.Context, prefix, after string, limit int) ([]kv.Entry, error) {
	// "g" sorts after every hexadecimal digit, so prefix+"g" bounds the keys that start with prefix.
	rows, err := d.db.Read().QueryContext(ctx, `SELECT key_hex, value, rev, expires_ms FROM kv_record
		WHERE key_hex >= $1 AND key_hex < $2 AND key_hex > $3 AND (expires_ms = 0 OR expires_ms > $4)
		ORDER BY key_hex LIMIT $5`, encode(prefix), encode(prefix)+"g", encode(after), sqldb.NowMS(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []kv.Entry
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Sweep implements kv.Driver.
func (d *Driver) Sweep(ctx context.Context, limit int) (int, error) {
	var n int64
	err := d.db.Write(ctx, func(tx *sqldb.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM kv_record WHERE expires_ms <= $1 AND key_hex IN
			(SELECT key_hex FROM kv_record WHERE expires_ms > 0 AND expires_ms <= $1 LIMIT $2) AND expires_ms > 0`,
			sqldb.NowMS(), limit)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return int(n), err
}

func scan(row interface{ Scan(dest ...any) error }) (kv.Entry, error) {
	var e kv.Entry
	var key, value string
	if err := row.Scan(&key, &value, &e.Rev, &e.ExpiresMS); err != nil {
		return kv.Entry{}, err
	}
	raw, err := hex.DecodeString(key)
	if err != nil {
		return kv.Entry{}, fault.E("sqlkv.scan", key, fault.Corrupt, err)
	}
	e.Key = string(raw)
	if e.Value, err = base64.StdEncoding.DecodeString(value); err != nil {
		return kv.Entry{}, fault.E("sqlkv.scan", e.Key, fault.Corrupt, err)
	}
	return e, nil
}

func encode(key string) string { return hex.EncodeToString([]byte(key)) }
