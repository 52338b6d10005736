package diarize_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"showreel/media"
	"showreel/product/analysis/cluster"
	"showreel/product/analysis/diarize"
)

// part is a stretch of made-up speech: who speaks in it.
type part struct {
	ms  int64
	who []int // none is silence
}

// speak turns parts into speech and windows: a window's voice is the mean of who speaks in it, by time, with noise.
func speak(rng *rand.Rand, noise float64, parts ...part) (talk []media.Range, windows []diarize.Window, truth []diarize.Turn) {
	at := media.Time(0)
	for _, p := range parts {
		r := media.Range{Start: at, End: at + media.FromMS(p.ms)}
		if len(p.who) > 0 {
			talk = append(talk, r)
		}
		for _, w := range p.who {
			truth = append(truth, diarize.Turn{Range: r, Speaker: w})
		}
		at = r.End
	}
	talk = media.MergeRanges(talk, 0)
	for _, t := range talk {
		for _, r := range diarize.Windows(t) {
			v := make([]float32, 32)
			for _, u := range truth {
				v[u.Speaker] += float32(u.Intersect(r).Len().Seconds())
			}
			for n := range v {
				v[n] += float32(noise * rng.NormFloat64() * r.Len().Seconds())
			}
			windows = append(windows, diarize.Window{Range: r, Vector: cluster.Mean(v)})
		}
	}
	return talk, windows, truth
}

// wrong is the share of spoken time in which not exactly the right people are heard, off the edges; names as they come.
func wrong(truth, heard []diarize.Turn) float64 {
	bad, all := 0, 0
	for at := media.Time(0); ; at += 50 * media.Millisecond {
		var real, said []int
		edge, more := false, false
		for _, u := range truth {
			edge = edge || at > u.Start-250*media.Millisecond && at < u.Start+250*media.Millisecond || at > u.End-250*media.Millisecond && at < u.End+250*media.Millisecond
			more = more || at < u.End
			if u.Contains(at) {
				real = append(real, u.Speaker)
			}
		}
		if !more {
			return float64(bad) / float64(max(all, 1))
		}
		for _, u := range heard {
			if u.Contains(at) {
				said = append(said, u.Speaker)
			}
		}
		slices.Sort(real)
		slices.Sort(said)
		if !edge && len(real) > 0 {
			if all++; !slices.Equal(real, slices.Compact(said)) {
				bad++
			}
		}
	}
}

func TestTurnsOfThreeSpeakers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	talk, windows, truth := speak(rng, 0.05, part{4000, []int{0}}, part{300, nil}, part{3000, []int{1}}, part{5000, []int{0}}, part{600, nil},
		part{4000, []int{2}}, part{2500, []int{1}}, part{400, nil}, part{3000, []int{2}})
	turns := diarize.Turns(talk, windows, diarize.Options{})
	if n := diarize.Speakers(turns); n != 3 {
		t.Fatalf("%d speakers of 3: %v", n, turns)
	}
	if w := wrong(truth, turns); w > 0.02 {
		t.Errorf("%.1f %% wrong: %v", 100*w, turns)
	}
	for n, u := range turns {
		if n > 0 && u.Start < turns[n-1].Start || u.Score < 0 || u.Score > 1 || u.Empty() {
			t.Errorf("turn %d: %+v", n, u)
		}
	}
}

func TestAChangeIsPlacedWithinAFifthOfASecond(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, ms := range []int64{3000, 3370, 4110, 5230} {
		talk, windows, _ := speak(rng, 0.03, part{ms, []int{0}}, part{4000, []int{1}})
		turns := diarize.Turns(talk, windows, diarize.Options{})
		if len(turns) != 2 {
			t.Fatalf("at %d ms: %v", ms, turns)
		}
		if d := turns[1].Start.MS() - ms; d < -200 || d > 200 {
			t.Errorf("the change at %d ms is heard %d ms off", ms, d)
		}
	}
}

func TestOneSpeakerIsOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	talk, windows, _ := speak(rng, 0.1, part{9000, []int{0}}, part{700, nil}, part{300, []int{0}}, part{700, nil}, part{8000, []int{0}})
	turns := diarize.Turns(talk, windows, diarize.Options{})
	if diarize.Speakers(turns) != 1 {
		t.Errorf("%v", turns)
	}
	if !slices.ContainsFunc(turns, func(u diarize.Turn) bool { return u.Contains(9850 * media.Millisecond) }) {
		t.Error("speech too short for a voice belongs to nobody")
	}
}

func TestTwoAtOnceAreMarked(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	talk, windows, truth := speak(rng, 0.03, part{5000, []int{0}}, part{2400, []int{0, 1}}, part{5000, []int{1}}, part{500, nil}, part{4000, []int{0}})
	turns := diarize.Turns(talk, windows, diarize.Options{})
	over := media.Time(0)
	for _, u := range turns {
		if u.Overlap {
			over += u.Len()
		}
	}
	if over < 2*media.Second || over > 7*media.Second || wrong(truth, turns) > 0.1 {
		t.Errorf("%v of overlap, %.2f wrong: %v", over, wrong(truth, turns), turns)
	}
}

func TestWhatPeopleSayCounts(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	talk, windows, _ := speak(rng, 0.03, part{5000, []int{0}}, part{600, nil}, part{5000, []int{1}})
	last := len(windows) - 1
	turns := diarize.Turns(talk, windows, diarize.Options{Links: cluster.Links{Must: []cluster.Pair{{A: 2, B: last - 2}}}})
	if diarize.Speakers(turns) != 1 {
		t.Errorf("joined by a person, heard as two: %v", turns)
	}
}

func TestNothingIsNobody(t *testing.T) {
	if turns := diarize.Turns(nil, nil, diarize.Options{}); len(turns) != 0 {
		t.Error(turns)
	}
	if w := diarize.Windows(media.Range{End: 300 * media.Millisecond}); len(w) != 0 {
		t.Error(w)
	}
	r := media.Range{Start: media.Second, End: 1700 * media.Millisecond}
	for _, w := range diarize.Windows(r) {
		if w != r {
			t.Errorf("a short stretch has the window %v", w)
		}
	}
}
