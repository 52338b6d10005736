package access

import (
	"context"
	"strings"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/trust/audit"
)

// How long a session lasts: as long as it is used within sessionIdle, at most sessionMax.
const (
	sessionIdle  = 7 * 24 * time.Hour
	sessionMax   = 30 * 24 * time.Hour
	sessionTouch = 5 * time.Minute // use is noted this often, not with every request
)

// Session is somebody signed in. Token is the cookie's value and known only here and to the browser.
type Session struct {
	Token     string
	User      User
	ExpiresMS int64
}

// SignIn opens a session for the address and password. address is the caller's network address, for the rate limit.
// Errors: fault.Unauthenticated (the same for an unknown address, a wrong password and a disabled account),
// fault.Limited after too many failures, with the wait.
func (s *Service) SignIn(ctx context.Context, email, password, address string) (Session, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if err := s.mayTry(ctx, email, address); err != nil {
		return Session{}, err
	}
	u, stored, err := findLogin(ctx, s.deps.DB.Read(), email)
	if err != nil && !sqldb.NotFound(err) {
		return Session{}, fault.E("access.sign-in", "", "", err)
	}
	known := err == nil
	right, err := s.matches(ctx, known, password, stored)
	if err != nil {
		return Session{}, err
	}
	if !right || u.Disabled {
		return Session{}, s.failedTry(ctx, u, email, address)
	}
	return s.openSession(ctx, u, email, address)
}

// matches spends the same time whether or not the account exists.
func (s *Service) matches(ctx context.Context, known bool, password, stored string) (bool, error) {
	if len(password) > 4*passwordMax {
		return false, nil
	}
	if known {
		return s.verifyPassword(ctx, password, stored)
	}
	_, err := s.hashPassword(ctx, s.decoy)
	return false, err
}

func (s *Service) openSession(ctx context.Context, u User, email, address string) (Session, error) {
	var out Session
	err := s.write(ctx, func(tx *sqldb.Tx) (err error) {
		if err := forgiveTries(ctx, tx, email, address); err != nil {
			return err
		}
		out, err = s.insertSession(ctx, tx, u)
		return err
	})
	return out, err
}

func (s *Service) insertSession(ctx context.Context, tx *sqldb.Tx, u User) (Session, error) {
	now := s.nowMS()
	out := Session{Token: randomText(secretBytes), User: u, ExpiresMS: now + sessionMax.Milliseconds()}
	_, err := tx.ExecContext(ctx, `INSERT INTO access_sessions (hash, id, tenant, user_id, created_ms, seen_ms, expires_ms)
		VALUES ($1,$2,$3,$4,$5,$5,$6)`, digest(out.Token), sqldb.NewID(), u.Tenant, u.ID, now, out.ExpiresMS)
	if err != nil {
		return out, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM access_sessions WHERE expires_ms < $1 OR seen_ms < $2`, now, now-sessionIdle.Milliseconds()); err != nil {
		return out, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE access_users SET seen_ms = $1 WHERE id = $2`, now, u.ID); err != nil {
		return out, err
	}
	return out, s.deps.Audit.Write(ctx, tx, audit.Entry{
		Tenant: u.Tenant, Actor: u.ID, ActorKind: KindUser, Action: "session:create", Subject: u.ID, Outcome: audit.OK,
	})
}

// bySession returns who a cookie's value belongs to, or fault.Unauthenticated.
func (s *Service) bySession(ctx context.Context, token string) (Who, error) {
	var session string
	var seen, expires int64
	hash := digest(token)
	u, err := scanUser(s.deps.DB.Read().QueryRowContext(ctx, `SELECT u.id, u.tenant, u.email, u.name, u.roles, u.disabled,
		u.created_ms, u.seen_ms, u.rev, s.id, s.seen_ms, s.expires_ms
		FROM access_sessions s JOIN access_users u ON u.id = s.user_id WHERE s.hash = $1`, hash), &session, &seen, &expires)
	if err != nil && !sqldb.NotFound(err) {
		return Who{}, fault.E("access.session", "", "", err)
	}
	now := s.nowMS()
	if err != nil || u.Disabled || now >= expires || now-seen >= sessionIdle.Milliseconds() {
		return Who{}, fault.Say("access.session", "", fault.Unauthenticated, "session-ended", "Your session has ended; sign in again.")
	}
	if now-seen > sessionTouch.Milliseconds() {
		s.touch(ctx, hash, u.ID, now)
	}
	return Who{Tenant: u.Tenant, ID: u.ID, Name: u.Name, Kind: KindUser, Session: session, Roles: u.Roles}, nil
}

// touch notes that the session is in use. A failure costs nobody anything, so the request goes on.
func (s *Service) touch(ctx context.Context, hash, user string, now int64) {
	err := s.write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE access_sessions SET seen_ms = $1 WHERE hash = $2`, now, hash); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE access_users SET seen_ms = $1 WHERE id = $2`, now, user)
		return err
	})
	if err != nil {
		s.deps.Log.WarnContext(ctx, "a session's use was not noted", "error", err)
	}
}

// SignOut ends the caller's session.
func (s *Service) SignOut(ctx context.Context) error {
	who := WhoFrom(ctx)
	if who.Session == "" {
		return fault.Say("access.sign-out", "", fault.Invalid, "no-session", "You came with an API key, which has no session; revoke the key to end its use.")
	}
	return s.write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM access_sessions WHERE id = $1 AND user_id = $2`, who.Session, who.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, "session:delete", who.ID, nil)
	})
}

// confirm checks the caller's present password before it is replaced, within the same limits as signing in.
func (s *Service) confirm(ctx context.Context, u User, password string) error {
	if err := s.mayTry(ctx, u.Email, ""); err != nil {
		return err
	}
	_, stored, err := findLogin(ctx, s.deps.DB.Read(), u.Email)
	if err != nil {
		return fault.E("access.password", u.ID, "", err)
	}
	right, err := s.verifyPassword(ctx, password, stored)
	if err != nil {
		return err
	}
	if !right {
		if err := s.failedTry(ctx, u, u.Email, ""); !fault.Is(err, fault.Unauthenticated) {
			return err
		}
		return fault.Say("access.password", u.ID, fault.Denied, "wrong-password", "The present password is not right; nothing was changed.")
	}
	return nil
}
