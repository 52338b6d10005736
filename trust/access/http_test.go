package access_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"showreel/platform/httpd"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/trust/access"
)

// client speaks to a served world and keeps its cookie.
type client struct {
	srv    *httpd.Server
	cookie string
}

func serve(w *world) *httpd.Server {
	srv := httpd.New(httpd.Config{Guard: w.Service, Principal: access.Principal})
	w.Routes(srv)
	return srv
}

func (c *client) do(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.cookie != "" {
		r.AddCookie(&http.Cookie{Name: access.CookieName, Value: c.cookie})
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	rec := httptest.NewRecorder()
	c.srv.ServeHTTP(rec, r)
	for _, set := range rec.Result().Cookies() {
		if set.Name == access.CookieName {
			c.cookie = set.Value
		}
	}
	return rec
}

// scenario is one request and what must come back.
type scenario struct {
	name, method, path, body string
	header                   []string
	status                   int
	has, hasNot              []string
}

func (s scenario) run(t *testing.T, c *client) {
	t.Helper()
	rec := c.do(s.method, s.path, s.body, s.header...)
	if rec.Code != s.status {
		t.Errorf("%s: %d, want %d: %s", s.name, rec.Code, s.status, rec.Body)
	}
	for _, want := range s.has {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: no %q in %s", s.name, want, rec.Body)
		}
	}
	for _, no := range s.hasNot {
		if strings.Contains(rec.Body.String(), no) {
			t.Errorf("%s: %q in %s", s.name, no, rec.Body)
		}
	}
}

func TestRoutes(t *testing.T) {
	w := newWorld(t, sqldbtest.SQLite(t, schemas()...))
	token, err := w.SetupToken(t.Context())
	must(t, err)
	admin := &client{srv: serve(w)}
	secrets := []string{"argon2id", password, "correct horse"}
	for _, s := range []scenario{
		{name: "set-up is needed", method: "GET", path: "/v1/setup", status: 200, has: []string{`"needed":true`}},
		{name: "nobody is signed in", method: "GET", path: "/v1/session", status: 401, has: []string{"/problems/unauthenticated"}},
		{name: "a guarded list", method: "GET", path: "/v1/users", status: 401},
		{name: "set-up with another token", method: "POST", path: "/v1/setup", body: `{"token":"x","name":"Ada","email":"ada@example.org","password":"correct horse battery"}`, status: 403, has: []string{"bad-setup-link"}},
		{name: "set-up with a weak password", method: "POST", path: "/v1/setup", body: `{"token":"` + token + `","name":"Ada","email":"ada@example.org","password":"short"}`, status: 400, has: []string{"weak-password", "at least 10"}},
		{name: "set-up with a field too few", method: "POST", path: "/v1/setup", body: `{"token":"x"}`, status: 422},
		{name: "set-up", method: "POST", path: "/v1/setup", body: `{"token":"` + token + `","name":"Ada","email":"ada@example.org","password":"correct horse battery"}`, status: 201, has: []string{`"roles":["admin"]`, `"tenant":"main"`}, hasNot: append(secrets, token)},
		{name: "set-up again", method: "POST", path: "/v1/setup", body: `{"token":"` + token + `","name":"Eve","email":"eve@example.org","password":"correct horse battery"}`, status: 410, has: []string{"setup-done"}},
		{name: "session", method: "GET", path: "/v1/session", status: 200, has: []string{`"email":"ada@example.org"`, `"rooms":["library"]`, `"asset:purge"`, `"user:create"`}, hasNot: secrets},
		{name: "people", method: "GET", path: "/v1/users", status: 200, has: []string{`"email":"ada@example.org"`, `"total":1`}, hasNot: secrets},
		{name: "add a person", method: "POST", path: "/v1/users", body: `{"name":"Vi","email":"vi@example.org","password":"a viewer's words","roles":["viewer"]}`, status: 201, hasNot: []string{"viewer's"}},
		{name: "add them again", method: "POST", path: "/v1/users", body: `{"name":"Vi","email":"VI@example.org","password":"a viewer's words","roles":["viewer"]}`, status: 409, has: []string{"email-taken"}},
		{name: "malformed", method: "POST", path: "/v1/users", body: `{"name":`, status: 400},
		{name: "make a key", method: "POST", path: "/v1/keys", body: `{"name":"CI","roles":["editor"]}`, status: 201, has: []string{`"secret":"sr_`, `"prefix":"sr_`}},
		{name: "keys never show secrets", method: "GET", path: "/v1/keys", status: 200, has: []string{`"name":"CI"`}, hasNot: []string{"secret", "hash"}},
		{name: "the audit", method: "GET", path: "/v1/audit?limit=2", status: 200, has: []string{`"action":"key:create"`, `"actorName":"Ada"`, `"next":`}, hasNot: secrets},
		{name: "the audit of denials", method: "GET", path: "/v1/audit?outcome=denied", status: 200, has: []string{"wrong address or password"}},
		{name: "the audit of nonsense", method: "GET", path: "/v1/audit?outcome=odd", status: 422},
		{name: "a broken cursor", method: "GET", path: "/v1/audit?cursor=%25", status: 400, has: []string{"/problems/cursor"}},
		{name: "no such person", method: "DELETE", path: "/v1/users/nobody", status: 404},
		{name: "no such key", method: "DELETE", path: "/v1/keys/nothing", status: 404},
	} {
		s.run(t, admin)
	}
	viewer := &client{srv: admin.srv}
	for _, s := range []scenario{
		{name: "a wrong password", method: "POST", path: "/v1/session", body: `{"email":"vi@example.org","password":"no"}`, status: 401, has: []string{"wrong-credentials"}},
		{name: "sign in", method: "POST", path: "/v1/session", body: `{"email":"vi@example.org","password":"a viewer's words"}`, status: 201, has: []string{`"asset:read"`}, hasNot: []string{`"asset:update"`}},
		{name: "a viewer's people", method: "GET", path: "/v1/users", status: 403, has: []string{"denied-default-deny", "ask an administrator"}},
		{name: "a viewer's keys", method: "GET", path: "/v1/keys", status: 200, has: []string{`"items":[]`}},
		{name: "a viewer's admin key", method: "POST", path: "/v1/keys", body: `{"name":"up","roles":["admin"]}`, status: 403, has: []string{"role-above-own"}},
		{name: "a viewer's audit", method: "GET", path: "/v1/audit", status: 403},
		{name: "sign out", method: "DELETE", path: "/v1/session", status: 204},
		{name: "signed out", method: "GET", path: "/v1/session", status: 401},
	} {
		s.run(t, viewer)
	}
}

