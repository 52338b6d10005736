package flow

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
var schemaFiles embed.FS

// Schema is the table of starts that wait for the relay. It lives in the business database.
func Schema() sqldb.Schema { return sqldb.SchemaOf("flow", schemaFiles) }

// StartIn starts a run if and only if the transaction commits: its row is relayed to the engine, woken by the commit and
// found by polling otherwise. In effect the run starts exactly once, for its key is idempotent.
func (e *Engine) StartIn(ctx context.Context, tx *sqldb.Tx, name, key string, input any) error {
	const op = "flow.start"
	if e.db == nil {
		return fault.Say(op, key, fault.Unavailable, "flow-no-database", "This engine was made without a database.")
	}
	raw, err := e.checked(op, name, key, input)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO flow_starts (key, name, input, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING`,
		key, name, string(raw), sqldb.NowMS())
	if err != nil {
		return fault.E(op, key, fault.Internal, err)
	}
	tx.OnCommit(e.relay.wake)
	return nil
}

// How the relay works.
const (
	relayPoll  = time.Second // finds starts of other processes and those of before a crash
	relayBatch = 100
)

// relay moves committed starts to the driver.
type relay struct {
	e      *Engine
	nudge  chan struct{} // capacity 1
	cancel context.CancelFunc
	done   sync.WaitGroup
}

type start struct {
	key, name, input string
}

func (r *relay) init(e *Engine) {
	r.e, r.nudge, r.cancel = e, make(chan struct{}, 1), func() {}
}

func (r *relay) wake() {
	select {
	case r.nudge <- struct{}{}:
	default:
	}
}

func (r *relay) start(ctx context.Context) {
	if r.e.db == nil {
		return
	}
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.done.Go(func() { r.loop(ctx) })
}

func (r *relay) stop() {
	r.cancel()
	r.done.Wait()
}

func (r *relay) loop(ctx context.Context) {
	tick := time.NewTicker(relayPoll)
	defer tick.Stop()
	said := ""
	for ctx.Err() == nil {
		more, err := r.drain(ctx)
		said = r.tell(ctx, said, err)
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-r.nudge:
		}
	}
}

// tell logs the first failure, every one that differs from the one before it, and the end of them. It returns what was said.
func (r *relay) tell(ctx context.Context, said string, err error) string {
	switch {
	case ctx.Err() != nil:
	case err == nil && said != "":
		r.e.log.Info("starts of workflows are relayed again")
		return ""
	case err != nil:
		now := fault.CodeOf(err) + ": " + fault.TextOf(err)
		if now != said {
			r.e.log.Error("starts of workflows could not be relayed; it is tried again every second", "error", err)
		}
		return now
	}
	return said
}

// drain relays the oldest starts. One that cannot be relayed does not hold up the others.
func (r *relay) drain(ctx context.Context) (more bool, err error) {
	batch, err := r.e.oldestStarts(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range batch {
		if moveErr := r.move(ctx, s); moveErr != nil {
			err = moveErr
		}
	}
	return len(batch) == relayBatch, err
}

// one relays the start of one key now, if it waits.
func (r *relay) one(ctx context.Context, key string) (bool, error) {
	s, ok, err := r.e.waitingStart(ctx, key)
	if err != nil || !ok {
		return false, err
	}
	return true, r.move(ctx, s)
}

// move starts the run, then forgets the row: a crash in between starts it again, which changes nothing.
func (r *relay) move(ctx context.Context, s start) error {
	if err := r.e.driver.Start(ctx, s.name, s.key, json.RawMessage(s.input)); err != nil {
		return fault.E("flow.relay", s.key, "", err)
	}
	return r.e.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM flow_starts WHERE key = $1`, s.key)
		return err
	})
}

func (e *Engine) oldestStarts(ctx context.Context) ([]start, error) {
	rows, err := e.db.Read().QueryContext(ctx, `SELECT key, name, input FROM flow_starts ORDER BY created_ms, key LIMIT $1`, relayBatch)
	if err != nil {
		return nil, fault.E("flow.relay", "", fault.Internal, err)
	}
	defer rows.Close()
	var out []start
	for rows.Next() {
		var s start
		if err := rows.Scan(&s.key, &s.name, &s.input); err != nil {
			return nil, fault.E("flow.relay", "", fault.Internal, err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fault.E("flow.relay", "", fault.Internal, err)
	}
	return out, nil
}

// waitingStart looks for a start that has not been relayed.
func (e *Engine) waitingStart(ctx context.Context, key string) (s start, ok bool, err error) {
	if e.db == nil {
		return s, false, nil
	}
	err = e.db.Read().QueryRowContext(ctx, `SELECT key, name, input FROM flow_starts WHERE key = $1`, key).Scan(&s.key, &s.name, &s.input)
	if sqldb.NotFound(err) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fault.E("flow.status", key, fault.Internal, err)
	}
	return s, true, nil
}
