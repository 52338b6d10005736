//go:build cgo

package onnxvision

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"

	"showreel/fault"
)

// maxPixels is the largest picture that is decoded: 150 MB as RGB.
const maxPixels = 50_000_000

// picture is RGB, three bytes a pixel, row by row.
type picture struct {
	w, h int
	pix  []uint8
}

func blank(w, h int) *picture { return &picture{w, h, make([]uint8, 3*w*h)} }

// decode reads the nth picture of a call. Transparent parts show white. Kinds: fault.Invalid (code "not-a-picture"),
// fault.TooLarge.
func decode(raw []byte, n int) (p *picture, err error) {
	defer func() { // a decoder that meets a hostile file may panic; it must not take the program with it
		if v := recover(); v != nil {
			p, err = nil, notPicture(n, fmt.Errorf("the decoder failed: %v", v))
		}
	}()
	config, full := jpeg.DecodeConfig, jpeg.Decode
	switch {
	case bytes.HasPrefix(raw, []byte("\x89PNG")):
		config, full = png.DecodeConfig, png.Decode
	case len(raw) > 12 && string(raw[:4]) == "RIFF" && string(raw[8:12]) == "WEBP":
		config, full = webp.DecodeConfig, webp.Decode
	}
	c, err := config(bytes.NewReader(raw))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return nil, notPicture(n, err)
	}
	if int64(c.Width)*int64(c.Height) > maxPixels {
		return nil, fault.Say("vision.decode", "", fault.TooLarge, "picture-too-large",
			"Picture %d is %d by %d; at most %d million pixels are looked at. Make it smaller first.", n+1, c.Width, c.Height, maxPixels/1_000_000)
	}
	img, err := full(bytes.NewReader(raw))
	if err != nil {
		return nil, notPicture(n, err)
	}
	return fromImage(img), nil
}

func notPicture(n int, err error) error {
	e := fault.Say("vision.decode", "", fault.Invalid, "not-a-picture", "Picture %d of the call is not a whole JPEG, PNG or WebP picture.", n+1).(*fault.Error)
	e.Err = err
	return e
}

// fromImage converts without a call a pixel for the types that the decoders give.
func fromImage(img image.Image) *picture {
	b := img.Bounds()
	p := blank(b.Dx(), b.Dy())
	switch img := img.(type) {
	case *image.YCbCr:
		fromYCbCr(p, img)
	case *image.Gray:
		for y := range p.h {
			for x, v := range img.Pix[y*img.Stride:][:p.w] {
				i := 3 * (y*p.w + x)
				p.pix[i], p.pix[i+1], p.pix[i+2] = v, v, v
			}
		}
	case *image.RGBA: // opaque where a PNG gave it
		for y := range p.h {
			row := img.Pix[y*img.Stride:]
			for x := range p.w {
				over(p.pix[3*(y*p.w+x):], row[4*x], row[4*x+1], row[4*x+2], row[4*x+3])
			}
		}
	case *image.NRGBA:
		for y := range p.h {
			row := img.Pix[y*img.Stride:]
			for x := range p.w {
				a := uint32(row[4*x+3])
				pre := func(v uint8) uint8 { return uint8((uint32(v)*a + 127) / 255) }
				over(p.pix[3*(y*p.w+x):], pre(row[4*x]), pre(row[4*x+1]), pre(row[4*x+2]), row[4*x+3])
			}
		}
	default:
		for y := range p.h {
			for x := range p.w {
				c := color.RGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA)
				over(p.pix[3*(y*p.w+x):], c.R, c.G, c.B, c.A)
			}
		}
	}
	return p
}

// over lays a premultiplied colour on white.
func over(to []uint8, r, g, b, a uint8) {
	rest := 255 - a
	to[0], to[1], to[2] = r+rest, g+rest, b+rest
}

func fromYCbCr(p *picture, img *image.YCbCr) {
	b := img.Bounds()
	for y := range p.h {
		to := p.pix[3*y*p.w:]
		for x := range p.w {
			c := img.COffset(b.Min.X+x, b.Min.Y+y)
			to[3*x], to[3*x+1], to[3*x+2] = color.YCbCrToRGB(img.Y[img.YOffset(b.Min.X+x, b.Min.Y+y)], img.Cb[c], img.Cr[c])
		}
	}
}
