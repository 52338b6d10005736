package shots_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/media"
	"showreel/product/analysis/shots"
)

// film is drawn at 25 frames a second as small pictures of grey blots that drift.
type film struct{ frames [][]float64 } // luma 0..255

// scene draws n frames of a scene of its own; drift is in pixels a frame.
func scene(seed uint64, n int, drift float64) [][]float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	type blot struct{ x, y, size, light float64 }
	blots := make([]blot, 24)
	for k := range blots {
		blots[k] = blot{r.Float64() * 96, r.Float64() * shots.Height, 2 + 5*r.Float64(), 200*r.Float64() - 100}
	}
	out := make([][]float64, n)
	for f := range out {
		out[f] = make([]float64, shots.Width*shots.Height)
		for y := range shots.Height {
			for x := range shots.Width {
				v := 110.0
				for _, b := range blots {
					dx, dy := float64(x)+drift*float64(f)-b.x, float64(y)-b.y
					v += b.light * math.Exp(-(dx*dx+dy*dy)/(2*b.size*b.size))
				}
				out[f][y*shots.Width+x] = min(max(v, 0), 255)
			}
		}
	}
	return out
}

func mix(a, b []float64, part float64) []float64 {
	out := make([]float64, len(a))
	for k := range a {
		out[k] = a[k]*(1-part) + b[k]*part
	}
	return out
}

func flat(v float64) []float64 {
	out := make([]float64, shots.Width*shots.Height)
	for k := range out {
		out[k] = v
	}
	return out
}

// dissolve joins two scenes over n frames; through gives a colour to go through.
func dissolve(a, b [][]float64, n int) [][]float64 {
	out := append([][]float64{}, a[:len(a)-n]...)
	for k := range n {
		out = append(out, mix(a[len(a)-n+k], b[k], float64(k+1)/float64(n+1)))
	}
	return append(out, b[n:]...)
}

func fade(a, b [][]float64, n int, colour float64) [][]float64 {
	out := append([][]float64{}, a[:len(a)-n]...)
	for k := range n {
		out = append(out, mix(a[len(a)-n+k], flat(colour), float64(k+1)/float64(n)))
	}
	for k := range n {
		out = append(out, mix(flat(colour), b[k], float64(k+1)/float64(n)))
	}
	return append(out, b[n:]...)
}

// seen gives the film's trace, as ffmpeg's filters would measure it, and its small frames.
func (f film) seen() (shots.Trace, shots.Stretch) {
	t := shots.Trace{Rate: media.Rate{Num: 25, Den: 1}}
	before, last := []float64(nil), 0.0
	for _, p := range f.frames {
		diff, mean := 0.0, 0.0
		for k := range p {
			mean += p[k] / float64(len(p))
			if before != nil {
				diff += math.Abs(p[k]-before[k]) / float64(len(p)) / 255 * 100
			}
		}
		t.Frames = append(t.Frames, shots.Frame{Diff: min(diff, math.Abs(diff-last)), Luma: 16 + mean*219/255})
		before, last = p, diff
	}
	s := shots.Stretch{}
	for n := 0; n < len(f.frames); n += 2 {
		for _, v := range f.frames[n] {
			s.Pix = append(s.Pix, byte(v), byte(v), byte(v))
		}
	}
	return t, s
}

// told is the kind and the middle's frame of each change.
func told(changes []shots.Change) []string {
	out := []string{}
	for _, c := range changes {
		out = append(out, fmt.Sprintf("%s near %.0f", c.Kind, math.Round(c.Middle().Seconds()*25/4)*4))
	}
	return out
}

