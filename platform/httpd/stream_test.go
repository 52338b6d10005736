package httpd_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/platform/httpd/httpdtest"
	"showreel/platform/outbox"
)

// events is a source in memory.
type events struct {
	reads int
	most  int                // reads, after which stop is called
	stop  context.CancelFunc // nil for never
	mu    sync.Mutex
	list  []outbox.Event
	wake  chan struct{}
}

func (e *events) add(tenant, name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := int64(len(e.list) + 1)
	e.list = append(e.list, outbox.Event{Seq: n, ID: fmt.Sprint("e", n), Tenant: tenant, Name: name, Subject: "film", Data: []byte(`{"n":1}`)})
	if e.wake != nil {
		close(e.wake)
		e.wake = nil
	}
}

func (e *events) Last(context.Context) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int64(len(e.list)), nil
}

func (e *events) Since(_ context.Context, tenant string, after int64, limit int) ([]outbox.Event, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reads++; e.stop != nil && e.reads > e.most {
		e.stop()
	}
	var found []outbox.Event
	for _, v := range e.list {
		if v.Seq > after && (tenant == "" || v.Tenant == tenant) && len(found) < limit {
			found = append(found, v)
		}
	}
	return found, nil
}

func (e *events) Wait(ctx context.Context, after int64) error {
	e.mu.Lock()
	if int64(len(e.list)) > after {
		e.mu.Unlock()
		return nil
	}
	if e.wake == nil {
		e.wake = make(chan struct{})
	}
	wake := e.wake
	e.mu.Unlock()
	select {
	case <-wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// listener reads the blocks of one connection.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
	stop  context.CancelFunc
}

func listen(t *testing.T, address, query string, headers ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	r, err := http.NewRequestWithContext(ctx, "GET", address+"/v1/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	t.Cleanup(func() { cancel(); _ = resp.Body.Close() })
	return &listener{t, bufio.NewScanner(resp.Body), cancel}
}

// block returns the next block, its lines joined by "|"; "" at the end.
func (l *listener) block() string {
	var lines []string
	for l.lines.Scan() {
		if l.lines.Text() == "" {
			return strings.Join(lines, "|")
		}
		lines = append(lines, l.lines.Text())
	}
	return ""
}

func (l *listener) expect(parts ...string) {
	l.t.Helper()
	got := l.block()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			l.t.Fatalf("block %q lacks %q", got, p)
		}
	}
}

func TestStreamResumesWithinTheTenant(t *testing.T) {
	source := &events{}
	s := httpdtest.New(t, httpdtest.Guard{})
	s.Stream(source)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close) // after the listeners have gone
	source.add("main", "asset.created")
	source.add("other", "asset.created")

	fresh := listen(t, server.URL, "")
	fresh.expect("retry: 2000", "id: 2")
	source.add("other", "asset.published") // never shown, and must not make the server spin
	source.add("main", "asset.published")
	fresh.expect("id: 4", `"name":"asset.published"`, `"subject":"film"`, `"data":{"n":1}`)

	back := listen(t, server.URL, "", "Last-Event-ID", "0")
	back.expect("id: 0")
	back.expect("id: 1", "asset.created")
	back.expect("id: 4", "asset.published")

	some := listen(t, server.URL, "?after=0&events=job.*,asset.published")
	some.expect("id: 0")
	some.expect("id: 4")

	ahead := listen(t, server.URL, "", "Last-Event-ID", "99")
	ahead.expect("event: reset", "id: 4")

	if a := httpdtest.Do(t, s, "GET", "/v1/stream", nil, "Last-Event-ID", "x"); a.Status != 400 {
		t.Errorf("a wrong Last-Event-ID got %d", a.Status)
	}
}

// Another tenant's events wake the stream but must not keep it awake.
func TestStreamRestsAfterOthersEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &events{}
		s := httpd.New(httpd.Config{Guard: httpdtest.Guard{}, Principal: func(context.Context) (string, string) { return "main", "ann" }})
		s.Stream(source)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.AfterFunc(time.Second, func() { source.add("other", "asset.created") })
		source.most, source.stop = 10, cancel // a stream that does not rest would never let the clock go on
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/v1/stream", nil))
		if source.reads > source.most {
			t.Error("the stream spins")
		}
		if strings.Contains(w.Body.String(), "asset.created") {
			t.Error("another tenant's event was shown")
		}
	})
}

func TestStreamGivesALongBacklogWhole(t *testing.T) {
	source := &events{}
	for range 350 {
		source.add("main", "job.changed")
		source.add("other", "job.changed")
	}
	s := httpdtest.New(t, httpdtest.Guard{})
	s.Stream(source)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close) // after the listeners have gone
	l := listen(t, server.URL, "?after=0")
	l.block()
	for i := range 350 {
		l.expect(fmt.Sprintf("id: %d|", 2*i+1))
	}
}

func TestStreamNeedsATenantAndIsCounted(t *testing.T) {
	s := httpd.New(httpd.Config{Guard: httpdtest.Guard{}})
	s.Stream(&events{})
	if a := httpdtest.Do(t, s, "GET", "/v1/stream", nil); a.Status != 403 {
		t.Errorf("without a tenant: %d", a.Status)
	}
	counted := httpd.New(httpd.Config{Guard: httpdtest.Guard{}, Limits: httpd.Limits{Streams: 1},
		Principal: func(context.Context) (string, string) { return "main", "ann" }})
	counted.Stream(&events{})
	server := httptest.NewServer(counted)
	t.Cleanup(server.Close) // after the listeners have gone
	first := listen(t, server.URL, "")
	first.block()
	if a := httpdtest.Do(t, counted, "GET", "/v1/stream", nil); a.Status != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("a second stream got %d", a.Status)
	}
	first.stop()
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		r := httptest.NewRequestWithContext(ctx, "GET", "/v1/stream", nil)
		w := httptest.NewRecorder()
		counted.ServeHTTP(w, r)
		cancel()
		if w.Code == 200 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("a closed stream is still counted")
}

// once lets the first request in and no later one.
type once struct {
	mu   sync.Mutex
	done bool
}

func (o *once) Authenticate(r *http.Request) (context.Context, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done {
		return nil, fault.E("once", "", fault.Unauthenticated, nil)
	}
	o.done = true
	return r.Context(), nil
}

func (o *once) Allow(context.Context, string) error { return nil }

func TestStreamEndsAfterSigningOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := httpd.New(httpd.Config{Guard: &once{}, Principal: func(context.Context) (string, string) { return "main", "ann" }})
		s.Stream(&events{})
		begin := time.Now()
		a := httpdtest.Do(t, s, "GET", "/v1/stream", nil)
		if a.Status != 200 || time.Since(begin) != 15*time.Second {
			t.Errorf("got %d after %s, want an end at the first heartbeat", a.Status, time.Since(begin))
		}
	})
}

var _ httpd.StreamSource = (*outbox.Outbox)(nil)
