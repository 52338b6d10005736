// Package blobtest is the conformance suite of blob drivers: every driver, fake or real, sealed or not, passes it. It is for
// tests only.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"showreel/engine/blob"
	"showreel/fault"
)

// Run holds a driver to the contract of blob.Driver. open returns an empty driver each time.
func Run(t *testing.T, open func(t *testing.T) blob.Driver) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s *blob.Store)
	}{
		{"RoundTrip", roundTrip},
		{"Absent", absent},
		{"Checked", checked},
		{"IfAbsent", ifAbsent},
		{"Replace", replace},
		{"BrokenSource", brokenSource},
		{"Cancelled", cancelled},
		{"List", list},
		{"Delete", remove},
		{"Ranges", ranges},
		{"Concurrent", concurrent},
		{"Fetch", fetch},
		{"BadKeys", badKeys},
		{"Nested", nested},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, blob.New(open(t), "test")) })
	}
}

// Bytes returns n reproducible bytes that do not repeat.
func Bytes(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 7})
	_, _ = r.Read(b)
	return b
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func put(t *testing.T, s *blob.Store, key string, data []byte) blob.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, bytes.NewReader(data), blob.PutOptions{Size: int64(len(data))})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func get(t *testing.T, s *blob.Store, key string) []byte {
	t.Helper()
	r, info, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size != int64(len(data)) {
		t.Errorf("Open says %d bytes and gives %d", info.Size, len(data))
	}
	return data
}

func wantKind(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || code != "" && fault.CodeOf(err) != code {
		t.Errorf("got error %v (%s, %s), want %s %s", err, fault.KindOf(err), fault.CodeOf(err), kind, code)
	}
}

func roundTrip(t *testing.T, s *blob.Store) {
	for _, n := range []int{0, 1, 1000, 65535, 65536, 65537, 131072, 300_001} {
		key, data := fmt.Sprintf("main/r/%d", n), Bytes(n, uint64(n))
		for _, size := range []int64{int64(n), -1} {
			info, err := s.Put(t.Context(), key, bytes.NewReader(data), blob.PutOptions{Size: size, SHA256: sum(data)})
			if err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			if info.Key != key || info.Size != int64(n) || info.SHA256 != sum(data) {
				t.Errorf("Put of %d bytes (size %d) returned %+v", n, size, info)
			}
		}
		if got := get(t, s, key); !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back different", n)
		}
		st, err := s.Stat(t.Context(), key)
		if err != nil || st.Size != int64(n) || st.Key != key || st.ETag == "" || st.ModMS == 0 {
			t.Errorf("Stat of %d bytes = %+v, %v", n, st, err)
		}
		if st.SHA256 != "" && st.SHA256 != sum(data) {
			t.Errorf("Stat names a wrong SHA-256")
		}
	}
}

func absent(t *testing.T, s *blob.Store) {
	put(t, s, "main/a/b", []byte("x"))
	for _, key := range []string{"nothing", "main/a", "main/none/x"} {
		_, err := s.Stat(t.Context(), key)
		wantKind(t, err, fault.NotFound, "")
		_, _, err = s.Open(t.Context(), key)
		wantKind(t, err, fault.NotFound, "")
		_, err = s.OpenRange(t.Context(), key, 3, 5)
		wantKind(t, err, fault.NotFound, "")
		_, err = s.ReaderAt(t.Context(), key)
		wantKind(t, err, fault.NotFound, "")
	}
}

func checked(t *testing.T, s *blob.Store) {
	data := Bytes(70_000, 1)
	for name, o := range map[string]blob.PutOptions{
		"wrong-checksum": {Size: -1, SHA256: sum([]byte("other"))},
		"wrong-size":     {Size: 70_001},
	} {
		_, err := s.Put(t.Context(), "k/"+name, bytes.NewReader(data), o)
		wantKind(t, err, fault.Corrupt, name)
		_, err = s.Stat(t.Context(), "k/"+name)
		wantKind(t, err, fault.NotFound, "")
	}
	_, err := s.Put(t.Context(), "k/long", bytes.NewReader(data), blob.PutOptions{Size: 69_999})
	wantKind(t, err, fault.Corrupt, "wrong-size")
	_, err = s.Put(t.Context(), "k/x", bytes.NewReader(data), blob.PutOptions{Size: -1, SHA256: "ABC"})
	wantKind(t, err, fault.Invalid, "bad-checksum")
}

