// Package redact decides what of a film is hidden: from what detectors found in sound and picture it makes stretches to
// silence, rectangles through time to cover and captions with words masked, each wider than what was found. It is pure:
// it looks at no picture, hears nothing and writes no file. Covering too much is the error it prefers.
//
// Terms: a mark is one thing to hide with its reason; a look is one picture that detectors saw; a cover is a rectangle
// through time (engine/transcode renders it).
package redact

import (
	"math"
	"slices"
	"strings"

	"showreel/engine/transcode"
	"showreel/media"
)

// Where a mark hides something.
const (
	InSound   = "sound"
	InPicture = "picture"
)

// Mark is one thing that is hidden.
type Mark struct {
	In    string       `json:"in" enum:"sound,picture"`
	Kind  string       `json:"kind" doc:"face, person, text, word, range, or the kind of personal data"`
	Range media.Range  `json:"-"`
	Spots []media.Spot `json:"-"` // in picture: what was found, not yet widened
	Text  string       `json:"text,omitempty" doc:"enough of it to recognise it"`
	Score float64      `json:"score"`
	Model string       `json:"model"`
}

// How much wider than what was found sound is hidden. Word times are within 250 ms for 95 of 100 words.
const (
	Before = 250 * media.Millisecond
	After  = 300 * media.Millisecond
	Joined = 400 * media.Millisecond // a shorter rest between two stretches says too much
)

// Silences are the stretches of sound that marks hide: widened, joined, ordered, within [0, length).
func Silences(marks []Mark, length media.Time) []media.Range {
	var out []media.Range
	for _, m := range marks {
		if m.In == InSound {
			r := media.Range{Start: max(0, m.Range.Start-Before), End: min(length, m.Range.End+After)}
			if !r.Empty() {
				out = append(out, r)
			}
		}
	}
	return media.MergeRanges(out, Joined)
}

// Hit is one thing that a detector found in a look.
type Hit struct {
	Box   media.Box
	Kind  string
	Text  string
	Score float64
}

// Look is one picture with what was found in it.
type Look struct {
	At   media.Time
	Hits []Hit
}

// chain is a thing that is followed from look to look.
type chain struct {
	kind  string
	text  string
	score float64
	spots []media.Spot
}

// reach is how far, in its own sizes, a thing may move from one look to the next and still be the same.
const reach = 4.0

// missed is in how many looks a thing may go unseen and still be the same.
const missed = 6

// Follow joins the hits of looks, ordered by time and at most step apart where they belong together, into marks: one a
// thing. What is seen once is a mark too.
func Follow(looks []Look, step media.Time, model string) []Mark {
	var open, done []chain
	for _, l := range looks {
		var still []chain
		for _, c := range open {
			if l.At-c.spots[len(c.spots)-1].At > step*(missed+1) {
				done = append(done, c)
			} else {
				still = append(still, c)
			}
		}
		open = still
		taken := map[int]bool{}
		for _, h := range l.Hits {
			best, near := -1, reach
			for n, c := range open {
				if d := apart(c.spots[len(c.spots)-1].Box, h.Box); c.kind == h.Kind && !taken[n] && d < near {
					best, near = n, d
				}
			}
			if best < 0 {
				open, best = append(open, chain{kind: h.Kind}), len(open)
			}
			taken[best] = true
			c := &open[best]
			c.spots = append(c.spots, media.Spot{At: l.At, Box: h.Box})
			if h.Score > c.score {
				c.score, c.text = h.Score, h.Text
			}
		}
	}
	var out []Mark
	for _, c := range append(done, open...) {
		out = append(out, Mark{In: InPicture, Kind: c.kind, Text: c.text, Score: c.score, Model: model, Spots: c.spots,
			Range: media.Range{Start: max(0, c.spots[0].At-step), End: c.spots[len(c.spots)-1].At + step}})
	}
	slices.SortStableFunc(out, func(a, b Mark) int { return int(min(1, max(-1, a.Range.Start-b.Range.Start))) })
	return out
}

// apart is the distance of two boxes' centres in sizes of the larger one.
func apart(a, b media.Box) float64 {
	dx, dy := a.X+a.W/2-b.X-b.W/2, a.Y+a.H/2-b.Y-b.H/2
	return math.Hypot(dx, dy) / max(a.W, a.H, b.W, b.H, 1e-6)
}

// margin is how much of its size a box is widened on each side: a face's box ends at the brow and the chin, a body's at the skin.
var margin = map[string]float64{"face": 0.5, "person": 0.12, "range": 0}

