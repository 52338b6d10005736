package transcode

import (
	"math"
	"sort"

	"showreel/media"
)

// joinGap is how far apart two open edges may lie and still be one state: frame times of neighbouring chunks differ by
// rounding only, sound windows by one block.
const joinGap = 120 * media.Millisecond

// MergeSpans joins what neighbouring chunks saw. chunks are in timeline order, each with its spans in any order; an open
// end that meets an open start of the same kind (and, for crops, of the same box within two percent) becomes one span.
// Values are averaged by length. The result is ordered by start, then kind.
func MergeSpans(chunks [][]Span) []Span {
	var out []Span
	open := map[string]int{} // kind -> index in out of the span whose end is open
	for _, spans := range chunks {
		in := append([]Span(nil), spans...)
		sort.SliceStable(in, func(i, j int) bool { return in[i].Start < in[j].Start })
		next := map[string]int{}
		for _, s := range in {
			at, joined := open[s.Kind]
			if joined && s.OpenStart && joins(out[at], s) {
				out[at] = join(out[at], s)
			} else {
				out = append(out, s)
				at = len(out) - 1
			}
			if s.OpenEnd {
				next[s.Kind] = at
			}
		}
		open = next
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Start != out[j].Start {
			return out[i].Start < out[j].Start
		}
		return out[i].Kind < out[j].Kind
	})
	return out
}

func joins(a, b Span) bool {
	if !a.OpenEnd || b.Start-a.End > joinGap || a.End-b.Start > joinGap {
		return false
	}
	if a.Box == nil || b.Box == nil {
		return a.Box == b.Box
	}
	const near = 0.02
	return math.Abs(a.Box.X-b.Box.X) <= near && math.Abs(a.Box.Y-b.Box.Y) <= near &&
		math.Abs(a.Box.W-b.Box.W) <= near && math.Abs(a.Box.H-b.Box.H) <= near
}

func join(a, b Span) Span {
	la, lb := float64(max(0, a.End-a.Start)), float64(max(0, b.End-b.Start))
	if la+lb > 0 {
		a.Value = (a.Value*la + b.Value*lb) / (la + lb)
	}
	a.End, a.OpenEnd = max(a.End, b.End), b.OpenEnd
	return a
}
