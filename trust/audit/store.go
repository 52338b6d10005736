package audit

import (
	"context"
	"database/sql"
	"encoding/json"

	"golang.org/x/mod/sumdb/tlog"

	"showreel/fault"
	"showreel/platform/sqldb"
)

const columns = `id, tenant, at_ms, actor, actor_kind, action, subject, outcome, reason, data, hash, COALESCE(leaf, -1)`

// row is a stored record with the hash that was written beside it.
type row struct {
	Record
	stored string // base64 leaf hash
	leaf   int64  // -1 until sealed
}

func insert(ctx context.Context, tx *sqldb.Tx, r Record) error {
	h, err := r.hash()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_entry
		(id, tenant, at_ms, actor, actor_kind, action, subject, outcome, reason, data, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.ID, r.Tenant, r.AtMS, r.Actor, r.ActorKind, r.Action, r.Subject, r.Outcome, r.Reason, string(r.Data), h.String())
	return err
}

func selectRows(ctx context.Context, q sqldb.Querier, where string, args ...any) ([]row, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM audit_entry `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func scan(rows *sql.Rows) (row, error) {
	var r row
	var data string
	err := rows.Scan(&r.ID, &r.Tenant, &r.AtMS, &r.Actor, &r.ActorKind, &r.Action, &r.Subject, &r.Outcome, &r.Reason,
		&data, &r.stored, &r.leaf)
	if data != "" {
		r.Data = json.RawMessage(data)
	}
	r.Seq = r.leaf + 1
	return r, err
}

// nodes reads stored tree hashes in one query a call; it implements tlog.HashReader.
func nodes(ctx context.Context, q sqldb.Querier) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, idx := range indexes {
			var text string
			err := q.QueryRowContext(ctx, `SELECT hash FROM audit_node WHERE idx = $1`, idx).Scan(&text)
			if sqldb.NotFound(err) {
				return nil, fault.Say("audit.tree", "", fault.Corrupt, "audit-broken", "A part of the audit log's hash tree is missing.")
			}
			if err != nil {
				return nil, err
			}
			if out[i], err = tlog.ParseHash(text); err != nil {
				return nil, fault.E("audit.tree", "", fault.Corrupt, err)
			}
		}
		return out, nil
	}
}
