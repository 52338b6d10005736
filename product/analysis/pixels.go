package analysis

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/jpeg" // the working pictures
	_ "image/png"
	"math"

	"github.com/corona10/goimagehash"

	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/picture"
)

// pictureModel signs what is computed from pixels here.
const pictureModel = "showreel picture 1"

// look is what one picture's pixels say.
type look struct {
	picture.Quality
	Colours []picture.Tint `json:"colours,omitempty"`
	Tiny    []byte         `json:"tiny"`           // the luma in tiny × tiny cells
	Hash    uint64         `json:"hash,omitempty"` // perceptual; none of a picture of one colour
}

// luma is a picture's grey values in rows.
type luma struct {
	w, h int
	v    []uint8
}

func decodePicture(raw []byte) (image.Image, error) {
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fault.Say("analysis.picture", "", fault.Corrupt, "bad-picture", "A working picture is damaged; process the asset again.")
	}
	return img, nil
}

// greyOf takes the luma of a picture; of the JPEGs that the decoder leaves it is a plane of the file.
func greyOf(img image.Image) luma {
	b := img.Bounds()
	l := luma{w: b.Dx(), h: b.Dy(), v: make([]uint8, b.Dx()*b.Dy())}
	if y, ok := img.(*image.YCbCr); ok {
		for r := range l.h {
			copy(l.v[r*l.w:(r+1)*l.w], y.Y[r*y.YStride:])
		}
		return l
	}
	for y := range l.h {
		for x := range l.w {
			r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			l.v[y*l.w+x] = uint8((299*r + 587*g + 114*bl) / 1000 >> 8)
		}
	}
	return l
}

// tiny is the size at which two pictures are compared.
const tiny = 32

// thumb averages the luma into tiny × tiny cells.
func (l luma) thumb() [tiny * tiny]float64 {
	var sum, n [tiny * tiny]float64
	for y := range l.h {
		row := y * tiny / max(l.h, 1) * tiny
		for x := range l.w {
			c := row + x*tiny/l.w
			sum[c] += float64(l.v[y*l.w+x])
			n[c]++
		}
	}
	for c := range sum {
		sum[c] /= max(n[c], 1)
	}
	return sum
}

// same is how much, of 255, the most different cell of two pictures may differ for them to show the same. A caption
// that appears changes its cells by far more.
const same = 6

// novel lists the pictures that show something else than the one before, and for each picture which of those it shows.
func novel(pics [][]byte) (fresh [][]byte, of []int, err error) {
	var last [tiny * tiny]float64
	for n, raw := range pics {
		img, err := decodePicture(raw)
		if err != nil {
			return nil, nil, err
		}
		now := greyOf(img).thumb()
		if n == 0 || differs(now, last) {
			fresh = append(fresh, raw)
			last = now
		}
		of = append(of, len(fresh)-1)
	}
	return fresh, of, nil
}

func differs(a, b [tiny * tiny]float64) bool {
	for n := range a {
		if math.Abs(a[n]-b[n]) > same {
			return true
		}
	}
	return false
}

// measure looks at the pixels of a piece's pictures.
func (s *Service) measure(ctx context.Context, t *target, p piece) (found, error) {
	pics, err := t.pictures(ctx, p.Seconds)
	if err != nil {
		return found{}, err
	}
	f := found{Model: pictureModel}
	for _, raw := range pics {
		img, err := decodePicture(raw)
		if err != nil {
			return f, err
		}
		l, err := lookAt(img)
		if err != nil {
			return f, err
		}
		f.Looks = append(f.Looks, l)
	}
	return f, nil
}

// flatBelow is the spread of the luma below which a picture is of one colour: black, white, a card without writing.
const flatBelow = 0.02

func lookAt(img image.Image) (look, error) {
	grey := greyOf(img)
	l := look{Quality: picture.Judge(grey.v, grey.w, grey.h), Colours: picture.Colours(img), Tiny: make([]byte, tiny*tiny)}
	for n, v := range grey.thumb() {
		l.Tiny[n] = byte(v)
	}
	if l.Spread < flatBelow || grey.w < 8 || grey.h < 8 {
		return l, nil
	}
	h, err := goimagehash.PerceptionHash(img)
	if err != nil {
		return l, fault.E("analysis.picture", "", fault.Internal, err)
	}
	l.Hash = h.GetHash()
	return l, nil
}

// What a picture has to miss to be called poor. Sharpness is that of 480-line pictures; film that is soft by art lies
// above it.
const (
	blurBelow   = 12.0
	darkBelow   = 0.06
	brightAbove = 0.25 // share of white
	noiseAbove  = 6.0  // standard deviation of grain, of 255
)

func poorIn(l look) map[string]bool {
	return map[string]bool{"blur": l.Sharp < blurBelow && l.Spread > 0.03, "dark": l.Bright < darkBelow, "bright": l.Clipped > brightAbove, "noise": l.Noise > noiseAbove}
}

// joinPicture writes stretches of poor picture, and each shot's colours.
func (s *Service) joinPicture(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	poor := map[string][]media.Range{}
	tints := map[int][]picture.Tint{} // by shot
	for _, f := range all {
		for n, l := range f.Looks {
			sec := f.Piece.Seconds[n]
			for label, bad := range poorIn(l) {
				if bad {
					poor[label] = append(poor[label], shown(shots, sec))
				}
			}
			shot := shotOf(shots, sec)
			tints[shot] = append(tints[shot], l.Colours...)
		}
	}
	out := map[media.Track][]media.Annotation{media.TrackPicture: {}, media.TrackColour: {}}
	for _, label := range []string{"blur", "dark", "bright", "noise"} {
		for _, r := range media.MergeRanges(poor[label], media.Second/10) {
			out[media.TrackPicture] = append(out[media.TrackPicture], media.Annotation{Range: r, Label: label, Score: 1, Model: pictureModel})
		}
	}
	for n, r := range shots {
		for _, c := range picture.Palette(tints[n]) {
			out[media.TrackColour] = append(out[media.TrackColour], media.Annotation{Range: r, Label: fmt.Sprintf("#%02x%02x%02x", c.RGB[0], c.RGB[1], c.RGB[2]),
				Text: picture.Name(c.RGB), Score: c.Share, Model: pictureModel})
		}
	}
	return out, nil
}
