package httpd_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/platform/httpd/httpdtest"
)

type filmIn struct {
	ID   string `path:"id"`
	Body struct {
		Title string `json:"title" minLength:"2"`
		Year  int    `json:"year,omitempty"`
	}
}

type filmOut struct {
	ETag string `header:"ETag"`
	Body struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Calls int    `json:"calls"`
	}
}

type empty struct{}

// cinema is a server with one route of every sort.
func cinema(t *testing.T, c httpd.Config) *httpd.Server {
	t.Helper()
	if c.Guard == nil {
		c.Guard = httpdtest.Guard{Deny: map[string]bool{"film:burn": true}}
	}
	if c.Principal == nil {
		c.Principal = func(context.Context) (string, string) { return "main", "ann" }
	}
	s := httpd.New(c)
	calls := 0
	httpd.Register(s, huma.Operation{OperationID: "make-film", Method: http.MethodPost, Path: "/v1/films/{id}", Summary: "Make a film"}, "film:make",
		func(_ context.Context, in *filmIn) (*filmOut, error) {
			calls++
			out := &filmOut{ETag: httpd.ETag(1)}
			out.Body.ID, out.Body.Title, out.Body.Calls = in.ID, in.Body.Title, calls
			return out, nil
		})
	httpd.Register(s, huma.Operation{OperationID: "burn-film", Method: http.MethodDelete, Path: "/v1/films/{id}"}, "film:burn",
		func(context.Context, *struct {
			ID string `path:"id"`
		}) (*empty, error) {
			return &empty{}, nil
		})
	httpd.Register(s, huma.Operation{OperationID: "get-film", Method: http.MethodGet, Path: "/v1/films/{id}"}, "film:read",
		func(_ context.Context, in *struct {
			ID string `path:"id"`
		}) (*filmOut, error) {
			switch in.ID {
			case "lost":
				return nil, fault.Say("film.get", in.ID, fault.NotFound, "no-film", "There is no film %s.", in.ID)
			case "busy":
				return nil, &fault.Error{Op: "film.get", Kind: fault.Unavailable, Text: "The projector warms up.", After: 1500 * time.Millisecond}
			case "broken":
				return nil, fault.E("film.get", "", fault.Internal, errors.New("password=hunter2"))
			case "same":
				return nil, httpd.NotModified(httpd.ETag(3))
			case "nul":
				return nil, fault.E("film.get", "", "", notText{})
			case "panic":
				panic("reel tore")
			}
			return &filmOut{}, nil
		})
	s.Handle("POST /v1/tickets", httpd.Public, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), httpd.AnyOrigin())
	s.Handle("PATCH /v1/reels/{id}", "film:make", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		if _, err := b.ReadFrom(r.Body); err != nil {
			httpd.Problem(w, r, err)
		}
	}), httpd.MaxBody(10))
	return s
}

// notText is how PostgreSQL's driver refuses a NUL.
type notText struct{}

func (notText) Error() string    { return "invalid byte sequence for encoding" }
func (notText) SQLState() string { return "22021" }

// scenario is one request and what must come back.
type scenario struct {
	name, method, target, body string
	headers                    []string
	status                     int
	problem                    string
	contains, lacks            []string
	answer                     map[string]string // headers
}

