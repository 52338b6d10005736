// Package shots finds where one shot of a film gives way to another: hard cuts, dissolves, and fades through black or
// white. It fuses three witnesses: the decoder's trace of every frame (how much it differs from the one before, and how
// bright it is), small colour frames of the stretches where the trace does not tell, and a network's odds on those
// (TransNetV2: Souček, Lokoč, 2020). The trace alone finds cuts and fades; without a network the dissolves are told by
// arithmetic: the frames of a dissolve lie on the line between its ends (Lienhart, Reliable dissolve detection, 2001).
//
// It decodes nothing and asks no engine: room analysis does, and writes what comes out as annotations.
package shots

import (
	"cmp"
	"slices"

	"showreel/media"
)

// The kinds of change.
const (
	Cut      = "cut"
	Dissolve = "dissolve"
	Fade     = "fade" // through black or white
)

// Frame is what the decoder measured of one frame.
type Frame struct {
	Diff float64 // from the frame before: ffmpeg scdet's score on 160x90 grey, 0..100
	Luma float64 // mean, 16 black .. 235 white
}

// Trace is every frame of a film, in order; the first frame is the asset's zero.
type Trace struct {
	Rate   media.Rate
	Frames []Frame
}

// Change is where a shot begins. From and To are equal for a cut: the first frame of the new shot. A dissolve or fade
// lasts from From to To.
type Change struct {
	From  media.Time `json:"from"`
	To    media.Time `json:"to"`
	Kind  string     `json:"kind"`
	Score float64    `json:"score"` // 0..1, how sure
}

// Middle is where the new shot is said to begin.
func (c Change) Middle() media.Time { return c.From + (c.To-c.From)/2 }

// Shortest is the least length of a shot; nobody sees less.
const Shortest = media.Second / 5

// Detect finds the changes of a film of that trace. Where a stretch lies over a place its frames decide; elsewhere the
// trace does.
func Detect(t Trace, stretches []Stretch) []Change {
	var found []Change
	for _, c := range t.cuts() {
		if s := over(stretches, c.From); s == nil || s.confirms(c) {
			found = append(found, c)
		}
	}
	for _, c := range t.fades() {
		if s := over(stretches, c.Middle()); s == nil || s.confirms(c) {
			found = append(found, c)
		}
	}
	for n := range stretches {
		found = append(found, stretches[n].changes()...)
	}
	return settle(found)
}

func over(stretches []Stretch, at media.Time) *Stretch {
	for n := range stretches {
		if stretches[n].Range().Contains(at) {
			return &stretches[n]
		}
	}
	return nil
}

// settle joins what several witnesses said of one change: what overlaps, or lies nearer than a shot can be short, is one.
// A cut's place is the exactest; between others the surer one says where and what.
func settle(found []Change) []Change {
	slices.SortFunc(found, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind))
	})
	var out []Change
	for _, c := range found {
		n := len(out) - 1
		if n < 0 || c.From-out[n].To >= Shortest {
			out = append(out, c)
			continue
		}
		out[n] = better(out[n], c)
	}
	return out
}

// better joins two reports of one change.
func better(a, b Change) Change {
	rank := func(c Change) float64 {
		switch c.Kind {
		case Fade: // a dip to black is not mistaken
			return c.Score + 0.4
		case Cut:
			return c.Score + 0.2
		}
		return c.Score
	}
	if rank(b) > rank(a) {
		a, b = b, a
	}
	a.Score = max(a.Score, b.Score)
	return a
}

// Ranges cuts a timeline of that length at the changes. No shot is shorter than Shortest.
func Ranges(changes []Change, length media.Time) []media.Range {
	var out []media.Range
	from := media.Time(0)
	for _, c := range changes {
		if at := c.Middle(); at-from >= Shortest && length-at >= Shortest {
			out = append(out, media.Range{Start: from, End: at})
			from = at
		}
	}
	if length > from {
		out = append(out, media.Range{Start: from, End: length})
	}
	return out
}
