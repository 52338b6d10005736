package visiontest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Cache is where set-up keeps samples, models and native libraries.
func Cache(t testing.TB) string {
	t.Helper()
	if c := os.Getenv("SHOWREEL_CACHE"); c != "" {
		return c
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(home, ".cache", "showreel")
}

// Sample reads a picture or film of the sample library.
func Sample(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(Cache(t), "samples", name))
	if err != nil {
		t.Fatalf("%v: fetch the samples with make setup", err)
	}
	return raw
}

// Photo is a decoded sample, scaled to a size.
func Photo(t testing.TB, name string, w, h int) *image.RGBA {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(Sample(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	xdraw.BiLinear.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// Noise is a picture of coloured noise.
func Noise(w, h int, seed uint64) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range out.Pix {
		out.Pix[i] = uint8(64 + r.UintN(128))
		if i%4 == 3 {
			out.Pix[i] = 255
		}
	}
	return out
}

// Flat is a picture of one colour.
func Flat(w, h int, c color.Color) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return out
}

// Write draws white words on a dark box with the letters' left end at x and their baseline at y; it returns what they cover.
func Write(t testing.TB, on draw.Image, words string, x, y int, size float64) image.Rectangle {
	t.Helper()
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		t.Fatal(err)
	}
	defer face.Close()
	d := font.Drawer{Dst: on, Src: image.White, Face: face, Dot: fixed.P(x, y)}
	b, _ := d.BoundString(words)
	covers := image.Rect(b.Min.X.Floor(), b.Min.Y.Floor(), b.Max.X.Ceil(), b.Max.Y.Ceil())
	draw.Draw(on, covers.Inset(-int(size/3)), image.NewUniform(color.RGBA{20, 24, 60, 255}), image.Point{}, draw.Src)
	d.DrawString(words)
	return covers
}

// PNG and JPEG encode a picture.
func PNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// JPEG encodes a picture with a quality of 1 to 100.
func JPEG(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// converted runs a file's bytes through ffmpeg.
func converted(t testing.TB, raw []byte, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ffmpeg", append(append([]string{"-v", "error", "-i", path}, args...), "-")...)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, words.String())
	}
	return out
}

// street is frame n of the sample film of a street.
func street(t testing.TB) []byte {
	return converted(t, Sample(t, "street-footage.avi"), "-vf", "select=eq(n\\,20)", "-frames:v", "1", "-c:v", "png", "-f", "image2pipe")
}

// turned is a picture turned by a quarter, clockwise.
func turned(img *image.RGBA) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.SetRGBA(b.Dy()-1-y, x, img.RGBAAt(x, y))
		}
	}
	return out
}

// pasted draws a picture, scaled to a width, onto another.
func pasted(on *image.RGBA, img image.Image, x, y, width int) {
	h := img.Bounds().Dy() * width / img.Bounds().Dx()
	xdraw.CatmullRom.Scale(on, image.Rect(x, y, x+width, y+h), img, img.Bounds(), draw.Src, nil)
}