func ifAbsent(t *testing.T, s *blob.Store) {
	o := blob.PutOptions{Size: -1, IfAbsent: true}
	if _, err := s.Put(t.Context(), "once", strings.NewReader("first"), o); err != nil {
		t.Fatal(err)
	}
	_, err := s.Put(t.Context(), "once", strings.NewReader("second"), o)
	wantKind(t, err, fault.Conflict, "exists")
	if got := get(t, s, "once"); string(got) != "first" {
		t.Errorf("the first writer lost: %q", got)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			_, err := s.Put(t.Context(), "race/x", strings.NewReader(fmt.Sprint(i)), o)
			if err == nil {
				won.Add(1)
			} else if !fault.Is(err, fault.Conflict) {
				t.Errorf("a loser got %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers won, want 1", won.Load())
	}
}

func replace(t *testing.T, s *blob.Store) {
	first := put(t, s, "key", []byte("first"))
	second := put(t, s, "key", []byte("second, longer"))
	if first.ETag == second.ETag {
		t.Error("the ETag did not change with the bytes")
	}
	if got := get(t, s, "key"); string(got) != "second, longer" {
		t.Errorf("got %q", got)
	}
}

// failing gives some bytes and then an error.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

func brokenSource(t *testing.T, s *blob.Store) {
	put(t, s, "kept", []byte("old"))
	source := func() io.Reader {
		return &failing{bytes.NewReader(Bytes(200_000, 2)), fault.Say("test", "", fault.Full, "quota", "Full.")}
	}
	for _, size := range []int64{-1, 300_000} {
		_, err := s.Put(t.Context(), "kept", source(), blob.PutOptions{Size: size})
		wantKind(t, err, fault.Full, "quota")
		_, err = s.Put(t.Context(), "new", source(), blob.PutOptions{Size: size})
		wantKind(t, err, fault.Full, "quota")
	}
	if got := get(t, s, "kept"); string(got) != "old" {
		t.Errorf("a broken write replaced the old bytes: %d bytes", len(got))
	}
	if infos, err := s.List(t.Context(), "", "", 0); err != nil || len(infos) != 1 {
		t.Errorf("a broken write left something: %+v, %v", infos, err)
	}
}

func cancelled(t *testing.T, s *blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	source := io.MultiReader(bytes.NewReader(Bytes(100_000, 3)), readerFunc(func([]byte) (int, error) { cancel(); return 0, ctx.Err() }))
	_, err := s.Put(ctx, "c", source, blob.PutOptions{Size: -1})
	wantKind(t, err, fault.Canceled, "")
	_, err = s.Stat(t.Context(), "c")
	wantKind(t, err, fault.NotFound, "")
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func list(t *testing.T, s *blob.Store) {
	keys := []string{"a", "b.x", "b/1", "b/2", "b/2x", "b/c/d", "b0", "café/é", "z"}
	for i, k := range keys {
		put(t, s, k, Bytes(i*1000, 4))
	}
	names := func(prefix, after string, limit int) []string {
		t.Helper()
		infos, err := s.List(t.Context(), prefix, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, i := range infos {
			out = append(out, i.Key)
			if want := int64(indexOf(keys, i.Key)) * 1000; i.Size != want {
				t.Errorf("List says %s has %d bytes, want %d", i.Key, i.Size, want)
			}
		}
		return out
	}
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"", "", 0, keys},
		{"", "", 3, keys[:3]},
		{"", "b/1", 2, []string{"b/2", "b/2x"}},
		{"b/", "", 0, []string{"b/1", "b/2", "b/2x", "b/c/d"}},
		{"b/2", "", 0, []string{"b/2", "b/2x"}},
		{"b", "", 0, keys[1:7]},
		{"b/", "b/2", 0, []string{"b/2x", "b/c/d"}},
		{"b/", "b/b", 0, []string{"b/c/d"}},
		{"b/", "b/c", 0, []string{"b/c/d"}},
		{"b/", "c", 0, nil},
		{"none/", "", 0, nil},
		{"a/", "", 0, nil},
	} {
		if diff := cmp.Diff(c.want, names(c.prefix, c.after, c.limit)); diff != "" {
			t.Errorf("List(%q, %q, %d): -want +got\n%s", c.prefix, c.after, c.limit, diff)
		}
	}
}

func indexOf(keys []string, key string) int {
	for i, k := range keys {
		if k == key {
			return i
		}
	}
	return -1
}

func remove(t *testing.T, s *blob.Store) {
	put(t, s, "d/x/1", []byte("1"))
	put(t, s, "d/y/1", []byte("2"))
	for range 2 {
		if err := s.Delete(t.Context(), "d/x/1"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Stat(t.Context(), "d/x/1")
	wantKind(t, err, fault.NotFound, "")
	if err := s.Delete(t.Context(), "d/y"); err != nil {
		t.Errorf("deleting a key that only prefixes others: %v", err)
	}
	if got := get(t, s, "d/y/1"); string(got) != "2" {
		t.Error("a neighbour was deleted")
	}
}

// ranges compares every way of reading part of a blob with slicing the plain bytes.
func ranges(t *testing.T, s *blob.Store) {
	data := Bytes(3*65536+777, 5)
	put(t, s, "big", data)
	put(t, s, "exact", data[:2*65536])
	put(t, s, "empty", nil)
	for key, want := range map[string][]byte{"big": data, "exact": data[:2*65536], "empty": {}} {
		at, err := s.ReaderAt(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if at.Size() != int64(len(want)) {
			t.Errorf("ReaderAt(%s) says %d bytes, want %d", key, at.Size(), len(want))
		}
		rapid.Check(t, func(t *rapid.T) { oneRange(t, s, at, key, want) })
		if err := at.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := s.OpenRange(t.Context(), "big", -1, 5)
	wantKind(t, err, fault.Invalid, "bad-range")
}

func oneRange(t *rapid.T, s *blob.Store, at blob.ReaderAtCloser, key string, data []byte) {
	edges := []int64{0, 1, 65535, 65536, 65537, 131072, int64(len(data)) - 1, int64(len(data)), int64(len(data)) + 1}
	off := max(0, rapid.OneOf(rapid.SampledFrom(edges), rapid.Int64Range(0, int64(len(data))+10)).Draw(t, "off"))
	n := rapid.OneOf(rapid.Just(int64(-1)), rapid.SampledFrom(edges), rapid.Int64Range(0, 200_000)).Draw(t, "n")
	if n < -1 {
		n = 0
	}
	start := min(off, int64(len(data)))
	end := int64(len(data))
	if n >= 0 {
		end = min(end, start+n)
	}
	want := data[start:end]
	r, err := s.OpenRange(context.Background(), key, off, n)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("OpenRange(%d, %d) gave %d wrong bytes, want %d", off, n, len(got), len(want))
	}
	p := make([]byte, max(n, 0))
	m, err := at.ReadAt(p, off)
	if !bytes.Equal(p[:m], want[:min(m, len(want))]) || m != len(p) && err != io.EOF || m == len(p) && err != nil && err != io.EOF {
		t.Fatalf("ReadAt(%d bytes, %d) = %d, %v", len(p), off, m, err)
	}
	if m != min(len(p), len(data[start:])) {
		t.Fatalf("ReadAt(%d bytes, %d) read %d", len(p), off, m)
	}
}

// concurrent readers of one ReaderAt and writers of many keys do not disturb each other.
func concurrent(t *testing.T, s *blob.Store) {
	data := Bytes(500_000, 6)
	put(t, s, "shared", data)
	at, err := s.ReaderAt(t.Context(), "shared")
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for i := range 10 {
				off, p := r.IntN(len(data)), make([]byte, r.IntN(90_000))
				n, err := at.ReadAt(p, int64(off))
				if err != nil && err != io.EOF || !bytes.Equal(p[:n], data[off:off+n]) {
					t.Errorf("concurrent ReadAt(%d, %d) = %d, %v", len(p), off, n, err)
				}
				key := fmt.Sprintf("w/%d/%d", g, i)
				if _, err := s.Put(t.Context(), key, strings.NewReader(key), blob.PutOptions{Size: -1}); err != nil {
					t.Error(err)
				}
				if err := s.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func fetch(t *testing.T, s *blob.Store) {
	data := Bytes(100_000, 8)
	src, dst := filepath.Join(t.TempDir(), "src"), filepath.Join(t.TempDir(), "dst")
	if err := os.WriteFile(src, data, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := s.PutFile(t.Context(), "f/x", src, blob.PutOptions{SHA256: sum(data)})
	if err != nil || info.Size != 100_000 {
		t.Fatalf("PutFile = %+v, %v", info, err)
	}
	if err := s.Fetch(t.Context(), "f/x", dst); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(dst)
	st, statErr := os.Stat(dst)
	if err != nil || statErr != nil || !bytes.Equal(got, data) || st.Mode().Perm() != 0o600 {
		t.Errorf("Fetch gave %d bytes of mode %v, %v", len(got), st.Mode(), err)
	}
	wantKind(t, s.Fetch(t.Context(), "f/none", dst), fault.NotFound, "")
	if path, ok := s.Local(t.Context(), "f/x"); ok {
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
			t.Errorf("Local names a file with other bytes: %v", err)
		}
	}
}

func badKeys(t *testing.T, s *blob.Store) {
	for _, key := range []string{"", "/abs", "../up", "a/../b", "a//b", "a/", ".", "a/./b", "nul\x00", "nl\n", `back\slash`,
		strings.Repeat("k", blob.MaxKey+1), strings.Repeat("k", 256), "\xff", ".tmp-put/x", "a/.tmp-1"} {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"), blob.PutOptions{Size: -1})
		wantKind(t, err, fault.Invalid, "bad-key")
		_, err = s.Stat(t.Context(), key)
		wantKind(t, err, fault.Invalid, "bad-key")
		_, _, err = s.Open(t.Context(), key)
		wantKind(t, err, fault.Invalid, "bad-key")
		wantKind(t, s.Delete(t.Context(), key), fault.Invalid, "bad-key")
	}
}

// nested keys: where a store cannot hold a blob and others below its name, it says so and keeps what it has.
func nested(t *testing.T, s *blob.Store) {
	put(t, s, "n/a", []byte("outer"))
	put(t, s, "n/b/c", []byte("inner"))
	for _, key := range []string{"n/a/below", "n/b"} {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"), blob.PutOptions{Size: 1})
		if err != nil {
			wantKind(t, err, fault.Conflict, "")
		}
	}
	if a, c := get(t, s, "n/a"), get(t, s, "n/b/c"); string(a) != "outer" || string(c) != "inner" {
		t.Errorf("stored bytes changed to %q and %q", a, c)
	}
}
