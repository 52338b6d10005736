package visiontest

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"showreel/engine/vision"
	"showreel/media"
)

// theFace is where the astronaut's face is, in fractions.
var theFace = media.Box{X: .33, Y: .14, W: .21, H: .21}

func faces(t *testing.T, s *vision.Service) {
	photo := Photo(t, "astronaut.png", 512, 512)
	soft := image.NewRGBA(photo.Bounds())
	pasted(soft, Photo(t, "astronaut.png", 96, 96), 0, 0, 512)
	got, err := s.Faces(t.Context(), [][]byte{PNG(t, photo), PNG(t, soft), PNG(t, Noise(512, 512, 5)), Sample(t, "home.jpg")}, vision.FaceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got[0]) != 1 || len(got[1]) != 1 || len(got[2]) != 0 || len(got[3]) != 0 {
		t.Fatalf("found %v", got)
	}
	f := got[0][0]
	if overlap(f.Box, theFace) < 0.7 || f.Score < 0.5 || f.Score > 1 || f.Vector != nil {
		t.Errorf("the face is %+v, want it at %+v and without a vector", f, theFace)
	}
	for n, want := range [6][2]float64{{.396, .198}, {.484, .201}, {.437, .250}, {.436, .292}, {.345, .216}, {.533, .223}} {
		if math.Hypot(f.Points[n][0]-want[0], f.Points[n][1]-want[1]) > 0.02 {
			t.Errorf("point %d is at %v, want about %v", n, f.Points[n], want)
		}
	}
	if blurred := got[1][0].Sharp; f.Sharp <= 0 || f.Sharp > 1 || blurred > f.Sharp/2 {
		t.Errorf("sharpness is %.3f, and %.3f of the same picture blurred", f.Sharp, blurred)
	}
}

func faceVectors(t *testing.T, s *vision.Service) {
	photo := Photo(t, "astronaut.png", 512, 512)
	dark := image.NewRGBA(image.Rect(0, 0, 700, 600))
	pasted(dark, photo, 120, 40, 460)
	draw.Draw(dark, dark.Bounds(), image.NewUniform(color.RGBA{0, 0, 0, 70}), image.Point{}, draw.Over)
	got, err := s.Faces(t.Context(), [][]byte{PNG(t, photo), JPEG(t, dark, 70), Sample(t, "photographer.png")}, vision.FaceOptions{Vectors: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(got[0]) != 1 || len(got[1]) != 1 {
		t.Fatalf("found %d and %d faces, want one each", len(got[0]), len(got[1]))
	}
	a, b := got[0][0].Vector, got[1][0].Vector
	if len(a) < 64 || math.Abs(dot(a, a)-1) > 1e-4 || len(b) != len(a) {
		t.Fatalf("vectors of %d and %d numbers, length %g", len(a), len(b), dot(a, a))
	}
	if same := dot(a, b); same < 0.8 {
		t.Errorf("the same face, darker and smaller, is at %.2f", same)
	}
	for _, other := range got[2] {
		if far := dot(a, other.Vector); far > 0.63 {
			t.Errorf("another person is at %.2f", far)
		}
	}
}

// smallFaces puts a face of 34 pixels into a wide picture.
func smallFaces(t *testing.T, s *vision.Service) {
	wide := Photo(t, "home.jpg", 1280, 720)
	head := Photo(t, "astronaut.png", 512, 512).SubImage(image.Rect(100, 20, 340, 260))
	places := []image.Point{{200, 300}, {870, 150}, {1180, 620}}
	for _, p := range places {
		pasted(wide, head, p.X, p.Y, 76)
	}
	raw := PNG(t, wide)
	plain, err := s.Faces(t.Context(), [][]byte{raw}, vision.FaceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Faces(t.Context(), [][]byte{raw}, vision.FaceOptions{Small: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(plain[0]) >= len(places) || len(got[0]) != len(places) {
		t.Fatalf("%d faces without tiles, %d with them, want fewer than %d and %d", len(plain[0]), len(got[0]), len(places), len(places))
	}
	for _, p := range places {
		want := media.Box{X: (float64(p.X) + 23) / 1280, Y: (float64(p.Y) + 17) / 720, W: 34. / 1280, H: 34. / 720}
		found := 0
		for _, f := range got[0] {
			if overlap(f.Box, want) > 0.4 {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d faces at %v, want one: %+v", found, want, got[0])
		}
	}
}
