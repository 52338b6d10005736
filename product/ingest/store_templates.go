package ingest

import (
	"context"
	"database/sql"
	"encoding/json"

	"showreel/fault"
	"showreel/platform/sqldb"
)

func scanTemplate(row scanner) (Template, error) {
	var body string
	var version int
	var created int64
	if err := row.Scan(&body, &version, &created); err != nil {
		return Template{}, err
	}
	var t Template
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		return Template{}, fault.E("ingest.template", "", fault.Corrupt, err)
	}
	t.Version, t.CreatedMS, t.BuiltIn = version, created, false
	return t, nil
}

// loadTemplate reads a tenant's own template; version 0 means the newest. ok is false where there is none.
func loadTemplate(ctx context.Context, q sqldb.Querier, tenant, name string, version int) (t Template, ok bool, err error) {
	text := `SELECT body, version, created_ms FROM ingest_templates WHERE tenant=$1 AND name=$2 AND (version=$3 OR $3=0) ORDER BY version DESC LIMIT 1`
	t, err = scanTemplate(q.QueryRowContext(ctx, text, tenant, name, version))
	if sqldb.NotFound(err) {
		return Template{}, false, nil
	}
	return t, err == nil, err
}

// listTemplates returns the newest version of each of the tenant's own templates.
func listTemplates(ctx context.Context, q sqldb.Querier, tenant string) ([]Template, error) {
	return collect(ctx, q, func(rows *sql.Rows) (Template, error) { return scanTemplate(rows) },
		`SELECT body, version, created_ms FROM ingest_templates t WHERE tenant=$1
		AND version = (SELECT MAX(version) FROM ingest_templates x WHERE x.tenant=t.tenant AND x.name=t.name) ORDER BY name`, tenant)
}

// insertTemplate adds a version; a taken number is a unique violation.
func insertTemplate(ctx context.Context, q sqldb.Querier, tenant string, t Template) error {
	body, err := json.Marshal(t)
	if err != nil {
		return fault.E("ingest.template", t.Name, fault.Internal, err)
	}
	_, err = q.ExecContext(ctx, `INSERT INTO ingest_templates (tenant, name, version, body, created_ms) VALUES ($1,$2,$3,$4,$5)`,
		tenant, t.Name, t.Version, string(body), t.CreatedMS)
	return err
}
