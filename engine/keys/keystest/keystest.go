// Package keystest is the conformance suite of key drivers. It is for tests only.
package keystest

import (
	"bytes"
	"testing"

	"showreel/engine/keys"
	"showreel/fault"
)

// Run holds a driver to the contract of keys.Driver. open returns a new driver over the same keys each time within one
// test, as another process or a restart would.
func Run(t *testing.T, start func(t *testing.T) (open func() keys.Driver)) {
	for name, test := range map[string]func(*testing.T, func() keys.Driver){
		"Wrap": wrapping, "Tampering": tampering, "Rotate": rotate, "Sign": signing, "Secret": secrets,
	} {
		t.Run(name, func(t *testing.T) { test(t, start(t)) })
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wrapping(t *testing.T, open func() keys.Driver) {
	ring, secret, aad := keys.New(open()), []byte("0123456789abcdef"), []byte("main/r/x")
	w := must[keys.Wrapped](t)(ring.Wrap(t.Context(), secret, aad))
	if bytes.Contains(w.Data, secret) {
		t.Error("the wrapped key shows the key")
	}
	if id := must[string](t)(ring.CurrentKey(t.Context())); id != w.KeyID {
		t.Errorf("wrapped with %q where the current key is %q", w.KeyID, id)
	}
	again := must[keys.Wrapped](t)(ring.Wrap(t.Context(), secret, aad))
	if bytes.Equal(w.Data, again.Data) {
		t.Error("wrapping twice gives the same bytes")
	}
	parsed := must[keys.Wrapped](t)(keys.Parse(w.String()))
	for _, r := range []*keys.Ring{ring, keys.New(open())} {
		if got := must[[]byte](t)(r.Unwrap(t.Context(), parsed, aad)); !bytes.Equal(got, secret) {
			t.Errorf("unwrapped %q", got)
		}
	}
	if _, err := ring.Wrap(t.Context(), nil, aad); !fault.Is(err, fault.Invalid) {
		t.Errorf("wrapping nothing gave %v", err)
	}
}

func tampering(t *testing.T, open func() keys.Driver) {
	ring, aad := keys.New(open()), []byte("place")
	w := must[keys.Wrapped](t)(ring.Wrap(t.Context(), []byte("secret"), aad))
	for i := range w.Data {
		bad := keys.Wrapped{KeyID: w.KeyID, Data: bytes.Clone(w.Data)}
		bad.Data[i] ^= 1
		if _, err := ring.Unwrap(t.Context(), bad, aad); !fault.Is(err, fault.Corrupt) {
			t.Fatalf("a flipped bit at byte %d gave %v", i, err)
		}
	}
	if _, err := ring.Unwrap(t.Context(), w, []byte("elsewhere")); !fault.Is(err, fault.Corrupt) {
		t.Errorf("another place gave %v", err)
	}
	if _, err := ring.Unwrap(t.Context(), keys.Wrapped{KeyID: w.KeyID}, aad); !fault.Is(err, fault.Corrupt) {
		t.Errorf("no data gave %v", err)
	}
	if _, err := ring.Unwrap(t.Context(), keys.Wrapped{KeyID: "f-unknown", Data: w.Data}, aad); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown key gave %v", err)
	}
}

func rotate(t *testing.T, open func() keys.Driver) {
	ring, other := keys.New(open()), keys.New(open())
	old := must[keys.Wrapped](t)(ring.Wrap(t.Context(), []byte("secret"), nil))
	id := must[string](t)(ring.Rotate(t.Context()))
	fresh := must[keys.Wrapped](t)(ring.Wrap(t.Context(), []byte("secret"), nil))
	if fresh.KeyID != id || id == old.KeyID {
		t.Errorf("after rotation to %q, Wrap used %q (before: %q)", id, fresh.KeyID, old.KeyID)
	}
	for _, r := range []*keys.Ring{ring, other, keys.New(open())} {
		for _, w := range []keys.Wrapped{old, fresh} {
			if got := must[[]byte](t)(r.Unwrap(t.Context(), w, nil)); string(got) != "secret" {
				t.Errorf("unwrapped %q", got)
			}
		}
	}
	second := must[string](t)(other.Rotate(t.Context()))
	w := must[keys.Wrapped](t)(other.Wrap(t.Context(), []byte("x"), nil))
	if got := must[[]byte](t)(ring.Unwrap(t.Context(), w, nil)); string(got) != "x" || w.KeyID != second {
		t.Errorf("a rotation by another process was lost")
	}
	if got := must[[]byte](t)(other.Unwrap(t.Context(), fresh, nil)); string(got) != "secret" {
		t.Errorf("the second rotation dropped the first")
	}
}

func signing(t *testing.T, open func() keys.Driver) {
	ring, again := keys.New(open()), keys.New(open())
	sig := must[[]byte](t)(ring.Sign(t.Context(), "audit", []byte("message")))
	if err := again.Verify(t.Context(), "audit", []byte("message"), sig); err != nil {
		t.Errorf("a true signature: %v", err)
	}
	for _, c := range []struct{ purpose, msg string }{{"audit", "other"}, {"token", "message"}} {
		if err := again.Verify(t.Context(), c.purpose, []byte(c.msg), sig); !fault.Is(err, fault.Corrupt) {
			t.Errorf("%s of %q: %v", c.purpose, c.msg, err)
		}
	}
	if err := ring.Verify(t.Context(), "audit", []byte("message"), sig[:10]); !fault.Is(err, fault.Corrupt) {
		t.Errorf("a short signature: %v", err)
	}
	if _, err := ring.Sign(t.Context(), "", nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("no purpose: %v", err)
	}
}

func secrets(t *testing.T, open func() keys.Driver) {
	ring := keys.New(open())
	a := must[[]byte](t)(ring.Secret(t.Context(), "a"))
	b := must[[]byte](t)(ring.Secret(t.Context(), "b"))
	if len(a) != 32 || bytes.Equal(a, b) {
		t.Errorf("secrets of %d bytes, or equal ones", len(a))
	}
	if _, err := ring.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := must[[]byte](t)(keys.New(open()).Secret(t.Context(), "a")); !bytes.Equal(got, a) {
		t.Error("the secret changed")
	}
}
