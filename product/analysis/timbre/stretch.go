package timbre

import "showreel/media"

// The thresholds, measured in timbre_test.go. Where neither holds nothing is said.
const (
	tonalMusic  = 0.25 // held tones …
	leastChange = 0.04 // … that change: a hum does not
	beatMusic   = 0.45 // a beat, …
	strictBeat  = 0.93 // … but not a clock's: that repeats itself exactly
	tonalNoise  = 0.03
	beatNoise   = 0.40
	// Least is the shortest stretch that is told of, and that anything can be told of.
	Least = 2 * media.Second
)

// Model signs what this package says.
const Model = "showreel timbre 1"

// Stretch is sound of one kind.
type Stretch struct {
	Range media.Range `json:"range"`
	Kind  string      `json:"kind"`
	Score float64     `json:"score"` // how far above its threshold, 0..1
}

// Kind says what a look is: Music, Noise or Unclear, and how clearly.
func (l Look) Kind() (kind string, score float64) {
	switch {
	case l.Beat >= beatMusic && l.Beat <= strictBeat:
		return Music, 0.5 + (l.Beat-beatMusic)/(2*(1-beatMusic))
	case l.Tonal >= tonalMusic && l.Change >= leastChange:
		return Music, 0.5 + (l.Tonal-tonalMusic)/(2*(1-tonalMusic))
	case l.Tonal < tonalNoise && l.Beat < beatNoise:
		return Noise, 0.5 + (tonalNoise-l.Tonal)/(2*tonalNoise)
	}
	return Unclear, 0
}

// Stretches tells what a stretch without speech sounds like, second by second, joined; what is unclear or shorter than Least
// is left out. pcm is mono at Rate and begins at begin.
func Stretches(pcm []int16, begin media.Time) []Stretch {
	if media.FromTicks(int64(len(pcm)), Rate) < Least {
		return nil
	}
	var all []Stretch
	for _, l := range Looks(pcm, begin) {
		kind, score := l.Kind()
		if n := len(all) - 1; n >= 0 && all[n].Kind == kind && all[n].Range.End == l.Range.Start {
			length := float64(all[n].Range.Len())
			all[n].Score = (all[n].Score*length + score*float64(l.Range.Len())) / (length + float64(l.Range.Len()))
			all[n].Range.End = l.Range.End
			continue
		}
		all = append(all, Stretch{Range: l.Range, Kind: kind, Score: score})
	}
	var out []Stretch
	for _, s := range all {
		if s.Kind != Unclear && s.Range.Len() >= Least {
			out = append(out, s)
		}
	}
	return out
}
