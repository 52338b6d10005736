// Package follow links what single pictures show into what is there through time: things with boxes (objects, faces)
// within a shot, by place, motion and, where there are vectors, likeness; and writing, one caption however many pictures
// show it and however differently each is read.
//
// Detections are about a second apart, so boxes of one thing need not overlap: a thing is looked for where it would be if
// it went on moving. Each picture is matched as a whole (Kuhn 1955, Munkres 1957; SORT: Bewley et al. 2016). It finds
// nothing in pictures and writes no annotations: room analysis does.
package follow

import (
	"math"
	"slices"

	"showreel/media"
)

// Sight is one thing in one picture.
type Sight struct {
	At     media.Time
	Label  string
	Text   string
	Score  float64
	Box    media.Box
	Vector []float32 // unit length, or none
}

// Trail is one thing over several pictures, in order.
type Trail []Sight

// Best is the index of the sight that shows it best: sure, and large.
func (t Trail) Best() int {
	best := 0
	for n, x := range t {
		if x.Score*math.Sqrt(math.Sqrt(x.Box.W*x.Box.H)) > t[best].Score*math.Sqrt(math.Sqrt(t[best].Box.W*t[best].Box.H)) {
			best = n
		}
	}
	return best
}

// Gap is how long a thing may be out of sight and still be the same.
const Gap = 2500 * media.Millisecond

// What it takes to be the same thing.
const (
	leastSame   = 0.15 // of the score below
	farthest    = 1.6  // from where it is expected, in its own sizes
	leastShape  = 0.35 // smaller area by larger
	otherFace   = 0.25 // cosine of vectors: below is somebody else
	surelySame  = 0.6  // and above the same, wherever
	mostAtOnce  = 200  // things in a picture that are matched as a whole
	vectorPower = 0.6  // of the score, where there are vectors
)

// Things links the sights of one shot. They may be in any order.
func Things(sights []Sight) []Trail {
	return link(sights, Gap, func(t Trail, x Sight) float64 { return t.same(x) })
}

// link matches picture by picture the open trails with what is seen; like gives 0 for what cannot be the same.
func link(sights []Sight, gap media.Time, like func(Trail, Sight) float64) []Trail {
	sights = slices.Clone(sights)
	slices.SortStableFunc(sights, func(a, b Sight) int { return int(min(1, max(-1, a.At-b.At))) })
	var trails []Trail
	var open []int
	for len(sights) > 0 {
		n := 1
		for n < len(sights) && sights[n].At == sights[0].At {
			n++
		}
		now := sights[:n]
		sights = sights[n:]
		open = slices.DeleteFunc(open, func(k int) bool { return now[0].At-trails[k][len(trails[k])-1].At > gap })
		gains := make([][]float64, len(now))
		for i, x := range now {
			gains[i] = make([]float64, len(open))
			for j, k := range open {
				gains[i][j] = like(trails[k], x)
			}
		}
		for i, j := range assign(gains) {
			if j >= 0 {
				trails[open[j]] = append(trails[open[j]], now[i])
				continue
			}
			open = append(open, len(trails))
			trails = append(trails, Trail{now[i]})
		}
	}
	return trails
}

// same is how surely a sight continues a trail, 0 or leastSame..1.
func (t Trail) same(x Sight) float64 {
	last := t[len(t)-1]
	if last.Label != x.Label {
		return 0
	}
	score := max(near(t.expected(x.At), x.Box), 0.9*near(last.Box, x.Box))
	if a := t.vector(); a != nil && x.Vector != nil {
		c := cosine(a, x.Vector)
		if c < otherFace || c < surelySame && score == 0 {
			return 0
		}
		score = (1-vectorPower)*score + vectorPower*c
	}
	if score < leastSame {
		return 0
	}
	return score
}

// vector is the likeness of the thing: that of its surest sight.
func (t Trail) vector() []float32 {
	var best Sight
	for _, x := range t {
		if x.Vector != nil && x.Score > best.Score {
			best = x
		}
	}
	return best.Vector
}

// expected is where the thing would be if it went on as before.
func (t Trail) expected(at media.Time) media.Box {
	last := t[len(t)-1]
	if len(t) < 2 {
		return last.Box
	}
	before := t[len(t)-2]
	if last.At == before.At {
		return last.Box
	}
	f := min(2, float64(at-last.At)/float64(last.At-before.At))
	x, y := center(last.Box)
	bx, by := center(before.Box)
	b := last.Box
	b.X, b.Y = b.X+f*(x-bx), b.Y+f*(y-by)
	return b
}

func center(b media.Box) (x, y float64) { return b.X + b.W/2, b.Y + b.H/2 }

// near is how well two boxes fit: half by what they share, half by how far apart they are for their size.
func near(a, b media.Box) float64 {
	small, large := a.W*a.H, b.W*b.H
	if small > large {
		small, large = large, small
	}
	if small <= 0 || small/large < leastShape {
		return 0
	}
	ax, ay := center(a)
	bx, by := center(b)
	d := math.Hypot((ax-bx)/max(a.W, b.W), (ay-by)/max(a.H, b.H))
	if d > farthest {
		return 0
	}
	return 0.5*Overlap(a, b) + 0.5*math.Exp(-d*d/2)*math.Sqrt(small/large)
}

// Overlap is how much two boxes share of what both cover (intersection over union).
func Overlap(a, b media.Box) float64 {
	w, h := shared(a.X, a.W, b.X, b.W), shared(a.Y, a.H, b.Y, b.H)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.W*a.H + b.W*b.H - w*h)
}

func shared(a, an, b, bn float64) float64 { return min(a+an, b+bn) - max(a, b) }

func cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	sum := 0.0
	for n := range a {
		sum += float64(a[n]) * float64(b[n])
	}
	return sum
}
