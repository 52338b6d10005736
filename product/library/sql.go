package library

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"

	"showreel/media"
	"showreel/platform/sqldb"
)

// collect runs a query and scans every row; the result is never nil.
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

func scanString(row scanner) (string, error) {
	var s string
	return s, row.Scan(&s)
}

func scanCount(row scanner) (int64, error) {
	var n int64
	return n, row.Scan(&n)
}

// places renders n placeholders from $first.
func places(first, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(out, ",")
}

// text is v as JSON. Everything stored this way is plain data, so it cannot fail but by a defect.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("library: " + err.Error())
	}
	return string(b)
}

// one turns an update that met no row into fault.NotFound.
func one(ref media.Ref) func(sql.Result, error) error {
	return func(res sql.Result, err error) error {
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return noVersion(ref)
		}
		return nil
	}
}