func TestChanges(t *testing.T) {
	a, b := scene(1, 60, 0.1), scene(2, 60, -0.1)
	flash := scene(3, 100, 0)
	for k := 50; k < 53; k++ {
		flash[k] = mix(flash[k], flat(255), 0.85)
	}
	dark := scene(4, 100, 0)
	dark[50], dark[51] = flat(0), flat(0)
	dim := scene(5, 100, 0.05)
	for k := range dim {
		dim[k] = mix(dim[k], flat(0), 0.5*min(1, max(0, float64(k-40)/10)))
	}
	whip, at := scene(7, 40, 0), 0.0
	for range 12 {
		at += 0.9
		whip = append(whip, scene(7, 2, at)[1])
	}
	for name, c := range map[string]struct {
		frames [][]float64
		want   []string
	}{
		"a cut":                {append(append([][]float64{}, a...), b...), []string{"cut near 60"}},
		"a dissolve":           {dissolve(a, b, 20), []string{"dissolve near 48"}},
		"a fade through black": {fade(a, b, 12, 0), []string{"fade near 60"}},
		"a fade through white": {fade(a, b, 12, 255), []string{"fade near 60"}},
		"a flash":              {flash, []string{}},
		"two black frames":     {dark, []string{}},
		"a light that dims":    {dim, []string{}},
		"a slow pan":           {scene(6, 100, 0.3), []string{}},
		"a whip pan":           {whip, []string{}},
		"nothing at all":       {[][]float64{flat(90)}, []string{}},
		"black":                {[][]float64{flat(0), flat(0), flat(0), flat(0), flat(0), flat(0)}, []string{}},
	} {
		trace, s := film{c.frames}.seen()
		if diff := cmp.Diff(c.want, told(shots.Detect(trace, []shots.Stretch{s}))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTheTraceAloneFindsCutsAndFades(t *testing.T) {
	a, b, c := scene(1, 60, 0.1), scene(2, 60, -0.1), scene(3, 60, 0)
	trace, _ := film{append(fade(a, b, 12, 0), c...)}.seen()
	if diff := cmp.Diff([]string{"fade near 60", "cut near 120"}, told(shots.Detect(trace, nil))); diff != "" {
		t.Error(diff)
	}
}

func TestTheNetworkDecidesWhatArithmeticDoubts(t *testing.T) {
	trace, s := film{dissolve(scene(1, 60, 0.1), scene(2, 60, -0.1), 20)}.seen()
	s.Answer(0, make([]float32, len(s.Pix)/shots.FrameSize))
	if got := shots.Detect(trace, []shots.Stretch{s}); len(got) != 0 {
		t.Errorf("what the network denies is told: %v", told(got))
	}
	odds := make([]float32, len(s.Pix)/shots.FrameSize)
	odds[24], odds[25], odds[26] = 0.9, 0.95, 0.8
	s.Answer(0, odds)
	if got := shots.Detect(trace, []shots.Stretch{s}); len(got) != 1 {
		t.Errorf("what both see is told as %v", told(got))
	}
	still, x := film{scene(1, 100, 0)}.seen()
	x.Answer(0, odds)
	if got := shots.Detect(still, []shots.Stretch{x}); len(got) != 0 {
		t.Errorf("a network that errs over a still picture is believed: %v", told(got))
	}
}

func TestDoubtsLieWhereTheTraceDoesNotTell(t *testing.T) {
	a, b, c := scene(1, 250, 0), scene(2, 250, 0), scene(3, 250, 0)
	f := film{append(append([][]float64{}, a...), dissolve(b, c, 20)...)} // a cut at 10 s, a dissolve at 19.2 to 20 s
	trace, _ := f.seen()
	var looks []shots.Look
	for n := 0; n < len(f.frames); n += 25 {
		looks = append(looks, shots.Look{At: media.Time(n/25) * media.Second, Luma: f.frames[n]})
	}
	got := shots.Doubts(trace, looks, media.Range{End: 30 * media.Second})
	if len(got) != 1 || got[0].Start > media.FromMS(19200) || got[0].End < 20*media.Second || got[0].Len() > 5*media.Second {
		t.Errorf("doubts at %v", got)
	}
}

func TestRangesAreWholeAndNoShorterThanOneSees(t *testing.T) {
	at := func(ms int64) shots.Change {
		return shots.Change{From: media.FromMS(ms), To: media.FromMS(ms), Kind: shots.Cut}
	}
	got := shots.Ranges([]shots.Change{at(100), at(1000), at(1100), at(9950)}, 10*media.Second)
	want := []media.Range{{End: media.Second}, {Start: media.Second, End: 10 * media.Second}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := shots.Ranges(nil, 0); len(got) != 0 {
		t.Errorf("nothing has shots: %v", got)
	}
}
