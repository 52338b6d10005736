package picture_test

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/product/analysis/picture"
)

func painted(w, h int, at func(x, y int) color.RGBA) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, at(x, y))
		}
	}
	return img
}

func TestColoursOfAFlag(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	img := painted(320, 180, func(x, y int) color.RGBA {
		n := func(v int) uint8 { return uint8(min(255, max(0, v+r.IntN(13)-6))) }
		switch {
		case x < 96:
			return color.RGBA{n(0), n(60), n(200), 255}
		case x < 224:
			return color.RGBA{n(250), n(250), n(250), 255}
		}
		return color.RGBA{n(220), n(30), n(30), 255}
	})
	got := map[string]float64{}
	for _, c := range picture.Colours(img) {
		got[picture.Name(c.RGB)] = math.Round(c.Share*20) / 20
	}
	if diff := cmp.Diff(map[string]float64{"white": 0.4, "blue": 0.3, "red": 0.3}, got); diff != "" {
		t.Error(diff)
	}
}

func TestColoursOfSmallPictures(t *testing.T) {
	one := picture.Colours(painted(1, 1, func(int, int) color.RGBA { return color.RGBA{0, 160, 40, 255} }))
	if len(one) != 1 || one[0].Share != 1 || picture.Name(one[0].RGB) != "green" {
		t.Errorf("one green pixel: %v", one)
	}
	if got := picture.Colours(image.NewRGBA(image.Rect(0, 0, 0, 0))); len(got) != 0 {
		t.Errorf("no pixel: %v", got)
	}
}

func TestNames(t *testing.T) {
	for want, c := range map[string][3]uint8{"black": {0, 0, 0}, "white": {255, 255, 255}, "red": {255, 0, 0}, "blue": {0, 0, 255}, "yellow": {255, 255, 0}, "pink": {255, 182, 193},
		"brown": {120, 72, 35}, "orange": {255, 150, 0}, "grey": {120, 120, 120}, "navy": {0, 0, 80}} {
		if got := picture.Name(c); got != want {
			t.Errorf("%v is called %s, want %s", c, got, want)
		}
	}
	if l := picture.ToLab([3]uint8{255, 0, 0}); math.Abs(l[0]-53.24) > 0.1 || math.Abs(l[1]-80.09) > 0.1 || math.Abs(l[2]-67.20) > 0.1 {
		t.Errorf("red is %v in Lab", l)
	}
}

// board is a checkerboard with soft light over it, blurred over 2r+1 pixels and with grain.
func board(blur int, grain, light float64) ([]uint8, int, int) {
	const w, h = 320, 180
	r := rand.New(rand.NewPCG(3, 4))
	plain := func(x, y int) float64 {
		if (x/20+y/20)%2 == 0 {
			return light * (0.55 + 0.25*float64(x)/w)
		}
		return light * 0.35
	}
	out := make([]uint8, w*h)
	for y := range h {
		for x := range w {
			v, n := 0.0, 0.0
			for dy := -blur; dy <= blur; dy++ {
				for dx := -blur; dx <= blur; dx++ {
					v, n = v+plain(max(0, x+dx), max(0, y+dy)), n+1
				}
			}
			out[y*w+x] = uint8(min(255, max(0, 255*v/n+grain*r.NormFloat64()+0.5)))
		}
	}
	return out, w, h
}

func TestQuality(t *testing.T) {
	for _, grain := range []float64{2, 5, 10} {
		if q := picture.Judge(board(0, grain, 1)); math.Abs(q.Noise-grain) > 0.2*grain {
			t.Errorf("grain of %.0f is measured as %.2f", grain, q.Noise)
		}
	}
	clean := picture.Judge(board(0, 0, 1))
	if clean.Noise > 0.5 {
		t.Errorf("no grain is measured as %.2f", clean.Noise)
	}
	last := clean
	for _, blur := range []int{2, 4, 8} {
		q := picture.Judge(board(blur, 0, 1))
		if q.Blur <= last.Blur || q.Sharp >= last.Sharp {
			t.Errorf("blur of %d: %.3f after %.3f, sharpness %.1f after %.1f", blur, q.Blur, last.Blur, q.Sharp, last.Sharp)
		}
		last = q
	}
	if dark := picture.Judge(board(0, 0, 0.1)); dark.Bright > 0.06 {
		t.Errorf("a dark picture has brightness %.3f", dark.Bright)
	}
	if bright := picture.Judge(board(0, 0, 4)); bright.Clipped < 0.9 {
		t.Errorf("an overexposed picture has %.2f clipped", bright.Clipped)
	}
	for _, size := range [][2]int{{0, 0}, {1, 1}, {2, 5}, {3, 3}} {
		if q := picture.Judge(make([]uint8, size[0]*size[1]), size[0], size[1]); math.IsNaN(q.Sharp + q.Noise + q.Blur + q.Bright + q.Spread) {
			t.Errorf("%v: %+v", size, q)
		}
	}
}

func TestKeyframesAreSharpAndNew(t *testing.T) {
	c := func(second int64, sharp, luma float64, flat bool) picture.Candidate {
		return picture.Candidate{Second: second, Sharp: sharp, Luma: []float64{luma, luma}, Flat: flat}
	}
	for name, x := range map[string]struct {
		all  []picture.Candidate
		want []int64
	}{
		"nothing":                       {nil, nil},
		"the sharpest of one view":      {[]picture.Candidate{c(0, 50, 100, false), c(1, 90, 102, false), c(2, 60, 101, false)}, []int64{1}},
		"a view that comes later":       {[]picture.Candidate{c(0, 90, 40, false), c(1, 80, 42, false), c(5, 70, 120, false), c(6, 85, 121, false)}, []int64{0, 6}},
		"a view that is blurred":        {[]picture.Candidate{c(0, 90, 40, false), c(5, 20, 120, false)}, []int64{0}},
		"black frames around a picture": {[]picture.Candidate{c(0, 0, 0, true), c(1, 30, 90, false), c(9, 0, 0, true)}, []int64{1}},
		"only black":                    {[]picture.Candidate{c(0, 0, 0, true), c(1, 0, 0, true), c(2, 0, 0, true)}, []int64{1}},
	} {
		if diff := cmp.Diff(x.want, picture.Keyframes(x.all)); diff != "" {
			t.Error(name, diff)
		}
	}
}
