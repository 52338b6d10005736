package library

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/trust/access"
	"showreel/trust/audit"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema is the library's tables.
func Schema() sqldb.Schema {
	sub, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		panic("library: " + err.Error()) // the folder is embedded above
	}
	return sqldb.Schema{Name: "library", FS: sub}
}

// Deps is what the library needs.
type Deps struct {
	DB     *sqldb.DB
	Outbox *outbox.Outbox
	Access *access.Service
	Audit  *audit.Log
	Files  Eraser        // deletes files nobody owns any more; nil keeps them
	Log    *slog.Logger  // nil discards
	Trash  time.Duration // how long the trash keeps an asset; 0 is 30 days, negative for ever
	Grace  time.Duration // how long the files of a purged asset stay; 0 is 10 minutes
}

// Eraser deletes files of the blob stores.
type Eraser interface {
	// Erase deletes the key, or everything below it if it ends in a slash, from the store "raw" or "processed". What
	// is not there is no error.
	Erase(ctx context.Context, store, key string) error
}

// Forgetter removes what another room knows about an asset, within the transaction that purges it.
type Forgetter func(ctx context.Context, tx *sqldb.Tx, ref media.Ref) error

// Service is the library. Every method asks access first, works in the caller's tenant only, and writes its audit entry
// and its event in the transaction of the change. It is safe for concurrent use.
type Service struct {
	deps   Deps
	tx     *sqldb.Tx
	forget *[]Forgetter
	parts  *[]Part
}

// New returns the library over its dependencies.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Trash == 0 {
		d.Trash = 30 * 24 * time.Hour
	}
	if d.Grace == 0 {
		d.Grace = 10 * time.Minute
	}
	return &Service{deps: d, forget: &[]Forgetter{}, parts: &[]Part{}}
}

// InTx returns the same verbs bound to a transaction of the caller's, so that its own rows and the library's change
// together. The value must not outlive the transaction.
func (s *Service) InTx(tx *sqldb.Tx) *Service {
	bound := *s
	bound.tx = tx
	return &bound
}

// AlsoForget adds a room's part to every purge. Call it while the house is built, before the library is used.
func (s *Service) AlsoForget(f Forgetter) { *s.forget = append(*s.forget, f) }

// change is one transaction of the library: the caller, the tenant, and what has to be written with it.
type change struct {
	*sqldb.Tx
	s      *Service
	who    access.Who
	tenant string
	now    int64
}

// write runs fn in the bound transaction or in one of its own.
func (s *Service) write(ctx context.Context, tenant string, fn func(c *change) error) error {
	run := func(tx *sqldb.Tx) error {
		return fn(&change{Tx: tx, s: s, who: access.WhoFrom(ctx), tenant: tenant, now: sqldb.NowMS()})
	}
	if s.tx != nil {
		return run(s.tx)
	}
	err := s.deps.DB.Write(ctx, run)
	var own *fault.Error
	if errors.As(err, &own) {
		return own // the change's own fault, whatever ending the transaction added to it
	}
	return err
}

// read returns the bound transaction or the reader pool.
func (s *Service) read() sqldb.Querier {
	if s.tx != nil {
		return s.tx
	}
	return s.deps.DB.Read()
}

// may asks access whether the caller may do action, and returns the tenant to work in.
func (s *Service) may(ctx context.Context, action, kind, id, tenant string) (string, error) {
	who := access.WhoFrom(ctx)
	if tenant == "" {
		tenant = who.Tenant
	}
	r := access.Resource{Kind: kind, ID: id, Tenant: tenant}
	if s.tx != nil {
		return tenant, s.deps.Access.CheckIn(ctx, action, r)
	}
	return tenant, s.deps.Access.Check(ctx, action, r)
}

// event writes a domain event with the change.
func (c *change) event(ctx context.Context, name, subject string, data any) error {
	if err := c.s.deps.Outbox.Write(ctx, c.Tx, c.tenant, name, subject, data); err != nil {
		return fault.E("library.event", subject, "", err)
	}
	return nil
}

// record writes an audit entry with the change.
func (c *change) record(ctx context.Context, action, subject string, data any) error {
	err := c.s.deps.Audit.Write(ctx, c.Tx, audit.Entry{
		Tenant: c.tenant, Actor: c.who.ID, ActorKind: c.who.Kind,
		Action: action, Subject: subject, Outcome: "ok", Data: data,
	})
	if err != nil {
		return fault.E("library.record", subject, "", err)
	}
	return nil
}

// done writes both: the usual end of a change.
func (c *change) done(ctx context.Context, action, event, subject string, data any) error {
	if err := c.record(ctx, action, subject, data); err != nil {
		return err
	}
	return c.event(ctx, event, subject, data)
}

func missing(op, id string) error {
	return fault.Say(op, id, fault.NotFound, "asset-not-found", "There is no such asset here; it may have been purged.")
}
