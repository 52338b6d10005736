package journeys_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"showreel/test/world"
)

// Five hours of silence in a file of 40 kB: much work from few bytes. It must be held with the silence said, and be published
// whole once a person waives it, in bounded time. It takes minutes on two cores, so that only the long tests run it; the short ones send
// ten minutes of it.
func TestHoursOfSilence(t *testing.T) {
	t.Parallel()
	seconds, patience := "600", 2*time.Minute
	if os.Getenv("SHOWREEL_TEST_DEEP") == "1" {
		seconds, patience = "18000", 9*time.Minute
	}
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	body := ffmpeg(t, "silence.flac", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", seconds, "-c:a", "flac", "-frame_size", "65535")
	if len(body) > 200_000 {
		t.Fatalf("the file has %d bytes", len(body))
	}
	a := upload(t, s, "silence.flac", body)
	if j := ended(t, s, a.job, patience); j.State != "held" || j.Error != nil {
		t.Fatalf("the job is %s %s, want it held for a person", j.State, show(j.Error))
	}
	ask(t, s, http.MethodPost, "/v1/assets/"+a.asset+"/play", map[string]any{}).refused(t, "play", http.StatusConflict, "held")
	var findings struct {
		Items []struct {
			ID       string `json:"id"`
			Check    string `json:"check"`
			Severity string `json:"severity"`
		} `json:"items"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+a.asset+"/findings", nil, &findings); err != nil {
		t.Fatal(err)
	}
	said := false
	for _, f := range findings.Items {
		said = said || f.Check == "silence"
		if err := s.JSON(t.Context(), http.MethodPost, "/v1/findings/"+f.ID+"/waive", map[string]any{"reason": "It is meant to be silent."}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if !said {
		t.Errorf("nothing is said about the silence: %+v", findings.Items)
	}
	published(t, s, a, patience)
	g := play(t, s, a.asset)
	if want := map[string]int64{"600": 600_000, "18000": 18_000_000}[seconds]; g.DurationMS < want-100 || g.DurationMS > want+200 {
		t.Errorf("it plays for %d ms, want %d", g.DurationMS, want)
	}
}

// published waits until a held job has gone on to its end.
func published(t *testing.T, s *world.Server, a arrived, patience time.Duration) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if j := ended(t, s, a.job, patience); j.State != "held" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it is held although everything was waived")
		}
	}
	cameTo(t, s, "silence.flac", a, wanted{kind: "audio"}, patience)
}
