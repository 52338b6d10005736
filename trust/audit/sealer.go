package audit

import (
	"context"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"showreel/fault"
	"showreel/platform/sqldb"
)

const (
	sealBatch = 100                    // entries a transaction, so that the writer is held for few milliseconds
	gather    = 500 * time.Millisecond // how long entries may wait for company
	patience  = 10 * time.Second       // entries of other processes are noticed this late at most
)

// Run seals what is written until the context ends, and once more then. A failure is retried and shows in Health.
func (l *Log) Run(ctx context.Context) error {
	for {
		_, err := l.Seal(ctx)
		l.health.Store(&health{err})
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			_, err := l.Seal(last)
			return err
		case <-l.wake:
			select {
			case <-ctx.Done():
			case <-time.After(gather):
			}
		case <-time.After(patience):
		}
	}
}

type health struct{ err error }

// Health returns why the last sealing failed, or nil.
func (l *Log) Health() error {
	if h := l.health.Load(); h != nil && h.err != nil && !fault.Is(h.err, fault.Canceled) {
		return h.err
	}
	return nil
}

// Seal gathers all unsealed entries into the tree, signs its root and returns how many it sealed. Several processes may
// call it at once: one works at a time.
func (l *Log) Seal(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := l.sealBatch(ctx)
		if err != nil {
			return total, fault.E("audit.seal", "", "", err)
		}
		total += n
		if n < sealBatch {
			return total, l.sign(ctx)
		}
	}
}

func (l *Log) sealBatch(ctx context.Context) (n int, err error) {
	err = l.db.Write(ctx, func(tx *sqldb.Tx) error {
		var size int64
		// The update takes the row's lock: the next sealer waits here until this one has committed.
		if err := tx.QueryRowContext(ctx, `UPDATE audit_head SET size = size WHERE one = 1 RETURNING size`).Scan(&size); err != nil {
			return err
		}
		rows, err := selectRows(ctx, tx, `WHERE leaf IS NULL ORDER BY id LIMIT $1`, sealBatch)
		if err != nil || len(rows) == 0 {
			n = 0
			return err
		}
		n = len(rows)
		return grow(ctx, tx, size, rows)
	})
	return n, err
}

// grow appends the rows' hashes to a tree of size leaves. It takes the hashes that were written with the rows and does
// not look at the rows again: a row that was changed since is for Verify to find.
func grow(ctx context.Context, tx *sqldb.Tx, size int64, rows []row) error {
	fresh := map[int64]tlog.Hash{}
	stored := nodes(ctx, tx)
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, idx := range indexes {
			h, ok := fresh[idx]
			if !ok {
				found, err := stored([]int64{idx})
				if err != nil {
					return nil, err
				}
				h = found[0]
			}
			out[i] = h
		}
		return out, nil
	})
	for i, r := range rows {
		leaf := size + int64(i)
		h, err := tlog.ParseHash(r.stored)
		if err != nil {
			return fault.E("audit.seal", r.ID, fault.Corrupt, err)
		}
		hashes, err := tlog.StoredHashesForRecordHash(leaf, h, reader)
		if err != nil {
			return err
		}
		first := tlog.StoredHashIndex(0, leaf)
		for j, h := range hashes {
			fresh[first+int64(j)] = h
			if _, err := tx.ExecContext(ctx, `INSERT INTO audit_node (idx, hash) VALUES ($1, $2)`, first+int64(j), h.String()); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE audit_entry SET leaf = $1 WHERE id = $2`, leaf, r.ID); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE audit_head SET size = $1 WHERE one = 1`, size+int64(len(rows)))
	return err
}

// sign makes a checkpoint of the tree as it stands, unless there is one. It signs outside any transaction, because the
// key may be far away.
func (l *Log) sign(ctx context.Context) error {
	size, err := headSize(ctx, l.db.Read())
	if err != nil || size == 0 {
		return err
	}
	var n int
	err = l.db.Read().QueryRowContext(ctx, `SELECT count(*) FROM audit_checkpoint WHERE size = $1`, size).Scan(&n)
	if err != nil || n > 0 {
		return err
	}
	root, err := tlog.TreeHash(size, nodes(ctx, l.db.Read()))
	if err != nil {
		return fault.E("audit.checkpoint", "", "", err)
	}
	text, err := l.checkpoint(ctx, tlog.Tree{N: size, Hash: root})
	if err != nil {
		return fault.E("audit.checkpoint", "", "", err)
	}
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO audit_checkpoint (size, at_ms, note) VALUES ($1, $2, $3)
			ON CONFLICT (size) DO NOTHING`, size, sqldb.NowMS(), text)
		return err
	})
}

func headSize(ctx context.Context, q sqldb.Querier) (int64, error) {
	var size int64
	err := q.QueryRowContext(ctx, `SELECT size FROM audit_head WHERE one = 1`).Scan(&size)
	return size, err
}

// clean makes text of outside origin fit for every engine: valid UTF-8, no NUL, at most max bytes.
func clean(s string, max int) string {
	if len(s) > max {
		s = s[:max]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
