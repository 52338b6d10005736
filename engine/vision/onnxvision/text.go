//go:build cgo

package onnxvision

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/onnx"
)

// textLanguages are those whose letters the reader's dictionary holds and that PP-OCRv6 was trained on.
var textLanguages = []string{"en", "zh", "ja", "fr", "de", "es", "it", "pt", "nl"}

const (
	lineHeight   = 48
	minLineWidth = 160  // shorter lines are padded: very short ones are misread
	maxLineWidth = 4096 // longer lines are squeezed
	tallLine     = 1.5  // from this height to width on, writing may run downwards or upwards
	sureRead     = 0.93 // a reading below this is tried the other way round as well
	minRead      = 0.5  // below this it is a pattern, not writing (the reference's text_score)
)

// Text implements vision.Driver: PP-OCRv6 finds lines, then reads each.
func (d *Driver) Text(ctx context.Context, pictures [][]byte) ([][]vision.Line, error) {
	_, release, err := d.networks[readTextID].hold()
	if err != nil {
		return nil, err // said even where there is nothing to read
	}
	defer release()
	return each(ctx, d, pictures, func(ctx context.Context, p *picture) ([]vision.Line, error) {
		quads, err := d.findText(ctx, p)
		if err != nil {
			return nil, err
		}
		lines := []vision.Line{}
		for _, q := range quads {
			l, err := d.readLine(ctx, p, q)
			if err != nil {
				return nil, err
			}
			if l.Text = strings.TrimSpace(l.Text); l.Score >= minRead && l.Text != "" {
				lines = append(lines, l)
			}
		}
		return inReadingOrder(lines), nil
	})
}

// readLine reads the writing in a rectangle, whichever way it runs.
func (d *Driver) readLine(ctx context.Context, p *picture, q quad) (vision.Line, error) {
	ways := []quad{q, q.turned(2)}
	if q.height() >= tallLine*q.width() {
		ways = []quad{q.turned(1), q.turned(3), q} // from the top down, from the bottom up, and upright for a single letter
	}
	best := vision.Line{Score: -1}
	for n, way := range ways {
		if n > 0 && best.Score >= sureRead {
			break
		}
		text, score, err := d.read(ctx, p.line(way))
		if err != nil {
			return best, err
		}
		if score > best.Score {
			best = vision.Line{Text: text, Score: score, Box: upright(p, way), Quad: fractions(p, way)}
		}
	}
	return best, nil
}

// line cuts a rectangle out at the height the reader wants.
func (p *picture) line(q quad) *picture {
	w := int(math.Ceil(lineHeight * q.width() / max(q.height(), 1)))
	w = min(max(w, 1), maxLineWidth)
	if math.Abs(q[1].y-q[0].y) < 0.5 && q[1].x > q[0].x { // upright: the better filter
		b := q.bounds()
		r := rect{min(max(b.x0, 0), float64(p.w-1)), min(max(b.y0, 0), float64(p.h-1)), min(b.x1, float64(p.w)), min(b.y1, float64(p.h))}
		return p.cut(r, w, lineHeight)
	}
	return p.warp(q[0], q[1], q[3], w, lineHeight)
}

// read is greedy CTC: of every step the likeliest class, repetitions and the blank (class 0) left out. The score is the
// mean of the kept steps.
func (d *Driver) read(ctx context.Context, line *picture) (string, float64, error) {
	net := d.networks[readTextID]
	w := max(minLineWidth, (line.w+7)/8*8)
	in := make([]float32, 3*lineHeight*w) // grey where it is padded
	planes := line.planes(three(127.5), three(127.5), true)
	for row := range 3 * lineHeight {
		copy(in[row*w:], planes[row*line.w:][:line.w])
	}
	out, err := net.run(ctx, onnx.Floats(in, 1, 3, lineHeight, int64(w)), "fetch_name_0")
	if err != nil {
		return "", 0, err
	}
	classes := len(net.chars)
	if len(out[0]) == 0 || len(out[0])%classes != 0 {
		return "", 0, wrongShape(readTextID, "fetch_name_0")
	}
	var text strings.Builder
	sum, kept, last := 0.0, 0, 0
	for step := range len(out[0]) / classes {
		p := out[0][step*classes:][:classes]
		top := 0
		for n, v := range p {
			if v > p[top] {
				top = n
			}
		}
		if top != 0 && top != last {
			text.WriteString(net.chars[top])
			sum += float64(p[top])
			kept++
		}
		last = top
	}
	return text.String(), sum / float64(max(kept, 1)), nil
}

// characters are the reader's classes: the blank, the dictionary in its metadata, the space.
func characters(id string, s *onnx.Session) ([]string, error) {
	raw, err := s.Meta("character")
	if err != nil {
		return nil, err
	}
	list := strings.Split(strings.TrimSuffix(raw, "\n"), "\n")
	shape := s.Outputs()["fetch_name_0"].Shape
	if classes := shape[len(shape)-1]; len(list) < 2 || (classes > 0 && int64(len(list)+2) != classes) {
		return nil, fault.Say("vision.text", id, fault.Corrupt, "wrong-model",
			"The file installed as %s holds a dictionary of %d characters that does not fit it; install the right one: showreel models install %s.", id, len(list), id)
	}
	return append(append([]string{""}, list...), " "), nil
}

func upright(p *picture, q quad) media.Box {
	r := q.bounds()
	return box(r.x0, r.y0, r.x1, r.y1, float64(p.w), float64(p.h))
}

func fractions(p *picture, q quad) (out [4][2]float64) {
	for n, c := range q {
		out[n] = [2]float64{min(max(c.x/float64(p.w), 0), 1), min(max(c.y/float64(p.h), 0), 1)}
	}
	return out
}

// inReadingOrder sorts lines into rows from the top, and each row from the left. Two lines share a row when the middle of
// one lies within the other's middle half.
func inReadingOrder(lines []vision.Line) []vision.Line {
	slices.SortStableFunc(lines, func(a, b vision.Line) int { return cmp.Compare(a.Box.Y+a.Box.H/2, b.Box.Y+b.Box.H/2) })
	for from := 0; from < len(lines); {
		first, to := lines[from].Box, from+1
		for to < len(lines) && lines[to].Box.Y+lines[to].Box.H/2-first.Y-first.H/2 < first.H/4 {
			to++
		}
		slices.SortStableFunc(lines[from:to], func(a, b vision.Line) int { return cmp.Compare(a.Box.X, b.Box.X) })
		from = to
	}
	return lines
}
