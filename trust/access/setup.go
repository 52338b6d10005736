package access

import (
	"context"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// SetupToken returns the token of the one-time link that creates the first administrator, "" once there is any user. A
// new token ends the one before, so call it once at every start, and show it only to whoever started the server.
func (s *Service) SetupToken(ctx context.Context) (string, error) {
	token := randomText(secretBytes)
	err := s.write(ctx, func(tx *sqldb.Tx) error {
		needed, err := setupNeeded(ctx, tx)
		if err != nil || !needed {
			token = ""
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO access_setup (one, hash, created_ms, used_ms) VALUES (1, $1, $2, 0)
			ON CONFLICT (one) DO UPDATE SET hash = $1, created_ms = $2, used_ms = 0`, digest(token), s.nowMS())
		return err
	})
	return token, err
}

// SetupNeeded reports whether nobody has an account yet.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	needed, err := setupNeeded(ctx, s.deps.DB.Read())
	if err != nil {
		return false, fault.E("access.setup", "", "", err)
	}
	return needed, nil
}

func setupNeeded(ctx context.Context, q sqldb.Querier) (bool, error) {
	var users int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM access_users`).Scan(&users)
	return users == 0, err
}

// Setup creates the first administrator and signs them in. Errors: fault.Gone once it was done, fault.Denied for
// another token than the link's, fault.Limited after too many tries.
func (s *Service) Setup(ctx context.Context, token string, in NewUser, address string) (Session, error) {
	const bucket = "setup" // no address has an account of this name
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return Session{}, err
	}
	if !needed {
		return Session{}, setupDone()
	}
	if err := s.mayTry(ctx, bucket, address); err != nil {
		return Session{}, err
	}
	in.Roles = []string{RoleAdmin}
	u, hash, err := s.prepareUser(ctx, in)
	if err != nil {
		return Session{}, err
	}
	u.Tenant = MainTenant
	var out Session
	err = s.write(ctx, func(tx *sqldb.Tx) (err error) {
		out, err = s.firstAdmin(ctx, tx, token, u, hash)
		return err
	})
	if fault.CodeOf(err) == "bad-setup-link" {
		if counted := s.failedTry(ctx, User{}, bucket, address); !fault.Is(counted, fault.Unauthenticated) {
			return Session{}, counted
		}
	}
	return out, err
}

func (s *Service) firstAdmin(ctx context.Context, tx *sqldb.Tx, token string, u User, hash string) (Session, error) {
	// Spending the token first makes the second of two racing requests see it spent on either engine.
	res, err := tx.ExecContext(ctx, `UPDATE access_setup SET hash = '', used_ms = $1 WHERE one = 1 AND hash = $2`, s.nowMS(), digest(token))
	if err != nil {
		return Session{}, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return Session{}, fault.Say("access.setup", "", fault.Denied, "bad-setup-link",
			"This set-up link is not valid; use the newest one that the server printed when it started.")
	}
	if needed, err := setupNeeded(ctx, tx); err != nil || !needed {
		return Session{}, setupDone()
	}
	if err := insertUser(ctx, tx, u, hash); err != nil {
		return Session{}, err
	}
	self := With(ctx, Who{Tenant: u.Tenant, ID: u.ID, Name: u.Name, Kind: KindUser, Roles: u.Roles})
	if err := s.record(self, tx, "user:create", u.ID, map[string]any{"email": u.Email, "roles": u.Roles, "setup": true}); err != nil {
		return Session{}, err
	}
	return s.insertSession(ctx, tx, u)
}

func setupDone() error {
	return fault.Say("access.setup", "", fault.Gone, "setup-done", "Showreel is set up already; sign in, or ask an administrator for an account.")
}

// Tenant is a wall: nothing inside sees anything outside.
type Tenant struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedMS int64  `json:"createdMs"`
}

// CreateTenant adds a tenant. Only the machine itself may: callers act as System.
func (s *Service) CreateTenant(ctx context.Context, id, name string) (Tenant, error) {
	if err := s.Check(ctx, "tenant:create", Resource{ID: id}); err != nil {
		return Tenant{}, err
	}
	if !validTenant(id) {
		return Tenant{}, fault.Say("access.tenant", id, fault.Invalid, "bad-tenant", "A tenant's id has 2 to 32 lower-case letters, digits and dashes and begins with a letter.")
	}
	name, err := cleanName(name)
	if err != nil {
		return Tenant{}, err
	}
	t := Tenant{ID: id, Name: name, CreatedMS: s.nowMS()}
	err = s.write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO access_tenants (id, name, created_ms) VALUES ($1,$2,$3)`, t.ID, t.Name, t.CreatedMS)
		if sqldb.Unique(err) {
			return fault.Say("access.tenant", id, fault.Conflict, "tenant-exists", "There is a tenant %s already.", id)
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, "tenant:create", t.ID, map[string]any{"name": t.Name})
	})
	return t, err
}

// Tenants lists every tenant, for the machine itself.
func (s *Service) Tenants(ctx context.Context) ([]Tenant, error) {
	if err := s.Check(ctx, "tenant:list", Resource{}); err != nil {
		return nil, err
	}
	rows, err := s.deps.DB.Read().QueryContext(ctx, `SELECT id, name, created_ms FROM access_tenants ORDER BY created_ms, id`)
	if err != nil {
		return nil, fault.E("access.tenants", "", "", err)
	}
	defer rows.Close()
	out := []Tenant{}
	for rows.Next() {
		var t Tenant
		if err := rows.Scan(&t.ID, &t.Name, &t.CreatedMS); err != nil {
			return nil, fault.E("access.tenants", "", "", err)
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

func validTenant(id string) bool {
	if len(id) < 2 || len(id) > 32 || id[0] < 'a' || id[0] > 'z' {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
