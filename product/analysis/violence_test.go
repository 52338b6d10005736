package analysis_test

import (
	"context"
	"image"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/trust/access"
)

// fragile is frames whose media tool is killed the first times.
type fragile struct {
	*drawn
	deaths atomic.Int64 // left
	asked  atomic.Int64
}

func (f *fragile) Small(ctx context.Context, ref media.Ref, ranges []media.Range) error {
	f.asked.Add(1)
	if f.deaths.Add(-1) >= 0 {
		return fault.Say("child.run", "ffmpeg", fault.Full, "child-killed", "The system killed ffmpeg, most likely for lack of memory; give it more or run less at once.")
	}
	return f.drawn.Small(ctx, ref, ranges)
}

// standingOf analyses shots and gives how that ended.
func standingOf(t *testing.T, s *stack, ref media.Ref) analysis.Standing {
	t.Helper()
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Shots}})
	must(t, err)
	for _, st := range s.ended(t, ref).Abilities {
		if st.Ability == analysis.Shots {
			return st
		}
	}
	t.Fatal("no shots among the abilities")
	return analysis.Standing{}
}

// fading is two scenes with a fade through black around 2.4 s, which is in doubt until it is looked at closely.
func fading(n int) image.Image {
	if n < 60 {
		return bars(2, 96, 54, min(1, float64(60-n)/14))
	}
	return bars(4, 96, 54, min(1, float64(n-59)/14))
}

func TestKilledMediaToolCostsOneRetry(t *testing.T) {
	for deaths, want := range map[int64]analysis.State{0: analysis.Done, 1: analysis.Done, 2: analysis.Failed} {
		f := &fragile{drawn: &drawn{every: fading, count: 120}}
		f.deaths.Store(deaths)
		s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Frames = f })
		f.s = s
		ref := s.drawn(t, f.drawn)
		st := standingOf(t, s, ref)
		if st.State != want || want == analysis.Failed && (st.Code != "child-killed" || st.Text == "") {
			t.Errorf("killed %d times: %+v", deaths, st)
		}
		if n := f.asked.Load(); n != min(deaths, 1)+1 {
			t.Errorf("killed %d times: asked %d times", deaths, n)
		}
		if n := len(onTrack(s.timeline(t, ref), media.TrackShot)); want == analysis.Done && n != 2 {
			t.Errorf("killed %d times: %d shots", deaths, n)
		}
		s.stop()
	}
}

// dazed are eyes whose program does not say what it can.
type dazed struct {
	eyes
	code string
}

func (d *dazed) Caps(context.Context) (vision.Caps, error) {
	return vision.Caps{}, fault.Say("sidecar.start", "vision", fault.Unavailable, d.code, "The helper program for vision does not start.")
}

// TestShotsWaitForTheNetwork: where the network is not installed arithmetic finds the shots, where its program is only away
// they are not found otherwise.
func TestShotsWaitForTheNetwork(t *testing.T) {
	for code, want := range map[string]analysis.State{"helper-missing": analysis.Done, "helper-failed": analysis.Unavailable, "helper-unreachable": analysis.Unavailable, "helper-died": analysis.Failed} {
		s, ref := drawnFilm(t, 120, fading, &dazed{code: code})
		if st := standingOf(t, s, ref); st.State != want {
			t.Errorf("%s: shots are %s by %q, want %s", code, st.State, st.Code, want)
		}
		s.stop()
	}
}

// TestWhatWasMadeOfLessIsMadeAgain: colours are told a shot, and were told of the whole while the shots had failed.
func TestWhatWasMadeOfLessIsMadeAgain(t *testing.T) {
	both := []string{analysis.Shots, analysis.Picture}
	calm, ref := drawnFilm(t, 120, fading, nil)
	calm.analysed(t, ref, both...)
	want := onTrack(calm.timeline(t, ref), media.TrackColour)
	f := &fragile{drawn: &drawn{every: fading, count: 120}}
	f.deaths.Store(2)
	s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Frames = f })
	f.s = s
	ref = s.drawn(t, f.drawn)
	ask := func() {
		_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: both})
		must(t, err)
		s.ended(t, ref)
	}
	ask()
	if cmp.Equal(want, onTrack(s.timeline(t, ref), media.TrackColour)) {
		t.Error("without shots the colours are those of the shots")
	}
	ask()
	if diff := cmp.Diff(want, onTrack(s.timeline(t, ref), media.TrackColour)); diff != "" {
		t.Errorf("the colours are still those of the whole:\n%s", diff)
	}
	began := func() (out []int64) {
		o, err := s.Analysis(system(t), ref.Asset, 0)
		must(t, err)
		for _, st := range o.Abilities {
			out = append(out, st.StartedMS)
		}
		return out
	}
	before := began()
	ask()
	if diff := cmp.Diff(before, began()); diff != "" {
		t.Errorf("what is done of all there is, is done again:\n%s", diff)
	}
}
