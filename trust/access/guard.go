package access

import (
	"context"
	"net/http"
	"strings"

	"showreel/fault"
	"showreel/platform/httpd"
)

// CookieName is the session's cookie.
const CookieName = "showreel"

var _ httpd.Guard = (*Service)(nil)

// Authenticate reads an API key ("Authorization: Bearer sr_…") or the session's cookie and returns a context that
// carries the caller; fault.Unauthenticated when there is neither or it is not valid.
func (s *Service) Authenticate(r *http.Request) (context.Context, error) {
	who, err := s.caller(r)
	if err != nil {
		return r.Context(), err
	}
	return With(r.Context(), who), nil
}

func (s *Service) caller(r *http.Request) (Who, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Who{}, fault.Say("access.authenticate", "", fault.Unauthenticated, "bad-scheme", "Send an API key as: Authorization: Bearer sr_…")
		}
		return s.byKey(r.Context(), strings.TrimSpace(secret))
	}
	cookie, err := r.Cookie(CookieName)
	if err != nil || cookie.Value == "" {
		return Who{}, fault.E("access.authenticate", "", fault.Unauthenticated, nil)
	}
	return s.bySession(r.Context(), cookie.Value)
}

// Allow permits a route's rule for the caller of ctx.
func (s *Service) Allow(ctx context.Context, rule string) error {
	switch rule {
	case httpd.Public:
		return nil
	case httpd.SignedIn:
		if !WhoFrom(ctx).Known() {
			return fault.E("access.allow", "", fault.Unauthenticated, nil)
		}
		return nil
	}
	return s.Check(ctx, rule, Resource{})
}

// Principal names the caller of ctx for rate limits and the request log.
func Principal(ctx context.Context) (tenant, id string) {
	who := WhoFrom(ctx)
	return who.Tenant, who.ID
}

// cookie carries a session, or ends it when token is empty. Lax keeps it from cross-site requests that change
// anything, HttpOnly from scripts, Secure from plain HTTP wherever HTTPS is spoken.
func cookie(ctx context.Context, token string, maxAge int) string {
	c := &http.Cookie{
		Name: CookieName, Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: httpd.Secure(ctx),
	}
	return c.String()
}