func TestCookie(t *testing.T) {
	w := newWorld(t, sqldbtest.SQLite(t, schemas()...))
	w.admin(t)
	c := &client{srv: serve(w)}
	rec := c.do("POST", "/v1/session", `{"email":"ada@example.org","password":"correct horse battery"}`)
	set := rec.Header().Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="} {
		if !strings.Contains(set, want) {
			t.Errorf("no %s in %q", want, set)
		}
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("a sign-in may be cached: %q", got)
	}
	cross := c.do("DELETE", "/v1/session", "", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if cross.Code != 403 {
		t.Errorf("a cross-site request got %d", cross.Code)
	}
	c.do("DELETE", "/v1/session", "")
	if c.cookie != "" {
		t.Error("signing out left the cookie")
	}
}

func TestSignInIsLimited(t *testing.T) {
	w := newWorld(t, sqldbtest.SQLite(t, schemas()...))
	w.admin(t)
	c := &client{srv: serve(w)}
	for range 5 {
		c.do("POST", "/v1/session", `{"email":"ada@example.org","password":"a wrong password"}`)
	}
	rec := c.do("POST", "/v1/session", `{"email":"ada@example.org","password":"correct horse battery"}`)
	if rec.Code != 429 || rec.Header().Get("Retry-After") != "1" || !strings.Contains(rec.Body.String(), "sign-in-limited") {
		t.Errorf("%d, Retry-After %q: %s", rec.Code, rec.Header().Get("Retry-After"), rec.Body)
	}
}

func TestEveryRouteHasARule(t *testing.T) {
	srv := serve(newWorld(t, sqldbtest.SQLite(t, schemas()...)))
	open := map[string]bool{"GET /v1/setup": true, "POST /v1/setup": true, "POST /v1/session": true}
	for _, r := range srv.Routes() {
		if r.Rule == "" {
			t.Errorf("%s %s has no rule", r.Method, r.Pattern)
		}
		if strings.HasPrefix(r.Pattern, "/v1/") && (r.Rule == httpd.Public) != open[r.Method+" "+r.Pattern] {
			t.Errorf("%s %s is %s", r.Method, r.Pattern, r.Rule)
		}
	}
}
