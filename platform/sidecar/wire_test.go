package sidecar_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"showreel/fault"
	"showreel/platform/sidecar"
)

// echo gives head and parts back; a head of "fail" fails and "panic" panics.
func echo() *http.ServeMux {
	mux := http.NewServeMux()
	sidecar.Handle(mux, "/echo", func(_ context.Context, head json.RawMessage, parts [][]byte) (sidecar.Answer, error) {
		switch string(head) {
		case `"fail"`:
			return sidecar.Answer{}, fault.Say("echo", "x", fault.TooLarge, "too-much", "At most %d.", 3)
		case `"panic"`:
			panic("a defect")
		}
		return sidecar.Answer{Head: head, Parts: parts}, nil
	})
	return mux
}

func remote(t *testing.T, token string, h http.Handler) *sidecar.Client {
	t.Helper()
	s := httptest.NewServer(h)
	r, err := sidecar.NewRemote(token, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := sidecar.New(r)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return c
}

func TestPartsAndFaultsTravel(t *testing.T) {
	c := remote(t, "", echo())
	parts := [][]byte{{}, []byte("sound"), bytes.Repeat([]byte{7}, 3<<20)}
	var head map[string]int
	got, err := c.Call(t.Context(), "/echo", map[string]int{"a": 1}, parts, &head)
	if err != nil || head["a"] != 1 || !slices.EqualFunc(got, parts, bytes.Equal) {
		t.Fatalf("head %v, %d parts, %v", head, len(got), err)
	}
	_, err = c.Call(t.Context(), "/echo", "fail", nil, nil)
	if !fault.Is(err, fault.TooLarge) || fault.CodeOf(err) != "too-much" || fault.TextOf(err) != "At most 3." {
		t.Errorf("fault: %v, code %s, text %s", err, fault.CodeOf(err), fault.TextOf(err))
	}
	if _, err = c.Call(t.Context(), "/echo", "panic", nil, nil); !fault.Is(err, fault.Internal) || fault.CodeOf(err) != "helper-panic" {
		t.Errorf("panic: %v", err)
	}
	if _, err = c.Call(t.Context(), "/other", nil, nil, nil); !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "helper-role" {
		t.Errorf("role: %v", err)
	}
}

func TestTokenIsAsked(t *testing.T) {
	const secret = "a-secret-of-some-length"
	guarded := sidecar.RequireToken(secret, echo())
	if _, err := remote(t, secret, guarded).Call(t.Context(), "/echo", 1, nil, nil); err != nil {
		t.Errorf("right token: %v", err)
	}
	for _, wrong := range []string{"", "another", secret + "x"} {
		if _, err := remote(t, wrong, guarded).Call(t.Context(), "/echo", 1, nil, nil); !fault.Is(err, fault.Denied) {
			t.Errorf("token %q: %v", wrong, err)
		}
	}
	if _, err := remote(t, "", sidecar.RequireToken("", echo())).Call(t.Context(), "/echo", 1, nil, nil); !fault.Is(err, fault.Denied) {
		t.Errorf("an empty token lets in: %v", err)
	}
}

func TestUnreachableRemote(t *testing.T) {
	s := httptest.NewServer(echo())
	s.Close()
	r, err := sidecar.NewRemote("", s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sidecar.New(r).Call(t.Context(), "/echo", 1, nil, nil); !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "helper-unreachable" {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"", "ftp://x", "nonsense"} {
		if _, err := sidecar.NewRemote("", bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzMessage sends any bytes as a message: the answer is a fault or an echo, never a crash or an endless wait.
func FuzzMessage(f *testing.F) {
	f.Add([]byte("SRP1\x02\x00\x00\x00{}\x01\x00\x00\x00\x03\x00\x00\x00abc"))
	f.Add([]byte("SRP1\xff\xff\xff\xff"))
	f.Add([]byte("SRP1\x02\x00\x00\x00{}\xff\xff\x00\x00\xff\xff\xff\x0f"))
	f.Add([]byte("GET / HTTP/1.1"))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := httptest.NewRecorder()
		echo().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/echo", bytes.NewReader(body)))
		switch w.Code {
		case http.StatusOK:
			if !strings.HasPrefix(w.Body.String(), "SRP1") {
				t.Errorf("an answer that is no message: %q", w.Body)
			}
		case http.StatusUnprocessableEntity:
			raw, err := io.ReadAll(w.Body)
			if err != nil || !json.Valid(raw) {
				t.Errorf("a fault that is no JSON: %q, %v", raw, err)
			}
		default:
			t.Errorf("status %d", w.Code)
		}
	})
}
