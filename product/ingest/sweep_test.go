package ingest_test

import (
	"testing"
	"time"

	"showreel/product/ingest"
)

func TestUnusedChunksAreSweptWithTheirFiles(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("job %+v", j.Error)
	}
	left, err := s.blobs.Processed.List(t.Context(), "main/c/", "", 1000)
	if err != nil || len(left) == 0 {
		t.Fatalf("the cache is empty: %v", err)
	}
	s.stop()
	s = open(t, dir, func(d *ingest.Deps) { d.Limits.ChunkKeep = time.Millisecond })
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && len(left) > 0; time.Sleep(50 * time.Millisecond) {
		if left, err = s.blobs.Processed.List(t.Context(), "main/c/", "", 1000); err != nil {
			t.Fatal(err)
		}
	}
	if len(left) != 0 {
		t.Errorf("%d files of the cache are left, the first %s", len(left), left[0].Key)
	}
	x := s.index(t, rec.Asset, 1)
	for _, tr := range x.Tracks {
		if _, err := s.blobs.Processed.Stat(t.Context(), tr.Parts[0].Key); err != nil {
			t.Errorf("the film itself must stay: %v", err)
		}
	}
}
