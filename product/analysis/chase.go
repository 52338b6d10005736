package analysis

import (
	"context"
	"slices"

	"showreel/media"
)

// sighting is one thing in one second's picture.
type sighting struct {
	second int64
	label  string
	text   string
	score  float64
	box    media.Box
}

// chain is one thing over several pictures.
type chain struct {
	shot int
	seen []sighting
}

// follow links the sightings of neighbouring seconds within a shot that are alike, the best pairs first.
func follow(shots []media.Range, bySecond map[int64][]sighting, alike func(a, b sighting) float64, least float64) []chain {
	seconds := make([]int64, 0, len(bySecond))
	for sec := range bySecond {
		seconds = append(seconds, sec)
	}
	slices.Sort(seconds)
	var out []chain
	var open []int
	for _, sec := range seconds {
		shot := shotOf(shots, sec)
		if shot < 0 {
			continue
		}
		open = slices.DeleteFunc(open, func(k int) bool {
			c := out[k]
			return c.shot != shot || sec-c.seen[len(c.seen)-1].second > 2
		})
		taken := pair(out, open, bySecond[sec], alike, least)
		for n, x := range bySecond[sec] {
			if k, ok := taken[n]; ok {
				out[k].seen = append(out[k].seen, x)
				continue
			}
			open = append(open, len(out))
			out = append(out, chain{shot: shot, seen: []sighting{x}})
		}
	}
	return out
}

// pair gives each sighting the open chain that it continues.
func pair(chains []chain, open []int, now []sighting, alike func(a, b sighting) float64, least float64) map[int]int {
	type match struct {
		chain, n int
		score    float64
	}
	var all []match
	for _, k := range open {
		last := chains[k].seen[len(chains[k].seen)-1]
		for n, x := range now {
			if score := alike(last, x); score >= least {
				all = append(all, match{k, n, score})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b match) int {
		if a.score > b.score {
			return -1
		}
		return 1
	})
	taken, used := map[int]int{}, map[int]bool{}
	for _, m := range all {
		if _, ok := taken[m.n]; !ok && !used[m.chain] {
			taken[m.n], used[m.chain] = m.chain, true
		}
	}
	return taken
}

// overlapOf is how much two boxes share of what both cover.
func overlapOf(a, b media.Box) float64 {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.W*a.H + b.W*b.H - w*h)
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

// chased follows sightings and writes each thing once.
func (s *Service) chased(ctx context.Context, t *target, track media.Track, all []found, see func(f found, n int) []sighting, alike func(a, b sighting) float64, least float64) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	by, model := map[int64][]sighting{}, ""
	for _, f := range all {
		model = f.Model
		for n, sec := range f.Piece.Seconds {
			for _, x := range see(f, n) {
				x.second = sec
				by[sec] = append(by[sec], x)
			}
		}
	}
	out := []media.Annotation{}
	for _, c := range follow(shots, by, alike, least) {
		out = append(out, c.annotation(shots, model))
	}
	return map[media.Track][]media.Annotation{track: out}, nil
}

func (s *Service) joinObjects(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	see := func(f found, n int) (out []sighting) {
		for _, o := range f.Objects[n] {
			if o.Score >= leastObject {
				out = append(out, sighting{label: o.Name, text: o.Name, score: o.Score, box: o.Box})
			}
		}
		return out
	}
	return s.chased(ctx, t, media.TrackObject, all, see, func(a, b sighting) float64 {
		if a.label != b.label {
			return 0
		}
		return overlapOf(a.box, b.box)
	}, 0.2)
}

func (s *Service) joinFaces(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	see := func(f found, n int) (out []sighting) {
		for _, x := range f.Faces[n] {
			out = append(out, sighting{label: "face", score: x.Score, box: x.Box})
		}
		return out
	}
	return s.chased(ctx, t, media.TrackFace, all, see, func(a, b sighting) float64 { return overlapOf(a.box, b.box) }, 0.2)
}

func (s *Service) joinText(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	see := func(f found, n int) (out []sighting) {
		for _, l := range f.Lines[n] {
			if l.Score >= leastText && len([]rune(l.Text)) >= leastLetters && l.Box.H >= leastHeight {
				out = append(out, sighting{label: "text", text: l.Text, score: l.Score, box: l.Box})
			}
		}
		return out
	}
	return s.chased(ctx, t, media.TrackText, all, see, func(a, b sighting) float64 {
		return likeText(a.text, b.text) * min(1, 0.5+overlapOf(a.box, b.box))
	}, 0.5)
}

// likeText is the share of letter pairs that two readings have in common (Dice), so that a caption read a little
// differently is still the same.
func likeText(a, b string) float64 {
	if a == b {
		return 1
	}
	x, y := []rune(a), []rune(b)
	if len(x) < 2 || len(y) < 2 {
		return 0
	}
	pairs := map[[2]rune]int{}
	for n := 1; n < len(x); n++ {
		pairs[[2]rune{x[n-1], x[n]}]++
	}
	shared := 0
	for n := 1; n < len(y); n++ {
		if p := [2]rune{y[n-1], y[n]}; pairs[p] > 0 {
			pairs[p]--
			shared++
		}
	}
	return 2 * float64(shared) / float64(len(x)+len(y)-2)
}
