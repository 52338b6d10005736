package outbox

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// longestPause is how long a consumer waits at most before it asks a store again that does not answer.
const longestPause = 5 * time.Second

// Consume hands the named events (all when names is empty) to fn in order until ctx ends, whose error is the only one it
// returns: a store that does not answer, for however long, is asked again with growing pauses. The consumer's cursor is
// durable: after a restart it goes on where it was, and an event whose fn failed is given again, with growing pauses. One
// process at a time should run a consumer; two would both receive events. A new consumer starts with the oldest event kept.
func (o *Outbox) Consume(ctx context.Context, consumer string, names []string, fn func(context.Context, Event) error) error {
	store := trouble{what: "the store of events does not answer its consumer", over: "the store of events answers its consumer again", longest: longestPause, consumer: consumer}
	c := consumption{o: o, consumer: consumer, names: names, fn: fn}
	for ctx.Err() == nil {
		if err := c.next(ctx); err != nil {
			store.wait(ctx, err)
			continue
		}
		store.end(ctx)
	}
	return ctx.Err()
}

// consumption is one consumer at work.
type consumption struct {
	o        *Outbox
	consumer string
	names    []string
	fn       func(context.Context, Event) error

	known  bool  // whether the cursor has been read
	cursor int64 // what has been handled
	saved  int64 // what the store knows of it
}

// next handles the next events, or waits until there are some. Its errors are the store's.
func (c *consumption) next(ctx context.Context) error {
	if !c.known {
		at, err := c.o.cursor(ctx, c.consumer)
		if err != nil {
			return err
		}
		c.known, c.cursor, c.saved = true, at, at
	}
	if c.cursor > c.saved {
		if err := c.o.move(ctx, c.consumer, c.cursor); err != nil {
			return err
		}
		c.saved = c.cursor
	}
	events, err := c.o.Since(ctx, "", c.cursor, batch)
	if err != nil {
		return err
	}
	for _, e := range events {
		if len(c.names) == 0 || slices.Contains(c.names, e.Name) {
			if !deliver(ctx, c.consumer, e, c.fn) {
				return nil
			}
		}
		c.cursor = e.Seq
	}
	if len(events) > 0 {
		return nil // saved by the next call
	}
	return c.o.Wait(ctx, c.cursor)
}

// deliver calls fn until it succeeds, or ctx ends: then it is false.
func deliver(ctx context.Context, consumer string, e Event, fn func(context.Context, Event) error) bool {
	failing := trouble{what: "event not handled yet", over: "event handled at last", longest: 30 * time.Second, consumer: consumer, event: e}
	for {
		err := fn(ctx, e)
		if err == nil {
			failing.end(ctx)
			return true
		}
		if !failing.wait(ctx, err) {
			return false
		}
	}
}

// trouble is something that goes wrong again and again: it is logged when it begins, when its cause changes and when it is over.
type trouble struct {
	what, over string // the lines of the log
	longest    time.Duration
	consumer   string
	event      Event // the zero one where it is about none

	since time.Time // zero while all is well
	pause time.Duration
	cause string
}

// wait notes a failure and pauses. It reports false when ctx ended.
func (t *trouble) wait(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if t.since.IsZero() {
		t.since, t.pause = time.Now(), firstPause
	}
	if cause := fault.CodeOf(err) + fault.TextOf(err); cause != t.cause {
		t.cause = cause
		slog.LogAttrs(ctx, slog.LevelWarn, t.what, append(t.about(), slog.Any("err", err))...)
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(t.pause):
	}
	t.pause = min(2*t.pause, t.longest)
	return true
}

// firstPause is how long the first failure is waited for.
const firstPause = 50 * time.Millisecond

// end notes a success.
func (t *trouble) end(ctx context.Context) {
	if t.since.IsZero() || ctx.Err() != nil {
		return
	}
	slog.LogAttrs(ctx, slog.LevelInfo, t.over, append(t.about(), slog.Duration("after", time.Since(t.since).Round(time.Millisecond)))...)
	t.since, t.cause = time.Time{}, ""
}

func (t *trouble) about() []slog.Attr {
	attrs := []slog.Attr{slog.String("consumer", t.consumer)}
	if t.event.Seq > 0 {
		attrs = append(attrs, slog.String("event", t.event.Name), slog.Int64("seq", t.event.Seq))
	}
	return attrs
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
