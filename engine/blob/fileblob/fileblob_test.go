package fileblob_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showreel/engine/blob"
	"showreel/engine/blob/blobtest"
	"showreel/engine/blob/fileblob"
	"showreel/fault"
)

func open(t *testing.T, dir string) *fileblob.Driver {
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

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Driver { return open(t, t.TempDir()) })
}

func TestLinkOutsideIsNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	s := blob.New(open(t, dir), "test")
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Open(t.Context(), "out/secret"); err == nil {
		t.Error("a link led outside the folder")
	}
	if _, err := s.Put(t.Context(), "out/new", strings.NewReader("x"), blob.PutOptions{Size: -1}); err == nil {
		t.Error("a link let a write outside the folder")
	}
}

func TestNothingLeftBehind(t *testing.T) {
	dir := t.TempDir()
	s := blob.New(open(t, dir), "test")
	for range 3 {
		if _, err := s.Put(t.Context(), "a/b/c", strings.NewReader("x"), blob.PutOptions{Size: -1}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Put(t.Context(), "a/b/c", strings.NewReader("x"), blob.PutOptions{Size: 5})
	if !fault.Is(err, fault.Corrupt) {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "a/b/c"); err != nil {
		t.Fatal(err)
	}
	var left []string
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, path); rel != "." && rel != ".tmp-put" {
			left = append(left, rel)
		}
		return err
	})
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCrashLeftoversAreSwept(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	stale, fresh := filepath.Join(dir, ".tmp-put", "stale"), filepath.Join(dir, ".tmp-put", "fresh")
	for _, path := range []string{stale, fresh} {
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(stale, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Error("a crashed write's file was not removed")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("a file that another process may be writing was removed")
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	s := blob.New(open(t, dir), "test")
	if _, err := s.Put(t.Context(), "a/b", strings.NewReader("x"), blob.PutOptions{Size: 1}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"a": 0o700, "a/b": 0o600} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil || st.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, st.Mode().Perm(), want)
		}
	}
}

// TestFullDisk writes to a small tmpfs where it may mount one; /dev/full elsewhere shows only the error's kind.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := mountSmall(dir); err != nil {
		t.Skipf("needs the right to mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
	d, err := fileblob.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s := blob.New(d, "test")
	if _, err := s.Put(t.Context(), "kept", strings.NewReader("old"), blob.PutOptions{Size: -1}); err != nil {
		t.Fatal(err)
	}
	big := blobtest.Bytes(8<<20, 1)
	for _, size := range []int64{-1, int64(len(big))} {
		_, err = s.Put(t.Context(), "kept", bytes.NewReader(big), blob.PutOptions{Size: size})
		if !fault.Is(err, fault.Full) || fault.CodeOf(err) != "disk-full" {
			t.Errorf("a full disk gave %v", err)
		}
	}
	r, _, err := s.Open(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "old" {
		t.Errorf("the old bytes are gone: %q, %v", got, err)
	}
	if _, err := s.Put(t.Context(), "fits", bytes.NewReader(big[:1<<20]), blob.PutOptions{Size: 1 << 20}); err != nil {
		t.Errorf("a failed write kept its space: %v", err)
	}
}
