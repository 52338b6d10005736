package httpd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"pgregory.net/rapid"

	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/platform/httpd/httpdtest"
)

func TestPreconditions(t *testing.T) {
	for header, want := range map[string]fault.Kind{
		`"r7"`: "", `"r6", "r7"`: "", `*`: "", `"a,b", "r7"`: "", `"r8"`: fault.Stale, `W/"r7"`: fault.Stale, `r7`: fault.Stale, ``: fault.Invalid, `"r7`: fault.Stale,
	} {
		err := httpd.IfMatch(header, 7)
		if (err == nil) != (want == "") || err != nil && fault.KindOf(err) != want {
			t.Errorf("If-Match %s: %v, want %q", header, err, want)
		}
	}
	if got := httpd.StatusOf(httpd.IfMatch("", 1)); got != http.StatusPreconditionRequired {
		t.Errorf("a missing If-Match is %d", got)
	}
	for header, want := range map[string]bool{`"x"`: true, `W/"x"`: true, `"y", "x"`: true, `*`: true, `"y"`: false, ``: false} {
		if httpd.NoneMatch(header, `"x"`) != want {
			t.Errorf("If-None-Match %s is not %v", header, want)
		}
	}
}

func TestRevisionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rev := rapid.Int64().Draw(t, "rev")
		got, any, err := httpd.Revision(httpd.ETag(rev))
		if err != nil || any || got != rev || httpd.IfMatch(httpd.ETag(rev), rev) != nil || httpd.IfMatch(httpd.ETag(rev), rev^1) == nil {
			t.Fatalf("%d came back as %d, %v, %v", rev, got, any, err)
		}
	})
	for _, bad := range []string{`"7"`, `"r07"`, `"r7" `[:3], `"r"`, `W/"r7"`} {
		if _, _, err := httpd.Revision(bad); !fault.Is(err, fault.Stale) {
			t.Errorf("%s gave %v", bad, err)
		}
	}
}

type film struct {
	ID string `json:"id"`
}

func TestPageAsJSON(t *testing.T) {
	s := httpd.New(httpd.Config{})
	type out struct{ Body httpd.Page[film] }
	httpd.Register(s, huma.Operation{OperationID: "list", Method: "GET", Path: "/v1/list"}, httpd.Public, func(_ context.Context, in *struct {
		N int `query:"n"`
	}) (*out, error) {
		o := &out{}
		if in.N > 0 {
			o.Body = httpd.Page[film]{Items: []film{{"a"}}, Next: "c"}
		}
		return o, nil
	})
	for target, want := range map[string]string{"/v1/list": `{"items":[]}`, "/v1/list?n=1": `{"items":[{"id":"a"}],"next":"c"}`} {
		if a := httpdtest.Do(t, s, "GET", target, nil); strings.TrimSpace(a.Body) != want {
			t.Errorf("%s gave %s", target, a.Body)
		}
	}
	for _, want := range []string{"PageFilm:", "next:", "#/components/schemas/Film"} {
		if !bytes.Contains(s.OpenAPI(), []byte(want)) {
			t.Errorf("the document lacks %q:\n%s", want, s.OpenAPI())
		}
	}
}

type place struct {
	AtMS int64  `json:"a"`
	ID   string `json:"i"`
}

func TestCursorRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := place{rapid.Int64().Draw(t, "at"), rapid.String().Draw(t, "id")}
		got, err := httpd.DecodeCursor[place](httpd.EncodeCursor(want))
		if err == nil && got.AtMS != want.AtMS {
			t.Fatalf("%+v came back as %+v", want, got)
		}
	})
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add("")
	f.Add(httpd.EncodeCursor(place{1, "x"}))
	f.Add("e30=")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := httpd.DecodeCursor[place](s); err != nil && fault.CodeOf(err) != "cursor" {
			t.Fatal(err)
		}
	})
}

func FuzzPreconditions(f *testing.F) {
	f.Add(`"a", W/"b"`)
	f.Fuzz(func(_ *testing.T, header string) {
		_ = httpd.IfMatch(header, 1)
		_, _, _ = httpd.Revision(header)
		httpd.NoneMatch(header, `"x"`)
	})
}

func post(t *testing.T, s http.Handler, key, body string) httpdtest.Answer {
	t.Helper()
	return httpdtest.Do(t, s, "POST", "/v1/films/9", body, "Idempotency-Key", key)
}

