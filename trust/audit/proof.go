package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"showreel/fault"
)

// Proof shows that a record is in the log a checkpoint describes. It can be checked without the log.
type Proof struct {
	Record     Record           `json:"record"`
	Path       tlog.RecordProof `json:"path"`
	Checkpoint string           `json:"checkpoint,omitempty"` // signed note
}

// Extension shows that the log of one checkpoint is the beginning of the log of a newer one.
type Extension struct {
	Old  string         `json:"old"`
	New  string         `json:"new"`
	Path tlog.TreeProof `json:"path"`
}

// Prove returns the proof of one record of a tenant. fault.NotFound for an unknown id, fault.Unavailable with code
// "not-sealed-yet" in the second before it is sealed.
func (l *Log) Prove(ctx context.Context, tenant, id string) (Proof, error) {
	rows, err := selectRows(ctx, l.db.Read(), `WHERE tenant = $1 AND id = $2`, tenant, id)
	if err != nil {
		return Proof{}, fault.E("audit.prove", id, "", err)
	}
	if len(rows) == 0 {
		return Proof{}, fault.Say("audit.prove", id, fault.NotFound, "no-record", "There is no such record.")
	}
	text, tree, err := l.newest(ctx)
	if err != nil {
		return Proof{}, err
	}
	if rows[0].leaf < 0 || rows[0].leaf >= tree.N {
		return Proof{}, fault.Say("audit.prove", id, fault.Unavailable, "not-sealed-yet", "The record is not sealed yet; ask again in a second.")
	}
	path, err := tlog.ProveRecord(tree.N, rows[0].leaf, nodes(ctx, l.db.Read()))
	if err != nil {
		return Proof{}, fault.E("audit.prove", id, "", err)
	}
	return Proof{Record: rows[0].Record, Path: path, Checkpoint: text}, nil
}

// Extend proves that the present log continues the one of an older checkpoint.
func (l *Log) Extend(ctx context.Context, old string) (Extension, error) {
	v, err := l.verifier(ctx)
	if err != nil {
		return Extension{}, err
	}
	from, err := openCheckpoint(v, old)
	if err != nil {
		return Extension{}, err
	}
	text, tree, err := l.newest(ctx)
	if err != nil {
		return Extension{}, err
	}
	if from.N > tree.N {
		return Extension{}, fault.Say("audit.extend", "", fault.Corrupt, "audit-broken", "The log was cut short: the checkpoint covers more entries than are left.")
	}
	path, err := tlog.ProveTree(tree.N, from.N, nodes(ctx, l.db.Read()))
	return Extension{Old: old, New: text, Path: path}, wrap("audit.extend", err)
}

func (l *Log) newest(ctx context.Context) (string, tlog.Tree, error) {
	text, err := l.Checkpoint(ctx)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	v, err := l.verifier(ctx)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	tree, err := openCheckpoint(v, text)
	return text, tree, err
}

// CheckProof checks a proof with the log's verifier key alone. fault.Corrupt when it does not hold.
func CheckProof(key string, p Proof) error {
	v, err := newVerifier(key)
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(v, p.Checkpoint)
	if err != nil {
		return err
	}
	return included(tree, p)
}

func included(tree tlog.Tree, p Proof) error {
	h, err := p.Record.hash()
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(p.Path, tree.N, tree.Hash, p.Record.Seq-1, h); err != nil {
		return &fault.Error{Op: "audit.check", Subject: p.Record.ID, Kind: fault.Corrupt, Code: "bad-proof",
			Text: "The record is not part of the signed log.", Err: err}
	}
	return nil
}

// CheckExtension checks an extension with the log's verifier key alone. fault.Corrupt when it does not hold.
func CheckExtension(key string, x Extension) error {
	v, err := newVerifier(key)
	if err != nil {
		return err
	}
	from, err := openCheckpoint(v, x.Old)
	if err != nil {
		return err
	}
	to, err := openCheckpoint(v, x.New)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(x.Path, to.N, to.Hash, from.N, from.Hash); err != nil {
		return &fault.Error{Op: "audit.check", Kind: fault.Corrupt, Code: "bad-proof",
			Text: "The newer log does not continue the older one.", Err: err}
	}
	return nil
}

// Export writes a tenant's sealed records as JSON lines, oldest first: a line with the checkpoint, then a line for each
// record with its proof against that checkpoint.
func (l *Log) Export(ctx context.Context, w io.Writer, tenant string) error {
	text, tree, err := l.newest(ctx)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	if err := enc.Encode(exportHeader{text}); err != nil {
		return fault.E("audit.export", tenant, "", err)
	}
	for after := int64(0); ; {
		recs, err := l.Since(ctx, tenant, after, maxPage)
		if err != nil {
			return err
		}
		for _, r := range recs {
			after = r.Seq
			if r.Seq > tree.N {
				return nil
			}
			path, err := tlog.ProveRecord(tree.N, r.Seq-1, nodes(ctx, l.db.Read()))
			if err == nil {
				err = enc.Encode(Proof{Record: r, Path: path})
			}
			if err != nil {
				return fault.E("audit.export", r.ID, "", err)
			}
		}
		if len(recs) == 0 {
			return nil
		}
	}
}

type exportHeader struct {
	Checkpoint string `json:"checkpoint"`
}

// CheckExport reads an export and returns how many records it proved. fault.Corrupt at the first that does not hold.
func CheckExport(key string, r io.Reader) (int, error) {
	v, err := newVerifier(key)
	if err != nil {
		return 0, err
	}
	dec := json.NewDecoder(bufio.NewReader(r))
	var head exportHeader
	if err := dec.Decode(&head); err != nil {
		return 0, unreadable(err)
	}
	tree, err := openCheckpoint(v, head.Checkpoint)
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		var p Proof
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, unreadable(err)
		}
		if err := included(tree, p); err != nil {
			return n, err
		}
	}
}

func unreadable(err error) error {
	return &fault.Error{Op: "audit.check", Kind: fault.Corrupt, Code: "bad-export", Text: "This is not an audit export, or it was cut short.", Err: err}
}
