package meaning

import (
	"math"
	"slices"

	"showreel/media"
)

// Edge is a place where the picture changes, with how strongly: 1 is a new scene, less a new shot.
type Edge struct {
	At     media.Time
	Weight float64 // 0..1
}

// Level is the loudness of a stretch.
type Level struct {
	Range media.Range
	LUFS  float64
}

// Break is a place for advertising. Score is the product of its reasons, each 0..1.
type Break struct {
	At    media.Time
	Score float64
	Edge  float64 // the picture changes
	Quiet float64 // the sound dips
	Turn  float64 // the topic turns; ½ where nobody speaks
	Rest  float64 // the speaker has come to an end: 1 from a pause of a second on, less in a breath
}

// Breaks scores every edge as a place for a break and keeps the best that are at least apart from each other and from
// both ends. Nobody is cut off: an edge within speech has no chance.
func Breaks(edges []Edge, levels []Level, sentences []Sentence, length, apart media.Time) []Break {
	turn := turns(sentences)
	usual := median(levels)
	var all []Break
	for _, e := range edges {
		if e.At < apart/2 || e.At > length-apart/2 || spokenAt(sentences, e.At) {
			continue
		}
		b := Break{At: e.At, Edge: e.Weight, Quiet: quiet(levels, usual, e.At), Turn: turnAt(sentences, turn, e.At)}
		b.Rest = restAt(sentences, e.At)
		b.Score = b.Edge * b.Quiet * b.Turn * b.Rest
		all = append(all, b)
	}
	slices.SortStableFunc(all, func(a, b Break) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return int(a.At - b.At)
	})
	var out []Break
	for _, b := range all {
		if b.Score < 0.05 {
			break
		}
		if !slices.ContainsFunc(out, func(o Break) bool { return max(o.At-b.At, b.At-o.At) < apart }) {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b Break) int { return int((a.At - b.At) / media.Second) })
	return out
}

func spokenAt(sentences []Sentence, at media.Time) bool {
	const edge = media.Second / 10
	return slices.ContainsFunc(sentences, func(s Sentence) bool { return s.Range.Start+edge < at && at < s.Range.End-edge })
}

// quiet is how far the sound near a place lies below the usual: 0.2 at the usual level, 1 from 15 LU below it on.
func quiet(levels []Level, usual float64, at media.Time) float64 {
	least := math.Inf(1)
	for _, l := range levels {
		if l.Range.Start <= at+media.Second && at-media.Second < l.Range.End {
			least = min(least, l.LUFS)
		}
	}
	if math.IsInf(least, 1) {
		return 0.5 // not measured: neither for nor against
	}
	return min(1, max(0.2, 0.2+0.8*(usual-least)/15))
}

func median(levels []Level) float64 {
	if len(levels) == 0 {
		return 0
	}
	v := make([]float64, len(levels))
	for i, l := range levels {
		v[i] = l.LUFS
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// turnAt is the strongest turn of the topic between the sentence before and the one after a place.
func turnAt(sentences []Sentence, turn []float64, at media.Time) float64 {
	next := slices.IndexFunc(sentences, func(s Sentence) bool { return s.Range.Start >= at-media.Second/10 })
	switch {
	case len(sentences) == 0 || next == 0 || next < 0:
		return 0.5
	case sentences[next].Range.Start-sentences[next-1].Range.End > 20*media.Second:
		return max(0.5, turn[next])
	}
	return 0.2 + 0.8*min(1, 3*turn[next])
}

// restAt is how long the pause is that a place lies in.
func restAt(sentences []Sentence, at media.Time) float64 {
	next := slices.IndexFunc(sentences, func(s Sentence) bool { return s.Range.Start >= at-media.Second/10 })
	if next <= 0 {
		return 1
	}
	return min(1, max(0.2, (sentences[next].Range.Start-sentences[next-1].Range.End).Seconds()))
}
