package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"showreel/product/ingest"
)

// TestWorkWaitsForDiskSpaceAndGoesOn needs a small disk of its own, which takes the right to mount.
func TestWorkWaitsForDiskSpaceAndGoesOn(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=40m"); err != nil {
		t.Skip("a small disk needs the right to mount: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 30<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, t.TempDir(), func(d *ingest.Deps) { d.Dir = filepath.Join(disk, "tmp") })
	rec := s.add(t, film2s(t), ingest.Incoming{})
	j := s.until(t, rec.Job, func(j ingest.Job) bool { return j.State == ingest.Waiting })
	if !strings.Contains(j.WaitsFor, "disk space") {
		t.Errorf("it waits for %q", j.WaitsFor)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if j = s.ended(t, rec.Job); j.State != ingest.Done {
		t.Errorf("after space was freed: %+v %+v", j, j.Error)
	}
}
