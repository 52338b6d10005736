package main

import (
	"image"
	"image/color"
	_ "image/jpeg" // the samples
	_ "image/png"  // the samples
	"math"
	"os"
	"path/filepath"

	"golang.org/x/image/draw"
)

// The film's size, and how much larger a still picture is so that it can move.
const (
	wide, high = 1280, 720
	spare      = 1.22
)

// shot is one picture of the film: it paints its n-th frame of total.
type shot interface {
	paint(dst *image.RGBA, n, total int) error
	// window is the part of the scene that frame n shows; a sign in the scene is found by it.
	window(n, total int) image.Rectangle
}

// still is a photograph that the camera moves over, pixel by pixel.
type still struct {
	scene *image.RGBA
	move  string
}

func openStill(dir string, p picture) (still, error) {
	scene := image.NewRGBA(image.Rect(0, 0, int(math.Round(wide*spare/2))*2, int(math.Round(high*spare/2))*2))
	if p.File == "studio" {
		studio(scene)
		return still{scene, p.Move}, nil
	}
	f, err := os.Open(filepath.Join(dir, p.File))
	if err != nil {
		return still{}, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return still{}, err
	}
	draw.CatmullRom.Scale(scene, scene.Bounds(), img, crop(img.Bounds(), p.Y), draw.Src, nil)
	return still{scene, p.Move}, nil
}

// crop is the largest part of 16:9 of a picture; y says which part of what is too high is cut at the top. Without it that is
// a little less than half, because people stand in the lower part of pictures and look out of the upper one.
func crop(b image.Rectangle, y *float64) image.Rectangle {
	top := 0.4
	if y != nil {
		top = *y
	}
	w, h := b.Dx(), b.Dx()*9/16
	if h > b.Dy() {
		w, h = b.Dy()*16/9, b.Dy()
	}
	left, upper := b.Min.X+(b.Dx()-w)/2, b.Min.Y+int(float64(b.Dy()-h)*top)
	return image.Rect(left, upper, left+w, upper+h)
}

func (s still) window(n, total int) image.Rectangle {
	b := s.scene.Bounds()
	t := float64(n) / float64(max(1, total-1))
	x, y := b.Dx()-wide, b.Dy()-high
	at := func(x, y int) image.Rectangle { return image.Rect(x, y, x+wide, y+high) }
	switch s.move {
	case "left":
		return at(int(math.Round(t*float64(x))), y/2)
	case "right":
		return at(int(math.Round((1-t)*float64(x))), y/2)
	case "up":
		return at(x/2, int(math.Round((1-t)*float64(y))))
	case "down":
		return at(x/2, int(math.Round(t*float64(y))))
	case "out":
		t = 1 - t
	}
	in := func(v int) int { return int(math.Round(t * float64(v) / 2)) }
	return image.Rect(in(x), in(y), b.Dx()-in(x), b.Dy()-in(y))
}

func (s still) paint(dst *image.RGBA, n, total int) error {
	w := s.window(n, total)
	if w.Dx() == wide {
		draw.Copy(dst, image.Point{}, s.scene, w, draw.Src, nil)
		return nil
	}
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), s.scene, w, draw.Src, nil)
	return nil
}

// studio paints our newsroom: a wall with panels of light and a desk.
func studio(m *image.RGBA) {
	b := m.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			u, v := float64(x)/float64(b.Dx()), float64(y)/float64(b.Dy())
			panel := 0.5 + 0.5*math.Cos(2*math.Pi*u*5)
			light := 0.25 + 0.5*math.Exp(-8*((u-.5)*(u-.5)+(v-.35)*(v-.35))) + 0.12*panel*panel
			c := color.RGBA{uint8(30 * light), uint8(110 * light), uint8(220 * light), 255}
			if v > 0.78-0.05*math.Sin(math.Pi*u) {
				c = color.RGBA{uint8(70 + 60*light), uint8(50 + 40*light), uint8(40 + 20*light), 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
}
