package seal_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"showreel/engine/blob"
	"showreel/engine/blob/blobtest"
	"showreel/engine/blob/fileblob"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/fault"
	"showreel/trust/seal"
)

func ring(t testing.TB) *keys.Ring {
	t.Helper()
	d, err := filekeys.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return keys.New(d)
}

func files(t testing.TB, dir string) *fileblob.Driver {
	t.Helper()
	d, err := fileblob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// plainDriver hides the optional abilities of a driver.
type plainDriver struct{ blob.Driver }

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Driver { return seal.Driver(files(t, t.TempDir()), ring(t)) })
}

func put(t testing.TB, s *blob.Store, key string, data []byte) {
	t.Helper()
	if _, err := s.Put(context.Background(), key, bytes.NewReader(data), blob.PutOptions{Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s *blob.Store, key string) ([]byte, error) {
	t.Helper()
	r, _, err := s.Open(context.Background(), key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestNothingPlainOnDisk(t *testing.T) {
	dir := t.TempDir()
	s := blob.New(seal.Driver(files(t, dir), ring(t)), "raw")
	data := bytes.Repeat([]byte("plain film bytes "), 10_000)
	put(t, s, "main/src/a", data)
	onDisk, err := os.ReadFile(filepath.Join(dir, "main/src/a"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(onDisk, []byte("film")) || !bytes.HasPrefix(onDisk, []byte("age-encryption.org/v1\n-> showreel-1 f-")) {
		t.Errorf("the file begins %q", onDisk[:60])
	}
	if grown := float64(len(onDisk))/float64(len(data)) - 1; grown > 0.01 {
		t.Errorf("sealing made it %.2f %% larger", 100*grown)
	}
	if _, ok := s.Local(t.Context(), "main/src/a"); ok || s.CanPresign() {
		t.Error("a sealed store offers ways around the seal")
	}
	if _, ok := s.Multipart(); ok {
		t.Error("a sealed store offers parts")
	}
}

func TestChangesAreNoticed(t *testing.T) {
	dir := t.TempDir()
	s := blob.New(seal.Driver(files(t, dir), ring(t)), "raw")
	data := blobtest.Bytes(150_000, 1)
	put(t, s, "a", data)
	put(t, s, "b", blobtest.Bytes(150_000, 2))
	path := filepath.Join(dir, "a")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	for name, bad := range map[string][]byte{
		"intro": flip(3), "wrapped key": flip(60), "padding": flip(500), "mac": flip(1000), "nonce": flip(1030),
		"first chunk": flip(1100), "middle chunk": flip(1100 + 65552), "last byte": flip(len(good) - 1),
		"cut": good[:len(good)-1], "cut at a chunk": good[:1040+2*65552], "cut to the header": good[:1024], "empty": {},
		"longer": append(bytes.Clone(good), 0), "another blob": other, "chunks swapped": swapped(good), "plain": data,
	} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := get(t, s, "a"); !fault.Is(err, fault.Corrupt) {
			t.Errorf("%s: read %d bytes, error %v", name, len(got), err)
		}
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := get(t, s, "a"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the good file: %v", err)
	}
}

// TestMissingKey: a blob whose key is missing is there all the same, and nobody may take it for absent.
func TestMissingKey(t *testing.T) {
	inner := files(t, t.TempDir())
	put(t, blob.New(seal.Driver(inner, ring(t)), "raw"), "a", []byte("x"))
	_, err := get(t, blob.New(seal.Driver(inner, ring(t)), "raw"), "a")
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "no-such-key" {
		t.Errorf("another key ring: %v (%s, %s)", err, fault.KindOf(err), fault.CodeOf(err))
	}
}

func swapped(sealed []byte) []byte {
	b := bytes.Clone(sealed)
	const start, length = 1040, 65552
	copy(b[start:], sealed[start+length:start+2*length])
	copy(b[start+length:], sealed[start:start+length])
	return b
}

func TestRewrap(t *testing.T) {
	for name, hide := range map[string]bool{"in place": false, "by copy": true} {
		t.Run(name, func(t *testing.T) {
			dir, r := t.TempDir(), ring(t)
			var inner blob.Driver = files(t, dir)
			if hide {
				inner = plainDriver{inner}
			}
			d := seal.Driver(inner, r)
			s := blob.New(d, "raw")
			data := blobtest.Bytes(200_000, 3)
			put(t, s, "main/a", data)
			put(t, s, "main/b", nil)
			put(t, s, "other/c", data)
			before, err := os.ReadFile(filepath.Join(dir, "main/a"))
			if err != nil {
				t.Fatal(err)
			}
			id, err := r.Rotate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []seal.Progress{{Seen: 2, Changed: 2}, {Seen: 2, Changed: 0}} {
				if got, err := seal.Rewrap(t.Context(), d, "main/"); err != nil || got != want {
					t.Errorf("Rewrap = %+v, %v; want %+v", got, err, want)
				}
			}
			after, err := os.ReadFile(filepath.Join(dir, "main/a"))
			if err != nil || !bytes.Equal(before[1024:], after[1024:]) || !strings.Contains(string(after[:1024]), id) {
				t.Errorf("the payload changed or the header did not name %s; %v", id, err)
			}
			for _, key := range []string{"main/a", "other/c"} {
				if got, err := get(t, s, key); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s after rotation: %v", key, err)
				}
			}
		})
	}
	if _, err := seal.Rewrap(t.Context(), files(t, t.TempDir()), ""); !fault.Is(err, fault.Unsupported) {
		t.Errorf("an unsealed store: %v", err)
	}
}

// TestSizes checks the size arithmetic against real sealed files.
func TestSizes(t *testing.T) {
	s := blob.New(seal.Driver(files(t, t.TempDir()), ring(t)), "raw")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 300_000), rapid.SampledFrom([]int{0, 1, 65535, 65536, 65537, 131072, 131073})).Draw(t, "n")
		info, err := s.Put(context.Background(), "x", bytes.NewReader(make([]byte, n)), blob.PutOptions{Size: int64(n)})
		if err != nil {
			t.Fatal(err)
		}
		stat, err := s.Stat(context.Background(), "x")
		if err != nil || info.Size != int64(n) || stat.Size != int64(n) {
			t.Fatalf("%d bytes became %d and %d, %v", n, info.Size, stat.Size, err)
		}
	})
}

func TestSmallSequentialReads(t *testing.T) {
	s := blob.New(seal.Driver(files(t, t.TempDir()), ring(t)), "raw")
	data := blobtest.Bytes(500_000, 4)
	put(t, s, "x", data)
	at, err := s.ReaderAt(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	var got []byte
	p := make([]byte, 777)
	for off := int64(0); off < at.Size(); off += int64(len(p)) {
		n, err := at.ReadAt(p, off)
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		got = append(got, p[:n]...)
	}
	if !bytes.Equal(got, data) {
		t.Error("small reads in sequence gave other bytes")
	}
}

func BenchmarkOpen(b *testing.B) {
	s := blob.New(seal.Driver(files(b, b.TempDir()), ring(b)), "raw")
	put(b, s, "x", blobtest.Bytes(64<<20, 5))
	b.SetBytes(64 << 20)
	for b.Loop() {
		r, _, err := s.Open(b.Context(), "x")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
		_ = r.Close()
	}
}

func BenchmarkReadAt1MiB(b *testing.B) {
	s := blob.New(seal.Driver(files(b, b.TempDir()), ring(b)), "raw")
	put(b, s, "x", blobtest.Bytes(64<<20, 5))
	at, err := s.ReaderAt(b.Context(), "x")
	if err != nil {
		b.Fatal(err)
	}
	defer at.Close()
	p := make([]byte, 1<<20)
	b.SetBytes(64 << 20)
	for b.Loop() {
		for off := int64(0); off < at.Size(); off += int64(len(p)) {
			if _, err := at.ReadAt(p, off); err != nil && err != io.EOF {
				b.Fatal(err)
			}
		}
	}
}

// FuzzOpen reads arbitrary bytes as a sealed blob: they are refused, never read.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	s := blob.New(seal.Driver(files(f, dir), ring(f)), "raw")
	put(f, s, "x", []byte("hello"))
	good, err := os.ReadFile(filepath.Join(dir, "x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:1040])
	f.Add([]byte("age-encryption.org/v1\n-> showreel-1 f-1\n\n--- x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, "x"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := get(t, s, "x")
		if bytes.Equal(data, good) {
			if err != nil || string(got) != "hello" {
				t.Errorf("the good file: %q, %v", got, err)
			}
		} else if err == nil {
			t.Errorf("read %q from changed bytes", got)
		} else if !fault.Is(err, fault.Corrupt) && !fault.Is(err, fault.Unavailable) {
			t.Errorf("kind %s: %v", fault.KindOf(err), err)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	data := blobtest.Bytes(64<<20, 5)
	for name, d := range map[string]blob.Driver{"plain": files(b, b.TempDir()), "sealed": seal.Driver(files(b, b.TempDir()), ring(b))} {
		s := blob.New(d, "raw")
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				put(b, s, "x", data)
			}
		})
	}
	b.Run("copy and fsync alone", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		path := filepath.Join(b.TempDir(), "x")
		for b.Loop() {
			f, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(f, struct{ io.Reader }{bytes.NewReader(data)}); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			_ = f.Close()
		}
	})
}
