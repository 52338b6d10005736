package main

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// letters are the Go fonts (BSD licence) at the sizes in use: they are in the program, so the film looks the same everywhere.
type letters struct{ title, bold, plain font.Face }

func openLetters() (letters, error) {
	var l letters
	for _, f := range []struct {
		to   *font.Face
		ttf  []byte
		size float64
	}{{&l.title, gobold.TTF, 64}, {&l.bold, gobold.TTF, 36}, {&l.plain, goregular.TTF, 30}} {
		parsed, err := opentype.Parse(f.ttf)
		if err != nil {
			return l, err
		}
		if *f.to, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: f.size, DPI: 72, Hinting: font.HintingNone}); err != nil {
			return l, err
		}
	}
	return l, nil
}

func write(dst draw.Image, face font.Face, c color.Color, x, baseline int, text string) {
	d := font.Drawer{Dst: dst, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, baseline)}
	d.DrawString(text)
}

func width(face font.Face, text string) int { return font.MeasureString(face, text).Ceil() }

// The lower third's place, and the frames in which it comes and goes.
const (
	lowerX, lowerY = 80, 548
	lowerHigh      = 112
	lowerFade      = 8
)

// lowerThird paints a band with one or two lines on a transparent picture of its own size.
func (l letters) lowerThird(lines []string) *image.RGBA {
	w := width(l.bold, lines[0])
	if len(lines) > 1 {
		w = max(w, width(l.plain, lines[1]))
	}
	m := image.NewRGBA(image.Rect(0, 0, w+64, lowerHigh))
	draw.Draw(m, m.Bounds(), image.NewUniform(color.RGBA{12, 24, 60, 255}), image.Point{}, draw.Src)
	draw.Draw(m, image.Rect(0, 0, 10, lowerHigh), image.NewUniform(color.RGBA{240, 170, 30, 255}), image.Point{}, draw.Src)
	write(m, l.bold, color.White, 32, 48, lines[0])
	if len(lines) > 1 {
		write(m, l.plain, color.RGBA{210, 220, 240, 255}, 32, 92, lines[1])
	}
	return m
}

// plant puts a board on posts into a scene and says where: in pixels of the scene.
func (l letters) plant(scene *image.RGBA, s sign) image.Rectangle {
	b := scene.Bounds()
	x, y, w := int(s.X*float64(b.Dx())), int(s.Y*float64(b.Dy())), int(s.Width*float64(b.Dx()))
	box := image.Rect(x, y, x+w, y+34+46*len(s.Text))
	fill := func(r image.Rectangle, c color.RGBA) {
		draw.Draw(scene, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	for _, post := range []int{x + w/6, x + w*5/6} {
		fill(image.Rect(post, box.Max.Y, post+12, min(b.Dy(), box.Max.Y+260)), color.RGBA{90, 90, 95, 255})
	}
	fill(box, color.RGBA{245, 245, 240, 255})
	fill(box.Inset(6), color.RGBA{10, 90, 60, 255})
	for n, line := range s.Text {
		write(scene, l.bold, color.White, x+(w-width(l.bold, line))/2, y+52+46*n, line)
	}
	return box
}

// heading writes the bulletin's name on the studio's wall and says where.
func (l letters) heading(scene *image.RGBA, text string) image.Rectangle {
	b, w := scene.Bounds(), width(l.title, text)
	x, y := (b.Dx()-w)/2, b.Dy()*2/5
	write(scene, l.title, color.White, x, y, text)
	return image.Rect(x, y-56, x+w, y+18)
}
