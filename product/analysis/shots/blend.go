package shots

import (
	"math"
)

// How well a stretch of frames must fit a dissolve.
const (
	shortestBlend = 3    // half-width in small frames: 0.5 s
	longestBlend  = 10   // 1.7 s
	mostResidual  = 0.12 // of the way between the ends, squared
	leastWay      = 14.0 // root mean square of the difference of the ends, 0..255
	leastStraight = 0.9
	sameAbove     = 0.8 // alike
)

// blend is how the frames between two ends fit the line between them.
type blend struct {
	from, to int
	residual float64 // mean, relative to the way's length squared
	straight float64 // R² of how far each frame is against its time, 0..1
	way      float64
}

// fit tests the frames strictly between a and b.
func (s *Stretch) fit(a, b int) blend {
	p, q := s.frame(a), s.frame(b)
	way := 0.0
	for k := range p {
		d := float64(q[k]) - float64(p[k])
		way += d * d
	}
	out := blend{from: a, to: b, way: math.Sqrt(way / FrameSize), residual: math.Inf(1)}
	if out.way < leastWay {
		return out
	}
	n := b - a - 1
	alpha := make([]float64, n)
	out.residual = 0
	for t := range n {
		f := s.frame(a + 1 + t)
		dot, sq := 0.0, 0.0
		for k := range p {
			d, e := float64(q[k])-float64(p[k]), float64(f[k])-float64(p[k])
			dot, sq = dot+d*e, sq+e*e
		}
		alpha[t] = dot / way
		out.residual += max(0, sq/way-alpha[t]*alpha[t]) / float64(n)
	}
	out.straight = straight(alpha)
	return out
}

// straight is R² of values against a line from 0 to 1, with the ends.
func straight(alpha []float64) float64 {
	n := len(alpha)
	mean := 0.0
	for _, x := range alpha {
		mean += x / float64(n)
	}
	var off, spread float64
	for t, x := range alpha {
		want := float64(t+1) / float64(n+1)
		off += (x - want) * (x - want)
		spread += (x - mean) * (x - mean)
	}
	if spread == 0 {
		return 0
	}
	return max(0, 1-off/spread)
}
