package access

import (
	"context"
	"net/netip"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/trust/audit"
)

// The limits of guessing. An account from one address gets accountTries, then waits that double from a second to
// attemptWindow; an address as a whole gets addressTries over all accounts; an account over all addresses gets
// anywhereTries, so that many machines guess no faster than one, yet a stranger's guesses delay its owner little.
const (
	attemptWindow = 15 * time.Minute
	accountTries  = 5
	addressTries  = 30
	anywhereTries = 50
)

type bucket struct {
	key   string
	tries int
}

func buckets(email, address string) []bucket {
	network := networkOf(address)
	out := []bucket{{digest("account " + email + " " + network), accountTries}, {digest("anywhere " + email), anywhereTries}}
	if network != "" {
		out = append(out, bucket{digest("address " + network), addressTries})
	}
	return out
}

// networkOf widens IPv6 addresses to their /64, which one machine commonly has whole.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

// mayTry refuses with fault.Limited while any bucket waits.
func (s *Service) mayTry(ctx context.Context, email, address string) error {
	var until int64
	for _, b := range buckets(email, address) {
		var at int64
		err := s.deps.DB.Read().QueryRowContext(ctx, `SELECT until_ms FROM access_attempts WHERE bucket = $1`, b.key).Scan(&at)
		if err != nil && !sqldb.NotFound(err) {
			return fault.E("access.sign-in", "", "", err)
		}
		until = max(until, at)
	}
	if wait := until - s.nowMS(); wait > 0 {
		return limited(time.Duration(wait) * time.Millisecond)
	}
	return nil
}

func limited(wait time.Duration) error {
	seconds := max(1, int64((wait+time.Second-1)/time.Second))
	return &fault.Error{
		Op: "access.sign-in", Kind: fault.Limited, Code: "sign-in-limited", After: wait,
		Text: "Too many attempts to sign in; wait " + (time.Duration(seconds) * time.Second).String() + " and try again.",
	}
}

// failedTry counts the failure, audits it under the account's tenant and returns the answer for the caller.
func (s *Service) failedTry(ctx context.Context, u User, email, address string) error {
	err := s.write(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
		for _, b := range buckets(email, address) {
			if err := s.countTry(ctx, tx, b); err != nil {
				return err
			}
		}
		tenant, subject := u.Tenant, u.ID
		if subject == "" {
			tenant, subject = MainTenant, "unknown account"
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{
			Tenant: tenant, Actor: "anonymous", ActorKind: KindUser, Action: "session:create", Subject: subject,
			Outcome: audit.Denied, Reason: "wrong address or password", Data: map[string]any{"address": address},
		})
	})
	if err != nil {
		return err
	}
	return fault.Say("access.sign-in", "", fault.Unauthenticated, "wrong-credentials",
		"The e-mail address or the password is not right.")
}

func (s *Service) countTry(ctx context.Context, tx *sqldb.Tx, b bucket) error {
	now, fails := s.nowMS(), 0
	err := tx.QueryRowContext(ctx, `INSERT INTO access_attempts (bucket, fails, first_ms, until_ms) VALUES ($1, 1, $2, 0)
		ON CONFLICT (bucket) DO UPDATE SET
		  fails = CASE WHEN access_attempts.first_ms < $3 AND access_attempts.until_ms < $2 THEN 1 ELSE access_attempts.fails + 1 END,
		  first_ms = CASE WHEN access_attempts.first_ms < $3 AND access_attempts.until_ms < $2 THEN $2 ELSE access_attempts.first_ms END
		RETURNING fails`, b.key, now, now-attemptWindow.Milliseconds()).Scan(&fails)
	if err != nil || fails < b.tries {
		return err
	}
	wait := min(attemptWindow, time.Second<<min(fails-b.tries, 12))
	if _, err := tx.ExecContext(ctx, `UPDATE access_attempts SET until_ms = $1 WHERE bucket = $2`, now+wait.Milliseconds(), b.key); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM access_attempts WHERE first_ms < $1 AND until_ms < $2`,
		now-2*attemptWindow.Milliseconds(), now)
	return err
}

// forgiveTries clears the account's own buckets after a success; the address keeps its count, for it may hold others.
func forgiveTries(ctx context.Context, tx *sqldb.Tx, email, address string) error {
	for _, b := range buckets(email, address)[:2] {
		if _, err := tx.ExecContext(ctx, `DELETE FROM access_attempts WHERE bucket = $1`, b.key); err != nil {
			return err
		}
	}
	return nil
}
