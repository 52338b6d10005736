package analysis_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/vision"
	"showreel/media"
	"showreel/product/analysis"
)

// readers see "ON AIR" where the picture's upper left corner is white, and count the pictures that they are shown.
type readers struct {
	eyes
	shown atomic.Int64
}

func (e *readers) Text(_ context.Context, p [][]byte) ([][]vision.Line, error) {
	e.shown.Add(int64(len(p)))
	out := make([][]vision.Line, len(p))
	for n := range p {
		img, err := jpeg.Decode(bytes.NewReader(p[n]))
		if err != nil {
			return nil, err
		}
		if v, _, _, _ := img.At(4, 4).RGBA(); v > 0xe000 {
			out[n] = []vision.Line{{Text: "ON AIR", Score: 0.9, Box: media.Box{W: 0.2, H: 0.2}}}
		}
	}
	return out, nil
}

// sign is a moving picture whose upper left corner is white in some of its seconds.
func sign(on func(second int) bool) func(int) image.Image {
	return func(n int) image.Image {
		img := bars(1, 96, 54, 1).(*image.RGBA)
		for y := range 54 { // something that moves
			for x := 24 + n/9; x < 36+n/9 && x < 96; x++ {
				img.SetRGBA(x, y, color.RGBA{255, 255, 255, 255})
			}
		}
		for y := range 12 {
			for x := range 20 {
				v := uint8(20)
				if on(n / drawnRate) {
					v = 250
				}
				img.SetRGBA(x, y, color.RGBA{v, v, v, 255})
			}
		}
		return img
	}
}

func TestWritingThatStandsIsReadEveryOtherTime(t *testing.T) {
	for name, c := range map[string]struct {
		on    func(int) bool
		want  []string
		least int64
		most  int64
	}{
		"always":        {func(int) bool { return true }, []string{"text 0-20000"}, 8, 13},
		"never":         {func(int) bool { return false }, nil, 8, 13},
		"in the middle": {func(s int) bool { return s >= 7 && s < 12 }, []string{"text 7000-12000"}, 8, 15},
	} {
		v := &readers{}
		s, ref := drawnFilm(t, 500, sign(c.on), v)
		s.analysed(t, ref, analysis.Text)
		var got []string
		for _, l := range onTrack(s.timeline(t, ref), media.TrackText) {
			got = append(got, strings.Join(strings.Fields(l)[:2], " "))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if n := v.shown.Load(); n < c.least || n > c.most {
			t.Errorf("%s: %d of 20 pictures are read, want %d to %d", name, n, c.least, c.most)
		}
	}
}
