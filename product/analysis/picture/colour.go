// Package picture tells of a picture's pixels what needs no model: its dominant colours by name, how sharp, bright and
// noisy it is, and which of several pictures show a stretch of film best. It opens no files and writes no annotations.
package picture

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// Lab is a colour in CIE L*a*b* (D65), in which distances are about as far apart as they look.
type Lab [3]float64

// Tint is a colour and its share of what it was taken from.
type Tint struct {
	RGB   [3]uint8 `json:"rgb"`
	Share float64  `json:"share"` // 0..1
}

// ToLab converts from sRGB (IEC 61966-2-1).
func ToLab(c [3]uint8) Lab {
	var lin [3]float64
	for n, v := range c {
		f := float64(v) / 255
		if f <= 0.04045 {
			lin[n] = f / 12.92
		} else {
			lin[n] = math.Pow((f+0.055)/1.055, 2.4)
		}
	}
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	x := f((0.4124564*lin[0] + 0.3575761*lin[1] + 0.1804375*lin[2]) / 0.95047)
	y := f(0.2126729*lin[0] + 0.7151522*lin[1] + 0.0721750*lin[2])
	z := f((0.0193339*lin[0] + 0.1191920*lin[1] + 0.9503041*lin[2]) / 1.08883)
	return Lab{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// Distance is ΔE*ab (CIE 1976).
func (a Lab) Distance(b Lab) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

// Limits of a palette.
const (
	MostColours = 5
	leastShare  = 0.05
	oneColour   = 14.0 // ΔE below which two are one
	gridSide    = 64   // pixels looked at along the longer side
)

// Colours gives a picture's dominant colours, the largest share first.
func Colours(img image.Image) []Tint {
	b := img.Bounds()
	step := max(1, max(b.Dx(), b.Dy())/gridSide)
	var all []Tint
	for y := b.Min.Y + step/2; y < b.Max.Y; y += step {
		for x := b.Min.X + step/2; x < b.Max.X; x += step {
			r, g, bl, _ := img.At(x, y).RGBA()
			all = append(all, Tint{[3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8)}, 1})
		}
	}
	return Palette(all)
}

// Palette groups tints by k-means in Lab and gives the groups' means, the largest first; groups that look alike are one, and
// small ones are left out. It depends on nothing but its input.
func Palette(in []Tint) []Tint {
	points := make([]Lab, len(in))
	total := 0.0
	for n, t := range in {
		points[n], total = ToLab(t.RGB), total+t.Share
	}
	if total == 0 {
		return nil
	}
	of := group(points, in, seeds(points, in))
	var out []Tint
	for k := range MostColours + 3 {
		if t, ok := mean(in, of, k); ok {
			out = append(out, t)
		}
	}
	out = joinAlike(out)
	for n := range out {
		out[n].Share /= total
	}
	slices.SortFunc(out, func(a, b Tint) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), slices.Compare(a.RGB[:], b.RGB[:]))
	})
	out = slices.DeleteFunc(out, func(t Tint) bool { return t.Share < leastShare })
	return out[:min(len(out), MostColours)]
}

// seeds begins with the mean's nearest and then takes whatever is farthest from all, weighed by its share (k-means++
// without dice).
func seeds(points []Lab, in []Tint) []Lab {
	out := []Lab{points[0]}
	for len(out) < MostColours+3 {
		best, far := -1, oneColour*oneColour/4
		for n, p := range points {
			d := math.Inf(1)
			for _, c := range out {
				d = min(d, p.Distance(c))
			}
			if d *= d * math.Sqrt(in[n].Share); d > far {
				best, far = n, d
			}
		}
		if best < 0 {
			break
		}
		out = append(out, points[best])
	}
	return out
}

// group gives each point its group after at most twelve rounds.
func group(points []Lab, in []Tint, centers []Lab) []int {
	of := make([]int, len(points))
	for range 12 {
		moved := false
		sums, weights := make([]Lab, len(centers)), make([]float64, len(centers))
		for n, p := range points {
			best := 0
			for k := range centers {
				if p.Distance(centers[k]) < p.Distance(centers[best]) {
					best = k
				}
			}
			moved = moved || of[n] != best
			of[n] = best
			for d := range p {
				sums[best][d] += p[d] * in[n].Share
			}
			weights[best] += in[n].Share
		}
		for k := range centers {
			for d := range centers[k] {
				if weights[k] > 0 {
					centers[k][d] = sums[k][d] / weights[k]
				}
			}
		}
		if !moved {
			break
		}
	}
	return of
}

func mean(in []Tint, of []int, k int) (Tint, bool) {
	var sum [3]float64
	share := 0.0
	for n, t := range in {
		if of[n] == k {
			share += t.Share
			for d := range sum {
				sum[d] += float64(t.RGB[d]) * t.Share
			}
		}
	}
	if share == 0 {
		return Tint{}, false
	}
	out := Tint{Share: share}
	for d := range sum {
		out.RGB[d] = uint8(math.Round(sum[d] / share))
	}
	return out, true
}

// joinAlike makes one of tints that look alike, the nearest pair first.
func joinAlike(in []Tint) []Tint {
	for {
		a, b, least := -1, -1, oneColour
		for i := range in {
			for j := i + 1; j < len(in); j++ {
				if d := ToLab(in[i].RGB).Distance(ToLab(in[j].RGB)); d < least {
					a, b, least = i, j, d
				}
			}
		}
		if a < 0 {
			return in
		}
		one, _ := mean([]Tint{in[a], in[b]}, []int{0, 0}, 0)
		in = append(slices.Delete(in, b, b+1)[:a], append([]Tint{one}, in[a+1:len(in)-1]...)...)
	}
}

// names are colours as people call them, in sRGB: the eleven basic terms of Berlin and Kay and some between.
var names = []struct {
	name string
	rgb  [3]uint8
}{
	{"black", [3]uint8{10, 10, 10}}, {"dark grey", [3]uint8{70, 70, 70}}, {"grey", [3]uint8{128, 128, 128}}, {"light grey", [3]uint8{200, 200, 200}}, {"white", [3]uint8{250, 250, 250}},
	{"red", [3]uint8{220, 25, 25}}, {"dark red", [3]uint8{120, 10, 15}}, {"orange", [3]uint8{250, 140, 20}}, {"brown", [3]uint8{115, 70, 30}}, {"beige", [3]uint8{225, 205, 165}},
	{"yellow", [3]uint8{250, 225, 40}}, {"olive", [3]uint8{115, 115, 30}}, {"green", [3]uint8{30, 150, 45}}, {"dark green", [3]uint8{15, 75, 30}}, {"light green", [3]uint8{145, 215, 130}},
	{"teal", [3]uint8{15, 125, 125}}, {"cyan", [3]uint8{70, 215, 230}}, {"blue", [3]uint8{30, 70, 215}}, {"navy", [3]uint8{20, 25, 90}}, {"sky blue", [3]uint8{125, 185, 235}},
	{"purple", [3]uint8{115, 30, 140}}, {"violet", [3]uint8{165, 125, 225}}, {"magenta", [3]uint8{215, 35, 165}}, {"pink", [3]uint8{250, 170, 190}}, {"skin", [3]uint8{215, 165, 135}},
}

// Name is what people call a colour.
func Name(c [3]uint8) string {
	p, best, least := ToLab(c), "", math.Inf(1)
	for _, n := range names {
		if d := p.Distance(ToLab(n.rgb)); d < least {
			best, least = n.name, d
		}
	}
	return best
}
