// Package sqlitemeter keeps roll-ups and costs in a relational file of its own, apart from the business data, so that
// telemetry never waits for or holds up business writes. Costs are summed per hour, subject and step. It runs on Postgres
// too, where the house chooses so.
package sqlitemeter

import (
	"context"
	"embed"
	"strings"

	"showreel/engine/meter"
	"showreel/platform/sqldb"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema returns the tables.
func Schema() sqldb.Schema { return sqldb.SchemaOf("meter", schemaFS) }

// Driver implements meter.Driver over a database that Schema was migrated into.
type Driver struct{ db *sqldb.DB }

// New makes the driver.
func New(db *sqldb.DB) *Driver { return &Driver{db: db} }

// Save implements meter.Driver.
func (d *Driver) Save(ctx context.Context, samples []meter.Sample) error {
	return d.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, s := range samples {
			_, err := tx.ExecContext(ctx, `INSERT INTO meter_sample (name, at_ms, labels, node, value, count) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (name, at_ms, labels, node) DO UPDATE SET value = excluded.value, count = excluded.count`,
				s.Name, s.AtMS, text(s.Labels), s.Node, s.Value, s.Count)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Series implements meter.Driver.
func (d *Driver) Series(ctx context.Context, name string, fromMS, toMS int64) ([]meter.Sample, error) {
	rows, err := d.db.Read().QueryContext(ctx, `SELECT node, at_ms, name, labels, value, count FROM meter_sample
		WHERE name = $1 AND at_ms >= $2 AND at_ms < $3 ORDER BY at_ms, labels, node`, name, fromMS, toMS)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []meter.Sample
	for rows.Next() {
		var s meter.Sample
		if err := rows.Scan(&s.Node, &s.AtMS, &s.Name, &s.Labels, &s.Value, &s.Count); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// hour is the grain of costs in milliseconds.
const hour = 3_600_000

// AddCosts implements meter.Driver.
func (d *Driver) AddCosts(ctx context.Context, costs []meter.Cost) error {
	return d.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, c := range costs {
			_, err := tx.ExecContext(ctx, `INSERT INTO meter_cost (tenant, subject, step, hour_ms, cpu_ms, wall_ms, read, written, count)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
				ON CONFLICT (tenant, subject, step, hour_ms) DO UPDATE SET
					cpu_ms = meter_cost.cpu_ms + excluded.cpu_ms, wall_ms = meter_cost.wall_ms + excluded.wall_ms,
					read = meter_cost.read + excluded.read, written = meter_cost.written + excluded.written,
					count = meter_cost.count + excluded.count`,
				c.Tenant, text(c.Subject), c.Step, c.AtMS-c.AtMS%hour, c.CPUMS, c.WallMS, c.Read, c.Written, max(1, c.Count))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Costs implements meter.Driver. Both bounds are taken at the grain of an hour, the upper one rounded up.
func (d *Driver) Costs(ctx context.Context, tenant, subject string, fromMS, toMS int64) ([]meter.Cost, error) {
	rows, err := d.db.Read().QueryContext(ctx, `SELECT tenant, subject, step, MIN(hour_ms), CAST(SUM(cpu_ms) AS BIGINT), CAST(SUM(wall_ms) AS BIGINT),
			CAST(SUM(read) AS BIGINT), CAST(SUM(written) AS BIGINT), CAST(SUM(count) AS BIGINT)
		FROM meter_cost WHERE tenant = $1 AND ($2 = '' OR subject = $2) AND hour_ms >= $3 AND hour_ms < $4
		GROUP BY tenant, subject, step ORDER BY subject, step`, tenant, subject, fromMS-fromMS%hour, toMS)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []meter.Cost
	for rows.Next() {
		var c meter.Cost
		if err := rows.Scan(&c.Tenant, &c.Subject, &c.Step, &c.AtMS, &c.CPUMS, &c.WallMS, &c.Read, &c.Written, &c.Count); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// Prune implements meter.Driver.
func (d *Driver) Prune(ctx context.Context, beforeMS int64) error {
	return d.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM meter_sample WHERE at_ms < $1`, beforeMS)
		return err
	})
}

// text drops what Postgres does not take into a TEXT.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
