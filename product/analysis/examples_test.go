package analysis_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"strings"
	"testing"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/trust/access"
)

// tinters see a picture as its mean colour.
type tinters struct{ eyes }

func (e *tinters) Labels(_ context.Context, p [][]byte) ([]vision.Scene, error) {
	out := make([]vision.Scene, len(p))
	for n := range p {
		img, err := jpeg.Decode(bytes.NewReader(p[n]))
		if err != nil {
			return nil, err
		}
		var v [3]float64
		b := img.Bounds()
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				r, g, bl, _ := img.At(x, y).RGBA()
				v[0], v[1], v[2] = v[0]+float64(r), v[1]+float64(g), v[2]+float64(bl)
			}
		}
		size := max(1, math.Sqrt(v[0]*v[0]+v[1]*v[1]+v[2]*v[2]))
		out[n].Features = []float32{float32(v[0] / size), float32(v[1] / size), float32(v[2] / size)}
	}
	return out, nil
}

// logo is a blue picture with a red square in one corner, or without.
func logo(there bool) func(int) image.Image {
	return func(int) image.Image {
		img := image.NewRGBA(image.Rect(0, 0, 96, 54))
		for y := range 54 {
			for x := range 96 {
				c := color.RGBA{10, 20, 200, 255}
				if there && x >= 64 && y >= 36 {
					c = color.RGBA{220, 10, 10, 255}
				}
				img.SetRGBA(x, y, c)
			}
		}
		return img
	}
}

func TestWhatLooksLikeAnExampleIsFound(t *testing.T) {
	s, with := drawnFilm(t, 75, logo(true), &tinters{})
	without := s.drawn(t, &drawn{s: s, count: 75, every: logo(false)})
	editor := as(t, access.RoleEditor)
	e, err := s.AddExample(editor, analysis.Example{Name: "Red Co", Asset: with.Asset, AtMS: 1000, Box: media.Box{X: 0.68, Y: 0.68, W: 0.3, H: 0.3}})
	must(t, err)
	for _, ref := range []media.Ref{with, without} {
		s.analysed(t, ref, analysis.Keyframes)
		s.analysed(t, ref, analysis.Examples)
	}
	got := onTrack(s.timeline(t, with), media.TrackExample)
	if len(got) == 0 || !strings.Contains(got[0], "Red Co|Red Co|eyes 1 0.9") && !strings.Contains(got[0], "Red Co|Red Co|eyes 1 1.0") {
		t.Errorf("where it is: %v", got)
	}
	if got := onTrack(s.timeline(t, without), media.TrackExample); len(got) > 0 {
		t.Errorf("where it is not: %v", got)
	}
	_, err = s.AddExample(editor, analysis.Example{Name: "x", Asset: with.Asset, Box: media.Box{X: 0.9, W: 0.3, H: 0.3}})
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("a box outside the picture: %v", err)
	}
	must(t, s.RemoveExample(editor, e.ID))
	if err := s.RemoveExample(editor, e.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
	s.analysed(t, with, analysis.Examples)
	if got := onTrack(s.timeline(t, with), media.TrackExample); len(got) > 0 {
		t.Errorf("after its removal: %v", got)
	}
}
