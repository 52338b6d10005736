package access

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/trust/audit"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema is access's tables.
func Schema() sqldb.Schema { return sqldb.SchemaOf("access", schemaFiles) }

// Deps is what access needs.
type Deps struct {
	DB    *sqldb.DB
	Audit *audit.Log
	Log   *slog.Logger     // nil discards
	Now   func() time.Time // nil is the wall clock
	Rooms []string         // the rooms that are switched on, told to consoles
	Cost  PasswordCost     // the zero value is DefaultPasswordCost
}

// Service is access. It is safe for concurrent use.
type Service struct {
	deps     Deps
	policies *Policies
	hashing  chan struct{} // bounds argon2id's memory
	decoy    string        // a password nobody has, for accounts that do not exist
	late     sync.WaitGroup
}

// New returns access over a migrated store.
func New(d Deps) (*Service, error) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Cost == (PasswordCost{}) {
		d.Cost = DefaultPasswordCost()
	}
	policies, err := LoadPolicies()
	if err != nil {
		return nil, err
	}
	return &Service{deps: d, policies: policies, hashing: make(chan struct{}, 2), decoy: randomText(secretBytes)}, nil
}

// Close waits until denials that CheckIn saw are in the audit.
func (s *Service) Close() { s.late.Wait() }

func (s *Service) nowMS() int64 { return s.deps.Now().UnixMilli() }

// Check permits the action for the caller of ctx or says why not: fault.Unauthenticated when nobody is signed in,
// fault.Denied naming the deciding policy as its code. A denial is in the audit when Check returns. It must not be
// called inside a write transaction.
func (s *Service) Check(ctx context.Context, action string, on Resource) error {
	entry, refused := s.judge(ctx, action, on)
	if refused == nil || entry == nil {
		return refused
	}
	if err := s.deps.Audit.Record(context.WithoutCancel(ctx), *entry); err != nil {
		s.deps.Log.ErrorContext(ctx, "a denial could not be written to the audit", "action", action, "error", err)
	}
	return refused
}

// CheckIn is Check for callers that hold a write transaction. The denial reaches the audit just after the transaction
// has ended.
func (s *Service) CheckIn(ctx context.Context, action string, on Resource) error {
	entry, refused := s.judge(ctx, action, on)
	if refused == nil || entry == nil {
		return refused
	}
	s.late.Go(func() {
		if err := s.deps.Audit.Record(context.WithoutCancel(ctx), *entry); err != nil {
			s.deps.Log.ErrorContext(ctx, "a denial could not be written to the audit", "action", action, "error", err)
		}
	})
	return refused
}

// May reports whether Check would permit, without a trace. It is for deciding what to show.
func (s *Service) May(ctx context.Context, action string, on Resource) bool {
	_, refused := s.judge(ctx, action, on)
	return refused == nil
}

// judge asks the policies. The entry is the denial to record, nil when nobody is signed in: there is nobody to name.
func (s *Service) judge(ctx context.Context, action string, on Resource) (*audit.Entry, error) {
	who := WhoFrom(ctx)
	if !who.Known() {
		return nil, fault.E("access.check", action, fault.Unauthenticated, nil)
	}
	if on.Kind == "" {
		on.Kind = kindOf(action)
	}
	if on.Tenant == "" {
		on.Tenant = who.Tenant
	}
	d := s.policies.Decide(who, action, on)
	if d.Allowed {
		return nil, nil
	}
	subject := on.ID
	if subject == "" {
		subject = on.Kind
	}
	entry := &audit.Entry{
		Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: action, Subject: subject,
		Outcome: audit.Denied, Reason: d.Policy + ": " + d.Reason,
	}
	return entry, fault.Say("access.check", action, fault.Denied, "denied-"+d.Policy, "%s", d.Reason)
}

// write runs fn in a transaction and returns fn's own fault, whatever ending the transaction added to it.
func (s *Service) write(ctx context.Context, fn func(tx *sqldb.Tx) error) error {
	err := s.deps.DB.Write(ctx, fn)
	var own *fault.Error
	if errors.As(err, &own) {
		return own
	}
	return err
}

// record writes an audit entry with a change of this package.
func (s *Service) record(ctx context.Context, tx *sqldb.Tx, action, subject string, data any) error {
	who := WhoFrom(ctx)
	return s.deps.Audit.Write(ctx, tx, audit.Entry{
		Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: action, Subject: subject,
		Outcome: audit.OK, Data: data,
	})
}

func kindOf(action string) string {
	for n := range action {
		if action[n] == ':' {
			return action[:n]
		}
	}
	return action
}
