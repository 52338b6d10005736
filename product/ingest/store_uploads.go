package ingest

import (
	"context"
	"database/sql"

	"showreel/platform/sqldb"
)

// The states of an upload.
const (
	uploadOpen = "open"
	uploadDone = "done"
	uploadGone = "gone" // removed, expired, or of another checksum than announced
)

// upload is a tus upload's row: who may continue it and until when.
type upload struct {
	ID, Tenant, Owner, Name string
	Bytes                   int64
	State                   string
	CreatedMS, ExpiresMS    int64
	Asset, Job              string // what a finished one became
}

const uploadColumns = `id, tenant, owner, name, bytes, state, created_ms, expires_ms, asset, job`

func scanUpload(row scanner) (upload, error) {
	var u upload
	err := row.Scan(&u.ID, &u.Tenant, &u.Owner, &u.Name, &u.Bytes, &u.State, &u.CreatedMS, &u.ExpiresMS, &u.Asset, &u.Job)
	return u, err
}

func insertUpload(ctx context.Context, q sqldb.Querier, u upload) error {
	_, err := q.ExecContext(ctx, `INSERT INTO ingest_uploads (`+uploadColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
		u.ID, u.Tenant, u.Owner, u.Name, u.Bytes, u.State, u.CreatedMS, u.ExpiresMS, u.Asset, u.Job)
	return err
}

func loadUpload(ctx context.Context, q sqldb.Querier, id string) (upload, error) {
	u, err := scanUpload(q.QueryRowContext(ctx, `SELECT `+uploadColumns+` FROM ingest_uploads WHERE id=$1`, id))
	if sqldb.NotFound(err) {
		return u, noUpload(id)
	}
	return u, err
}

func endUpload(ctx context.Context, q sqldb.Querier, id, state, asset, job string) error {
	_, err := q.ExecContext(ctx, `UPDATE ingest_uploads SET state=$1, asset=$2, job=$3 WHERE id=$4`, state, asset, job, id)
	return err
}

// setUploadBytes notes how long a file turned out to be whose length was announced late.
func setUploadBytes(ctx context.Context, q sqldb.Querier, id string, bytes int64) error {
	_, err := q.ExecContext(ctx, `UPDATE ingest_uploads SET bytes=$1 WHERE id=$2`, bytes, id)
	return err
}

// openUploads counts a tenant's unfinished uploads and their announced bytes.
func openUploads(ctx context.Context, q sqldb.Querier, tenant string) (count int, bytes int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM ingest_uploads WHERE tenant=$1 AND state='open'`, tenant).Scan(&count, &bytes)
	return count, bytes, err
}

func unfinishedUploads(ctx context.Context, q sqldb.Querier) ([]upload, error) {
	return collect(ctx, q, func(rows *sql.Rows) (upload, error) { return scanUpload(rows) },
		`SELECT `+uploadColumns+` FROM ingest_uploads WHERE state='open' ORDER BY expires_ms LIMIT 1000`)
}
