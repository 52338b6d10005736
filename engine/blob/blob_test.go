package blob_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"showreel/engine/blob"
	"showreel/fault"
)

// exact is a driver that reads as many bytes as were announced and not one more, as an HTTP client with a
// Content-Length does.
type exact struct {
	blob.Driver
	got int64
}

func (d *exact) Put(_ context.Context, _ string, r io.Reader, o blob.PutOptions) (blob.Info, error) {
	n, err := io.CopyN(io.Discard, r, o.Size)
	d.got = n
	return blob.Info{Size: n}, err
}

// TestExactDriver: a driver that stops at the announced size never gets a whole but wrong blob.
func TestExactDriver(t *testing.T) {
	for _, c := range []struct{ name, data, sum, code string }{
		{"right", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ""},
		{"wrong sum", "abd", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "wrong-checksum"},
		{"too long", "abcd", "", "wrong-size"},
		{"too short", "ab", "", "wrong-size"},
	} {
		d := &exact{}
		_, err := blob.New(d, "test").Put(t.Context(), "k", strings.NewReader(c.data), blob.PutOptions{Size: 3, SHA256: c.sum})
		if c.code == "" && (err != nil || d.got != 3) || c.code != "" && (fault.CodeOf(err) != c.code || d.got == 3) {
			t.Errorf("%s: the driver got %d bytes, %v", c.name, d.got, err)
		}
	}
}

// TestAbilities: what a driver cannot do is refused with a kind, not with a crash.
func TestAbilities(t *testing.T) {
	s := blob.New(&exact{}, "test")
	if _, ok := s.Local(t.Context(), "k"); ok {
		t.Error("Local")
	}
	if _, ok := s.Multipart(); ok || s.CanPresign() {
		t.Error("Multipart or presign")
	}
	if _, err := s.PresignGet(t.Context(), "k", 0); !fault.Is(err, fault.Unsupported) {
		t.Errorf("presign: %v", err)
	}
}

func FuzzCheckKey(f *testing.F) {
	f.Add("main/src/ab/abcdef")
	f.Add("../x")
	f.Fuzz(func(t *testing.T, key string) {
		if blob.CheckKey(key) != nil {
			return
		}
		if strings.HasPrefix(key, "/") || strings.Contains("/"+key+"/", "/../") || strings.ContainsAny(key, "\x00\\") || len(key) > blob.MaxKey {
			t.Errorf("accepted %q", key)
		}
	})
}
