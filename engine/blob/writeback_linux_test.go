package blob_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"showreel/engine/blob"
)

// dirty is how many bytes of a file wait in memory to be written; the test is skipped where the kernel does not tell.
func dirty(t *testing.T, f *os.File) int64 {
	t.Helper()
	var st unix.Cachestat_t
	err := unix.Cachestat(uint(f.Fd()), &unix.CachestatRange{}, &st, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EPERM) {
		t.Skip("the kernel does not tell what is unwritten:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return int64(st.Dirty) * int64(os.Getpagesize())
}

// Nobody syncs, and the kernel by itself would let the bytes lie for half a minute.
func TestWriteBackBeginsEarly(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const block, blocks = 1 << 20, 36
	wrote := blob.WriteBack(f, 0)
	for range blocks {
		if _, err := f.Write(bytes.Repeat([]byte{7}, block)); err != nil {
			t.Fatal(err)
		}
		wrote(block)
	}
	for end := time.Now().Add(10 * time.Second); dirty(t, f) > 4*block; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d bytes are unwritten", dirty(t, f), blocks*block)
		}
	}
}

func TestWriteBackOfWhatIsNoFile(t *testing.T) {
	blob.WriteBack(&bytes.Buffer{}, 0)(64 << 20)
}
