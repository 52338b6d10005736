package analysis

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the room's tables.
func Schema() sqldb.Schema {
	sub, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		panic(err) // the embedded folder is part of the binary
	}
	return sqldb.Schema{Name: "analysis", FS: sub}
}

type scanner interface{ Scan(dest ...any) error }

func collect[T any](ctx context.Context, q sqldb.Querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

const runColumns = `id, tenant, asset, version, lane, state, created_by, created_ms, ended_ms`

func scanRun(row scanner) (Run, error) {
	var r Run
	return r, row.Scan(&r.ID, &r.tenant, &r.Asset, &r.Version, &r.Lane, &r.State, &r.CreatedBy, &r.CreatedMS, &r.EndedMS)
}

func slot(ref media.Ref) string { return fmt.Sprintf("%s/%d", ref.Asset, ref.Version) }

// openRun takes the version's open run and keeps it open until the transaction ends, or makes one. fresh reports that it
// is new.
func openRun(ctx context.Context, tx *sqldb.Tx, r Run) (out Run, fresh bool, err error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO analysis_runs (id, tenant, asset, version, slot, lane, state, created_by, created_ms, ended_ms)
		VALUES ($1,$2,$3,$4,$5,$6,'open',$7,$8,0) ON CONFLICT (slot) DO NOTHING`,
		r.ID, r.tenant, r.Asset, r.Version, slot(r.ref()), r.Lane, r.CreatedBy, r.CreatedMS)
	if err != nil {
		return r, false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return r, true, err
	}
	list, err := collect(ctx, tx, scanRun, `UPDATE analysis_runs SET state = state WHERE slot = $1 AND tenant = $2 RETURNING `+runColumns, slot(r.ref()), r.tenant)
	if err == nil && len(list) == 0 { // it closed between the two looks
		err = fault.Say("analysis.run", r.Asset, fault.Limited, "analysis-busy", "The analysis of this asset is just ending; ask again.")
	}
	if err != nil {
		return r, false, err
	}
	return list[0], false, nil
}

// lockRun reads a run and keeps others from changing it until the transaction ends.
func lockRun(ctx context.Context, tx *sqldb.Tx, id string) (Run, bool, error) {
	list, err := collect(ctx, tx, scanRun, `UPDATE analysis_runs SET state = state WHERE id = $1 RETURNING `+runColumns, id)
	if err != nil || len(list) == 0 {
		return Run{}, false, err
	}
	return list[0], true, nil
}

func closeRun(ctx context.Context, tx *sqldb.Tx, id, state string) error {
	_, err := tx.ExecContext(ctx, `UPDATE analysis_runs SET slot = id, state = $2, ended_ms = $3 WHERE id = $1 AND state = 'open'`, id, state, sqldb.NowMS())
	return err
}

func runsOf(ctx context.Context, q sqldb.Querier, ref media.Ref) ([]Run, error) {
	return collect(ctx, q, scanRun, `SELECT `+runColumns+` FROM analysis_runs WHERE tenant = $1 AND asset = $2 AND version = $3 ORDER BY created_ms DESC, id DESC`,
		ref.Tenant, ref.Asset, ref.Version)
}

const standingColumns = `ability, state, run, model, code, body, pieces, pieces_done, found, cpu_ms, wall_ms, started_ms, ended_ms`

func scanStanding(row scanner) (Standing, error) {
	var s Standing
	return s, row.Scan(&s.Ability, &s.State, &s.Run, &s.Model, &s.Code, &s.Text, &s.Pieces, &s.PiecesDone, &s.Found, &s.CPUMS, &s.WallMS, &s.StartedMS, &s.EndedMS)
}

// standings returns the states of a version by ability.
func standings(ctx context.Context, q sqldb.Querier, ref media.Ref) (map[string]Standing, error) {
	list, err := collect(ctx, q, scanStanding, `SELECT `+standingColumns+` FROM analysis_states WHERE tenant = $1 AND asset = $2 AND version = $3`,
		ref.Tenant, ref.Asset, ref.Version)
	out := map[string]Standing{}
	for _, s := range list {
		out[s.Ability] = s
	}
	return out, err
}

func putStanding(ctx context.Context, tx *sqldb.Tx, ref media.Ref, s Standing) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO analysis_states (tenant, asset, version, `+standingColumns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)
		ON CONFLICT (tenant, asset, version, ability) DO UPDATE SET state = EXCLUDED.state, run = EXCLUDED.run, model = EXCLUDED.model,
		code = EXCLUDED.code, body = EXCLUDED.body, pieces = EXCLUDED.pieces, pieces_done = EXCLUDED.pieces_done, found = EXCLUDED.found,
		cpu_ms = EXCLUDED.cpu_ms, wall_ms = EXCLUDED.wall_ms, started_ms = EXCLUDED.started_ms, ended_ms = EXCLUDED.ended_ms`,
		ref.Tenant, ref.Asset, ref.Version, s.Ability, string(s.State), s.Run, s.Model, s.Code, s.Text, s.Pieces, s.PiecesDone, s.Found,
		s.CPUMS, s.WallMS, s.StartedMS, s.EndedMS)
	return err
}

// dropStanding forgets how one key stands.
func dropStanding(ctx context.Context, tx *sqldb.Tx, ref media.Ref, key string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM analysis_states WHERE tenant = $1 AND asset = $2 AND version = $3 AND ability = $4`, ref.Tenant, ref.Asset, ref.Version, key)
	return err
}

// countPiece adds a finished piece to the ability's receipt. It is part of the piece's own step.
func countPiece(ctx context.Context, db *sqldb.DB, ref media.Ref, ability, run string, cpuMS, wallMS int64) error {
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE analysis_states SET pieces_done = pieces_done + 1, cpu_ms = cpu_ms + $1, wall_ms = wall_ms + $2
			WHERE tenant = $3 AND asset = $4 AND version = $5 AND ability = $6 AND run = $7 AND state = 'running'`,
			cpuMS, wallMS, ref.Tenant, ref.Asset, ref.Version, ability, run)
		return err
	})
}

// wanting lists versions for which one of the abilities stands in a state.
func wanting(ctx context.Context, q sqldb.Querier, state State, limit int) (map[media.Ref][]string, error) {
	type row struct {
		ref     media.Ref
		ability string
	}
	list, err := collect(ctx, q, func(r scanner) (row, error) {
		var x row
		return x, r.Scan(&x.ref.Tenant, &x.ref.Asset, &x.ref.Version, &x.ability)
	}, `SELECT tenant, asset, version, ability FROM analysis_states WHERE state = $1 ORDER BY ended_ms DESC LIMIT $2`, string(state), limit)
	out := map[media.Ref][]string{}
	for _, r := range list {
		out[r.ref] = append(out[r.ref], r.ability)
	}
	return out, err
}

func forgetAsset(ctx context.Context, tx *sqldb.Tx, ref media.Ref) ([]Run, error) {
	open, err := collect(ctx, tx, scanRun, `SELECT `+runColumns+` FROM analysis_runs WHERE tenant = $1 AND asset = $2 AND state = 'open'`, ref.Tenant, ref.Asset)
	for _, table := range []string{"analysis_states", "analysis_runs", "analysis_hashes", "analysis_examples"} {
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND asset = $2`, ref.Tenant, ref.Asset)
		}
	}
	return open, err
}
