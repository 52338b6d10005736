// Package outbox carries domain events: written in the same transaction as the change they tell of, read by named
// consumers with durable cursors, at least once and in order, across processes. It is not the viewers' engagement log
// (engine/events) and not a job queue (engine/flow).
//
// The pattern is the transactional outbox. A one-row counter gives each event its number inside the transaction, which
// serialises writers of events: numbers become visible in order, so a cursor never steps over a slower transaction.
package outbox

import (
	"context"
	"embed"
	"encoding/json"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema returns the package's tables.
func Schema() sqldb.Schema { return sqldb.SchemaOf("outbox", schemaFS) }

// Event is one thing that happened. Seq grows without gaps in commit order.
type Event struct {
	Seq     int64           `json:"seq"`
	ID      string          `json:"id"`
	Tenant  string          `json:"tenant"`
	Name    string          `json:"name"`    // "asset.published"; docs/events.md lists them
	Subject string          `json:"subject"` // the asset, job or other thing it concerns
	AtMS    int64           `json:"atMs"`
	Data    json.RawMessage `json:"data"`
}

// pollEvery is how long a reader waits when nothing wakes it: another process may have written.
const pollEvery = 500 * time.Millisecond

// batch is how many events a consumer reads at once.
const batch = 100

// Outbox writes and reads events. It is safe for concurrent use.
type Outbox struct {
	db *sqldb.DB

	mu   sync.Mutex
	wake chan struct{} // closed when this process has committed an event
}

// New returns the outbox of a migrated store.
func New(db *sqldb.DB) *Outbox {
	return &Outbox{db: db, wake: make(chan struct{})}
}

// Write appends an event to the caller's transaction. data must marshal to JSON.
func (o *Outbox) Write(ctx context.Context, tx *sqldb.Tx, tenant, name, subject string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return fault.E("outbox.write", name, fault.Internal, err)
	}
	var seq int64
	if err := tx.QueryRowContext(ctx, `UPDATE outbox_counter SET seq = seq + 1 WHERE one = 1 RETURNING seq`).Scan(&seq); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO outbox_events (seq, id, tenant, name, subject, at_ms, data) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
		seq, sqldb.NewID(), tenant, name, subject, sqldb.NowMS(), string(body))
	if err != nil {
		return err
	}
	tx.OnCommit(o.signal)
	return nil
}

func (o *Outbox) signal() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.wake)
	o.wake = make(chan struct{})
}

func (o *Outbox) waker() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wake
}

// Since returns up to limit events of the tenant after the number, oldest first. An empty tenant means all tenants and
// is for the product's own consumers only.
func (o *Outbox) Since(ctx context.Context, tenant string, after int64, limit int) ([]Event, error) {
	query := `SELECT seq, id, tenant, name, subject, at_ms, data FROM outbox_events WHERE seq > $1 ORDER BY seq LIMIT $2`
	args := []any{after, limit}
	if tenant != "" {
		query = `SELECT seq, id, tenant, name, subject, at_ms, data FROM outbox_events WHERE tenant = $3 AND seq > $1 ORDER BY seq LIMIT $2`
		args = append(args, tenant)
	}
	rows, err := o.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fault.E("outbox.since", tenant, "", err)
	}
	defer rows.Close()
	var out []Event
	for rows.Next() {
		var e Event
		var data string
		if err := rows.Scan(&e.Seq, &e.ID, &e.Tenant, &e.Name, &e.Subject, &e.AtMS, &data); err != nil {
			return nil, fault.E("outbox.since", tenant, "", err)
		}
		e.Data = json.RawMessage(data)
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fault.E("outbox.since", tenant, "", err)
	}
	return out, nil
}

// Last returns the newest event's number, 0 when there is none.
func (o *Outbox) Last(ctx context.Context) (int64, error) {
	var seq int64
	if err := o.db.Read().QueryRowContext(ctx, `SELECT seq FROM outbox_counter WHERE one = 1`).Scan(&seq); err != nil {
		return 0, fault.E("outbox.last", "", "", err)
	}
	return seq, nil
}

// Wait returns nil once an event newer than after exists (it may be another tenant's), or the context's error.
func (o *Outbox) Wait(ctx context.Context, after int64) error {
	for {
		wake := o.waker()
		last, err := o.Last(ctx)
		if err != nil {
			return err
		}
		if last > after {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-time.After(pollEvery):
		}
	}
}
