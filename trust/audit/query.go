package audit

import (
	"context"
	"fmt"
	"strings"

	"showreel/fault"
)

const maxPage = 500

// Query selects records of one tenant, newest first. Empty fields do not filter.
type Query struct {
	Tenant  string // required
	Actor   string
	Action  string // exact, or a prefix when it ends in ":"
	Subject string
	Outcome string
	FromMS  int64
	ToMS    int64  // exclusive
	Before  string // cursor: the ID of the last record of the page before
	Limit   int    // at most 500, which is also the default
}

// List returns records of a tenant, sealed or not, newest first. fault.Invalid without a tenant.
func (l *Log) List(ctx context.Context, q Query) ([]Record, error) {
	if q.Tenant == "" {
		return nil, fault.Say("audit.list", "", fault.Invalid, "no-tenant", "Say which tenant's records you want.")
	}
	if q.Limit <= 0 || q.Limit > maxPage {
		q.Limit = maxPage
	}
	where, args := q.where()
	args = append(args, q.Limit)
	rows, err := selectRows(ctx, l.db.Read(), where+fmt.Sprintf(` ORDER BY id DESC LIMIT $%d`, len(args)), args...)
	return records(rows), wrap("audit.list", err)
}

func (q Query) where() (string, []any) {
	var conditions []string
	var args []any
	add := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, fmt.Sprintf(condition, len(args)))
	}
	add("tenant = $%d", q.Tenant)
	for _, f := range []struct{ column, value string }{{"actor", q.Actor}, {"subject", q.Subject}, {"outcome", q.Outcome}} {
		if f.value != "" {
			add(f.column+" = $%d", f.value)
		}
	}
	if strings.HasSuffix(q.Action, ":") {
		add("substr(action, 1, "+fmt.Sprint(len([]rune(q.Action)))+") = $%d", q.Action)
	} else if q.Action != "" {
		add("action = $%d", q.Action)
	}
	if q.FromMS > 0 {
		add("at_ms >= $%d", q.FromMS)
	}
	if q.ToMS > 0 {
		add("at_ms < $%d", q.ToMS)
	}
	if q.Before != "" {
		add("id < $%d", q.Before)
	}
	return "WHERE " + strings.Join(conditions, " AND "), args
}

// Since returns sealed records of a tenant with Seq > after in the order of the tree: a feed that never misses one.
func (l *Log) Since(ctx context.Context, tenant string, after int64, limit int) ([]Record, error) {
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	rows, err := selectRows(ctx, l.db.Read(), `WHERE tenant = $1 AND leaf >= $2 ORDER BY leaf LIMIT $3`, tenant, after, limit)
	return records(rows), wrap("audit.since", err)
}

func records(rows []row) []Record {
	out := make([]Record, len(rows))
	for i, r := range rows {
		out[i] = r.Record
	}
	return out
}

// wrap wraps an error without a subject; nil stays nil.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fault.E(op, "", "", err)
}