// Cover is the rectangle through time that hides a mark. Each spot is wide enough for what was found there, for its
// margin, and for half the way to the spots beside it, because nothing moves in straight lines. It begins a step before the
// first sight and ends a step after the last, wider by the way that the thing goes on in that time.
func Cover(m Mark, step media.Time) transcode.Cover {
	grow, ok := margin[m.Kind]
	if !ok {
		grow = 0.25
	}
	var c transcode.Cover
	for n, s := range m.Spots {
		var dx, dy float64
		for _, k := range []int{n - 1, n + 1} {
			if k >= 0 && k < len(m.Spots) {
				o := m.Spots[k].Box
				dx, dy = max(dx, math.Abs(o.X+o.W/2-s.Box.X-s.Box.W/2)), max(dy, math.Abs(o.Y+o.H/2-s.Box.Y-s.Box.H/2))
			}
		}
		if len(m.Spots) == 1 && grow > 0 { // it may have come from anywhere
			dx, dy = 2*s.Box.W, 2*s.Box.H
		}
		pad := grow * max(s.Box.W, s.Box.H)
		c.Spots = append(c.Spots, media.Spot{At: s.At, Box: widen(s.Box, pad+dx/2, pad+dy/2)})
		switch {
		case grow == 0:
		case n == 0:
			c.Spots = slices.Insert(c.Spots, 0, media.Spot{At: max(0, s.At-step), Box: widen(s.Box, pad+dx, pad+dy)})
		}
		if n == len(m.Spots)-1 && grow > 0 {
			c.Spots = append(c.Spots, media.Spot{At: s.At + step, Box: widen(s.Box, pad+dx, pad+dy)})
		}
	}
	return c
}

// Path is where something was seen, in order of time.
type Path []media.Spot

// Near is the box at a time, moving in straight lines between sights; before the first and after the last it stays there for
// at most slack.
func (p Path) Near(t, slack media.Time) (box media.Box, ok bool) {
	if len(p) == 0 || t < p[0].At-slack || t > p[len(p)-1].At+slack {
		return box, false
	}
	return transcode.Cover{Spots: p}.At(min(max(t, p[0].At), p[len(p)-1].At))
}

// widen adds to each side, within the picture.
func widen(b media.Box, x, y float64) media.Box {
	x0, y0 := max(0, b.X-x), max(0, b.Y-y)
	return media.Box{X: x0, Y: y0, W: min(1, b.X+b.W+x) - x0, H: min(1, b.Y+b.H+y) - y0}
}

// Covers are those of all marks in the picture.
func Covers(marks []Mark, step media.Time) []transcode.Cover {
	var out []transcode.Cover
	for _, m := range marks {
		if m.In == InPicture && len(m.Spots) > 0 {
			out = append(out, Cover(m, step))
		}
	}
	return out
}

// Covered reports how much of a box, 0..1, the covers hide at a time.
func Covered(covers []transcode.Cover, at media.Time, b media.Box) float64 {
	const grid = 10
	hidden := 0
	for n := range grid * grid {
		x, y := b.X+b.W*(float64(n%grid)+0.5)/grid, b.Y+b.H*(float64(n/grid)+0.5)/grid
		if slices.ContainsFunc(covers, func(c transcode.Cover) bool {
			box, ok := c.At(at)
			return ok && x >= box.X && x <= box.X+box.W && y >= box.Y && y <= box.Y+box.H
		}) {
			hidden++
		}
	}
	return float64(hidden) / (grid * grid)
}

// Masked stands in captions for what is hidden.
const Masked = "[…]"

// Words masks what is said in the silenced stretches: a run of words becomes one Masked, which lasts as long as they do.
func Words(words []media.Word, silences []media.Range) []media.Word {
	out := []media.Word{}
	for _, w := range words {
		r := media.Range{Start: w.Start, End: max(w.End, w.Start+1)}
		if !slices.ContainsFunc(silences, r.Overlaps) {
			out = append(out, w)
			continue
		}
		if n := len(out) - 1; n >= 0 && out[n].Text == Masked {
			out[n].End = w.End
			continue
		}
		w.Text = Masked
		out = append(out, w)
	}
	return out
}

// Holds reports whether a text has one of the words, in any case and without the punctuation around it.
func Holds(text string, words []string) bool {
	bare := strings.ToLower(strings.Trim(strings.TrimSpace(text), ".,;:!?\"'()[]«»“”…"))
	return slices.ContainsFunc(words, func(w string) bool { return strings.ToLower(strings.TrimSpace(w)) == bare && bare != "" })
}
