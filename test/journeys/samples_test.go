package journeys

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"showreel/test/world"
)

// TestSampleMadeLater starts a server whose bulletin is not rendered yet: the other samples are there at once, the bulletin
// joins when its file comes, and a server started again gives neither twice.
func TestSampleMadeLater(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	from, data := t.TempDir(), t.TempDir()
	clip := world.ClipT(t, "made.mp4", "160x90", "10", 1)
	if err := os.Symlink(clip, filepath.Join(from, "street-footage.avi")); err != nil {
		t.Fatal(err)
	}
	s := world.StartT(t, data, "--samples", from)
	names := func(s *world.Server, want ...string) {
		t.Helper()
		for {
			var page struct{ Items []struct{ Title string } }
			if err := s.JSON(ctx, "GET", "/v1/assets", nil, &page); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range page.Items {
				got = append(got, a.Title)
			}
			slices.Sort(got)
			if slices.Equal(got, want) {
				return
			}
			if ctx.Err() != nil || len(got) > len(want) {
				t.Fatalf("the library holds %q, want %q", got, want)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
	street, bulletin := "Street footage from above", "The Harbour Bulletin, two minutes of invented news"
	names(s, street)
	if err := os.Rename(world.ClipT(t, "later.mp4", "160x90", "10", 2), filepath.Join(from, "bulletin.mp4")); err != nil {
		t.Fatal(err)
	}
	names(s, street, bulletin)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	s = world.StartT(t, data, "--samples", from)
	time.Sleep(time.Second)
	names(s, street, bulletin)
}
