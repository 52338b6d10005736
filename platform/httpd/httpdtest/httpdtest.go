// Package httpdtest helps the rooms test their routes: a Guard that lets a test be anybody, and a client that speaks to a
// server in memory. It is for tests only and must not be linked into a program.
package httpdtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"showreel/fault"
	"showreel/platform/httpd"
)

// Guard lets a request through as With says. A request that carries "Authorization: none" is nobody.
type Guard struct {
	With func(context.Context) context.Context // puts a caller into the context; nil leaves it
	Deny map[string]bool                       // rules that are refused
}

// Authenticate implements httpd.Guard.
func (g Guard) Authenticate(r *http.Request) (context.Context, error) {
	if r.Header.Get("Authorization") == "none" {
		return nil, fault.E("httpdtest.authenticate", "", fault.Unauthenticated, nil)
	}
	if g.With == nil {
		return r.Context(), nil
	}
	return g.With(r.Context()), nil
}

// Allow implements httpd.Guard.
func (g Guard) Allow(_ context.Context, rule string) error {
	if g.Deny[rule] {
		return fault.E("httpdtest.allow", rule, fault.Denied, nil)
	}
	return nil
}

// New makes a server behind the guard; every caller is principal "tester" of tenant "main" for limits and streams.
func New(t *testing.T, g Guard) *httpd.Server {
	t.Helper()
	return httpd.New(httpd.Config{
		Guard:     g,
		Principal: func(context.Context) (string, string) { return "main", "tester" },
	})
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// JSON decodes the body into v, failing the test if it is not JSON.
func (a Answer) JSON(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), v); err != nil {
		t.Fatalf("the answer is not the expected JSON: %v\n%s", err, a.Body)
	}
}

// Do sends one request to the handler. body may be nil, a string, []byte, an io.Reader, or anything else, which is sent as
// JSON. headers are name, value pairs.
func Do(t *testing.T, h http.Handler, method, target string, body any, headers ...string) Answer {
	t.Helper()
	var reader io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case io.Reader:
		reader = b
	case string:
		reader, kind = strings.NewReader(b), "application/json"
	case []byte:
		reader = strings.NewReader(string(b))
	default:
		j, err := json.Marshal(b)
		if err != nil {
			t.Fatalf("the request body cannot be JSON: %v", err)
		}
		reader, kind = strings.NewReader(string(j)), "application/json"
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, reader)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return Answer{Status: w.Code, Header: w.Header(), Body: w.Body.String()}
}
