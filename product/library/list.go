package library

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/httpd"
	"showreel/platform/sqldb"
)

// The sizes of a page.
const (
	pageUsual = 50
	pageMax   = 500
)

// Query says which assets List returns. Every given condition must hold; within one, any of its values.
type Query struct {
	Text       string // words, each the start of a word of title, name, tags, credit, source, custom fields or description
	Kinds      []media.Kind
	States     []State
	Tags       []string // all of them
	Collection string   // id
	Sort       string   // created, updated, title, duration, bytes; "-" before it is descending; empty is -created
	Cursor     string
	Limit      int  // 0 is 50, at most 500
	Trash      bool // what is in the trash, instead of what is not
}

// order is one way a list is sorted: a column that has an index with the id behind it.
type order struct {
	column string
	text   bool
	of     func(Asset) any
}

var orders = map[string]order{
	"created":  {"created_ms", false, func(a Asset) any { return a.CreatedMS }},
	"updated":  {"updated_ms", false, func(a Asset) any { return a.UpdatedMS }},
	"title":    {"title_key", true, func(a Asset) any { return titleKey(a.Title) }},
	"duration": {"duration_ms", false, func(a Asset) any { return a.DurationMS }},
	"bytes":    {"bytes", false, func(a Asset) any { return a.Bytes }},
}

// position is where a page ends: the sort, so that a cursor is not used with another one, and the last item.
type position struct {
	Sort string `json:"s"`
	Text string `json:"t,omitempty"`
	Num  int64  `json:"n,omitempty"`
	ID   string `json:"i"`
}

// List returns a page of the tenant's assets. It stays fast at any size of library: pages are found by keyset, and the
// rarest condition drives the query when it is rare, the order's index when all are common. Errors: fault.Invalid for an
// unknown sort, kind or state, or a cursor of another list.
func (s *Service) List(ctx context.Context, q Query) (httpd.Page[Asset], error) {
	tenant, err := s.may(ctx, "asset:read", "asset", "", "")
	if err != nil {
		return httpd.Page[Asset]{}, err
	}
	l, err := newListing(tenant, q)
	if err != nil {
		return httpd.Page[Asset]{}, err
	}
	if err := l.plan(ctx, s.read()); err != nil {
		return httpd.Page[Asset]{}, fault.E("library.list", "", "", err)
	}
	query, args := l.sql()
	ids, err := collect(ctx, s.read(), scanString, query, args...)
	if err != nil {
		return httpd.Page[Asset]{}, fault.E("library.list", "", "", err)
	}
	return l.page(ctx, s.read(), ids)
}

// listing is one List in the making.
type listing struct {
	q      Query
	tenant string
	desc   bool
	order  order
	after  *position
	sets   []set // the conditions that other tables answer
	drive  int   // which set drives the query, -1 none
	few    bool  // kind and state together are rare, so their index drives
	args   []any
}

// set is a condition that another table answers: the ids of the assets that meet it, or a test for one asset.
type set struct {
	members string // SELECT asset …
	// test is a condition on the row t of the asset a.id, which is the tenant's already. It names no tenant, or SQLite
	// would walk the term's whole range of the tenant for each asset instead of the asset's few words.
	test  string
	table string
	args  []any // of members; test takes those after the tenant
}

func newListing(tenant string, q Query) (*listing, error) {
	l := &listing{q: q, tenant: tenant, drive: -1}
	if l.q.Sort == "" {
		l.q.Sort = "-created"
	}
	name, desc := strings.CutPrefix(l.q.Sort, "-")
	var known bool
	if l.order, known = orders[name]; !known {
		return nil, fault.Say("library.list", q.Sort, fault.Invalid, "bad-sort", "Lists are sorted by created, updated, title, duration or bytes, with - before it to descend; not by %q.", q.Sort)
	}
	l.desc = desc
	for _, st := range q.States {
		if !st.Known() {
			return nil, fault.Say("library.list", string(st), fault.Invalid, "bad-state", "%q is not a state; use received, processing, ready, failed or held.", string(st))
		}
	}
	if q.Cursor != "" {
		p, err := httpd.DecodeCursor[position](q.Cursor)
		if err != nil {
			return nil, err
		}
		if p.Sort != l.q.Sort || p.ID == "" {
			return nil, fault.Say("library.list", "", fault.Invalid, "cursor", "The cursor belongs to a list in another order; start again from the first page.")
		}
		l.after = &p
	}
	if l.q.Limit <= 0 {
		l.q.Limit = pageUsual
	}
	l.q.Limit = min(l.q.Limit, pageMax)
	l.sets = l.conditions()
	return l, nil
}

func (l *listing) conditions() []set {
	var out []set
	for _, w := range asked(l.q.Text) {
		out = append(out, set{
			table: "library_terms", members: `SELECT DISTINCT t.asset FROM library_terms t WHERE t.tenant = ? AND t.term >= ? AND t.term < ?`,
			test: `t.term >= ? AND t.term < ?`, args: []any{l.tenant, code(w), code(w) + pastCode},
		})
	}
	for _, tag := range l.q.Tags {
		out = append(out, set{
			table: "library_tags", members: `SELECT t.asset FROM library_tags t WHERE t.tenant = ? AND t.tag = ?`,
			test: `t.tag = ?`, args: []any{l.tenant, fold(tag)},
		})
	}
	if l.q.Collection != "" {
		out = append(out, set{
			table: "library_members", members: `SELECT t.asset FROM library_members t WHERE t.tenant = ? AND t.collection = ?`,
			test: `t.collection = ?`, args: []any{l.tenant, l.q.Collection},
		})
	}
	return out
}

