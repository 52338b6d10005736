package access_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"showreel/fault"
	"showreel/trust/access"
)

func bearer(secret string) *http.Request {
	r := httptest.NewRequest("GET", "/v1/assets", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	return r
}

func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.admin(t)
		key, secret, err := w.CreateKey(ctx, access.NewKey{Name: "CI", Roles: []string{access.RoleEditor}})
		must(t, err)
		if !strings.HasPrefix(secret, key.Prefix+"_") || len(secret) < 50 {
			t.Errorf("the secret has another form: %d characters", len(secret))
		}
		got, err := w.Authenticate(bearer(secret))
		must(t, err)
		if who := access.WhoFrom(got); who.Kind != access.KindKey || who.Tenant != access.MainTenant || !who.Has(access.RoleEditor) || who.Has(access.RoleAdmin) {
			t.Errorf("the key is %+v", who)
		}
		for name, bad := range map[string]string{
			"tampered": secret[:len(secret)-1] + "!", "prefix alone": key.Prefix, "empty": "", "other": "sr_0000000000_" + secret[14:], "long": "sr_a_" + strings.Repeat("x", 5000),
		} {
			if _, err := w.Authenticate(bearer(bad)); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t, w.DeleteKey(ctx, key.ID))
		_, err = w.Authenticate(bearer(secret))
		wantFault(t, err, fault.Unauthenticated, "bad-key")
		wantFault(t, w.DeleteKey(ctx, key.ID), fault.NotFound, "key-not-found")
	})
}

func TestKeysExpire(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.admin(t)
		_, secret, err := w.CreateKey(ctx, access.NewKey{Name: "short", ExpiresMS: w.now.Add(time.Hour).UnixMilli()})
		must(t, err)
		_, err = w.Authenticate(bearer(secret))
		must(t, err)
		w.now = w.now.Add(2 * time.Hour)
		_, err = w.Authenticate(bearer(secret))
		wantFault(t, err, fault.Unauthenticated, "bad-key")
		_, _, err = w.CreateKey(ctx, access.NewKey{Name: "past", ExpiresMS: 1})
		wantFault(t, err, fault.Invalid, "bad-expiry")
	})
}

func TestKeysOfAPersonFollowThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.admin(t)
		u, err := w.CreateUser(ctx, access.NewUser{Name: "E", Email: "e@example.org", Password: password, Roles: []string{access.RoleEditor}})
		must(t, err)
		self := as(t, u)
		_, _, err = w.CreateKey(self, access.NewKey{Name: "up", Roles: []string{access.RoleAdmin}})
		wantFault(t, err, fault.Denied, "role-above-own")
		key, secret, err := w.CreateKey(self, access.NewKey{Name: "mine"})
		must(t, err)
		_, other, err := w.CreateKey(ctx, access.NewKey{Name: "admin's"})
		must(t, err)
		if keys, err := w.Keys(self); err != nil || len(keys) != 1 || keys[0].ID != key.ID {
			t.Errorf("an editor sees %v, %v", keys, err)
		}
		if keys, err := w.Keys(ctx); err != nil || len(keys) != 2 {
			t.Errorf("an administrator sees %v, %v", keys, err)
		}
		roles := []string{access.RoleViewer}
		_, err = w.UpdateUser(ctx, u.ID, 0, access.UserPatch{Roles: &roles})
		must(t, err)
		got, err := w.Authenticate(bearer(secret))
		must(t, err)
		if who := access.WhoFrom(got); len(who.Roles) != 0 {
			t.Errorf("the key of a demoted editor has the roles %v", who.Roles)
		}
		must(t, w.DeleteUser(ctx, u.ID))
		_, err = w.Authenticate(bearer(secret))
		wantFault(t, err, fault.Unauthenticated, "bad-key")
		_, err = w.Authenticate(bearer(other))
		must(t, err)
	})
}

func withCookie(token string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: access.CookieName, Value: token})
	return r
}

func TestSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.admin(t)
		signIn := func() (string, context.Context) {
			s, err := w.SignIn(t.Context(), adminEmail, password, "10.0.0.1")
			must(t, err)
			ctx, err := w.Authenticate(withCookie(s.Token))
			must(t, err)
			return s.Token, ctx
		}
		token, ctx := signIn()
		must(t, w.SignOut(ctx))
		_, err := w.Authenticate(withCookie(token))
		wantFault(t, err, fault.Unauthenticated, "session-ended")

		idle, _ := signIn()
		w.now = w.now.Add(8 * 24 * time.Hour)
		_, err = w.Authenticate(withCookie(idle))
		wantFault(t, err, fault.Unauthenticated, "session-ended")

		used, _ := signIn()
		for range 5 {
			w.now = w.now.Add(6 * 24 * time.Hour)
			_, err = w.Authenticate(withCookie(used))
		}
		wantFault(t, err, fault.Unauthenticated, "session-ended") // in use, but older than 30 days

		stolen, _ := signIn()
		_, mine := signIn()
		next := "a new long password"
		_, err = w.UpdateUser(mine, access.WhoFrom(mine).ID, 0, access.UserPatch{Password: &next, CurrentPassword: password})
		must(t, err)
		_, err = w.Authenticate(withCookie(stolen))
		wantFault(t, err, fault.Unauthenticated, "session-ended")
		for _, bad := range []string{"x", strings.Repeat("a", 3000)} {
			_, err = w.Authenticate(withCookie(bad))
			wantFault(t, err, fault.Unauthenticated, "")
		}
	})
}
