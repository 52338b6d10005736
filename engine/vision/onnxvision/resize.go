//go:build cgo

package onnxvision

import "math"

// rect is a part of a picture in pixels; it may lie between pixels.
type rect struct{ x0, y0, x1, y1 float64 }

func (p *picture) all() rect { return rect{0, 0, float64(p.w), float64(p.h)} }

// resized is the picture at another size. Shapes are not kept.
func (p *picture) resized(w, h int) *picture { return p.cut(p.all(), w, h) }

// taps are the source places and weights behind one place of the result.
type taps struct {
	from    int
	weights []float32
}

// triangle computes taps as Pillow's BILINEAR does: a triangle filter as wide as the step, so shrinking does not alias.
func triangle(from, to float64, size, n int) []taps {
	step := (to - from) / float64(n)
	wide := max(1, step)
	out := make([]taps, n)
	for i := range out {
		centre := from + (float64(i)+.5)*step
		lo := min(max(0, int(centre-wide+.5)), size-1)
		hi := max(min(size, int(centre+wide+.5)), lo+1)
		t := taps{lo, make([]float32, hi-lo)}
		sum := float32(0)
		for k := range t.weights {
			t.weights[k] = float32(max(0, 1-math.Abs((float64(lo+k)+.5-centre)/wide)))
			sum += t.weights[k]
		}
		if sum == 0 {
			t.weights[0], sum = 1, 1
		}
		for k := range t.weights {
			t.weights[k] /= sum
		}
		out[i] = t
	}
	return out
}

// cut is a part of the picture at w by h pixels.
func (p *picture) cut(r rect, w, h int) *picture {
	out := blank(w, h)
	if r == p.all() && w == p.w && h == p.h {
		copy(out.pix, p.pix)
		return out
	}
	across, down := triangle(r.x0, r.x1, p.w, w), triangle(r.y0, r.y1, p.h, h)
	first := down[0].from
	last := first
	for _, t := range down {
		last = max(last, t.from+len(t.weights))
	}
	rows := make([]float32, (last-first)*w*3) // the rows that count, at their new width
	for y := first; y < last; y++ {
		src, dst := p.pix[3*y*p.w:3*(y+1)*p.w], rows[(y-first)*w*3:]
		for x, t := range across {
			var r, g, b float32
			s := src[3*t.from:]
			for k, f := range t.weights {
				r += f * float32(s[3*k])
				g += f * float32(s[3*k+1])
				b += f * float32(s[3*k+2])
			}
			dst[3*x], dst[3*x+1], dst[3*x+2] = r, g, b
		}
	}
	sum := make([]float32, 3*w)
	for y, t := range down {
		clear(sum)
		for k, f := range t.weights {
			for i, v := range rows[(t.from-first+k)*w*3:][:3*w] {
				sum[i] += f * v
			}
		}
		for i, v := range sum {
			out.pix[3*y*w+i] = uint8(v + .5)
		}
	}
	return out
}

// letterbox fits the picture into a black square; scale and offsets lead from its pixels to the square's.
func (p *picture) letterbox(side int) (sq *picture, scale, dx, dy float64) {
	scale = float64(side) / float64(max(p.w, p.h))
	w, h := max(1, int(float64(p.w)*scale+.5)), max(1, int(float64(p.h)*scale+.5))
	small, sq := p.resized(w, h), blank(side, side)
	x0, y0 := (side-w)/2, (side-h)/2
	for y := range h {
		copy(sq.pix[3*((y0+y)*side+x0):], small.pix[3*y*w:3*(y+1)*w])
	}
	return sq, scale, float64(x0), float64(y0)
}

// warp draws the parallelogram with the corners at (origin), right and down as w by h pixels: bilinear, with as many samples
// a pixel as the shrinking needs, edges repeated.
func (p *picture) warp(origin, right, down point, w, h int) *picture {
	out := blank(w, h)
	ux, uy := (right.x-origin.x)/float64(w), (right.y-origin.y)/float64(w)
	vx, vy := (down.x-origin.x)/float64(h), (down.y-origin.y)/float64(h)
	n := min(8, max(1, int(math.Ceil(max(math.Hypot(ux, uy), math.Hypot(vx, vy))-.25))))
	share := 1 / float64(n*n)
	for y := range h {
		for x := range w {
			var r, g, b float64
			for j := range n {
				for i := range n {
					u, v := float64(x)+(float64(i)+.5)/float64(n), float64(y)+(float64(j)+.5)/float64(n)
					p.sample(origin.x+u*ux+v*vx-.5, origin.y+u*uy+v*vy-.5, &r, &g, &b)
				}
			}
			o := out.pix[3*(y*w+x):]
			o[0], o[1], o[2] = uint8(r*share+.5), uint8(g*share+.5), uint8(b*share+.5)
		}
	}
	return out
}

// sample adds the colour at a place between pixels.
func (p *picture) sample(x, y float64, r, g, b *float64) {
	x, y = min(max(x, 0), float64(p.w-1)), min(max(y, 0), float64(p.h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, p.w-1), min(y0+1, p.h-1)
	fx, fy := x-float64(x0), y-float64(y0)
	for _, c := range [4]struct {
		i int
		f float64
	}{{y0*p.w + x0, (1 - fx) * (1 - fy)}, {y0*p.w + x1, fx * (1 - fy)}, {y1*p.w + x0, (1 - fx) * fy}, {y1*p.w + x1, fx * fy}} {
		*r += c.f * float64(p.pix[3*c.i])
		*g += c.f * float64(p.pix[3*c.i+1])
		*b += c.f * float64(p.pix[3*c.i+2])
	}
}

// planes are the colours one plane after the other, each (v − mean) / std. bgr turns the order of colours.
func (p *picture) planes(mean, std [3]float32, bgr bool) []float32 {
	n := p.w * p.h
	out := make([]float32, 3*n)
	for c := range 3 {
		from := c
		if bgr {
			from = 2 - c
		}
		plane := out[c*n : (c+1)*n]
		for i := range plane {
			plane[i] = (float32(p.pix[3*i+from]) - mean[c]) / std[c]
		}
	}
	return out
}

// rows are the colours pixel by pixel, each (v − mean) / std.
func (p *picture) rows(mean, std [3]float32, bgr bool) []float32 {
	out := make([]float32, len(p.pix))
	for i := 0; i < len(out); i += 3 {
		for c := range 3 {
			from := c
			if bgr {
				from = 2 - c
			}
			out[i+c] = (float32(p.pix[i+from]) - mean[c]) / std[c]
		}
	}
	return out
}

func three(v float32) [3]float32 { return [3]float32{v, v, v} }
