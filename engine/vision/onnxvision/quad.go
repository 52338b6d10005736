//go:build cgo

package onnxvision

import (
	"cmp"
	"math"
	"slices"
)

// point is a place in pixels.
type point struct{ x, y float64 }

func (p point) to(q point) float64 { return math.Hypot(q.x-p.x, q.y-p.y) }

// quad is a rectangle that may be turned: corners clockwise from the top left.
type quad [4]point

func (q quad) width() float64  { return q[0].to(q[1]) }
func (q quad) height() float64 { return q[0].to(q[3]) }

// turned is the same rectangle counted from another corner.
func (q quad) turned(by int) quad { return quad{q[by%4], q[(by+1)%4], q[(by+2)%4], q[(by+3)%4]} }

// grown moves every side out by d.
func (q quad) grown(d float64) quad {
	w, h := q.width(), q.height()
	u, v := point{1, 0}, point{0, 1}
	if w > 0 {
		u = point{(q[1].x - q[0].x) / w, (q[1].y - q[0].y) / w}
		v = point{-u.y, u.x}
	} else if h > 0 {
		v = point{(q[3].x - q[0].x) / h, (q[3].y - q[0].y) / h}
		u = point{v.y, -v.x}
	}
	move := func(p point, a, b float64) point { return point{p.x + d*(a*u.x+b*v.x), p.y + d*(a*u.y+b*v.y)} }
	return quad{move(q[0], -1, -1), move(q[1], 1, -1), move(q[2], 1, 1), move(q[3], -1, 1)}
}

// bounds is the upright rectangle around it.
func (q quad) bounds() rect {
	r := rect{q[0].x, q[0].y, q[0].x, q[0].y}
	for _, p := range q[1:] {
		r = rect{min(r.x0, p.x), min(r.y0, p.y), max(r.x1, p.x), max(r.y1, p.y)}
	}
	return r
}

// contains reports whether a place lies in it.
func (q quad) contains(p point) bool {
	for n := range q {
		a, b := q[n], q[(n+1)%4]
		if (b.x-a.x)*(p.y-a.y)-(b.y-a.y)*(p.x-a.x) < -1e-9 {
			return false
		}
	}
	return true
}

// hull is the convex hull of places, counter-clockwise on a page with y upwards (Andrew's monotone chain).
func hull(ps []point) []point {
	slices.SortFunc(ps, func(a, b point) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) })
	ps = slices.Compact(ps)
	if len(ps) < 3 {
		return ps
	}
	half := func(ps []point) []point {
		var out []point
		for _, p := range ps {
			for len(out) > 1 {
				a, b := out[len(out)-2], out[len(out)-1]
				if (b.x-a.x)*(p.y-a.y)-(b.y-a.y)*(p.x-a.x) > 0 {
					break
				}
				out = out[:len(out)-1]
			}
			out = append(out, p)
		}
		return out[:len(out)-1]
	}
	lower := half(ps)
	slices.Reverse(ps)
	return append(lower, half(ps)...)
}

// smallest is the rectangle of least area around places: one of its sides lies along a side of their hull.
func smallest(ps []point) quad {
	h := hull(ps)
	if len(h) == 0 {
		return quad{}
	}
	best, least := quad{}, math.Inf(1)
	for n := range h {
		a, b := h[n], h[(n+1)%len(h)]
		long := a.to(b)
		u := point{1, 0}
		if long > 0 {
			u = point{(b.x - a.x) / long, (b.y - a.y) / long}
		}
		lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
		for _, p := range h {
			s, t := p.x*u.x+p.y*u.y, -p.x*u.y+p.y*u.x
			lo, hi = point{min(lo.x, s), min(lo.y, t)}, point{max(hi.x, s), max(hi.y, t)}
		}
		if area := (hi.x - lo.x) * (hi.y - lo.y); area < least-1e-9 {
			least = area
			at := func(s, t float64) point { return point{s*u.x - t*u.y, s*u.y + t*u.x} }
			best = quad{at(lo.x, lo.y), at(hi.x, lo.y), at(hi.x, hi.y), at(lo.x, hi.y)}
		}
	}
	return best.upright()
}

// upright counts the corners from the one that is top left as a reader sees it.
func (q quad) upright() quad {
	best, least := 0, math.Inf(1)
	for n := range q {
		// The side from the first corner should run to the right.
		a, b := q[n], q[(n+1)%4]
		if turn := math.Abs(math.Atan2(b.y-a.y, b.x-a.x)); turn < least-1e-9 {
			best, least = n, turn
		}
	}
	return q.turned(best)
}