func TestIdempotencyKeyRepeatsTheAnswer(t *testing.T) {
	for name, store := range map[string]httpd.IdempotencyStore{"memory": httpd.NewMemoryIdempotency(), "kv": httpd.NewKVIdempotency(&kv{})} {
		t.Run(name, func(t *testing.T) {
			s := cinema(t, httpd.Config{Idempotency: store})
			first := post(t, s, "k1", `{"title":"Sunrise"}`)
			again := post(t, s, "k1", `{"title":"Sunrise"}`)
			if first.Status != 200 || first.Body != again.Body || again.Header.Get("Idempotency-Replayed") != "true" || again.Header.Get("ETag") != `"r1"` {
				t.Fatalf("%d %s\n%d %s", first.Status, first.Body, again.Status, again.Body)
			}
			if other := post(t, s, "k2", `{"title":"Sunrise"}`); other.Body == first.Body {
				t.Error("another key repeats too")
			}
			if reused := post(t, s, "k1", `{"title":"Sunset"}`); reused.Status != 422 || !strings.Contains(reused.Body, "/problems/idempotency-key-reused") {
				t.Errorf("reuse for another request got %d", reused.Status)
			}
			if long := post(t, s, strings.Repeat("k", 201), `{"title":"Sunrise"}`); long.Status != 400 {
				t.Errorf("a long key got %d", long.Status)
			}
		})
	}
}

func TestIdempotencyKeepsNoSecretAndNoFailure(t *testing.T) {
	store := &kv{}
	s := httpd.New(httpd.Config{Guard: httpdtest.Guard{}, Idempotency: httpd.NewKVIdempotency(store)})
	fails := true
	type out struct{ Body struct{ Secret string } }
	httpd.Register(s, huma.Operation{OperationID: "key", Method: "POST", Path: "/v1/keys", Metadata: map[string]any{httpd.Sensitive: true}}, "key:make",
		func(context.Context, *empty) (*out, error) {
			if fails {
				return nil, fault.E("key.make", "", fault.Unavailable, nil)
			}
			o := &out{}
			o.Body.Secret = "sr_topsecret"
			return o, nil
		})
	do := func() httpdtest.Answer {
		return httpdtest.Do(t, s, "POST", "/v1/keys", nil, "Idempotency-Key", "k")
	}
	if a := do(); a.Status != 503 {
		t.Fatalf("got %d", a.Status)
	}
	fails = false
	if a := do(); a.Status != 200 || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("after a failure the key is not free: %d %v", a.Status, a.Header)
	}
	if a := do(); a.Status != 409 || strings.Contains(a.Body, "topsecret") || !strings.Contains(a.Body, "already-done") {
		t.Errorf("the repetition got %d %s", a.Status, a.Body)
	}
	if strings.Contains(fmt.Sprint(store.records), "topsecret") {
		t.Error("the secret was stored")
	}
}

// A store that cannot keep a long answer keeps the fact, so that the work is not done twice.
func TestIdempotencyOfALongAnswer(t *testing.T) {
	s := httpd.New(httpd.Config{Guard: httpdtest.Guard{}, Idempotency: httpd.NewKVIdempotency(&kv{most: 1000})})
	type out struct{ Body string }
	calls := 0
	httpd.Register(s, huma.Operation{OperationID: "long", Method: "POST", Path: "/v1/long"}, "x:y", func(context.Context, *empty) (*out, error) {
		calls++
		return &out{strings.Repeat("x", 2000)}, nil
	})
	for i, want := range []int{200, 409} {
		if a := httpdtest.Do(t, s, "POST", "/v1/long", nil, "Idempotency-Key", "k"); a.Status != want || calls != 1 {
			t.Errorf("try %d got %d after %d calls", i, a.Status, calls)
		}
	}
}

func TestIdempotencyWhileInProgressAndAfterPanic(t *testing.T) {
	s := httpd.New(httpd.Config{Guard: httpdtest.Guard{}})
	var inner httpdtest.Answer
	calls := 0
	type out struct{ Body struct{} }
	httpd.Register(s, huma.Operation{OperationID: "slow", Method: "POST", Path: "/v1/slow"}, "x:y", func(context.Context, *empty) (*out, error) {
		if calls++; calls == 1 {
			inner = httpdtest.Do(t, s, "POST", "/v1/slow", nil, "Idempotency-Key", "k")
			panic("boom")
		}
		return &out{}, nil
	})
	if a := httpdtest.Do(t, s, "POST", "/v1/slow", nil, "Idempotency-Key", "k"); a.Status != 500 {
		t.Errorf("the panic gave %d", a.Status)
	}
	if inner.Status != 409 || inner.Header.Get("Retry-After") != "1" {
		t.Errorf("meanwhile: %d %s", inner.Status, inner.Body)
	}
	if a := httpdtest.Do(t, s, "POST", "/v1/slow", nil, "Idempotency-Key", "k"); a.Status != 200 {
		t.Errorf("after the panic the key is not free: %d", a.Status)
	}
}

// kv is a small-record store in memory.
type kv struct {
	most    int // bytes of a value; 0 is no limit
	mu      sync.Mutex
	records map[string][]byte
}

