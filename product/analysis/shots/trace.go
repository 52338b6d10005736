package shots

import (
	"math"
	"slices"

	"showreel/media"
)

// Thresholds on the trace. Chosen on generated films of other seeds than the one that figures are reported on.
const (
	sureDiff    = 10.0 // a jump like this is a cut, unless it is a flash
	possible    = 4.0  // and this where the frames around it hardly change
	standsOut   = 4.0  // how many times the frames around it a possible cut must differ
	flashJump   = 12.0 // of luma
	flashFrames = 6    // that a flash lasts at most
	dark        = 26.0 // mean luma that counts as faded out
	bright      = 224.0
	fadeDepth   = 12.0 // of luma that a ramp must cross
)

// cuts lists hard cuts: jumps that stand out and are no flash.
func (t Trace) cuts() []Change {
	var out []Change
	for n, f := range t.Frames {
		if n == 0 || f.Diff < possible || !t.peak(n) || t.flash(n) {
			continue
		}
		if around := t.around(n); f.Diff < sureDiff && f.Diff < standsOut*max(around, 0.4) {
			continue
		}
		at := t.Rate.At(int64(n))
		out = append(out, Change{From: at, To: at, Kind: Cut, Score: f.Diff / (f.Diff + 5)})
	}
	return out
}

// peak reports whether no frame near n jumps more.
func (t Trace) peak(n int) bool {
	for k := max(0, n-2); k <= min(len(t.Frames)-1, n+2); k++ {
		if t.Frames[k].Diff > t.Frames[n].Diff {
			return false
		}
	}
	return true
}

// around is the median jump of the frames near n.
func (t Trace) around(n int) float64 {
	var near []float64
	for k := max(1, n-8); k <= min(len(t.Frames)-1, n+8); k++ {
		if k < n-1 || k > n+1 {
			near = append(near, t.Frames[k].Diff)
		}
	}
	if len(near) == 0 {
		return 0
	}
	slices.Sort(near)
	return near[len(near)/2]
}

// flash reports whether the jump at n is an edge of a flash, bright or dark: the luma before and after it is the same.
func (t Trace) flash(n int) bool {
	luma := func(k int) float64 { return t.Frames[min(max(k, 0), len(t.Frames)-1)].Luma }
	if math.Abs(luma(n)-luma(n-1)) < flashJump {
		return false
	}
	near := max(2, math.Abs(luma(n)-luma(n-1))/8)
	for k := 1; k <= flashFrames; k++ {
		begun := n+k < len(t.Frames) && math.Abs(luma(n+k)-luma(n-1)) <= near // the jump up, and it is back at n+k
		ended := n-1-k >= 0 && math.Abs(luma(n)-luma(n-1-k)) <= near          // the jump back to what was before n-k
		if begun || ended {
			return true
		}
	}
	return false
}

// fades lists dips to black or white that are ramps on both sides.
func (t Trace) fades() []Change {
	out := t.dips(func(l float64) float64 { return l - dark })
	return append(out, t.dips(func(l float64) float64 { return bright - l })...)
}

// dips finds runs of frames whose depth is at most zero, with a ramp down into them and one up out of them.
func (t Trace) dips(depth func(luma float64) float64) []Change {
	var out []Change
	f := t.Frames
	for i := 0; i < len(f); {
		if depth(f[i].Luma) > 0 {
			i++
			continue
		}
		j := i
		for j < len(f) && depth(f[j].Luma) <= 0 {
			j++
		}
		down, up := t.ramp(i, -1, depth), t.ramp(j-1, 1, depth)
		if i > 0 && j < len(f) && down > 0 && up > 0 {
			out = append(out, Change{From: t.Rate.At(int64(i - down)), To: t.Rate.At(int64(j - 1 + up)), Kind: Fade, Score: 0.9})
		}
		i = j
	}
	return out
}

// ramp walks from the edge of a dip while the luma moves away from it, and returns how many frames that took, 0 where it
// is no ramp: too flat, or over in a frame or two.
func (t Trace) ramp(edge, dir int, depth func(float64) float64) int {
	f, from := t.Frames, depth(t.Frames[edge].Luma)
	limit := int(t.Rate.Frames(2 * media.Second))
	steps, biggest := 0, 0.0
	k := edge + dir
	for ; k >= 0 && k < len(f) && steps < limit; k += dir {
		d := depth(f[k].Luma) - depth(f[k-dir].Luma)
		if d < 0.3 {
			break
		}
		steps, biggest = steps+1, max(biggest, d)
	}
	crossed := depth(f[min(max(k-dir, 0), len(f)-1)].Luma) - from
	if crossed < fadeDepth || steps < 3 || biggest > 0.6*crossed {
		return 0
	}
	return steps
}
