package ingest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/media"
	"showreel/product/ingest"
)

// TestWorkingFilesAreMadeAgain loses a film's sound and pictures for analysis and makes them from the original: the same
// sound to the byte, a picture for the same seconds.
func TestWorkingFilesAreMadeAgain(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("%+v", j.Error)
	}
	prefix := "main/x/" + rec.Asset + "/1/"
	working := func() map[string]string {
		t.Helper()
		list, err := s.blobs.Processed.List(t.Context(), prefix, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, i := range list {
			name := strings.TrimPrefix(i.Key, prefix)
			switch {
			case name == "speech.wav":
				info, err := s.blobs.Processed.Stat(t.Context(), i.Key)
				if err != nil {
					t.Fatal(err)
				}
				out[name] = info.SHA256
			case strings.HasPrefix(name, "frame/"):
				out[name] = ""
			default:
				continue
			}
			if err := s.blobs.Processed.Delete(t.Context(), i.Key); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	before := working()
	if len(before) != 3 {
		t.Fatalf("ingest left %v", before)
	}
	if err := s.Redecode(t.Context(), media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, working()); diff != "" {
		t.Error(diff)
	}
}
