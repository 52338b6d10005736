package analysis

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"showreel/media"
	trails "showreel/product/analysis/follow"
)

// sighting is one thing in one second's picture.
type sighting struct {
	second int64
	label  string
	text   string
	score  float64
	box    media.Box
	vector []float32 // of a face, where that is permitted
}

// chain is one thing over several pictures.
type chain struct {
	shot int
	seen []sighting
}

// follow links the sightings of each shot into things, in the order in which they are first seen.
func follow(shots []media.Range, bySecond map[int64][]sighting) []chain {
	of := map[int][]sighting{}
	for sec, list := range bySecond {
		if k := shotOf(shots, sec); k >= 0 {
			for _, x := range list {
				x.second = sec
				of[k] = append(of[k], x)
			}
		}
	}
	var out []chain
	for k := range shots {
		list := of[k]
		slices.SortStableFunc(list, func(a, b sighting) int { return cmp.Compare(a.second, b.second) })
		for _, t := range trails.Things(sights(list)) {
			out = append(out, chain{shot: k, seen: sightings(t)})
		}
	}
	return out
}

func sights(list []sighting) []trails.Sight {
	out := make([]trails.Sight, len(list))
	for n, x := range list {
		out[n] = trails.Sight{At: at(x.second), Label: x.label, Text: x.text, Score: x.score, Box: x.box, Vector: x.vector}
	}
	return out
}

func sightings(t trails.Trail) []sighting {
	out := make([]sighting, len(t))
	for n, x := range t {
		out[n] = sighting{second: int64(x.At / media.Second), label: x.Label, text: x.Text, score: x.Score, box: x.Box, vector: x.Vector}
	}
	return out
}

// annotation is a chain on the timeline: its surest sighting speaks for it.
func (c chain) annotation(shots []media.Range, model string) media.Annotation {
	a := media.Annotation{Range: shown(shots, c.seen[0].second), Model: model}
	a.Range.End = max(a.Range.End, shown(shots, c.seen[len(c.seen)-1].second).End)
	best := c.seen[0]
	for _, x := range c.seen {
		if x.score > best.score {
			best = x
		}
		a.Path = append(a.Path, media.Spot{At: shown(shots, x.second).Start, Box: x.box})
	}
	box := best.box
	a.Label, a.Text, a.Score, a.Box = best.label, best.text, best.score, &box
	if len(a.Path) == 1 {
		a.Path = nil
	}
	return a
}

// seen gathers what the pieces saw, by second, and who says so.
func seen(all []found, see func(f found, n int) []sighting) (by map[int64][]sighting, model string) {
	by = map[int64][]sighting{}
	for _, f := range all {
		model = f.Model
		for n, sec := range f.Piece.Seconds {
			for _, x := range see(f, n) {
				x.second = sec
				by[sec] = append(by[sec], x)
			}
		}
	}
	return by, model
}

// joinObjects writes each thing once a shot.
func (s *Service) joinObjects(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	by, model := seen(all, func(f found, n int) (out []sighting) {
		for _, o := range f.Objects[n] {
			if o.Score >= leastObject {
				out = append(out, sighting{label: o.Name, text: o.Name, score: o.Score, box: o.Box})
			}
		}
		return out
	})
	out := []media.Annotation{}
	for _, c := range follow(shots, by) {
		out = append(out, c.annotation(shots, model))
	}
	return map[media.Track][]media.Annotation{media.TrackObject: out}, nil
}

// joinText writes each caption once, also where it stays over a cut: the label says whether it stands, runs or rolls.
func (s *Service) joinText(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	by, model := seen(all, func(f found, n int) (out []sighting) {
		for _, l := range f.Lines[n] {
			if l.Score >= leastText && len([]rune(l.Text)) >= leastLetters && l.Box.H >= leastHeight {
				out = append(out, sighting{label: "text", text: l.Text, score: l.Score, box: l.Box})
			}
		}
		return out
	})
	var list []sighting
	for _, sec := range slices.Sorted(maps.Keys(by)) {
		list = append(list, by[sec]...)
	}
	out := []media.Annotation{}
	for _, c := range trails.Captions(sights(list)) {
		a := chain{seen: sightings(c.Trail)}.annotation(shots, model)
		a.Label, a.Text, a.Score = c.Kind, c.Text, c.Score
		out = append(out, a)
	}
	return map[media.Track][]media.Annotation{media.TrackText: out}, nil
}

// overlapOf is how much two boxes share of what both cover.
func overlapOf(a, b media.Box) float64 { return trails.Overlap(a, b) }
