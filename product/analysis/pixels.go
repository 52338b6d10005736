package analysis

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/jpeg" // the working pictures
	_ "image/png"
	"math"
	"slices"

	"showreel/fault"
	"showreel/media"
)

// pictureModel signs what is computed from pixels here.
const pictureModel = "showreel picture 1"

// look is what one picture's pixels say.
type look struct {
	Sharp   float64 `json:"sharp"`   // variance of the Laplacian of the luma, 0..255²
	Bright  float64 `json:"bright"`  // mean luma, 0..1
	Clipped float64 `json:"clipped"` // share of the pixels that are fully white
	Spread  float64 `json:"spread"`  // standard deviation of the luma, 0..1
	Colours []tint  `json:"colours,omitempty"`
}

// tint is a dominant colour and its share.
type tint struct {
	RGB   [3]uint8 `json:"rgb"`
	Share float64  `json:"share"`
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
		l := greyOf(img).look()
		l.Colours = colours(img)
		f.Looks = append(f.Looks, l)
	}
	return f, nil
}

func (l luma) look() look {
	var out look
	var sum, sq, lap, lapSq float64
	for n, v := range l.v {
		f := float64(v)
		sum, sq = sum+f, sq+f*f
		if v >= 253 {
			out.Clipped++
		}
		x, y := n%l.w, n/l.w
		if x > 0 && y > 0 && x < l.w-1 && y < l.h-1 {
			d := 4*f - float64(l.v[n-1]) - float64(l.v[n+1]) - float64(l.v[n-l.w]) - float64(l.v[n+l.w])
			lap, lapSq = lap+d, lapSq+d*d
		}
	}
	n, inner := float64(max(len(l.v), 1)), float64(max((l.w-2)*(l.h-2), 1))
	out.Bright, out.Clipped = sum/n/255, out.Clipped/n
	out.Spread = math.Sqrt(max(0, sq/n-(sum/n)*(sum/n))) / 255
	out.Sharp = lapSq/inner - (lap/inner)*(lap/inner)
	return out
}

// mostColours is how many dominant colours a shot has at most.
const mostColours = 5

// colours counts a sparse grid of pixels in 4 × 4 × 4 cells and returns the fullest cells' means.
func colours(img image.Image) []tint {
	type cell struct{ r, g, b, n uint64 }
	var cells [64]cell
	b := img.Bounds()
	step := max(1, b.Dx()/64)
	total := uint64(0)
	for y := b.Min.Y; y < b.Max.Y; y += step {
		for x := b.Min.X; x < b.Max.X; x += step {
			r, g, bl, _ := img.At(x, y).RGBA()
			c := &cells[r>>14<<4|g>>14<<2|bl>>14]
			c.r, c.g, c.b, c.n = c.r+uint64(r>>8), c.g+uint64(g>>8), c.b+uint64(bl>>8), c.n+1
			total++
		}
	}
	var out []tint
	for _, c := range cells {
		if c.n > 0 && 20*c.n >= total {
			out = append(out, tint{RGB: [3]uint8{uint8(c.r / c.n), uint8(c.g / c.n), uint8(c.b / c.n)}, Share: float64(c.n) / float64(total)})
		}
	}
	slices.SortFunc(out, func(a, b tint) int {
		switch {
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		}
		return slices.Compare(a.RGB[:], b.RGB[:])
	})
	return out[:min(len(out), mostColours)]
}

// What a picture has to miss to be called poor. Sharpness is that of 480-line pictures; film that is soft by art lies
// above it.
const (
	blurBelow   = 12.0
	darkBelow   = 0.06
	brightAbove = 0.25 // share of white
)

// joinPicture writes stretches of poor picture, and each shot's colours.
func (s *Service) joinPicture(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	poor := map[string][]media.Range{}
	tints := map[int]map[[3]uint8]float64{} // by shot and cell
	count := map[int]float64{}
	for _, f := range all {
		for n, l := range f.Looks {
			sec := f.Piece.Seconds[n]
			r := shown(shots, sec)
			for label, bad := range map[string]bool{"blur": l.Sharp < blurBelow && l.Spread > 0.03, "dark": l.Bright < darkBelow, "bright": l.Clipped > brightAbove} {
				if bad {
					poor[label] = append(poor[label], r)
				}
			}
			shot := shotOf(shots, sec)
			if tints[shot] == nil {
				tints[shot] = map[[3]uint8]float64{}
			}
			count[shot]++
			for _, c := range l.Colours {
				tints[shot][coarse(c.RGB)] += c.Share
			}
		}
	}
	out := map[media.Track][]media.Annotation{media.TrackPicture: {}, media.TrackColour: {}}
	for _, label := range []string{"blur", "dark", "bright"} {
		for _, r := range media.MergeRanges(poor[label], media.Second/10) {
			out[media.TrackPicture] = append(out[media.TrackPicture], media.Annotation{Range: r, Label: label, Score: 1, Model: pictureModel})
		}
	}
	for n, r := range shots {
		out[media.TrackColour] = append(out[media.TrackColour], palette(r, tints[n], count[n])...)
	}
	return out, nil
}

// coarse lets like colours of a shot's pictures meet.
func coarse(c [3]uint8) [3]uint8 { return [3]uint8{c[0] &^ 15, c[1] &^ 15, c[2] &^ 15} }

func palette(r media.Range, shares map[[3]uint8]float64, pictures float64) []media.Annotation {
	var out []media.Annotation
	for c, share := range shares {
		if share /= pictures; share >= 0.05 {
			out = append(out, media.Annotation{Range: r, Label: fmt.Sprintf("#%02x%02x%02x", c[0]|8, c[1]|8, c[2]|8), Score: share, Model: pictureModel})
		}
	}
	slices.SortFunc(out, func(a, b media.Annotation) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return slices.Compare([]byte(a.Label), []byte(b.Label))
	})
	return out[:min(len(out), mostColours)]
}
