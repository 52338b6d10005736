package sidecartest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showreel/fault"
	"showreel/platform/sidecar"
)

// record asks for new recordings: go test ./engine/... -run Recorded -record, where the real program and its models are.
var record = flag.Bool("record", false, "ask the real program and keep the exchanges under testdata")

// exchange is one request of a recording and where its answer is. What a request carries is made by the suite itself, so
// its parts are kept as their digests; the head is kept as it was sent.
type exchange struct {
	Path   string          `json:"path"`
	Head   json.RawMessage `json:"head,omitempty"`
	Parts  []string        `json:"parts,omitempty"` // "SHA-256 bytes", in order
	Status int             `json:"status,omitempty"`
	Answer string          `json:"answer,omitempty"` // the name of its body among the answers
	Hangs  bool            `json:"hangs,omitempty"`  // the caller went away before the answer
}

func (e exchange) key() string {
	return e.Path + " " + string(e.Head) + " " + strings.Join(e.Parts, " ")
}

// Recorded returns a client of a worker that answers from the recording testdata/NAME.json and testdata/NAME.zip, through
// a guarded TCP address as a pool's member. The test fails on a request that the recording does not know, and on one of
// the recording that nobody made. With the flag -record the real program of the role is asked and the recording written.
func Recorded(t *testing.T, name, role string, models ...string) *sidecar.Client {
	t.Helper()
	base := filepath.Join("testdata", name)
	if *record {
		return recorder(t, base, open(t, role, models...))
	}
	p, err := NewPlayer(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, what := range p.Unknown() {
			t.Errorf("the recording does not know %s; record it again with -record where the models are", what)
		}
		if !t.Failed() && !strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
			for _, what := range p.Unasked() {
				t.Errorf("the recording holds what nobody asks: %s", what)
			}
		}
	})
	return serve(t, p)
}

const token = "the recorded worker's token"

func serve(t *testing.T, h http.Handler) *sidecar.Client {
	t.Helper()
	server := httptest.NewServer(sidecar.RequireToken(token, h))
	t.Cleanup(server.Close)
	reach, err := sidecar.NewRemote(token, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := sidecar.New(reach)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Player answers requests from a recording.
type Player struct {
	answers map[string][]byte

	mu      sync.Mutex
	known   map[string][]exchange // in the order in which they were recorded
	at      map[string]int
	asked   map[string]bool
	unknown map[string]bool
}

// NewPlayer reads the recording base.json and base.zip.
func NewPlayer(base string) (*Player, error) {
	raw, err := os.ReadFile(base + ".json")
	if err != nil {
		return nil, err
	}
	var list []exchange
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s.json: %w", base, err)
	}
	p := &Player{answers: map[string][]byte{}, known: map[string][]exchange{}, at: map[string]int{}, asked: map[string]bool{}, unknown: map[string]bool{}}
	z, err := zip.OpenReader(base + ".zip")
	if err != nil {
		return nil, err
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		p.answers[f.Name] = body
	}
	for _, e := range list {
		if _, ok := p.answers[e.Answer]; !ok && !e.Hangs {
			return nil, fmt.Errorf("%s.zip lacks the answer %s", base, e.Answer)
		}
		if e.Head, err = compact(e.Head); err != nil {
			return nil, err
		}
		p.known[e.key()] = append(p.known[e.key()], e)
	}
	return p, nil
}

// ServeHTTP answers as the recorded worker did. A request that was answered in different ways, or left by its caller, gets
// these in the recorded order and then the last one. One that is not known is refused as unsupported, "not-recorded".
func (p *Player) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	e, err := parse(r.URL.Path, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e, ok := p.find(e)
	switch {
	case !ok:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_ = json.NewEncoder(w).Encode(map[string]any{"op": "sidecartest.play", "kind": fault.Unsupported, "code": "not-recorded", "text": "The recording does not know this request."})
	case e.Hangs:
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
	default:
		w.WriteHeader(e.Status)
		_, _ = w.Write(p.answers[e.Answer])
	}
}

func (p *Player) find(e exchange) (exchange, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := e.key()
	list := p.known[key]
	if len(list) == 0 {
		p.unknown[brief(key)] = true
		return e, false
	}
	n := p.at[key]
	p.at[key] = min(n+1, len(list)-1)
	p.asked[key] = true
	return list[n], true
}

// Unknown lists the requests that the recording did not know.
func (p *Player) Unknown() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.unknown))
}

// Unasked lists the requests of the recording that nobody has made.
func (p *Player) Unasked() (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key := range p.known {
		if !p.asked[key] {
			out = append(out, brief(key))
		}
	}
	slices.Sort(out)
	return out
}

func brief(key string) string { return key[:min(len(key), 160)] }

// parse reads the head and the parts' digests of a message as platform/sidecar describes it.
func parse(path string, body []byte) (exchange, error) {
	e := exchange{Path: path}
	field := func() ([]byte, error) {
		if len(body) < 4 || uint64(len(body)-4) < uint64(binary.LittleEndian.Uint32(body)) {
			return nil, io.ErrUnexpectedEOF
		}
		n := 4 + int(binary.LittleEndian.Uint32(body))
		out := body[4:n]
		body = body[n:]
		return out, nil
	}
	rest, ok := bytes.CutPrefix(body, []byte("SRP1"))
	if !ok {
		return e, errors.New("this is no message")
	}
	body = rest
	head, err := field()
	if err != nil {
		return e, err
	}
	if e.Head, err = compact(head); err != nil {
		return e, err
	}
	if len(body) < 4 {
		return e, io.ErrUnexpectedEOF
	}
	count := binary.LittleEndian.Uint32(body)
	body = body[4:]
	for range count {
		p, err := field()
		if err != nil {
			return e, err
		}
		sum := sha256.Sum256(p)
		e.Parts = append(e.Parts, fmt.Sprintf("%s %d", hex.EncodeToString(sum[:12]), len(p)))
	}
	return e, nil
}

// compact writes JSON in the one way in which it is compared.
func compact(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	err := json.Compact(&b, raw)
	return b.Bytes(), err
}
