package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// caption is words drawn on a frame, and what they cover.
type caption struct {
	words  string
	style  string
	size   float64
	covers image.Rectangle
}

// captionFonts are Go's fonts, and DejaVu where it is installed.
func captionFonts() (map[string]*opentype.Font, error) {
	raw := map[string][]byte{"Go": goregular.TTF, "Go Bold": gobold.TTF, "Go Italic": goitalic.TTF, "Go Mono": gomono.TTF}
	for _, name := range []string{"DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansCondensed"} {
		if ttf, err := os.ReadFile(filepath.Join("/usr/share/fonts/truetype/dejavu", name+".ttf")); err == nil {
			raw[name] = ttf
		}
	}
	out := map[string]*opentype.Font{}
	for name, ttf := range raw {
		f, err := opentype.Parse(ttf)
		if err != nil {
			return nil, err
		}
		out[name] = f
	}
	return out, nil
}

var captionStyles = []string{"box", "outline", "shadow", "yellow outline", "light box"}

// drawCaption draws one line of words somewhere inside a part of the frame.
func drawCaption(r *rand.Rand, fonts map[string]*opentype.Font, on draw.Image, inside image.Rectangle) caption {
	names := make([]string, 0, len(fonts))
	for name := range fonts {
		names = append(names, name)
	}
	slices.Sort(names)
	c := caption{words: captionWords(r), style: captionStyles[r.IntN(len(captionStyles))], size: 16 + 32*r.Float64()}
	f := fonts[names[r.IntN(len(names))]]
	for {
		face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: c.size, DPI: 72})
		if err != nil {
			panic(err) // a size of 16 to 48 is one
		}
		d := font.Drawer{Dst: on, Face: face}
		b, _ := d.BoundString(c.words)
		w, h := (b.Max.X - b.Min.X).Ceil(), (b.Max.Y - b.Min.Y).Ceil()
		if w >= inside.Dx() {
			c.size *= 0.9 * float64(inside.Dx()) / float64(w)
			continue
		}
		x, y := inside.Min.X+r.IntN(inside.Dx()-w), inside.Min.Y+h+r.IntN(inside.Dy()-2*h)
		c.covers = image.Rect(x, y, x+w, y+h)
		paint(&d, c, fixed.Point26_6{X: fixed.I(x) - b.Min.X, Y: fixed.I(y) - b.Min.Y})
		return c
	}
}

// paint draws the words in the caption's style.
func paint(d *font.Drawer, c caption, at fixed.Point26_6) {
	ink, edge := color.RGBA{255, 255, 255, 255}, color.RGBA{0, 0, 0, 255}
	put := func(ink color.Color, dx, dy float64) {
		d.Src, d.Dot = image.NewUniform(ink), at.Add(fixed.Point26_6{X: fixed.Int26_6(dx * 64), Y: fixed.Int26_6(dy * 64)})
		d.DrawString(c.words)
	}
	wide := max(1, c.size/16)
	switch c.style {
	case "box":
		draw.Draw(d.Dst, c.covers.Inset(-int(c.size/3)), image.NewUniform(color.RGBA{10, 20, 60, 200}), image.Point{}, draw.Over)
	case "light box":
		draw.Draw(d.Dst, c.covers.Inset(-int(c.size/3)), image.NewUniform(color.RGBA{230, 230, 225, 240}), image.Point{}, draw.Over)
		ink = color.RGBA{30, 30, 30, 255}
	case "shadow":
		put(color.RGBA{0, 0, 0, 255}, wide, wide)
	default:
		if c.style == "yellow outline" {
			ink = color.RGBA{255, 230, 40, 255}
		}
		for _, o := range [][2]float64{{-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}} {
			put(edge, o[0]*wide, o[1]*wide)
		}
	}
	put(ink, 0, 0)
}

// captionWords makes a line as news, credits and subtitles have it.
func captionWords(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	first := func() string {
		return pick("Anna", "Jürgen", "Zoë", "Malik", "Priya", "Tomás", "Ingrid", "Wei", "Olu", "Françoise")
	}
	last := func() string {
		return pick("Lindqvist", "Okafor", "Marchetti", "Novák", "Fernandes", "O'Brien", "Takahashi", "Meyer-Roth", "Singh", "Dubois")
	}
	place := func() string {
		return pick("Lisbon", "Harbour Street", "São Paulo", "Köln", "the northern district", "Gothenburg", "Quai de la Gare", "Leeds")
	}
	thing := func() string {
		return pick("bridge", "library", "power plant", "railway", "market hall", "school", "ferry line", "stadium")
	}
	switch r.IntN(10) {
	case 0:
		return fmt.Sprintf("%s %s, mayor of %s", first(), last(), place())
	case 1:
		return fmt.Sprintf("LIVE %02d:%02d %s", r.IntN(24), r.IntN(60), strings.ToUpper(place()))
	case 2:
		return fmt.Sprintf("The new %s opens on %d %s", thing(), 1+r.IntN(28), pick("March", "June", "October"))
	case 3:
		return fmt.Sprintf("%s: %d.%d million passengers, up %d%%", place(), r.IntN(40), r.IntN(10), 1+r.IntN(60))
	case 4:
		return fmt.Sprintf("Directed by %s %s", first(), last())
	case 5:
		return fmt.Sprintf("I told you we should have taken the %s.", pick("train", "other road", "money", "boat"))
	case 6:
		return fmt.Sprintf("www.%s.example/%s", pick("tickets", "news", "harbour"), pick("2026", "live", "vote"))
	case 7:
		return fmt.Sprintf("Call +44 20 7946 0%03d or write to %s@example.org", r.IntN(1000), strings.ToLower(pick("Anna", "news", "desk")))
	case 8:
		return fmt.Sprintf("- Where is %s? - At the %s, I think.", first(), thing())
	}
	return fmt.Sprintf("Breaking: %s closed after fire at %s", thing(), place())
}
