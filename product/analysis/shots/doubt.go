package shots

import (
	"slices"

	"showreel/media"
)

// Look is one picture of a film, small and grey: values 0..255, all looks of one size.
type Look struct {
	At   media.Time
	Luma []float64
}

// What two looks must differ by for something to have changed between them.
const (
	changedBy   = 10.0 // mean of 255
	correlated  = 0.9
	verySure    = 16.0 // a jump that needs no second look
	doubtBefore = 900 * media.Millisecond
	doubtAfter  = 900 * media.Millisecond
)

// Doubts lists where within a range the trace alone does not tell: the pictures differ and no plain cut explains it, or
// a jump is small, or may be a flash, or the light comes and goes. They are in order and do not touch.
func Doubts(t Trace, looks []Look, within media.Range) []media.Range {
	var out []media.Range
	doubt := func(from, to media.Time) {
		if r := (media.Range{Start: from - doubtBefore, End: to + doubtAfter}).Intersect(within); !r.Empty() {
			out = append(out, r)
		}
	}
	for n := 1; n < len(looks); n++ {
		a, b := looks[n-1], looks[n]
		if differ(a.Luma, b.Luma) && !t.plainCut(a.At, b.At) {
			doubt(a.At, b.At)
		}
	}
	for n, f := range t.Frames {
		if f.Diff >= possible && t.peak(n) && (f.Diff < verySure || t.flash(n)) {
			doubt(t.Rate.At(int64(n)), t.Rate.At(int64(n)))
		}
	}
	for _, c := range t.fades() {
		doubt(c.From, c.To)
	}
	slices.SortFunc(out, func(a, b media.Range) int { return int(min(1, max(-1, a.Start-b.Start))) })
	return media.MergeRanges(out, media.Second)
}

func differ(a, b []float64) bool {
	sum := 0.0
	for n := range min(len(a), len(b)) {
		sum += max(a[n]-b[n], b[n]-a[n])
	}
	return sum > changedBy*float64(max(len(a), 1)) || plainCorrelation(a, b) < correlated
}

func plainCorrelation(a, b []float64) float64 {
	ma, da := moments(a)
	mb, db := moments(b)
	if da < 2 && db < 2 {
		return 1
	}
	if da < 2 || db < 2 || len(a) != len(b) {
		return 0
	}
	sum := 0.0
	for n := range a {
		sum += (a[n] - ma) * (b[n] - mb)
	}
	return sum / float64(len(a)) / (da * db)
}

// plainCut reports whether one jump between two times explains that they differ: high, alone, and no flash.
func (t Trace) plainCut(from, to media.Time) bool {
	for n := max(1, t.Rate.Frame(max(0, from))); n <= t.Rate.Frame(max(0, to)) && n < int64(len(t.Frames)); n++ {
		k := int(n)
		if f := t.Frames[k]; f.Diff >= verySure && f.Diff > 8*t.around(k) && t.peak(k) && !t.flash(k) {
			return true
		}
	}
	return false
}

// Suspects lists the stretches of frames, as from and to, that are worth the network's time: what may be a dissolve by
// loose measure, a jump of the trace, a dip. They leave room on both sides.
func (s *Stretch) Suspects(t Trace) [][2]int {
	var spans [][2]int
	for _, b := range s.blends(2.5*mostResidual, 0.75*leastStraight, sameAbove+0.1) {
		spans = append(spans, [2]int{b.from, b.to})
	}
	for _, c := range s.dips() {
		spans = append(spans, [2]int{s.frameAt(c.From), s.frameAt(c.To)})
	}
	for n, f := range t.Frames {
		if at := t.Rate.At(int64(n)); f.Diff >= possible && f.Diff < verySure && t.peak(n) && s.Range().Contains(at) {
			spans = append(spans, [2]int{s.frameAt(at), s.frameAt(at) + 1})
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	var out [][2]int
	for _, p := range spans {
		p = [2]int{max(0, p[0]-room), min(s.len(), p[1]+room)}
		if n := len(out) - 1; n >= 0 && p[0] <= out[n][1] {
			out[n][1] = max(out[n][1], p[1])
			continue
		}
		out = append(out, p)
	}
	return out
}

// room is how many frames the network sees on both sides of what it is asked about.
const room = 18

// Answer puts in what the network said of frames from, from+1, …
func (s *Stretch) Answer(from int, odds []float32) {
	if s.Odds == nil {
		s.Odds = slices.Repeat([]float32{unasked}, s.len())
	}
	copy(s.Odds[from:], odds)
}
