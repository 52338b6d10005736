package analysis

import (
	"context"
	"encoding/json"

	"showreel/fault"
	"showreel/platform/sqldb"
)

const redactionColumns = `id, tenant, asset, version, state, ask, report, blob_key, captions_key, problem, created_by, created_ms, decided_by, decided_name, decided_ms, published, replaces, reason`

func scanRedaction(row scanner) (Redaction, error) {
	var r Redaction
	var ask, report string
	if err := row.Scan(&r.ID, &r.tenant, &r.Asset, &r.Version, &r.State, &ask, &report, &r.key, &r.captions, &r.Problem, &r.CreatedBy, &r.CreatedMS,
		&r.DecidedBy, &r.DecidedName, &r.DecidedMS, &r.Published, &r.Replaces, &r.Reason); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(ask), &r.Ask); err != nil {
		return r, fault.E("analysis.redaction", r.ID, fault.Corrupt, err)
	}
	r.Report = emptyReport()
	if err := json.Unmarshal([]byte(report), &r.Report); err != nil {
		return r, fault.E("analysis.redaction", r.ID, fault.Corrupt, err)
	}
	return r, nil
}

func putRedaction(ctx context.Context, tx *sqldb.Tx, r Redaction) error {
	ask, err := json.Marshal(r.Ask)
	if err != nil {
		return fault.E("analysis.redaction", r.ID, fault.Internal, err)
	}
	report, err := json.Marshal(r.Report)
	if err != nil {
		return fault.E("analysis.redaction", r.ID, fault.Internal, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO analysis_redactions (`+redactionColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)
		ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, report = EXCLUDED.report, blob_key = EXCLUDED.blob_key, captions_key = EXCLUDED.captions_key,
		problem = EXCLUDED.problem, decided_by = EXCLUDED.decided_by, decided_name = EXCLUDED.decided_name, decided_ms = EXCLUDED.decided_ms,
		published = EXCLUDED.published`,
		r.ID, r.tenant, r.Asset, r.Version, r.State, string(ask), string(report), r.key, r.captions, r.Problem, r.CreatedBy, r.CreatedMS, r.DecidedBy, r.DecidedName, r.DecidedMS, r.Published, r.Replaces, r.Reason)
	return err
}

// lockRedaction reads one and keeps others from changing it until the transaction ends.
func lockRedaction(ctx context.Context, tx *sqldb.Tx, tenant, asset, id string) (Redaction, error) {
	list, err := collect(ctx, tx, scanRedaction, `UPDATE analysis_redactions SET state = state WHERE tenant = $1 AND asset = $2 AND id = $3 RETURNING `+redactionColumns, tenant, asset, id)
	if err == nil && len(list) == 0 {
		err = noRedaction(id)
	}
	if err != nil {
		return Redaction{}, err
	}
	return list[0], nil
}

func noRedaction(id string) error {
	return fault.Say("analysis.redaction", id, fault.NotFound, "no-redaction", "There is no such redaction of this asset.")
}

func redactionsOf(ctx context.Context, q sqldb.Querier, tenant, asset, id string) ([]Redaction, error) {
	return collect(ctx, q, scanRedaction, `SELECT `+redactionColumns+` FROM analysis_redactions WHERE tenant = $1 AND asset = $2 AND (id = $3 OR $3 = '') ORDER BY created_ms DESC, id DESC`,
		tenant, asset, id)
}

// forgetRedactions removes the rows of a purged asset; the files go with its folder.
func forgetRedactions(ctx context.Context, tx *sqldb.Tx, tenant, asset string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM analysis_redactions WHERE tenant = $1 AND asset = $2`, tenant, asset)
	return err
}