func (k *kv) Put(_ context.Context, key string, val []byte, _ time.Duration) error {
	if k.most > 0 && len(val) > k.most {
		return fault.E("kv.put", key, fault.TooLarge, nil)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.records == nil {
		k.records = map[string][]byte{}
	}
	k.records[key] = bytes.Clone(val)
	return nil
}

func (k *kv) PutIf(ctx context.Context, key string, val []byte, ttl time.Duration, _ int64) (int64, error) {
	k.mu.Lock()
	_, exists := k.records[key]
	k.mu.Unlock()
	if exists {
		return 0, fault.E("kv.put", key, fault.Stale, nil)
	}
	return 1, k.Put(ctx, key, val, ttl)
}

func (k *kv) Get(_ context.Context, key string) ([]byte, int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.records[key]; ok {
		return v, 1, nil
	}
	return nil, 0, fault.E("kv.get", key, fault.NotFound, nil)
}

func (k *kv) Delete(_ context.Context, key string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.records, key)
	return nil
}

func TestMemoryIdempotencyForgetsAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := cinema(t, httpd.Config{})
		first := post(t, s, "k", `{"title":"Sunrise"}`)
		time.Sleep(23 * time.Hour)
		if again := post(t, s, "k", `{"title":"Sunrise"}`); again.Body != first.Body {
			t.Error("forgotten within the day")
		}
		time.Sleep(2 * time.Hour)
		if later := post(t, s, "k", `{"title":"Sunrise"}`); later.Body == first.Body {
			t.Error("still repeated after 25 hours")
		}
	})
}

func TestFiles(t *testing.T) {
	s := cinema(t, httpd.Config{})
	script := strings.Repeat("console.log(1);", 200)
	s.Files(fstest.MapFS{
		"index.html":              {Data: []byte("<!doctype html><script>go()</script><script src=/assets/app-BxY3f9a1.js></script>")},
		"assets/app-BxY3f9a1.js":  {Data: []byte(script)},
		"favicon.svg":             {Data: []byte("<svg/>")},
		"assets/pic-AAAAAAAA.png": {Data: []byte("\x89PNG")},
	})
	for _, tc := range []scenario{
		{name: "root", method: "GET", target: "/", status: 200, contains: []string{"go()"}, answer: map[string]string{"Cache-Control": "no-cache", "Content-Type": "text/html; charset=utf-8"}},
		{name: "page", method: "GET", target: "/assets-of-mine/123", status: 200, contains: []string{"go()"}},
		{name: "hashed", method: "GET", target: "/assets/app-BxY3f9a1.js", status: 200, contains: []string{"console.log"}, answer: map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding", "Content-Encoding": ""}},
		{name: "zipped", method: "GET", target: "/assets/app-BxY3f9a1.js", headers: []string{"Accept-Encoding", "br, gzip;q=0.8"}, status: 200, answer: map[string]string{"Content-Encoding": "gzip"}},
		{name: "gzip refused", method: "GET", target: "/assets/app-BxY3f9a1.js", headers: []string{"Accept-Encoding", "gzip;q=0"}, status: 200, answer: map[string]string{"Content-Encoding": ""}},
		{name: "range", method: "GET", target: "/assets/app-BxY3f9a1.js", headers: []string{"Accept-Encoding", "gzip", "Range", "bytes=0-6"}, status: 206, contains: []string{"console"}},
		{name: "plain name", method: "GET", target: "/favicon.svg", status: 200, answer: map[string]string{"Cache-Control": "no-cache", "Content-Type": "image/svg+xml"}},
		{name: "missing asset", method: "GET", target: "/assets/app-gone0000.js", status: 404, problem: "no-file"},
		{name: "api stays api", method: "GET", target: "/v1/nothing", status: 404, problem: "no-route"},
		{name: "post to a page", method: "POST", target: "/library", status: 404, problem: "no-route"},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.check(t, s) })
	}
	page := httpdtest.Do(t, s, "GET", "/", nil)
	policy := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{"script-src 'self' 'sha256-", "media-src 'self' blob:", "worker-src 'self' blob:", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %q: %s", want, policy)
		}
	}
	again := httpdtest.Do(t, s, "GET", "/", nil, "If-None-Match", page.Header.Get("ETag"))
	if again.Status != 304 {
		t.Errorf("revalidation got %d", again.Status)
	}
	if strings.Contains(httpd.PagePolicy(true), "frame-ancestors 'none'") {
		t.Error("an embeddable page cannot be framed")
	}
}

func TestMuxErrorsUnderFailures(t *testing.T) {
	err := errors.New("plain")
	if httpd.StatusOf(err) != 500 || httpd.StatusOf(fault.E("x", "", fault.Full, nil)) != 507 {
		t.Error("statuses are mixed up")
	}
}
