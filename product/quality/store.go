package quality

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"

	"showreel/fault"
	"showreel/media"
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
	return sqldb.Schema{Name: "quality", FS: sub}
}

const findingColumns = `id, tenant, asset, version, check_name, severity, state, start_t, end_t, rendition, thumb, body, waived_by, waived_ms, reason, created_ms`

// detail is what of a finding only people read.
type detail struct {
	Text   string  `json:"text"`
	Value  float64 `json:"value"`
	Limit  float64 `json:"limit"`
	Unit   string  `json:"unit,omitempty"`
	Metric string  `json:"metric,omitempty"`
	Policy string  `json:"policy"`
	Run    string  `json:"run"`
}

func scanFinding(row interface{ Scan(...any) error }) (Finding, error) {
	var f Finding
	var body string
	err := row.Scan(&f.ID, &f.Ref.Tenant, &f.Ref.Asset, &f.Ref.Version, &f.Check, &f.Severity, &f.State, &f.Range.Start, &f.Range.End, &f.Rendition,
		&f.ThumbKey, &body, &f.WaivedBy, &f.WaivedMS, &f.Reason, &f.CreatedMS)
	if err != nil {
		return f, err
	}
	var d detail
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		return f, fault.E("quality.finding", f.ID, fault.Corrupt, err)
	}
	f.Text, f.Value, f.Limit, f.Unit, f.Metric, f.Policy, f.Run = d.Text, d.Value, d.Limit, d.Unit, d.Metric, d.Policy, d.Run
	f.show()
	return f, nil
}

func selectFindings(ctx context.Context, q sqldb.Querier, where string, args ...any) ([]Finding, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+findingColumns+` FROM quality_findings `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Finding
	for rows.Next() {
		f, err := scanFinding(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

func findingsOf(ctx context.Context, q sqldb.Querier, ref media.Ref) ([]Finding, error) {
	return selectFindings(ctx, q, `WHERE tenant=$1 AND asset=$2 AND version=$3 ORDER BY start_t, id`, ref.Tenant, ref.Asset, ref.Version)
}

func findingByID(ctx context.Context, q sqldb.Querier, tenant, id string) (Finding, error) {
	list, err := selectFindings(ctx, q, `WHERE tenant=$1 AND id=$2`, tenant, id)
	if err != nil {
		return Finding{}, fault.E("quality.finding", id, "", err)
	}
	if len(list) == 0 {
		return Finding{}, fault.Say("quality.finding", id, fault.NotFound, "no-finding", "There is no such finding; the asset may have been processed again.")
	}
	return list[0], nil
}

func insertFinding(ctx context.Context, q sqldb.Querier, f Finding) error {
	body, err := json.Marshal(detail{Text: f.Text, Value: f.Value, Limit: f.Limit, Unit: f.Unit, Metric: f.Metric, Policy: f.Policy, Run: f.Run})
	if err != nil {
		return fault.E("quality.finding", f.ID, fault.Internal, err)
	}
	_, err = q.ExecContext(ctx, `INSERT INTO quality_findings (`+findingColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)`,
		f.ID, f.Ref.Tenant, f.Ref.Asset, f.Ref.Version, f.Check, string(f.Severity), f.State, int64(f.Range.Start), int64(f.Range.End), f.Rendition,
		f.ThumbKey, string(body), f.WaivedBy, f.WaivedMS, f.Reason, f.CreatedMS)
	return err
}

// waive marks an open finding; false where somebody else already has.
func waive(ctx context.Context, q sqldb.Querier, f Finding) (bool, error) {
	res, err := q.ExecContext(ctx, `UPDATE quality_findings SET state='waived', waived_by=$1, waived_ms=$2, reason=$3 WHERE id=$4 AND tenant=$5 AND state='open'`,
		f.WaivedBy, f.WaivedMS, f.Reason, f.ID, f.Ref.Tenant)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func deleteFindings(ctx context.Context, q sqldb.Querier, ref media.Ref) error {
	_, err := q.ExecContext(ctx, `DELETE FROM quality_findings WHERE tenant=$1 AND asset=$2 AND version=$3`, ref.Tenant, ref.Asset, ref.Version)
	return err
}

// deleteCaptionFindings removes what was found about one caption rendition.
func deleteCaptionFindings(ctx context.Context, q sqldb.Querier, ref media.Ref, rendition string) error {
	_, err := q.ExecContext(ctx, `DELETE FROM quality_findings WHERE tenant=$1 AND asset=$2 AND version=$3 AND rendition=$4 AND check_name IN ('caption-speed','caption-times')`,
		ref.Tenant, ref.Asset, ref.Version, rendition)
	return err
}
