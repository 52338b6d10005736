package outbox

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// Consume hands the named events (all when names is empty) to fn in order until ctx ends. The consumer's cursor is durable: after a
// restart it goes on where it was, and an event whose fn failed is given again, with growing pauses. One process at a
// time should run a consumer; two would both receive events. A new consumer starts with the oldest event kept.
func (o *Outbox) Consume(ctx context.Context, consumer string, names []string, fn func(context.Context, Event) error) error {
	cursor, err := o.cursor(ctx, consumer)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		events, err := o.Since(ctx, "", cursor, batch)
		if err != nil {
			if pause(ctx, pollEvery) != nil {
				break
			}
			continue
		}
		for _, e := range events {
			if len(names) == 0 || slices.Contains(names, e.Name) {
				if err := deliver(ctx, consumer, e, fn); err != nil {
					return err
				}
			}
			cursor = e.Seq
		}
		if len(events) > 0 {
			if err := o.move(ctx, consumer, cursor); err != nil && ctx.Err() == nil {
				return err
			}
			continue
		}
		if err := o.Wait(ctx, cursor); err != nil && ctx.Err() == nil && pause(ctx, pollEvery) != nil {
			break
		}
	}
	return ctx.Err()
}

// deliver calls fn until it succeeds or ctx ends.
func deliver(ctx context.Context, consumer string, e Event, fn func(context.Context, Event) error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 30*time.Second) {
		err := fn(ctx, e)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		slog.WarnContext(ctx, "event not handled yet", "consumer", consumer, "event", e.Name, "seq", e.Seq, "err", err)
		if pause(ctx, wait) != nil {
			return ctx.Err()
		}
	}
}

func (o *Outbox) cursor(ctx context.Context, consumer string) (int64, error) {
	var seq int64
	err := o.db.Read().QueryRowContext(ctx, `SELECT seq FROM outbox_cursors WHERE consumer = $1`, consumer).Scan(&seq)
	if sqldb.NotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fault.E("outbox.cursor", consumer, "", err)
	}
	return seq, nil
}

func (o *Outbox) move(ctx context.Context, consumer string, seq int64) error {
	return o.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO outbox_cursors (consumer, seq, at_ms) VALUES ($1,$2,$3)
			ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq, at_ms = excluded.at_ms`, consumer, seq, sqldb.NowMS())
		return err
	})
}

// Prune forgets events older than keep that every consumer has passed. It returns how many went.
func (o *Outbox) Prune(ctx context.Context, keep time.Duration) (int64, error) {
	var gone int64
	err := o.db.Write(ctx, func(tx *sqldb.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM outbox_events WHERE at_ms < $1
			AND seq <= COALESCE((SELECT MIN(seq) FROM outbox_cursors), 0)`, time.Now().Add(-keep).UnixMilli())
		if err != nil {
			return err
		}
		gone, err = res.RowsAffected()
		return err
	})
	return gone, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
