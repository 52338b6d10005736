package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"showreel/fault"
)

// maxProblems is how many problems a report spells out; it counts the rest.
const maxProblems = 100

// Report is what Verify found.
type Report struct {
	Entries     int64     `json:"entries"`     // sealed entries checked
	Unsealed    int64     `json:"unsealed"`    // written since the last sealing; each matches its own hash or is a problem
	Checkpoints int64     `json:"checkpoints"` // signatures and roots checked
	Root        string    `json:"root"`        // of the whole tree, base64
	Bad         int64     `json:"bad"`         // number of problems
	Problems    []Problem `json:"problems,omitempty"`
}

// Problem is one thing that does not hold. Seq is the entry or the size of the checkpoint; ID is empty for checkpoints
// and missing entries.
type Problem struct {
	Seq  int64  `json:"seq"`
	ID   string `json:"id,omitempty"`
	Text string `json:"text"`
}

func (r *Report) add(seq int64, id, text string, args ...any) {
	r.Bad++
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, Problem{seq, id, fmt.Sprintf(text, args...)})
	}
}

// Verify reads the whole log and proves that each sealed entry is what was written (inclusion) and that each signed
// checkpoint describes a beginning of the present log (consistency). Witnessed are checkpoints that were kept elsewhere:
// they also show a log that was cut short or rebuilt. The error is fault.Corrupt with code "audit-broken" when anything
// does not hold; the report then says what.
func (l *Log) Verify(ctx context.Context, witnessed ...string) (Report, error) {
	v := &verification{l: l, roots: map[int64]tlog.Hash{}}
	var err error
	if v.key, err = l.verifier(ctx); err != nil {
		return v.Report, err
	}
	if v.size, err = headSize(ctx, l.db.Read()); err != nil {
		return v.Report, fault.E("audit.verify", "", "", err)
	}
	for _, text := range witnessed {
		v.expect(text, 0)
	}
	for _, step := range []func(context.Context) error{v.checkpoints, v.entries, v.unsealed} {
		if err := step(ctx); err != nil {
			return v.Report, fault.E("audit.verify", "", "", err)
		}
	}
	if v.Bad > 0 {
		return v.Report, fault.Say("audit.verify", "", fault.Corrupt, "audit-broken",
			"The audit log was changed outside Showreel: %d problems, the first at entry %d: %s", v.Bad, v.Problems[0].Seq, v.Problems[0].Text)
	}
	return v.Report, nil
}

type verification struct {
	Report
	l     *Log
	key   note.Verifier
	size  int64               // sealed entries when the verification began
	roots map[int64]tlog.Hash // by tree size, from signed checkpoints
	tree  frontier
}

// expect notes what a checkpoint promises. row is the size it is stored under, 0 for one that came from elsewhere.
func (v *verification) expect(text string, row int64) {
	t, err := openCheckpoint(v.key, text)
	switch {
	case err != nil:
		v.add(row, "", "a checkpoint was not signed by this log")
		return
	case row > 0 && t.N != row:
		v.add(row, "", "a checkpoint of %d entries stands in the place of one of %d", t.N, row)
	case t.N > v.size:
		v.add(t.N, "", "the log was cut short: a checkpoint covers %d entries and only %d are left", t.N, v.size)
		return
	}
	if other, ok := v.roots[t.N]; ok && other != t.Hash {
		v.add(t.N, "", "two checkpoints of %d entries differ: the log was rebuilt", t.N)
	}
	v.roots[t.N] = t.Hash
	v.Checkpoints++
}

func (v *verification) checkpoints(ctx context.Context) error {
	rows, err := v.l.db.Read().QueryContext(ctx, `SELECT size, note FROM audit_checkpoint ORDER BY size`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var size int64
		var text string
		if err := rows.Scan(&size, &text); err != nil {
			return err
		}
		if size <= v.size || !v.newer(ctx, size) {
			v.expect(text, size)
		}
	}
	return rows.Err()
}