func TestScenarios(t *testing.T) {
	s := cinema(t, httpd.Config{})
	for _, tc := range []scenario{
		{name: "operation", method: "POST", target: "/v1/films/7", body: `{"title":"Sunrise"}`, status: 200, contains: []string{`"title":"Sunrise"`},
			lacks: []string{"$schema"}, answer: map[string]string{"ETag": `"r1"`, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}},
		{name: "validation", method: "POST", target: "/v1/films/7", body: `{"title":"S","colour":1}`, status: 422, problem: "validation",
			contains: []string{"Correct body", `"errors":[`, `"instance":"urn:uuid:`}},
		{name: "malformed", method: "POST", target: "/v1/films/7", body: `{"title":`, status: 400, problem: "malformed"},
		{name: "no body", method: "POST", target: "/v1/films/7", status: 400, problem: "malformed"},
		{name: "large body", method: "POST", target: "/v1/films/7", body: `{"title":"` + strings.Repeat("x", 2<<20) + `"}`, status: 413, problem: "too-large"},
		{name: "wrong type", method: "POST", target: "/v1/films/7", body: "<a/>", headers: []string{"Content-Type", "text/xml"}, status: 415, problem: "media-type"},
		{name: "fault", method: "GET", target: "/v1/films/lost", status: 404, problem: "no-film", contains: []string{"There is no film lost."}},
		{name: "retry", method: "GET", target: "/v1/films/busy", status: 503, problem: "unavailable", answer: map[string]string{"Retry-After": "2"}},
		{name: "internal", method: "GET", target: "/v1/films/broken", status: 500, problem: "internal", lacks: []string{"hunter2"}},
		{name: "panic", method: "GET", target: "/v1/films/panic", status: 500, problem: "internal", lacks: []string{"reel tore"}},
		{name: "not modified", method: "GET", target: "/v1/films/same", status: 304, answer: map[string]string{"ETag": `"r3"`, "Cache-Control": "private, no-cache"}},
		{name: "nobody", method: "GET", target: "/v1/films/1", headers: []string{"Authorization", "none"}, status: 401, problem: "unauthenticated", answer: map[string]string{"WWW-Authenticate": `Bearer realm="showreel"`}},
		{name: "denied", method: "DELETE", target: "/v1/films/1", status: 403, problem: "denied"},
		{name: "NUL in the path", method: "GET", target: "/v1/films/a%00b", status: 400, problem: "bad-address"},
		{name: "no UTF-8 in the query", method: "GET", target: "/v1/films/7?q=%ff", status: 400, problem: "bad-address"},
		{name: "no text for the database", method: "GET", target: "/v1/films/nul", status: 400, problem: "bad-text"},
		{name: "no route", method: "GET", target: "/v1/flims", status: 404, problem: "no-route"},
		{name: "wrong method", method: "PUT", target: "/v1/films/1", status: 405, problem: "method-not-allowed", contains: []string{"DELETE"}},
		{name: "head", method: "HEAD", target: "/v1/films/lost", status: 404},
		{name: "plain body limit", method: "PATCH", target: "/v1/reels/1", body: "12345678901", status: 413, problem: "too-large"},
		{name: "large header", method: "GET", target: "/v1/films/1", headers: []string{"X-Junk", strings.Repeat("a", 1<<20)}, status: 431, problem: "header-too-large", answer: map[string]string{"Connection": "close"}},
		{name: "other site's page", method: "POST", target: "/v1/films/1", body: `{"title":"Evil"}`, headers: []string{"Sec-Fetch-Site", "cross-site", "Cookie", "showreel=1"}, status: 403, problem: "cross-origin"},
		{name: "other origin, old browser", method: "POST", target: "/v1/films/1", body: `{"title":"Evil"}`, headers: []string{"Origin", "https://evil.example"}, status: 403, problem: "cross-origin"},
		{name: "embedded elsewhere", method: "POST", target: "/v1/tickets", headers: []string{"Sec-Fetch-Site", "cross-site"}, status: 200},
		{name: "own page", method: "POST", target: "/v1/films/1", body: `{"title":"Good"}`, headers: []string{"Sec-Fetch-Site", "same-origin", "Cookie", "showreel=1"}, status: 200},
		{name: "key from anywhere", method: "POST", target: "/v1/films/1", body: `{"title":"Good"}`, headers: []string{"Sec-Fetch-Site", "cross-site", "Authorization", "Bearer sr_x"}, status: 200},
		{name: "health", method: "GET", target: "/healthz", status: 200, contains: []string{"ok"}},
		{name: "openapi", method: "GET", target: "/openapi.yaml", status: 200, contains: []string{"openapi: 3.1.0", "x-rule: film:make", "Idempotency-Key"}},
		{name: "explorer", method: "GET", target: "/docs", status: 200, contains: []string{"<!doctype html>"}, lacks: []string{"https://unpkg"}},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.check(t, s) })
	}
}

