package visiontest

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/vision"
	"showreel/media"
)

func text(t *testing.T, s *vision.Service) {
	photo, noise := Photo(t, "rocket.jpg", 1280, 720), Noise(640, 360, 3)
	top := Write(t, photo, "Harbour bridge reopens", 80, 120, 44)
	low := Write(t, photo, "Interview: Anna Lindqvist, mayor", 80, 620, 36)
	left := Write(t, photo, "LIVE", 900, 120, 44) // on the first line, further right
	small := Write(t, noise, "www.example.org/tickets", 40, 200, 22)
	got, err := s.Text(t.Context(), [][]byte{JPEG(t, photo, 85), PNG(t, noise), PNG(t, Flat(640, 360, color.Black))})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range [][]string{{"Harbour bridge reopens", "LIVE", "Interview: Anna Lindqvist, mayor"}, {"www.example.org/tickets"}, nil} {
		var words []string
		for _, l := range got[n] {
			words = append(words, l.Text)
		}
		if diff := cmp.Diff(want, words); diff != "" {
			t.Errorf("picture %d, in reading order:\n%s", n, diff)
		}
	}
	if t.Failed() {
		return
	}
	for n, where := range []image.Rectangle{top, left, low} {
		placed(t, got[0][n], where, 1280, 720)
	}
	placed(t, got[1][0], small, 640, 360)
}

// placed holds a line's box and corners to what its letters cover.
func placed(t *testing.T, l vision.Line, where image.Rectangle, w, h float64) {
	t.Helper()
	want := media.Box{X: float64(where.Min.X) / w, Y: float64(where.Min.Y) / h, W: float64(where.Dx()) / w, H: float64(where.Dy()) / h}
	if o := overlap(l.Box, want); o < 0.45 || !sound(l.Box) {
		t.Errorf("%q is at %+v, drawn at %+v: overlap %.2f", l.Text, l.Box, want, o)
	}
	corners := [4][2]float64{{want.X, want.Y}, {want.X + want.W, want.Y}, {want.X + want.W, want.Y + want.H}, {want.X, want.Y + want.H}}
	for n, c := range corners {
		if far := math.Hypot((l.Quad[n][0]-c[0])*w, (l.Quad[n][1]-c[1])*h); far > 0.8*float64(where.Dy()) {
			t.Errorf("%q: corner %d is %.0f pixels off", l.Text, n, far)
		}
	}
	if l.Score < 0.8 || l.Score > 1 {
		t.Errorf("%q: score %g", l.Text, l.Score)
	}
}

// turnedText reads a sign that hangs sideways and one that stands on its head; the corners are counted from the text's
// own top left.
func turnedText(t *testing.T, s *vision.Service) {
	const words = "Platform seven"
	sign := Flat(520, 160, color.RGBA{200, 190, 170, 255})
	Write(t, sign, words, 60, 95, 40)
	down := turned(sign)
	head := turned(down)
	up := turned(head)
	got, err := s.Text(t.Context(), [][]byte{PNG(t, sign), PNG(t, down), PNG(t, head), PNG(t, up)})
	if err != nil {
		t.Fatal(err)
	}
	// Where the first corner lies: left top, right top, right bottom, left bottom.
	for n, first := range [][2]bool{{false, false}, {true, false}, {true, true}, {false, true}} {
		if len(got[n]) != 1 || got[n][0].Text != words {
			t.Errorf("turned by %d degrees: %+v, want %q", 90*n, got[n], words)
			continue
		}
		q := got[n][0].Quad
		if right, low := q[0][0] > 0.5, q[0][1] > 0.5; right != first[0] || low != first[1] {
			t.Errorf("turned by %d degrees: the text's top left is said to be at %v", 90*n, q[0])
		}
	}
}
