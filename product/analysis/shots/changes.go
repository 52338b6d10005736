package shots

import (
	"cmp"
	"slices"
)

// What the network must say of a place, and what makes it worth asking.
const (
	sureOdds  = 0.5  // a change, unless both sides show the same
	someOdds  = 0.08 // enough where the arithmetic says so too
	flatBelow = 0.3  // a dip's contrast, of its sides'
	faint     = 3.0  // contrast that is none
	unasked   = -1   // odds of a frame that the network was not asked about
)

// confirms reports whether the stretch agrees with a change that the trace found.
func (s *Stretch) confirms(c Change) bool {
	if c.Kind == Fade {
		return true
	}
	n := s.frameAt(c.Middle())
	if s.alike(n-2, n+3) > sameAbove || s.alike(n-4, n+2) > sameAbove { // a flash, a jolt, a light that went on
		return false
	}
	odds := s.most(n-1, n+2)
	return odds == unasked || odds >= someOdds || c.Score > 0.8
}

// most is the highest odds of frames from..to, unasked where the network was asked about none.
func (s *Stretch) most(from, to int) float64 {
	best := float32(unasked)
	for n := max(0, from); n <= min(to, len(s.Odds)-1); n++ {
		best = max(best, s.Odds[n])
	}
	return float64(best)
}

// changes lists what the stretch shows by itself.
func (s *Stretch) changes() []Change {
	out := s.dips()
	for _, b := range s.blends(mostResidual, leastStraight, sameAbove) {
		if odds := s.most(b.from, b.to); odds == unasked || odds >= someOdds {
			out = append(out, Change{From: s.at(b.from + 1), To: s.at(b.to), Kind: Dissolve, Score: b.quality()})
		}
	}
	for n := 0; n < len(s.Odds); n++ {
		if s.Odds[n] < sureOdds {
			continue
		}
		from := n
		for n+1 < len(s.Odds) && s.Odds[n+1] >= sureOdds {
			n++
		}
		if c, ok := s.told(from, n); ok {
			out = append(out, c)
		}
	}
	return out
}

// told makes a change of a run of high odds, unless both sides show the same.
func (s *Stretch) told(from, to int) (Change, bool) {
	width := to - from + 1
	side := 1 + width/2
	if s.alike(from-side-2, to+side+2) > sameAbove && s.alike(from-side-1, to+side+1) > sameAbove {
		return Change{}, false
	}
	c := Change{From: s.at(from), To: s.at(from), Kind: Cut, Score: s.most(from, to)}
	if width > 2 || !s.abrupt(from) {
		c.Kind, c.From, c.To = Dissolve, s.at(max(0, from-1)), s.at(to+1)
	}
	return c, true
}

// abrupt reports whether the picture changes at once near a frame: most of the way between the frames around it is made in
// one step.
func (s *Stretch) abrupt(n int) bool {
	way := distance(s.frame(n-4), s.frame(n+4))
	for k := n - 1; k <= n+2; k++ {
		if distance(s.frame(k-1), s.frame(k)) > 0.6*way {
			return true
		}
	}
	return false
}

// distance is the mean absolute difference of two frames.
func distance(a, b []byte) float64 {
	sum := 0
	for k := range a {
		d := int(a[k]) - int(b[k])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a))
}

// blends lists the dissolves that the arithmetic finds: where the frames between two that differ fit a line best. No two
// of them overlap.
func (s *Stretch) blends(residual, straight, same float64) []blend {
	var all []blend
	for c := shortestBlend; c < s.len()-shortestBlend; c++ {
		for h := shortestBlend; h <= longestBlend && c-h >= 0 && c+h < s.len(); h++ {
			b := s.fit(c-h, c+h)
			if b.residual <= residual && b.straight >= straight && s.alike(b.from, b.to) < same {
				all = append(all, b)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b blend) int { return cmp.Compare(b.quality(), a.quality()) })
	var out []blend
	for _, b := range all {
		if !slices.ContainsFunc(out, func(o blend) bool { return b.from < o.to && o.from < b.to }) {
			out = append(out, b)
		}
	}
	return out
}

func (b blend) quality() float64 { return b.straight * (1 - b.residual) }

// dips lists fades through a flat picture: the contrast falls to nearly nothing and comes back, each in several frames
// that show the same, only fainter.
func (s *Stretch) dips() []Change {
	dev := make([]float64, s.len())
	for n := range dev {
		_, dev[n] = moments(s.luma(n))
	}
	var out []Change
	for c := 1; c < len(dev)-1; c++ {
		if dev[c] > dev[c-1] || dev[c] >= dev[c+1] {
			continue
		}
		a, b := s.climb(dev, c, -1), s.climb(dev, c, 1)
		if c-a < 3 || b-c < 3 || dev[c] > flatBelow*min(dev[a], dev[b]) {
			continue
		}
		if mean, _ := moments(s.luma(c)); mean > 48 && mean < 208 {
			continue
		}
		out = append(out, Change{From: s.at(a), To: s.at(b), Kind: Fade, Score: 1 - dev[c]/min(dev[a], dev[b])})
	}
	return out
}

// climb walks from a dip while the contrast rises and the picture stays the same.
func (s *Stretch) climb(dev []float64, c, dir int) int {
	k := c
	for k+dir >= 0 && k+dir < len(dev) && dev[k+dir] > 1.02*dev[k] {
		if dev[k] > faint && correlation(s.luma(k), s.luma(k+dir), 0, 0) < 0.7 {
			break
		}
		k += dir
	}
	return k
}