func (tc scenario) check(t *testing.T, s http.Handler) {
	t.Helper()
	var body any
	if tc.body != "" {
		body = bytes.NewReader([]byte(tc.body))
	}
	headers := tc.headers
	if tc.body != "" && !strings.Contains(strings.Join(headers, " "), "Content-Type") {
		headers = append([]string{"Content-Type", "application/json"}, headers...)
	}
	a := httpdtest.Do(t, s, tc.method, tc.target, body, headers...)
	if a.Status != tc.status {
		t.Fatalf("status %d, want %d: %.300s", a.Status, tc.status, a.Body)
	}
	if tc.problem != "" {
		if ct := a.Header.Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("content type %q", ct)
		}
		var p huma.ErrorModel
		a.JSON(t, &p)
		if p.Type != "/problems/"+tc.problem || p.Status != tc.status || p.Title == "" || p.Detail == "" || !strings.HasPrefix(p.Instance, "urn:uuid:") {
			t.Errorf("problem is %+v", p)
		}
		if !strings.HasSuffix(p.Detail, ".") {
			t.Errorf("not a sentence: %q", p.Detail)
		}
	}
	for _, want := range tc.contains {
		if !strings.Contains(a.Body, want) {
			t.Errorf("body lacks %q: %.600s", want, a.Body)
		}
	}
	for _, bad := range tc.lacks {
		if strings.Contains(a.Body, bad) {
			t.Errorf("body contains %q", bad)
		}
	}
	for name, want := range tc.answer {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestEveryRouteHasARule(t *testing.T) {
	s := cinema(t, httpd.Config{})
	s.Stream(&events{})
	for _, r := range s.Routes() {
		if r.Rule == "" || r.Method == "" || r.Pattern == "" {
			t.Errorf("%+v", r)
		}
	}
	mustPanic(t, func() { s.Handle("GET /x", "", http.NotFoundHandler()) })
	mustPanic(t, func() {
		httpd.Register(s, huma.Operation{OperationID: "x", Method: "GET", Path: "/v1/x"}, "", func(context.Context, *empty) (*empty, error) { return nil, nil })
	})
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("a route without a rule was accepted")
		}
	}()
	f()
}

func TestNoGuardMeansNoEntry(t *testing.T) {
	s := httpd.New(httpd.Config{})
	s.Handle("GET /v1/secret", httpd.SignedIn, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("entered") }))
	if a := httpdtest.Do(t, s, "GET", "/v1/secret", nil); a.Status != http.StatusServiceUnavailable {
		t.Errorf("status %d", a.Status)
	}
}

func TestOpenAPIIsTheSameEveryTime(t *testing.T) {
	first := cinema(t, httpd.Config{}).OpenAPI()
	for range 5 {
		if again := cinema(t, httpd.Config{}).OpenAPI(); !bytes.Equal(first, again) {
			t.Fatal("the document differs between two equal servers")
		}
	}
	for _, want := range []string{"uri-reference", "application/problem+json", "Problem:", "bearer"} {
		if !bytes.Contains(first, []byte(want)) {
			t.Errorf("lacks %q:\n%s", want, first)
		}
	}
	if bytes.Contains(first, []byte("showreel.rule")) {
		t.Error("internal metadata shows")
	}
}

