package ingest_test

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"showreel/engine/blob"
	"showreel/engine/blob/fileblob"
	"showreel/fault"
	"showreel/product/ingest"
)

// fullStore takes no joined renditions while it is full.
type fullStore struct {
	blob.Driver
	full *atomic.Bool
}

func (f fullStore) Put(ctx context.Context, key string, r io.Reader, o blob.PutOptions) (blob.Info, error) {
	if f.full.Load() && strings.HasSuffix(key, ".cmfv") {
		return blob.Info{}, fault.E("test.put", key, fault.Full, nil)
	}
	return f.Driver.Put(ctx, key, r, o)
}

// TestWaitingForSpaceIsSaidAfterARestart restarts a job whose pieces are all made and whose store takes no more: none of its
// pieces runs again in the new process, and yet people see what it waits for.
func TestWaitingForSpaceIsSaidAfterARestart(t *testing.T) {
	dir, full := t.TempDir(), &atomic.Bool{}
	full.Store(true)
	change := func(d *ingest.Deps) {
		files, err := fileblob.Open(filepath.Join(dir, "blobs", "processed"))
		if err != nil {
			t.Fatal(err)
		}
		d.Blobs.Processed = blob.New(fullStore{files, full}, "processed")
	}
	waits := func(j ingest.Job) bool {
		return j.State == ingest.Waiting && j.Stage == ingest.StageStitch && strings.Contains(j.WaitsFor, "disk space")
	}
	s := open(t, dir, change)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	before := s.until(t, rec.Job, waits)
	s.stop()
	s = open(t, dir, change)
	// The row of before the restart says so still: only what this process has written counts.
	rev := func() (n int64) {
		if err := s.db.Read().QueryRowContext(t.Context(), `SELECT rev FROM ingest_jobs WHERE id = $1`, rec.Job).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	old := rev()
	after := s.until(t, rec.Job, func(j ingest.Job) bool { return waits(j) && rev() > old })
	if after.Tasks.Total != before.Tasks.Total || after.Tasks.Done == 0 {
		t.Errorf("its pieces were %+v and are %+v", before.Tasks, after.Tasks)
	}
	full.Store(false)
	if j := s.ended(t, rec.Job); j.State != ingest.Done || j.WaitsFor != "" {
		t.Errorf("after space was freed: %+v %+v", j, j.Error)
	}
}
