package ingest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"showreel/fault"
	"showreel/media"
	"showreel/product/ingest"
	"showreel/product/library"
)

// smallDisk mounts a disk of its own at dir, which takes the right to mount.
func smallDisk(t *testing.T, dir, size string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip("a small disk needs the right to mount: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// fill writes a file until the disk of dir is full, and returns its path.
func fill(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 256<<10)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return path
}

// TestDiskFillsWhileAChunkIsWritten takes the space away when the first chunk is being encoded: from the encoder's own
// folder, and from the store that the finished chunk is copied to.
func TestDiskFillsWhileAChunkIsWritten(t *testing.T) {
	film := clip(t, "grain.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=8,noise=alls=80:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "25", "-g", "24", "-pix_fmt", "yuv420p")
	for name, place := range map[string]string{"working folder": "tmp", "processed store": "blobs/processed"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			disk := filepath.Join(dir, place)
			smallDisk(t, disk, "96m")
			tpl := short(t)
			tpl.Proxy = nil
			tpl.Video.Preset, tpl.Video.CRF, tpl.Video.ChunkMS, tpl.Video.FixedLadder = "medium", 1, 8000, true
			for n := range tpl.Video.Rungs {
				tpl.Video.Rungs[n].MaxKbps = 40_000
			}
			s := open(t, dir, nil)
			if _, err := s.PutTemplate(as(t), tpl); err != nil {
				t.Fatal(err)
			}
			rec := s.add(t, film, ingest.Incoming{Template: tpl.Name})
			chunk := filepath.Join(dir, "tmp", "jobs", rec.Job, "work", "chunk-0000")
			for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
				if made, _ := filepath.Glob(filepath.Join(chunk, "*.mp4")); len(made) > 0 {
					break
				}
				if time.Now().After(end) {
					t.Fatal("no chunk was begun")
				}
			}
			filler := fill(t, disk)
			j := s.until(t, rec.Job, func(j ingest.Job) bool { return j.State == ingest.Waiting || j.State.Final() })
			if j.State != ingest.Waiting || !strings.Contains(j.WaitsFor, "disk space") {
				t.Fatalf("%s, waits for %q, error %+v", j.State, j.WaitsFor, j.Error)
			}
			t.Logf("waits for %s", j.WaitsFor)
			ref := media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1}
			if v, err := s.lib.Version(as(t), ref); err != nil || v.State == library.Ready {
				t.Errorf("the version is %s: %v", v.State, err)
			}
			if n := s.rows(t); n != 0 {
				t.Errorf("%d chunks count as finished", n)
			}
			if _, err := s.blobs.Processed.Stat(t.Context(), "main/idx/"+rec.Asset+"/1.json"); !fault.Is(err, fault.NotFound) {
				t.Errorf("there is an index already: %v", err)
			}
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			if j = s.ended(t, rec.Job); j.State != ingest.Done {
				t.Fatalf("after space was freed: %+v %+v", j, j.Error)
			}
			x := s.index(t, rec.Asset, 1)
			for _, tr := range x.Tracks {
				if tr.Duration() < 7900*media.Millisecond {
					t.Errorf("%s lasts %d ms", tr.Name, tr.Duration().MS())
				}
			}
		})
	}
}