func TestLogHidesTokensAndQueries(t *testing.T) {
	var log bytes.Buffer
	s := cinema(t, httpd.Config{Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s.Handle("GET /v/{token}/{rest...}", httpd.Public, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Handle("GET /embed/{token}/{asset}", httpd.Public, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, target := range []string{"/v/s3cr3t/a/1/master.m3u8?k=s3cr3t", "/embed/s3cr3t/a", "/v/s3cr3t", "/embed/s3cr3t", "/v1/films/1?key=s3cr3t", "/v1/films/panic?s3cr3t", "/v1/films/broken"} {
		httpdtest.Do(t, s, "GET", target, nil, "Authorization", "Bearer s3cr3t", "Cookie", "showreel=s3cr3t")
	}
	if strings.Contains(log.String(), "s3cr3t") {
		t.Errorf("the log tells a secret:\n%s", log.String())
	}
	for _, want := range []string{`/v/*/a/1/master.m3u8`, `/embed/*/a`, `"who":"ann"`, "reel tore", "password=hunter2", `"problem":"internal"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
}

func TestRateLimitTellsWhenToRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := cinema(t, httpd.Config{Limits: httpd.Limits{PerSecond: 0.5, Burst: 3, PublicPerSecond: 1, PublicBurst: 2}})
		get := func(headers ...string) httpdtest.Answer {
			return httpdtest.Do(t, s, "GET", "/v1/films/1", nil, headers...)
		}
		for range 3 {
			if a := get(); a.Status != 200 {
				t.Fatalf("within the burst: %d %s", a.Status, a.Body)
			}
		}
		a := get()
		if a.Status != 429 || a.Header.Get("Retry-After") != "2" {
			t.Fatalf("got %d, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
		}
		time.Sleep(2 * time.Second)
		if a := get(); a.Status != 200 {
			t.Errorf("after the stated time: %d", a.Status)
		}
		for i, want := range []int{401, 401, 429} { // guessing credentials is counted by address
			if a := get("Authorization", "none"); a.Status != want {
				t.Errorf("guess %d got %d, want %d", i, a.Status, want)
			}
		}
	})
}

func TestBurstFollowsFromTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := cinema(t, httpd.Config{Limits: httpd.Limits{TenantPerSecond: 0.5}})
		for i, want := range []int{200, 200, 429} {
			if a := httpdtest.Do(t, s, "GET", "/v1/films/1", nil); a.Status != want {
				t.Errorf("request %d got %d", i, a.Status)
			}
		}
	})
}

func TestDailyQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := cinema(t, httpd.Config{Limits: httpd.Limits{PerDay: 2}})
		time.Sleep(23 * time.Hour)
		for i, want := range []int{200, 200, 429} {
			a := httpdtest.Do(t, s, "GET", "/v1/films/1", nil)
			if a.Status != want {
				t.Errorf("request %d got %d", i, a.Status)
			}
			if want == 429 && a.Header.Get("Retry-After") != "3600" {
				t.Errorf("Retry-After %q, want the hour until midnight", a.Header.Get("Retry-After"))
			}
		}
		time.Sleep(time.Hour)
		if a := httpdtest.Do(t, s, "GET", "/v1/films/1", nil); a.Status != 200 {
			t.Errorf("the next day got %d", a.Status)
		}
	})
}

func TestClientSeenThroughTrustedProxiesOnly(t *testing.T) {
	var ip string
	var secure bool
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ip, secure = httpd.ClientIP(r.Context()), httpd.Secure(r.Context())
	})
	for name, tc := range map[string]struct {
		trusted string
		forward []string
		ip      string
		secure  bool
	}{
		"untrusted":    {"", []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, "192.0.2.1", false},
		"trusted":      {"192.0.2.0/24", []string{"X-Forwarded-For", "9.9.9.9, 1.2.3.4", "X-Forwarded-Proto", "https"}, "1.2.3.4", true},
		"chain":        {"192.0.2.0/24", []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-For", "192.0.2.77"}, "1.2.3.4", false},
		"forged entry": {"192.0.2.0/24", []string{"X-Forwarded-For", "nonsense"}, "192.0.2.1", false},
	} {
		var prefixes []netip.Prefix
		if tc.trusted != "" {
			prefixes = []netip.Prefix{netip.MustParsePrefix(tc.trusted)}
		}
		s := httpd.New(httpd.Config{TrustedProxies: prefixes})
		s.Handle("GET /ip", httpd.Public, handler)
		httpdtest.Do(t, s, "GET", "/ip", nil, tc.forward...)
		if ip != tc.ip || secure != tc.secure {
			t.Errorf("%s: got %s %v, want %s %v", name, ip, secure, tc.ip, tc.secure)
		}
	}
}

func TestReadiness(t *testing.T) {
	s := httpd.New(httpd.Config{})
	var down error
	s.Check("database", func(context.Context) error { return down })
	if a := httpdtest.Do(t, s, "GET", "/readyz", nil); a.Status != 200 || !strings.Contains(a.Body, `"database":"ok"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	down = fault.E("db", "", fault.Internal, errors.New("password=hunter2"))
	if a := httpdtest.Do(t, s, "GET", "/readyz", nil); a.Status != 503 || strings.Contains(a.Body, "hunter2") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
