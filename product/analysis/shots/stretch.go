package shots

import (
	"math"

	"showreel/media"
)

// The size of a small frame: that of the network.
const (
	Width     = 48
	Height    = 27
	FrameSize = Width * Height * 3
)

// Rate is how many small frames are taken a second.
var rate = media.Rate{Num: 25, Den: 2}

// Rate is the rate of small frames.
func Rate() media.Rate { return rate }

// Stretch is a part of a film as small RGB frames at Rate.
type Stretch struct {
	Start media.Time // of the first frame
	Pix   []byte     // FrameSize bytes a frame
	Odds  []float32  // the network's, one a frame, that a shot begins there; nil where it was not asked, -1 for a frame that it was not asked about

	grey [][]float64
}

func (s *Stretch) len() int { return len(s.Pix) / FrameSize }

// Range is what the stretch covers.
func (s *Stretch) Range() media.Range {
	return media.Range{Start: s.Start, End: s.Start + rate.At(int64(s.len()))}
}

func (s *Stretch) at(n int) media.Time { return s.Start + rate.At(int64(n)) }

// frameAt is the last frame at or before a time.
func (s *Stretch) frameAt(t media.Time) int {
	return min(max(int(rate.Frame(max(0, t-s.Start))), 0), s.len()-1)
}

// pixel returns a frame as values 0..255.
func (s *Stretch) frame(n int) []byte {
	n = min(max(n, 0), s.len()-1)
	return s.Pix[n*FrameSize : (n+1)*FrameSize]
}

// luma of a frame, Width × Height.
func (s *Stretch) luma(n int) []float64 {
	if s.grey == nil {
		s.grey = make([][]float64, s.len())
	}
	n = min(max(n, 0), s.len()-1)
	if s.grey[n] == nil {
		g, p := make([]float64, Width*Height), s.frame(n)
		for k := range g {
			g[k] = 0.299*float64(p[3*k]) + 0.587*float64(p[3*k+1]) + 0.114*float64(p[3*k+2])
		}
		s.grey[n] = g
	}
	return s.grey[n]
}

func moments(v []float64) (mean, deviation float64) {
	sum, sq := 0.0, 0.0
	for _, x := range v {
		sum, sq = sum+x, sq+x*x
	}
	mean = sum / float64(len(v))
	return mean, math.Sqrt(max(0, sq/float64(len(v))-mean*mean))
}

// How far the camera may have moved between two frames that still show the same, in small pixels.
const (
	shiftX = 8
	shiftY = 4
)

// alike is how much two frames show the same, -1..1: the best correlation of their luma over small shifts, whatever the
// light.
func (s *Stretch) alike(a, b int) float64 {
	best := -1.0
	for dy := -shiftY; dy <= shiftY; dy += 2 {
		for dx := -shiftX; dx <= shiftX; dx += 2 {
			best = max(best, correlation(s.luma(a), s.luma(b), dx, dy))
		}
	}
	return best
}

// correlation of the part that two frames share when the second is moved by dx, dy. Flat pictures are alike.
func correlation(a, b []float64, dx, dy int) float64 {
	var n, sa, sb, saa, sbb, sab float64
	for y := max(0, dy); y < min(Height, Height+dy); y++ {
		for x := max(0, dx); x < min(Width, Width+dx); x++ {
			p, q := a[y*Width+x], b[(y-dy)*Width+x-dx]
			n, sa, sb, saa, sbb, sab = n+1, sa+p, sb+q, saa+p*p, sbb+q*q, sab+p*q
		}
	}
	va, vb := saa/n-sa/n*sa/n, sbb/n-sb/n*sb/n
	switch flatA, flatB := va < 4, vb < 4; {
	case flatA && flatB:
		return 1 - math.Abs(sa-sb)/n/255
	case flatA || flatB:
		return 0
	}
	return (sab/n - sa/n*sb/n) / math.Sqrt(va*vb)
}
