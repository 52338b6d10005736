package ingest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/product/ingest"
)

// sampled is what a probe at 360p and half of it measured, in bits of a key frame and of any other.
func sampled(key360, key180, frame360, frame180 float64) []transcode.Complexity {
	return []transcode.Complexity{{Width: 640, Height: 360, KeyBits: key360, FrameBits: frame360}, {Width: 320, Height: 180, KeyBits: key180, FrameBits: frame180}}
}

func TestLadderFollowsComplexity(t *testing.T) {
	p, err := ingest.Plan(template(t, "web"), film(1920, 1080, media.Rate{Num: 24, Den: 1}, 60))
	if err != nil {
		t.Fatal(err)
	}
	all := sizes(p)
	for _, c := range []struct {
		name string
		seen []transcode.Complexity
		want []string
	}{
		{"nothing was measured", nil, all},
		{"noise meets every cap", sampled(400_000, 110_000, 300_000, 80_000), all},
		{"film", sampled(160_000, 60_000, 20_000, 8_000), all},
		{"a card that never moves", sampled(20_000, 9_000, 60, 60), []string{all[0], all[3]}},
		{"speaker before a plain wall", sampled(60_000, 25_000, 2_000, 900), []string{all[0], all[1], all[3]}},
	} {
		if diff := cmp.Diff(c.want, sizes(ingest.Prune(p, c.seen))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// probed is a template of four small rungs without a proxy.
func probed(t *testing.T, name string) ingest.Template {
	t.Helper()
	tpl := template(t, "web")
	tpl.Name, tpl.Proxy, tpl.Analysis, tpl.Policy = name, nil, ingest.AnalysisRecipe{}, ""
	tpl.Video.Preset = "ultrafast"
	tpl.Video.Rungs = []ingest.RungRecipe{{Size: 180, MaxKbps: 700}, {Size: 144, MaxKbps: 400}, {Size: 120, MaxKbps: 230}, {Size: 90, MaxKbps: 130}}
	return tpl
}

func TestStillFilmGetsFewRungsAndNoiseAll(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	fixed := probed(t, "fixed")
	fixed.Video.FixedLadder = true
	for _, tpl := range []ingest.Template{probed(t, "probed"), fixed} {
		if _, err := s.PutTemplate(as(t), tpl); err != nil {
			t.Fatal(err)
		}
	}
	coded := []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "20", "-pix_fmt", "yuv420p"}
	still := clip(t, "still.mp4", append([]string{"-f", "lavfi", "-i", "color=c=teal:s=320x180:r=10:d=14"}, coded...)...)
	noise := clip(t, "noise.mp4", append([]string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=14,noise=alls=60:allf=t"}, append(coded, "-crf", "10")...)...)
	short := clip(t, "brief.mp4", append([]string{"-f", "lavfi", "-i", "color=c=teal:s=320x180:r=10:d=5"}, coded...)...)
	for _, c := range []struct {
		name, film, template string
		rungs                int
		sampled              bool
	}{
		{"still", still, "probed", 2, true},
		{"noise", noise, "probed", 4, true},
		{"shorter than ten seconds", short, "probed", 4, false},
		{"off by template", still, "fixed", 4, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.probes(t)
			rec := s.add(t, c.film, ingest.Incoming{Template: c.template})
			id := rec.Job
			if rec.Duplicate {
				again, err := s.Reprocess(as(t), rec.Asset, c.template)
				if err != nil {
					t.Fatal(err)
				}
				id = again.ID
			}
			j := s.ended(t, id)
			if j.State != ingest.Done {
				t.Fatalf("job %+v", j.Error)
			}
			x := s.index(t, j.Asset, j.Version)
			got := x.Of(cmaf.KindVideo)
			if len(got) != c.rungs {
				t.Errorf("%d rungs, want %d", len(got), c.rungs)
			}
			if j.Tasks.Done != j.Tasks.Total || j.Tasks.Total == 0 {
				t.Errorf("tasks %+v", j.Tasks)
			}
			if did := s.probes(t) > before; did != c.sampled {
				t.Errorf("sampled: %v, want %v", did, c.sampled)
			}
		})
	}
}

// probes counts finished complexity probes in the ledger.
func (s *stack) probes(t *testing.T) int {
	t.Helper()
	var n int
	if err := s.db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM ingest_chunks WHERE kind='complexity'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
