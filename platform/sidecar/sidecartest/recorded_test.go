package sidecartest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"showreel/fault"
	"showreel/platform/sidecar"
	"showreel/platform/sidecar/sidecartest"
)

// index is a recording of two answers, a refusal and a call that its caller left. The digest is that of "abc".
const index = `[
 {"path": "/say", "head": {"a": 1}, "parts": ["ba7816bf8f01cfea414140de 3"], "status": 200, "answer": "one"},
 {"path": "/say", "head": {"a": 2}, "status": 422, "answer": "no"},
 {"path": "/say", "head": {"a": 3}, "hangs": true}
]`

// recorded writes the recording; the answer is what a real handler says.
func recorded(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	sidecar.Handle(mux, "/say", func(context.Context, json.RawMessage, [][]byte) (sidecar.Answer, error) {
		return sidecar.Answer{Head: "heard", Parts: [][]byte{{7}}}, nil
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/say", strings.NewReader("SRP1\x02\x00\x00\x00{}\x00\x00\x00\x00")))
	base := filepath.Join(t.TempDir(), "rec")
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, body := range map[string]string{"one": w.Body.String(), "no": `{"kind": "invalid", "code": "too-odd", "text": "That is too odd."}`} {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{".json": []byte(index), ".zip": b.Bytes()} {
		if err := os.WriteFile(base+name, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return base
}

func TestPlayerAnswersWhatItKnowsAndNothingElse(t *testing.T) {
	p, err := sidecartest.NewPlayer(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p)
	defer server.Close()
	reach, err := sidecar.NewRemote("", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := sidecar.New(reach)
	defer c.Close()
	type head struct {
		A int `json:"a"`
	}
	var out string
	parts, err := c.Call(t.Context(), "/say", head{1}, [][]byte{[]byte("abc")}, &out)
	if err != nil || out != "heard" || len(parts) != 1 || parts[0][0] != 7 {
		t.Errorf("%q %v, %v", out, parts, err)
	}
	if _, err := c.Call(t.Context(), "/say", head{2}, nil, nil); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "too-odd" {
		t.Errorf("the refusal: %v", err)
	}
	if len(p.Unknown()) != 0 {
		t.Errorf("unknown: %v", p.Unknown())
	}
	if left := p.Unasked(); len(left) != 1 || !strings.Contains(left[0], `{"a":3}`) {
		t.Errorf("unasked: %v", left)
	}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := c.Call(ctx, "/say", head{3}, nil, nil); !fault.Is(err, fault.Canceled) || len(p.Unasked()) != 0 {
		t.Errorf("the one that was left: %v, unasked %v", err, p.Unasked())
	}
	for name, call := range map[string]struct {
		path string
		a    int
		part string
	}{"another path": {"/hear", 1, "abc"}, "another head": {"/say", 4, "abc"}, "another part": {"/say", 1, "abd"}, "a longer part": {"/say", 1, "abcd"}} {
		_, err := c.Call(t.Context(), call.path, head{call.a}, [][]byte{[]byte(call.part)}, nil)
		if !fault.Is(err, fault.Unsupported) || fault.CodeOf(err) != "not-recorded" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := p.Unknown(); len(got) != 4 || !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "/hear ") }) {
		t.Errorf("unknown: %v", got)
	}
}

func TestPlayerWantsItsAnswers(t *testing.T) {
	base := recorded(t)
	if err := os.WriteFile(base+".json", []byte(`[{"path": "/say", "status": 200, "answer": "gone"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sidecartest.NewPlayer(base); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("%v", err)
	}
}
