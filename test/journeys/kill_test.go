package journeys_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"showreel/test/world"
)

// kills is how many random points are tried: 3, or SHOWREEL_TEST_KILLS.
func kills(t *testing.T) int {
	n := 3
	if v := os.Getenv("SHOWREEL_TEST_KILLS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// outcome is what an ingest ends with: the decoded frames of every rung and the sound, by rendition.
func outcome(t *testing.T, s *world.Server, asset string) map[string]string {
	t.Helper()
	out := map[string]string{}
	g := play(t, s, asset)
	for _, d := range g.Download {
		for _, kind := range []string{"v", "a"} {
			hash, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", s.URL+d.URL, "-map", "0:"+kind, "-f", "hash", "-hash", "sha256", "-").Output()
			if err != nil {
				t.Fatalf("%v %s", err, stderr(err))
			}
			out[fmt.Sprintf("%d %s", d.Height, kind)] = string(hash)
		}
	}
	var shots struct {
		Items []struct {
			Track string `json:"track"`
			Range struct{ Start, End int64 }
		} `json:"items"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/annotations?track=shot", nil, &shots); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(shots.Items)
	if err != nil {
		t.Fatal(err)
	}
	out["shots"] = string(raw)
	return out
}

type job struct {
	State      string `json:"state"`
	WaitsFor   string `json:"waitsFor"`
	Asset      string `json:"asset"`
	Error      any    `json:"error"`
	CreatedMS  int64  `json:"createdMs"`
	PlayableMS int64  `json:"playableMs"`
	EndedMS    int64  `json:"endedMs"`
}

func waitJob(t *testing.T, s *world.Server, id string) job {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var j job
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/jobs/"+id, nil, &j); err != nil {
			t.Fatal(err)
		}
		switch j.State {
		case "done":
			return j
		case "failed", "cancelled", "held":
			t.Fatalf("the job ended as %s: %s", j.State, show(j.Error))
		}
	}
	t.Fatalf("job %s did not end\n%s", id, s.Log())
	return job{}
}

// TestKillAnywhere ends the server with SIGKILL at random points of an ingest; after a restart the result is the same
// as that of an undisturbed run.
func TestKillAnywhere(t *testing.T) {
	film := world.ClipT(t, "film.mp4", "640x360", "25", 8)
	calm := world.StartT(t, filepath.Join(t.TempDir(), "calm"))
	first := add(t, at(calm), film)[0]
	if first.Error != nil || first.State != "ready" {
		t.Fatalf("%+v", first)
	}
	want := outcome(t, calm, first.Asset)
	if err := calm.Stop(); err != nil {
		t.Fatal(err)
	}
	whole := time.Duration(first.ReadyAfter * float64(time.Second))
	for i := range kills(t) {
		after := time.Duration(rand.Int64N(int64(whole)))
		t.Run(fmt.Sprintf("%d after %s", i, after.Round(time.Millisecond)), func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			s := world.StartT(t, data)
			out, errs, err := world.Run(t.Context(), append([]string{"add", film, "--json"}, at(s)...)...)
			if err != nil {
				t.Fatal(errs)
			}
			var a added
			if err := json.Unmarshal([]byte(out), &a); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			s.Kill()
			began := time.Now()
			s = world.StartT(t, data)
			recovered(t, s, a.Job, began)
			j := waitJob(t, s, a.Job)
			if got := outcome(t, s, j.Asset); !maps.Equal(got, want) {
				t.Errorf("the result differs:\n%v\nwant\n%v", got, want)
			}
			if left, err := filepath.Glob(filepath.Join(data, "tmp", "*", "jobs", "*")); err != nil || len(left) > 0 {
				t.Errorf("working files are left: %v %v", left, err)
			}
		})
	}
}

// recovered waits until the job moves again and checks how long that took.
func recovered(t *testing.T, s *world.Server, id string, began time.Time) {
	t.Helper()
	for time.Since(began) < 20*time.Second {
		var j job
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/jobs/"+id, nil, &j); err != nil {
			t.Fatal(err)
		}
		if j.State == "running" || j.State == "done" {
			t.Logf("recovered after %s", time.Since(began).Round(time.Millisecond))
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the job did not move within 20 s after the restart")
}
