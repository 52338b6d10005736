// Package audit is the append-only record of every change and every denied attempt, in a form that shows tampering: each
// entry's hash is written in the transaction of the change itself, a sealer gathers the hashes into a Merkle tree
// (RFC 6962, by golang.org/x/mod/sumdb/tlog) and signs its root as a checkpoint (c2sp.org/tlog-checkpoint, signed notes).
// Verify proves that no sealed entry was changed, removed or reordered; a checkpoint kept elsewhere also shows a log that
// was cut short. It is not the request log and not for domain events (see platform/outbox).
package audit

import (
	"context"
	"embed"
	"encoding/json"
	"sync/atomic"

	"golang.org/x/mod/sumdb/tlog"

	"showreel/engine/keys"
	"showreel/fault"
	"showreel/platform/sqldb"
)

// The outcomes of an attempt.
const (
	OK     = "ok"
	Denied = "denied"
	Failed = "failed"
)

// Entry is what a caller says about an attempt.
type Entry struct {
	Tenant    string
	Actor     string // an id: user, key, token
	ActorKind string // user, key, system, token
	Action    string // "asset:trash"
	Subject   string // what it concerned: an id, never a secret
	Outcome   string // OK, Denied or Failed; "" means OK
	Reason    string // the deciding policy or the error's sentence
	Data      any    // JSON-able details, nil for none
}

// Record is an entry as it stands in the log.
type Record struct {
	Seq       int64           `json:"seq"` // position in the tree from 1; 0 until sealed
	ID        string          `json:"id"`
	Tenant    string          `json:"tenant"`
	AtMS      int64           `json:"atMs"`
	Actor     string          `json:"actor"`
	ActorKind string          `json:"actorKind"`
	Action    string          `json:"action"`
	Subject   string          `json:"subject"`
	Outcome   string          `json:"outcome"`
	Reason    string          `json:"reason,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
}

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema returns the tables of the log.
func Schema() sqldb.Schema { return sqldb.SchemaOf("audit", schemaFS) }

// Log is the audit log of one database.
type Log struct {
	db   *sqldb.DB
	ring *keys.Ring
	wake chan struct{} // an entry was committed

	health atomic.Pointer[health]
}

// New makes the log. The ring's key for the purpose "audit" signs checkpoints.
func New(db *sqldb.DB, ring *keys.Ring) *Log {
	return &Log{db: db, ring: ring, wake: make(chan struct{}, 1)}
}

// Write appends an entry within the caller's transaction: the change and its record stand or fall together.
// fault.Invalid when tenant, actor, action or outcome is missing or unknown.
func (l *Log) Write(ctx context.Context, tx *sqldb.Tx, e Entry) error {
	rec, err := e.record()
	if err != nil {
		return err
	}
	if err := insert(ctx, tx, rec); err != nil {
		return fault.E("audit.write", e.Subject, "", err)
	}
	tx.OnCommit(l.notify)
	return nil
}

// Record appends an entry in a transaction of its own, for attempts that change nothing, such as denials.
func (l *Log) Record(ctx context.Context, e Entry) error {
	return l.db.Write(ctx, func(tx *sqldb.Tx) error { return l.Write(ctx, tx, e) })
}

func (l *Log) notify() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (e Entry) record() (Record, error) {
	if e.Outcome == "" {
		e.Outcome = OK
	}
	known := e.Outcome == OK || e.Outcome == Denied || e.Outcome == Failed
	if e.Tenant == "" || e.Actor == "" || e.ActorKind == "" || e.Action == "" || !known {
		return Record{}, fault.Say("audit.write", e.Subject, fault.Invalid, "bad-audit-entry",
			"An audit entry needs a tenant, an actor with its kind, an action and a known outcome.")
	}
	rec := Record{
		ID: sqldb.NewID(), Tenant: clean(e.Tenant, 200), AtMS: sqldb.NowMS(), Actor: clean(e.Actor, 200),
		ActorKind: clean(e.ActorKind, 50), Action: clean(e.Action, 200), Subject: clean(e.Subject, 1000),
		Outcome: e.Outcome, Reason: clean(e.Reason, 2000),
	}
	if e.Data != nil {
		data, err := json.Marshal(e.Data)
		if err != nil {
			return Record{}, fault.E("audit.write", e.Subject, fault.Invalid, err)
		}
		rec.Data = data
	}
	return rec, nil
}

// hash is the leaf hash of the record: RFC 6962's over its canonical text. The position is not part of it, because the
// tree itself fixes that.
func (r Record) hash() (tlog.Hash, error) {
	canonical := struct {
		V                                                                    int
		ID, Tenant, Actor, ActorKind, Action, Subject, Outcome, Reason, Data string
		AtMS                                                                 int64
	}{1, r.ID, r.Tenant, r.Actor, r.ActorKind, r.Action, r.Subject, r.Outcome, r.Reason, string(r.Data), r.AtMS}
	text, err := json.Marshal(canonical)
	if err != nil {
		return tlog.Hash{}, fault.E("audit.hash", r.ID, fault.Internal, err)
	}
	return tlog.RecordHash(text), nil
}
