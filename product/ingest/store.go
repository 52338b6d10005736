package ingest

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"io/fs"

	"showreel/fault"
	"showreel/platform/sqldb"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema returns the room's tables.
func Schema() sqldb.Schema {
	sub, err := fs.Sub(schemaFS, "schema")
	if err != nil {
		panic(err) // the embedded folder is part of the binary
	}
	return sqldb.Schema{Name: "ingest", FS: sub}
}

const jobColumns = `body, tenant, asset, version, state, lane, priority, wanted, created_ms, rev`

type scanner interface{ Scan(dest ...any) error }

// stored is a job with its revision.
type stored struct {
	Job
	rev int64
}

func scanJob(row scanner) (stored, error) {
	var s stored
	var body string
	var c struct {
		tenant, asset, state, lane, wanted string
		version, priority                  int
		created                            int64
	}
	if err := row.Scan(&body, &c.tenant, &c.asset, &c.version, &c.state, &c.lane, &c.priority, &c.wanted, &c.created, &s.rev); err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(body), &s.Job); err != nil {
		return s, fault.E("ingest.job", "", fault.Corrupt, err)
	}
	s.Tenant, s.Asset, s.Version, s.State, s.Lane, s.Priority, s.Wanted, s.CreatedMS =
		c.tenant, c.asset, c.version, State(c.state), c.lane, c.priority, c.wanted, c.created
	return s, nil
}

func insertJob(ctx context.Context, q sqldb.Querier, j Job) error {
	body, err := json.Marshal(j)
	if err != nil {
		return fault.E("ingest.job", j.ID, fault.Internal, err)
	}
	_, err = q.ExecContext(ctx, `INSERT INTO ingest_jobs (id, tenant, asset, version, state, lane, priority, wanted, body, rev, created_ms, updated_ms)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,1,$10,$10)`, j.ID, j.Tenant, j.Asset, j.Version, string(j.State), j.Lane, j.Priority, j.Wanted, string(body), j.CreatedMS)
	return err
}

// loadJob reads one job. An empty tenant is for the room's own use.
func loadJob(ctx context.Context, q sqldb.Querier, tenant, id string) (stored, error) {
	s, err := scanJob(q.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM ingest_jobs WHERE id = $1`, id))
	if sqldb.NotFound(err) || (err == nil && tenant != "" && s.Tenant != tenant) {
		return stored{}, fault.Say("ingest.job", id, fault.NotFound, "no-job", "There is no such job.")
	}
	return s, err
}

// saveJob writes the job if nobody else has since it was read; false means that somebody has.
func saveJob(ctx context.Context, q sqldb.Querier, s stored) (bool, error) {
	body, err := json.Marshal(s.Job)
	if err != nil {
		return false, fault.E("ingest.job", s.ID, fault.Internal, err)
	}
	res, err := q.ExecContext(ctx, `UPDATE ingest_jobs SET state=$1, lane=$2, priority=$3, wanted=$4, body=$5, rev=rev+1, updated_ms=$6
		WHERE id=$7 AND rev=$8`, string(s.State), s.Lane, s.Priority, s.Wanted, string(body), sqldb.NowMS(), s.ID, s.rev)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// JobQuery selects jobs of a tenant, newest first.
type JobQuery struct {
	State  State  // "" for all
	Active bool   // not ended
	Asset  string // "" for all
	Before string // id of the last job of the page before
	Limit  int
}

func listJobs(ctx context.Context, q sqldb.Querier, tenant string, query JobQuery) ([]Job, error) {
	text, args := `SELECT `+jobColumns+` FROM ingest_jobs WHERE tenant = $1`, []any{tenant}
	add := func(clause string, v any) {
		args = append(args, v)
		text += clause + placeholder(len(args))
	}
	if query.State != "" {
		add(` AND state = `, string(query.State))
	}
	if query.Active {
		text += ` AND state NOT IN ('done','failed','cancelled')`
	}
	if query.Asset != "" {
		add(` AND asset = `, query.Asset)
	}
	if query.Before != "" {
		add(` AND id < `, query.Before)
	}
	add(` ORDER BY id DESC LIMIT `, query.Limit)
	return collect(ctx, q, func(rows *sql.Rows) (Job, error) {
		s, err := scanJob(rows)
		return s.Job, err
	}, text, args...)
}

// activeJobs lists the jobs of every tenant that have not ended.
func activeJobs(ctx context.Context, q sqldb.Querier) ([]Job, error) {
	return collect(ctx, q, func(rows *sql.Rows) (Job, error) {
		s, err := scanJob(rows)
		return s.Job, err
	}, `SELECT `+jobColumns+` FROM ingest_jobs WHERE state NOT IN ('done','failed','cancelled') ORDER BY id`)
}

func collect[T any](ctx context.Context, q sqldb.Querier, scan func(*sql.Rows) (T, error), text string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func placeholder(n int) string {
	const digits = "0123456789"
	if n < 10 {
		return "$" + digits[n:n+1]
	}
	return "$" + digits[n/10:n/10+1] + digits[n%10:n%10+1]
}

// source is a distinct original.
type source struct {
	Asset   string
	Version int
	Job     string
}

func findSource(ctx context.Context, q sqldb.Querier, tenant, sha string) (source, bool, error) {
	var s source
	err := q.QueryRowContext(ctx, `SELECT asset, version, job FROM ingest_sources WHERE tenant=$1 AND sha256=$2`, tenant, sha).Scan(&s.Asset, &s.Version, &s.Job)
	if sqldb.NotFound(err) {
		return s, false, nil
	}
	return s, err == nil, err
}

// claimSource makes the original ours; false means that another asset has it.
func claimSource(ctx context.Context, q sqldb.Querier, tenant, sha string, s source) (bool, error) {
	res, err := q.ExecContext(ctx, `INSERT INTO ingest_sources (tenant, sha256, asset, version, job, created_ms) VALUES ($1,$2,$3,$4,$5,$6)
		ON CONFLICT (tenant, sha256) DO NOTHING`, tenant, sha, s.Asset, s.Version, s.Job, sqldb.NowMS())
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func moveSource(ctx context.Context, q sqldb.Querier, tenant, sha string, s source) error {
	_, err := q.ExecContext(ctx, `UPDATE ingest_sources SET asset=$1, version=$2, job=$3 WHERE tenant=$4 AND sha256=$5`, s.Asset, s.Version, s.Job, tenant, sha)
	return err
}

func forgetAsset(ctx context.Context, q sqldb.Querier, tenant, asset string) error {
	for _, text := range []string{
		`DELETE FROM ingest_sources WHERE tenant=$1 AND asset=$2`,
		`DELETE FROM ingest_jobs WHERE tenant=$1 AND asset=$2`,
		`DELETE FROM ingest_uploads WHERE tenant=$1 AND asset=$2`,
		`DELETE FROM ingest_watched WHERE tenant=$1 AND asset=$2`,
	} {
		if _, err := q.ExecContext(ctx, text, tenant, asset); err != nil {
			return err
		}
	}
	return nil
}
