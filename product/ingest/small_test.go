package ingest_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/product/ingest"
)

// TestTraceAndSmallFrames has what finding shots needs, also when the working files are gone.
func TestTraceAndSmallFrames(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	rec, err := s.AddFile(as(t), film2s(t), ingest.Incoming{})
	if err != nil {
		t.Fatal(err)
	}
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("job %+v, error %+v", j, j.Error)
	}
	ref := media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1}
	rate, scores, err := s.Trace(t.Context(), ref)
	if err != nil || int64(len(scores)) != rate.Frames(2*media.Second) || scores[0].Luma == 0 {
		t.Fatalf("%d scores at %v: %v", len(scores), rate, err)
	}
	prefix := fmt.Sprintf("main/x/%s/1/", rec.Asset)
	if err := s.blobs.Processed.Delete(t.Context(), prefix+"trace.json"); err != nil {
		t.Fatal(err)
	}
	_, again, err := s.Trace(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if len(again) != len(scores) {
		t.Error(cmp.Diff(len(scores), len(again)))
	}
	r := media.Range{Start: media.Second, End: 2 * media.Second}
	if err := s.Small(t.Context(), ref, []media.Range{r}); err != nil {
		t.Fatal(err)
	}
	first, n := transcode.SmallFrames(r)
	info, err := s.blobs.Processed.Stat(t.Context(), fmt.Sprintf("%ssmall/%d.rgb", prefix, first))
	if err != nil || info.Size < (n-1)*transcode.SmallSize || info.Size > n*transcode.SmallSize {
		t.Errorf("small frames: %d bytes of %d frames, %v", info.Size, n, err)
	}
}