// newer reports whether the log grew to size since the verification began, so that a checkpoint of that size is no sign
// of a shortened log.
func (v *verification) newer(ctx context.Context, size int64) bool {
	now, err := headSize(ctx, v.l.db.Read())
	return err == nil && size <= now
}

// entries walks the sealed entries in order and builds the tree again from their leaves.
func (v *verification) entries(ctx context.Context) error {
	for next := int64(0); next < v.size; {
		rows, err := selectRows(ctx, v.l.db.Read(), `WHERE leaf >= $1 AND leaf < $2 ORDER BY leaf LIMIT 1000`, next, v.size)
		if err != nil {
			return err
		}
		for _, r := range rows {
			for ; next < r.leaf; next++ {
				if err := v.missing(ctx, next); err != nil {
					return err
				}
			}
			if err := v.entry(ctx, r); err != nil {
				return err
			}
			next = r.leaf + 1
		}
		if len(rows) == 0 {
			for ; next < v.size; next++ {
				if err := v.missing(ctx, next); err != nil {
					return err
				}
			}
		}
	}
	v.Root = v.tree.root().String()
	return nil
}

func (v *verification) missing(ctx context.Context, leaf int64) error {
	v.add(leaf+1, "", "the entry was removed")
	return v.leaf(ctx, leaf, nil)
}

func (v *verification) entry(ctx context.Context, r row) error {
	v.Entries++
	h, err := r.hash()
	if err != nil {
		return err
	}
	if h.String() != r.stored {
		v.add(r.Seq, r.ID, "the entry was changed")
	}
	return v.leaf(ctx, r.leaf, &h)
}

// leaf appends the tree's own leaf hash, so that one changed entry is one problem and not a wrong root ever after. An
// entry that differs from its leaf was noted already unless someone changed its stored hash as well.
func (v *verification) leaf(ctx context.Context, n int64, computed *tlog.Hash) error {
	stored, err := nodes(ctx, v.l.db.Read())([]int64{tlog.StoredHashIndex(0, n)})
	switch {
	case fault.Is(err, fault.Corrupt) && computed != nil:
		v.add(n+1, "", "the entry's leaf is missing from the tree")
		stored = []tlog.Hash{*computed}
	case fault.Is(err, fault.Corrupt):
		stored = []tlog.Hash{{}}
	case err != nil:
		return err
	case computed != nil && stored[0] != *computed && (len(v.Problems) == 0 || v.Problems[len(v.Problems)-1].Seq != n+1):
		v.add(n+1, "", "the entry does not match its leaf in the tree")
	}
	v.tree.append(stored[0])
	if want, ok := v.roots[n+1]; ok && v.tree.root() != want {
		v.add(n+1, "", "the log of %d entries is not the one that was signed", n+1)
	}
	return nil
}

func (v *verification) unsealed(ctx context.Context) error {
	for after := ""; ; {
		rows, err := selectRows(ctx, v.l.db.Read(), `WHERE leaf IS NULL AND id > $1 ORDER BY id LIMIT 1000`, after)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			v.Unsealed++
			if h, err := r.hash(); err != nil || h.String() != r.stored {
				v.add(0, r.ID, "the entry was changed")
			}
		}
		after = rows[len(rows)-1].ID
	}
}

// frontier is the right edge of a Merkle tree: one full subtree for each binary digit of the number of leaves.
type frontier struct {
	n    uint64
	full []tlog.Hash // from the largest subtree to the smallest
}

func (f *frontier) append(h tlog.Hash) {
	for bit := f.n; bit&1 == 1; bit >>= 1 {
		last := len(f.full) - 1
		h, f.full = tlog.NodeHash(f.full[last], h), f.full[:last]
	}
	f.full = append(f.full, h)
	f.n++
}

func (f *frontier) root() tlog.Hash {
	if len(f.full) == 0 {
		return tlog.Hash{}
	}
	h := f.full[len(f.full)-1]
	for i := len(f.full) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.full[i], h)
	}
	return h
}
