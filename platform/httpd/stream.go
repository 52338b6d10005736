package httpd

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/outbox"
)

// StreamSource is where the event stream reads from; *outbox.Outbox is one.
type StreamSource interface {
	Since(ctx context.Context, tenant string, after int64, limit int) ([]outbox.Event, error)
	Last(ctx context.Context) (int64, error)
	Wait(ctx context.Context, after int64) error
}

const (
	streamPath  = "/v1/stream"
	streamBatch = 100
	heartbeat   = 15 * time.Second
	streamRetry = 2000 // milliseconds a browser waits before it connects again
)

// Stream serves GET /v1/stream: the caller's tenant's events as server-sent events. Each message's id is the event's
// number and its data is {"id","name","subject","atMs","data"}; a client that comes back with Last-Event-ID (or ?after=)
// gets what it missed, a new one starts now. ?events=a,b.* keeps some names only.
func (s *Server) Stream(source StreamSource) {
	s.Handle("GET "+streamPath, SignedIn, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := infoOf(r.Context())
		if info.tenant == "" { // an empty tenant would mean everybody's events
			s.fail(w, r, fault.Say("httpd.stream", "", fault.Denied, "no-tenant", "Sign in to follow events."))
			return
		}
		who := info.tenant + " " + info.principal
		if !s.streams.enter(who) {
			s.fail(w, r, limited("streams", heartbeat, "You have too many event streams open; close some pages and retry."))
			return
		}
		defer s.streams.leave(who)
		s.follow(w, r, source, info.tenant)
	}))
}

// follower is one open stream.
type follower struct {
	w      http.ResponseWriter
	source StreamSource
	tenant string
	names  []string
	cursor int64
}

func (s *Server) follow(w http.ResponseWriter, r *http.Request, source StreamSource, tenant string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() {
		select {
		case <-s.drain:
			cancel()
		case <-ctx.Done():
		}
	}()
	cursor, reset, err := startOf(ctx, r, source)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f := &follower{w: w, source: source, tenant: tenant, cursor: cursor}
	if names := r.URL.Query().Get("events"); names != "" {
		f.names = strings.Split(names, ",")
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	f.printf("retry: %d\n", streamRetry)
	if reset {
		f.printf("event: reset\ndata: {}\n")
	}
	f.printf("id: %d\n\n", f.cursor)
	for ctx.Err() == nil {
		if err := f.send(ctx); err != nil {
			s.logInternal(ctx, err)
			return
		}
		if f.pause(ctx) {
			continue
		}
		if _, err := s.config.Guard.Authenticate(r); err != nil {
			return // signed out meanwhile
		}
		f.printf(":\nid: %d\n\n", f.cursor)
	}
}

// startOf reads where the client was. A number beyond the newest event is of another database: reset tells the client to
// load everything again.
func startOf(ctx context.Context, r *http.Request, source StreamSource) (cursor int64, reset bool, err error) {
	last, err := source.Last(ctx)
	if err != nil {
		return 0, false, fault.E("httpd.stream", "", "", err)
	}
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return last, false, nil
	}
	cursor, convErr := strconv.ParseInt(text, 10, 64)
	if convErr != nil || cursor < 0 {
		return 0, false, fault.Say("httpd.stream", "", fault.Invalid, "last-event-id",
			"Last-Event-ID is the number of an event; leave it out to start now.")
	}
	if cursor > last {
		return last, true, nil
	}
	return cursor, false, nil
}

// send writes everything new. Numbers are committed in order, so once fewer than a batch came back, all up to the number
// that was newest beforehand is seen, other tenants' included.
func (f *follower) send(ctx context.Context) error {
	for {
		last, err := f.source.Last(ctx)
		if err != nil {
			return err
		}
		events, err := f.source.Since(ctx, f.tenant, f.cursor, streamBatch)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := f.write(e); err != nil {
				return err
			}
			f.cursor = e.Seq
		}
		if len(events) < streamBatch {
			f.cursor = max(f.cursor, last)
			f.flush()
			return nil
		}
	}
}

// pause waits for something newer; false means a heartbeat is due.
func (f *follower) pause(ctx context.Context) bool {
	wait, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	err := f.source.Wait(wait, f.cursor)
	if err != nil && wait.Err() == nil {
		<-wait.Done() // the source is in trouble; do not spin
	}
	return err == nil
}

func (f *follower) write(e outbox.Event) error {
	if !f.wanted(e.Name) {
		return nil
	}
	data, err := json.Marshal(struct {
		ID      string          `json:"id"`
		Name    string          `json:"name"`
		Subject string          `json:"subject"`
		AtMS    int64           `json:"atMs"`
		Data    json.RawMessage `json:"data,omitempty"`
	}{e.ID, e.Name, e.Subject, e.AtMS, e.Data})
	if err != nil {
		return fault.E("httpd.stream", e.ID, fault.Internal, err)
	}
	_, err = fmt.Fprintf(f.w, "id: %d\ndata: %s\n\n", e.Seq, data)
	if err != nil {
		return fault.E("httpd.stream", "", fault.Canceled, err)
	}
	return nil
}

func (f *follower) wanted(name string) bool {
	return len(f.names) == 0 || slices.ContainsFunc(f.names, func(want string) bool {
		prefix, any := strings.CutSuffix(want, "*")
		return want == name || any && strings.HasPrefix(name, prefix)
	})
}

// printf writes and flushes; a broken connection ends the request's context, which the loop watches.
func (f *follower) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(f.w, format, args...)
	f.flush()
}

func (f *follower) flush() {
	if flusher, ok := f.w.(http.Flusher); ok {
		flusher.Flush()
	}
}

// streamCounts bounds open streams per principal.
type streamCounts struct {
	max  int
	mu   sync.Mutex
	open map[string]int
}

func newStreamCounts(limit int) *streamCounts {
	return &streamCounts{max: limit, open: map[string]int{}}
}

func (c *streamCounts) enter(who string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[who] >= c.max {
		return false
	}
	c.open[who]++
	return true
}

func (c *streamCounts) leave(who string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[who]--; c.open[who] <= 0 {
		delete(c.open, who)
	}
}
