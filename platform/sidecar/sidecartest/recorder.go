package sidecartest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"showreel/platform/sidecar"
)

// recording grows while a suite runs.
type recording struct {
	mu      sync.Mutex
	list    []exchange
	answers map[string][]byte
}

// recorder returns a client whose calls reach the program and are kept; the recording is written when the test succeeded.
func recorder(t *testing.T, base string, program *sidecar.Local) *sidecar.Client {
	t.Helper()
	rec := &recording{answers: map[string][]byte{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("nothing is recorded of a suite that fails")
		} else if err := rec.write(base); err != nil {
			t.Error(err)
		}
	})
	return serve(t, rec.through(t, program))
}

// through passes requests on as they come and keeps what went to and fro.
func (rec *recording) through(t *testing.T, local *sidecar.Local) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the caller has gone before it had asked
		}
		e, err := parse(r.URL.Path, body)
		if err != nil {
			t.Error(err)
			return
		}
		status, answer, err := forward(r, local, body)
		switch {
		case err == nil:
			e.Status = status
			rec.keep(e, answer)
			w.WriteHeader(status)
			_, _ = w.Write(answer)
		case r.Context().Err() != nil:
			e.Hangs = true
			rec.keep(e, nil)
		default:
			t.Error(err)
		}
	})
}

func forward(r *http.Request, local *sidecar.Local, body []byte) (status int, answer []byte, err error) {
	way, err := local.Open(r.Context())
	if err != nil {
		return 0, nil, err
	}
	defer func() { way.Done(err) }()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, way.Base+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", sidecar.ContentType)
	res, err := way.HTTP.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// keep notes an exchange, unless the same request has got the same answer before.
func (rec *recording) keep(e exchange, answer []byte) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if !e.Hangs {
		sum := sha256.Sum256(answer)
		e.Answer = hex.EncodeToString(sum[:6])
		rec.answers[e.Answer] = answer
	}
	for _, old := range rec.list {
		// Times of work differ from call to call; the first answer stands for all.
		if old.key() == e.key() && old.Hangs == e.Hangs && old.Status == e.Status {
			return
		}
	}
	rec.list = append(rec.list, e)
}

func (rec *recording) write(base string) error {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	slices.SortStableFunc(rec.list, func(a, b exchange) int { return strings.Compare(a.key(), b.key()) })
	used := map[string]bool{}
	for _, e := range rec.list {
		used[e.Answer] = true
	}
	index, err := json.MarshalIndent(rec.list, "", " ")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, name := range slices.Sorted(maps.Keys(rec.answers)) {
		if !used[name] {
			continue
		}
		w, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := w.Write(rec.answers[name]); err != nil {
			return err
		}
	}
	if err := errors.Join(z.Close(), os.MkdirAll(filepath.Dir(base), 0o755)); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(base+".json", append(index, '\n'), 0o644), os.WriteFile(base+".zip", b.Bytes(), 0o644))
}
