package analysis

import (
	"context"
	"image"
	"slices"

	"showreel/engine/vision"
	"showreel/media"
	trails "showreel/product/analysis/follow"
)

// Reading is what costs most of all that is done with pictures: half a second of a core for one of 1280 by 720. So every
// other picture of a shot is read first, and one between two that show the same writing is read only where its own pixels
// differ there. Writing that is there for less than two seconds may be missed where both its neighbours show none.

// sameWriting is how much, of 255, the pixels of a line may differ on average for it to be the same.
const sameWriting = 14.0

// read finds the writing of a piece's pictures.
func (s *Service) read(ctx context.Context, t *target, p piece) (f found, err error) {
	pics, err := t.pictures(ctx, p.Seconds)
	if err != nil {
		return f, err
	}
	if f.Model, err = s.seeing("text")(ctx); err != nil {
		return f, err
	}
	shots, err := t.shots(ctx)
	if err != nil {
		return f, err
	}
	fresh, of, err := novel(pics)
	if err != nil {
		return f, err
	}
	lines := make([][]vision.Line, len(fresh))
	done := make([]bool, len(fresh))
	look := func(which []int) error {
		batch := make([][]byte, len(which))
		for n, k := range which {
			batch[n] = fresh[k]
		}
		got, err := s.deps.Vision.Text(ctx, batch)
		for n, k := range which {
			if err == nil {
				lines[k], done[k] = got[n], true
			}
		}
		return err
	}
	if err := look(everyOther(len(fresh), shotsOf(shots, p.Seconds, of))); err != nil {
		return f, err
	}
	var rest []int
	for k := range fresh {
		if done[k] {
			continue
		}
		same, err := between(fresh, lines, k)
		if err != nil {
			return f, err
		}
		if same {
			lines[k] = lines[k-1]
		} else {
			rest = append(rest, k)
		}
	}
	if err := look(rest); err != nil {
		return f, err
	}
	for n := range pics {
		f.Lines = append(f.Lines, lines[of[n]])
	}
	return f, nil
}

// shotsOf is the shot of each fresh picture.
func shotsOf(shots []media.Range, seconds []int64, of []int) []int {
	var out []int
	for n, k := range of {
		if k == len(out) {
			out = append(out, shotOf(shots, seconds[n]))
		}
	}
	return out
}

// everyOther lists the pictures that are read in any case: every other one, both ends, and those beside a change of shot.
func everyOther(n int, shot []int) []int {
	var out []int
	for k := range n {
		if k%2 == 0 || k == n-1 || shot[k] != shot[k-1] || shot[k] != shot[k+1] {
			out = append(out, k)
		}
	}
	return out
}

// between reports whether the pictures on both sides of one show the same writing, and its own pixels there are the same.
func between(pics [][]byte, lines [][]vision.Line, k int) (bool, error) {
	a, b := legible(lines[k-1]), legible(lines[k+1])
	if len(a) != len(b) {
		return false, nil
	}
	for _, x := range a {
		if !slices.ContainsFunc(b, func(y vision.Line) bool {
			return trails.Overlap(x.Box, y.Box) > 0.5 && trails.Alike(trails.Fold(x.Text), trails.Fold(y.Text)) >= 0.8
		}) {
			return false, nil
		}
	}
	if len(a) == 0 {
		return true, nil
	}
	before, err := decodePicture(pics[k-1])
	if err != nil {
		return false, err
	}
	now, err := decodePicture(pics[k])
	if err != nil {
		return false, err
	}
	p, q := greyOf(before), greyOf(now)
	if p.w != q.w || p.h != q.h {
		return false, nil
	}
	return !slices.ContainsFunc(a, func(x vision.Line) bool { return p.apart(q, x.Box) > sameWriting }), nil
}

// legible leaves the lines that are kept.
func legible(lines []vision.Line) []vision.Line {
	var out []vision.Line
	for _, l := range lines {
		if l.Score >= leastText && len([]rune(l.Text)) >= leastLetters && l.Box.H >= leastHeight {
			out = append(out, l)
		}
	}
	return out
}

// apart is how much the pixels of a box differ on average.
func (l luma) apart(o luma, b media.Box) float64 {
	r := image.Rect(int(b.X*float64(l.w)), int(b.Y*float64(l.h)), int((b.X+b.W)*float64(l.w))+1, int((b.Y+b.H)*float64(l.h))+1).Intersect(image.Rect(0, 0, l.w, l.h))
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			d := int(l.v[y*l.w+x]) - int(o.v[y*l.w+x])
			sum += max(d, -d)
		}
	}
	return float64(sum) / float64(max(1, r.Dx()*r.Dy()))
}