// rare is how many members a set has at most to drive a query: reading that many rows by id and sorting them takes
// about 10 ms on SQLite, and a set with more members fills a page within a few thousand rows of an order's index.
const rare = 1500

// plan counts the sets, each no further than rare, and picks the smallest to drive if it is rare.
func (l *listing) plan(ctx context.Context, q sqldb.Querier) error {
	least := int64(rare)
	for n, st := range l.sets {
		query, args := l.number(`SELECT COUNT(*) FROM (`+st.members+` LIMIT ?) m`, append(slices.Clone(st.args), rare)...)
		count, err := collect(ctx, q, scanCount, query, args...)
		if err != nil {
			return err
		}
		if count[0] < least {
			least, l.drive = count[0], n
		}
	}
	if l.drive >= 0 || len(l.q.Kinds)+len(l.q.States) == 0 {
		return nil
	}
	cond, args := l.filters("")
	query, args := l.number(`SELECT COUNT(*) FROM (SELECT 1 FROM library_assets a WHERE a.tenant = ? AND a.bin = ?`+cond+` LIMIT ?) m`,
		append(append([]any{l.tenant, l.bin()}, args...), rare)...)
	count, err := collect(ctx, q, scanCount, query, args...)
	if err != nil {
		return err
	}
	l.few = count[0] < rare
	return nil
}

func (l *listing) bin() int {
	if l.q.Trash {
		return 1
	}
	return 0
}

// filters are kind and state. hide, an operator and operand that change nothing, keeps their index from being chosen.
func (l *listing) filters(hide string) (string, []any) {
	var cond strings.Builder
	var args []any
	add := func(column string, values []any) {
		if len(values) > 0 {
			cond.WriteString(` AND a.` + column + hide + ` IN (?` + strings.Repeat(",?", len(values)-1) + `)`)
			args = append(args, values...)
		}
	}
	var kinds, states []any
	for _, k := range l.q.Kinds {
		kinds = append(kinds, string(k))
	}
	for _, st := range l.q.States {
		states = append(states, string(st))
	}
	add("kind", kinds)
	add("state", states)
	return cond.String(), args
}

// sql is the query for the page's ids and one more, which tells whether a page follows. CROSS JOIN fixes SQLite's
// order of loops, and the expression x || ” keeps it from an index that would have to sort; Postgres plans by its
// own statistics.
func (l *listing) sql() (string, []any) {
	var b strings.Builder
	var args []any
	b.WriteString(`SELECT a.id FROM `)
	hide := ` || ''`
	switch {
	case l.drive >= 0:
		d := l.sets[l.drive]
		b.WriteString(`(` + d.members + `) d CROSS JOIN library_assets a WHERE a.id = d.asset AND a.tenant = ? AND a.bin = ?`)
		args = append(args, d.args...)
	default:
		b.WriteString(`library_assets a WHERE a.tenant = ? AND a.bin = ?`)
		if l.few {
			hide = ""
		}
	}
	args = append(args, l.tenant, l.bin())
	cond, more := l.filters(hide)
	b.WriteString(cond)
	args = append(args, more...)
	for n, st := range l.sets {
		if n == l.drive {
			continue
		}
		b.WriteString(` AND EXISTS (SELECT 1 FROM ` + st.table + ` t WHERE t.asset = a.id AND ` + st.test + `)`)
		args = append(args, st.args[1:]...)
	}
	dir, past := ` ASC`, ` > `
	if l.desc {
		dir, past = ` DESC`, ` < `
	}
	if l.after != nil {
		b.WriteString(` AND (a.` + l.order.column + `, a.id)` + past + `(?, ?)`)
		args = append(args, l.after.value(l.order), l.after.ID)
	}
	b.WriteString(` ORDER BY a.` + l.order.column + dir + `, a.id` + dir + ` LIMIT ?`)
	return l.number(b.String(), append(args, l.q.Limit+1)...)
}

func (p position) value(o order) any {
	if o.text {
		return p.Text
	}
	return p.Num
}

// number turns the marks of a query that was put together into $1, $2, …
func (l *listing) number(query string, args ...any) (string, []any) {
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String(), args
}

// page reads the rows of the ids in their order.
func (l *listing) page(ctx context.Context, q sqldb.Querier, ids []string) (httpd.Page[Asset], error) {
	out := httpd.Page[Asset]{Items: []Asset{}}
	more := len(ids) > l.q.Limit
	if more {
		ids = ids[:l.q.Limit]
	}
	if len(ids) == 0 {
		return out, nil
	}
	args := []any{l.tenant}
	for _, id := range ids {
		args = append(args, id)
	}
	// The tenant is an expression, or SQLite would walk all of the tenant's rows for these few ids (33 ms of 100,000).
	rows, err := selectAssets(ctx, q, `WHERE tenant || '' = $1 AND id IN (`+places(2, len(ids))+`)`, args...)
	if err != nil {
		return out, fault.E("library.list", "", "", err)
	}
	at := make(map[string]int, len(ids))
	for n, id := range ids {
		at[id] = n
	}
	slices.SortFunc(rows, func(a, b Asset) int { return at[a.ID] - at[b.ID] })
	out.Items = rows
	if more && len(rows) > 0 {
		last := rows[len(rows)-1]
		p := position{Sort: l.q.Sort, ID: last.ID}
		switch v := l.order.of(last).(type) {
		case string:
			p.Text = v
		case int64:
			p.Num = v
		}
		out.Next = httpd.EncodeCursor(p)
	}
	return out, nil
}
