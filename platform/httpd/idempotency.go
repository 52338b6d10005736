package httpd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"

	"showreel/fault"
)

// Saved is an answer kept for a repeated idempotency key.
type Saved struct {
	Status int         `json:"status"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
	Bare   bool        `json:"bare,omitempty"` // only the fact is kept: the answer held a secret or was too long
}

// IdempotencyStore remembers which keys were used. Both methods are safe for concurrent use.
type IdempotencyStore interface {
	// Begin claims a key for a request with this fingerprint. It returns the answer saved under the key, or nil: then
	// the caller owns the key and must Finish it. fault.Conflict (code "in-progress") while another request owns it;
	// fault.Invalid (code "idempotency-key-reused") when it belongs to a different request.
	Begin(ctx context.Context, key, fingerprint string) (*Saved, error)
	// Finish saves the answer, or with nil gives the key free again.
	Finish(ctx context.Context, key, fingerprint string, answer *Saved) error
}

const (
	idempotencyKeyMax  = 200
	idempotencyKeep    = 24 * time.Hour   // how long an answer is repeated
	idempotencyClaim   = 10 * time.Minute // after this a claim whose process died is free again
	idempotencyEntries = 10_000           // of the store in memory
)

// serveOnce runs the handler once for an idempotency key; a repetition gets the first answer.
func (s *Server) serveOnce(d *door, w http.ResponseWriter, r *http.Request) {
	info := infoOf(r.Context())
	name := r.Header.Get("Idempotency-Key")
	if len(name) > idempotencyKeyMax {
		s.fail(w, r, fault.Say("httpd.idempotency", "", fault.Invalid, "idempotency-key",
			"The Idempotency-Key is longer than %d characters; use a UUID.", idempotencyKeyMax))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.fail(w, r, readFault(r.Context(), err))
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	key := digest(info.tenant, info.principal, name)
	fingerprint := digest(r.Method, r.URL.RequestURI(), string(body))
	saved, err := s.config.Idempotency.Begin(r.Context(), key, fingerprint)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if saved != nil {
		s.repeat(w, r, saved)
		return
	}
	s.runOnce(d, w, r, key, fingerprint)
}

// runOnce keeps the answer before it is sent, so that whoever saw an answer gets the same one again.
func (s *Server) runOnce(d *door, w http.ResponseWriter, r *http.Request, key, fingerprint string) {
	kept := &keptAnswer{header: w.Header().Clone()}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), time.Minute)
	defer cancel()
	finished := false
	defer func() {
		if !finished { // the handler panicked
			_ = s.config.Idempotency.Finish(ctx, key, fingerprint, nil)
		}
	}()
	d.handler.ServeHTTP(kept, r)
	finished = true
	if err := s.config.Idempotency.Finish(ctx, key, fingerprint, kept.saved(d.sensitive)); err != nil {
		s.log.WarnContext(ctx, "answer not kept for its idempotency key", "id", RequestID(ctx), "error", err)
		// The work is done: at least the fact must be kept, and failing the request now would invite a second try.
		_ = s.config.Idempotency.Finish(ctx, key, fingerprint, &Saved{Status: kept.code(), Bare: true})
	}
	maps.Copy(w.Header(), kept.header)
	w.WriteHeader(kept.code())
	_, _ = w.Write(kept.body.Bytes())
}

func (s *Server) repeat(w http.ResponseWriter, r *http.Request, saved *Saved) {
	if saved.Bare {
		s.fail(w, r, fault.Say("httpd.idempotency", "", fault.Conflict, "already-done",
			"This was done before with the same Idempotency-Key; its answer is shown only once."))
		return
	}
	maps.Copy(w.Header(), saved.Header)
	w.Header().Set("Idempotency-Replayed", "true")
	w.WriteHeader(saved.Status)
	_, _ = w.Write(saved.Body)
}

func readFault(ctx context.Context, err error) error {
	if err := normalize(ctx, err); fault.KindOf(err) == fault.TooLarge {
		return err
	}
	return fault.Say("httpd.body", "", fault.Invalid, codeBrokenBody, brokenBodyText)
}

// digest joins parts so that no two lists of parts give the same string.
func digest(parts ...string) string {
	b, _ := json.Marshal(parts) // strings always marshal
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// keptAnswer is a ResponseWriter into memory.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) Write(b []byte) (int, error) { return k.body.Write(b) }
func (k *keptAnswer) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *keptAnswer) code() int {
	if k.status == 0 {
		return http.StatusOK
	}
	return k.status
}

// saved is what a repetition may get: nothing of a failure that may pass, nothing of a secret.
func (k *keptAnswer) saved(sensitive bool) *Saved {
	status := k.code()
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusUnauthorized {
		return nil
	}
	if status < 300 && (sensitive || k.header.Get("Set-Cookie") != "") {
		return &Saved{Status: status, Bare: true}
	}
	header := http.Header{}
	for _, name := range []string{"Content-Type", "Etag", "Location", "Cache-Control"} {
		if v := k.header.Values(name); len(v) > 0 {
			header[name] = v
		}
	}
	return &Saved{Status: status, Header: header, Body: k.body.Bytes()}
}

func inProgress() error {
	return &fault.Error{Op: "httpd.idempotency", Kind: fault.Conflict, Code: "in-progress", After: time.Second,
		Text: "The same request is still being worked on; ask again in a moment."}
}

func keyReused() error {
	return fault.Say("httpd.idempotency", "", fault.Invalid, codeKeyReused,
		"This Idempotency-Key was used for a different request; choose a new one.")
}

// record is what stores keep under a key; no Answer means in progress.
type record struct {
	Fingerprint string `json:"fingerprint"`
	Answer      *Saved `json:"answer,omitempty"`
}

func (e record) begin(fingerprint string) (*Saved, error) {
	if e.Fingerprint != fingerprint {
		return nil, keyReused()
	}
	if e.Answer == nil {
		return nil, inProgress()
	}
	return e.Answer, nil
}

// memoryIdempotency keeps keys in one process.
type memoryIdempotency struct {
	mu      sync.Mutex
	entries map[string]memoryEntry
}

type memoryEntry struct {
	record
	until time.Time
}

// NewMemoryIdempotency keeps keys in this process: right for one server and for tests, forgotten at restart.
func NewMemoryIdempotency() IdempotencyStore {
	return &memoryIdempotency{entries: map[string]memoryEntry{}}
}

func (m *memoryIdempotency) Begin(_ context.Context, key, fingerprint string) (*Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if e, ok := m.entries[key]; ok && now.Before(e.until) {
		return e.begin(fingerprint)
	}
	m.makeRoom(now)
	m.entries[key] = memoryEntry{record{Fingerprint: fingerprint}, now.Add(idempotencyClaim)}
	return nil, nil
}

// makeRoom drops ended entries, and if that is not enough finished answers in no order.
func (m *memoryIdempotency) makeRoom(now time.Time) {
	if len(m.entries) < idempotencyEntries {
		return
	}
	maps.DeleteFunc(m.entries, func(_ string, e memoryEntry) bool { return !now.Before(e.until) })
	for key, e := range m.entries {
		if len(m.entries) < idempotencyEntries {
			return
		}
		if e.Answer != nil {
			delete(m.entries, key)
		}
	}
}

func (m *memoryIdempotency) Finish(_ context.Context, key, fingerprint string, answer *Saved) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if answer == nil {
		delete(m.entries, key)
		return nil
	}
	m.entries[key] = memoryEntry{record{fingerprint, answer}, time.Now().Add(idempotencyKeep)}
	return nil
}

// KV is what of a small-record store idempotency needs; engine/kv's Store has it.
type KV interface {
	Put(ctx context.Context, key string, val []byte, ttl time.Duration) error
	PutIf(ctx context.Context, key string, val []byte, ttl time.Duration, rev int64) (int64, error)
	Get(ctx context.Context, key string) ([]byte, int64, error)
	Delete(ctx context.Context, key string) error
}

// NewKVIdempotency keeps keys in a small-record store, so that they hold across processes and restarts.
func NewKVIdempotency(kv KV) IdempotencyStore { return kvIdempotency{kv} }

type kvIdempotency struct{ kv KV }

func (k kvIdempotency) Begin(ctx context.Context, key, fingerprint string) (*Saved, error) {
	const op = "httpd.idempotency"
	claim, err := json.Marshal(record{Fingerprint: fingerprint})
	if err != nil {
		return nil, fault.E(op, "", fault.Internal, err)
	}
	_, err = k.kv.PutIf(ctx, "idempotency/"+key, claim, idempotencyClaim, 0)
	if err == nil {
		return nil, nil
	}
	if kind := fault.KindOf(err); kind != fault.Stale && kind != fault.Conflict {
		return nil, fault.E(op, "", "", err)
	}
	b, _, err := k.kv.Get(ctx, "idempotency/"+key)
	if fault.Is(err, fault.NotFound) {
		return nil, inProgress() // it ended in between; the caller's next try claims it
	}
	if err != nil {
		return nil, fault.E(op, "", "", err)
	}
	var e record
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, fault.E(op, "", fault.Corrupt, err)
	}
	return e.begin(fingerprint)
}

func (k kvIdempotency) Finish(ctx context.Context, key, fingerprint string, answer *Saved) error {
	if answer == nil {
		return k.kv.Delete(ctx, "idempotency/"+key)
	}
	b, err := json.Marshal(record{fingerprint, answer})
	if err != nil {
		return fault.E("httpd.idempotency", "", fault.Internal, err)
	}
	return k.kv.Put(ctx, "idempotency/"+key, b, idempotencyKeep)
}
