package transcode

import (
	"slices"

	"showreel/media"
)

// Redaction makes one rendition of a source in which stretches of its sound and boxes of its picture are hidden. What is
// hidden is not in the rendition's bytes: it is decoded, covered and encoded anew, and no other track, caption, chapter or
// tag of the source goes along.
type Redaction struct {
	Name   string        `json:"name"`            // of the file
	Rung   *Rung         `json:"rung,omitempty"`  // of the picture; nil makes sound alone
	Kbps   int           `json:"kbps"`            // of the sound, AAC
	Sound  []media.Range `json:"sound,omitempty"` // silent in every sample of them; 5 ms before and after are faded
	Bleep  bool          `json:"bleep,omitempty"` // a tone of 1 kHz at -20 dBFS instead of silence
	Covers []Cover       `json:"covers,omitempty"`
	Fill   bool          `json:"fill,omitempty"`   // black instead of blur
	Pixels bool          `json:"pixels,omitempty"` // squares of one colour instead of blur
}

// Cover hides a rectangle from its first spot to its last, moving in straight lines between them. Boxes are fractions of
// the upright picture.
type Cover struct {
	Spots []media.Spot `json:"spots"`
}

// At is the rectangle at a time; ok is false before the first spot and after the last.
func (c Cover) At(t media.Time) (box media.Box, ok bool) {
	if len(c.Spots) == 0 || t < c.Spots[0].At || t > c.Spots[len(c.Spots)-1].At {
		return box, false
	}
	n, found := slices.BinarySearchFunc(c.Spots, t, func(s media.Spot, t media.Time) int { return int(min(1, max(-1, s.At-t))) })
	if found || n == 0 {
		return c.Spots[n].Box, true
	}
	a, b := c.Spots[n-1], c.Spots[n]
	x := float64(t-a.At) / float64(b.At-a.At)
	mix := func(p, q float64) float64 { return p + (q-p)*x }
	return media.Box{X: mix(a.Box.X, b.Box.X), Y: mix(a.Box.Y, b.Box.Y), W: mix(a.Box.W, b.Box.W), H: mix(a.Box.H, b.Box.H)}, true
}

// Look asks for JPEGs of stretches of the picture, upright as a rung is made: every so many frames of Plan.Rate, so that
// what is found in them lies exactly where a redaction of the same plan covers it.
type Look struct {
	Every  int           `json:"every"` // frames
	Width  int           `json:"width"` // pixels; even
	Ranges []media.Range `json:"ranges"`
}

// The most that one plan may ask.
const (
	maxSilences = 20_000
	maxCovers   = 20_000
)

func (p Plan) checkRedaction() error {
	if r := p.Redaction; r != nil {
		if err := checkName(r.Name, map[string]bool{}); err != nil {
			return err
		}
		if r.Rung != nil {
			if err := r.Rung.check(map[string]bool{}); err != nil {
				return err
			}
			if p.Info.Main("video") == nil || !p.Rate.Known() || p.Frames < 1 || p.GOPFrames < 1 {
				return badPlan(r.Name, "The plan covers the picture of a source that has none.")
			}
		}
		if r.Rung == nil && p.Info.Main("audio") == nil {
			return badPlan(r.Name, "The source has neither picture nor sound.")
		}
		if len(r.Sound) > maxSilences || len(r.Covers) > maxCovers {
			return badPlan(r.Name, "That is too much to hide at once; hide parts of the film one after another.")
		}
		for n, s := range r.Sound {
			if s.Start < 0 || s.Empty() || n > 0 && s.Start < r.Sound[n-1].End {
				return badPlan(r.Name, "Stretches to silence are ordered, not empty and do not overlap.")
			}
		}
		for _, c := range r.Covers {
			if len(c.Spots) == 0 || !slices.IsSortedFunc(c.Spots, func(a, b media.Spot) int { return int(min(1, max(-1, a.At-b.At))) }) {
				return badPlan(r.Name, "A cover has spots in order of time.")
			}
		}
	}
	if l := p.Look; l != nil && (l.Every < 1 || l.Width < 2 || l.Width%2 != 0 || p.Info.Main("video") == nil || !p.Rate.Known() || p.Frames < 1) {
		return badPlan("look", "Pictures to look at need a step, an even width and a source that moves.")
	}
	return nil
}
