//go:build cgo

package onnxvision

import (
	"context"
	"math"

	"showreel/platform/onnx"
)

// PP-OCRv6's detector gives a map of how likely each pixel belongs to a line of writing ("differentiable binarization",
// Liao and others, 2019): pixels above textPixel that hang together are a line's core, which is grown to the line.
const (
	textPixel   = 0.3
	textBox     = 0.5  // mean over a core below which it is no writing
	unclip      = 1.6  // how far a core is grown: area × unclip / circumference
	minTextSide = 736  // the shorter side of a smaller picture is enlarged to this
	maxTextSide = 1600 // and the longer is never more than this
	maxQuads    = 1000
)

// findText returns the rectangles of lines in pixels of the picture.
func (d *Driver) findText(ctx context.Context, p *picture) ([]quad, error) {
	w, h := textSize(p.w, p.h)
	small := p.resized(w, h)
	out, err := d.networks[findTextID].run(ctx, onnx.Floats(small.planes(three(127.5), three(127.5), true), 1, 3, int64(h), int64(w)), "fetch_name_0")
	if err != nil {
		return nil, err
	}
	if len(out[0]) != w*h {
		return nil, wrongShape(findTextID, "fetch_name_0")
	}
	m := &textMap{w, h, out[0]}
	var quads []quad
	for _, core := range m.cores() {
		q, ok := m.line(core)
		if !ok {
			continue
		}
		for n := range q {
			q[n] = point{q[n].x * float64(p.w) / float64(w), q[n].y * float64(p.h) / float64(h)}
		}
		if quads = append(quads, q); len(quads) == maxQuads {
			break
		}
	}
	return quads, nil
}

// textSize is the size at which a picture is searched, in multiples of 32.
func textSize(w, h int) (int, int) {
	short, long := float64(min(w, h)), float64(max(w, h))
	f := min(max(1, minTextSide/short), maxTextSide/long)
	grid := func(v int) int { return max(1, int(math.Round(float64(v)*f/32))) * 32 }
	return grid(w), grid(h)
}

// textMap is the detector's answer.
type textMap struct {
	w, h int
	p    []float32
}

// cores are the groups of pixels that hang together (eight neighbours), each as the ends of its rows. As in the reference
// the mask is first widened by a pixel to the right and down.
func (m *textMap) cores() [][]point {
	mask := make([]bool, m.w*m.h)
	for y := range m.h {
		for x := range m.w {
			if m.p[y*m.w+x] > textPixel {
				for _, i := range [4][2]int{{x, y}, {x + 1, y}, {x, y + 1}, {x + 1, y + 1}} {
					if i[0] < m.w && i[1] < m.h {
						mask[i[1]*m.w+i[0]] = true
					}
				}
			}
		}
	}
	var out [][]point
	var stack []int
	for start, on := range mask {
		if !on {
			continue
		}
		mask[start] = false
		stack = append(stack[:0], start)
		ends := map[int][2]int{}
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := i%m.w, i/m.w
			e, ok := ends[y]
			if !ok {
				e = [2]int{x, x}
			}
			ends[y] = [2]int{min(e[0], x), max(e[1], x)}
			for ny := max(0, y-1); ny <= min(m.h-1, y+1); ny++ {
				for nx := max(0, x-1); nx <= min(m.w-1, x+1); nx++ {
					if n := ny*m.w + nx; mask[n] {
						mask[n] = false
						stack = append(stack, n)
					}
				}
			}
		}
		var ps []point
		for y, e := range ends {
			ps = append(ps, point{float64(e[0]), float64(y)}, point{float64(e[1]), float64(y)})
		}
		out = append(out, ps)
	}
	return out
}

// line is the grown rectangle of a core, or none where it is too small or too unsure.
func (m *textMap) line(core []point) (quad, bool) {
	q := smallest(core)
	w, h := q.width(), q.height()
	if min(w, h) < 3 || m.mean(q) < textBox {
		return q, false
	}
	return q.grown(w * h * unclip / (2 * (w + h))), true
}

// mean is the map's mean over a rectangle.
func (m *textMap) mean(q quad) float64 {
	r := q.bounds()
	sum, n := 0.0, 0
	for y := max(0, int(r.y0)); y <= min(m.h-1, int(math.Ceil(r.y1))); y++ {
		for x := max(0, int(r.x0)); x <= min(m.w-1, int(math.Ceil(r.x1))); x++ {
			if q.contains(point{float64(x), float64(y)}) {
				sum += float64(m.p[y*m.w+x])
				n++
			}
		}
	}
	return sum / float64(max(n, 1))
}
