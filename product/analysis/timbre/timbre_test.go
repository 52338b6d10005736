package timbre_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"showreel/media"
	"showreel/product/analysis/timbre"
)

// sound renders seconds of a function of time and a random number.
func sound(seconds int, at func(t, noise float64) float64) []int16 {
	rng := rand.New(rand.NewPCG(1, 2))
	out := make([]int16, seconds*timbre.Rate)
	for n := range out {
		out[n] = int16(32767 * max(-1, min(1, at(float64(n)/timbre.Rate, 2*rng.Float64()-1))))
	}
	return out
}

func tone(hz, t float64) float64 {
	return math.Sin(2*math.Pi*hz*t) + 0.5*math.Sin(4*math.Pi*hz*t) + 0.25*math.Sin(6*math.Pi*hz*t)
}

// shares is how much of a sound is said to be music and noise.
func shares(pcm []int16) (music, noise float64) {
	for _, s := range timbre.Stretches(pcm, 0) {
		share := float64(s.Range.Len()) / float64(media.FromTicks(int64(len(pcm)), timbre.Rate))
		if s.Kind == timbre.Music {
			music += share
		} else {
			noise += share
		}
	}
	return music, noise
}

// TestMusicNoiseAndWhatIsNeither renders sounds whose kind is known.
func TestMusicNoiseAndWhatIsNeither(t *testing.T) {
	melody := []float64{440, 494, 554, 587, 659, 587, 554, 494, 330, 370}
	brown := 0.0
	for _, x := range []struct {
		name, want string
		at         func(t, noise float64) float64
	}{
		{"a melody", timbre.Music, func(t, n float64) float64 { return 0.2*tone(melody[int(t*2)%len(melody)], t) + 0.01*n }},
		{"chords that change every two seconds", timbre.Music, func(t, n float64) float64 {
			root := []float64{220, 294, 330, 247}[int(t/2)%4]
			return 0.1*(tone(root, t)+tone(root*1.26, t)+tone(root*1.5, t)) + 0.01*n
		}},
		{"drums", timbre.Music, func(t, n float64) float64 {
			beat, step := math.Mod(t, 0.27), int(t/0.27)%7 // a drummer is no clock
			return []float64{0.9, 0.2, 0.6, 0.3, 0.8, 0.15, 0.5}[step]*n*math.Exp(-18*beat) + 0.01*n
		}},
		{"white noise", timbre.Noise, func(_, n float64) float64 { return 0.3 * n }},
		{"waves of noise", timbre.Noise, func(t, n float64) float64 { return 0.4 * n * (1 + 0.8*math.Sin(t)) / 2 }},
		{"rumble", timbre.Noise, func(_, n float64) float64 { brown = 0.98*brown + 0.2*n; return 0.3 * brown }},
		{"a hum", timbre.Unclear, func(t, n float64) float64 { return 0.2*tone(150, t) + 0.02*n }},
		{"a clock", timbre.Unclear, func(t, n float64) float64 { return math.Exp(-200*math.Mod(t, 1)) * tone(2000, t) * 0.5 }},
	} {
		music, noise := shares(sound(20, x.at))
		if x.want == timbre.Music && (music < 0.9 || noise > 0) || x.want == timbre.Noise && (noise < 0.9 || music > 0) || x.want == timbre.Unclear && music > 0.1 {
			t.Errorf("%s: %.0f %% music, %.0f %% noise, want %s", x.name, 100*music, 100*noise, x.want)
		}
	}
}

// TestTimesAreTheSounds puts music between two noises.
func TestTimesAreTheSounds(t *testing.T) {
	pcm := sound(30, func(t, n float64) float64 {
		if t >= 10 && t < 20 {
			return 0.2 * tone([]float64{440, 554, 659, 494}[int(2*t)%4], t)
		}
		return 0.2 * n
	})
	list := timbre.Stretches(pcm, 100*media.Second)
	if len(list) < 3 || list[0].Kind != timbre.Noise || list[0].Range.Start != 100*media.Second || list[len(list)-1].Range.End != 130*media.Second {
		t.Fatalf("%+v", list)
	}
	for _, s := range list {
		if s.Kind == timbre.Music && (s.Range.Start < 107*media.Second || s.Range.End > 123*media.Second || s.Range.Len() < 8*media.Second) {
			t.Errorf("music from %d to %d ms", s.Range.Start.MS(), s.Range.End.MS())
		}
	}
	if got := timbre.Stretches(pcm[:timbre.Rate], 0); got != nil {
		t.Errorf("of one second nothing can be told: %+v", got)
	}
}
