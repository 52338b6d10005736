package media

import (
	"fmt"
	"math/big"
)

// Time is a position or a length on an asset's timeline in flicks: 1/705,600,000 s, exact for every common frame rate
// (24, 25, 30, 48, 50, 60, 90, 100, 120 and their 1000/1001 forms) and sample rate (8 kHz to 192 kHz).
type Time int64

// Second is one second in flicks.
const Second Time = 705_600_000

// Millisecond is one millisecond in flicks.
const Millisecond Time = Second / 1000

// FromMS converts milliseconds.
func FromMS(ms int64) Time { return Time(ms) * Millisecond }

// FromSeconds converts seconds, rounding to the nearest flick.
func FromSeconds(s float64) Time {
	if s < 0 {
		return -FromSeconds(-s)
	}
	return Time(s*float64(Second) + 0.5)
}

// FromTicks converts n units of 1/timescale second (an MP4 timescale, a sample rate), rounding to the nearest flick.
func FromTicks(n, timescale int64) Time { return Time(mulDiv(n, int64(Second), timescale)) }

// MS returns whole milliseconds, rounded to the nearest.
func (t Time) MS() int64 { return mulDiv(int64(t), 1, int64(Millisecond)) }

// Seconds returns seconds.
func (t Time) Seconds() float64 { return float64(t) / float64(Second) }

// Ticks returns t in units of 1/timescale second, rounded to the nearest.
func (t Time) Ticks(timescale int64) int64 { return mulDiv(int64(t), timescale, int64(Second)) }

// mulDiv is round(a*b/c) without overflow.
func mulDiv(a, b, c int64) int64 {
	if c == 0 {
		return 0
	}
	if small(a) && small(b) && small(c) {
		return roundDiv(a*b, c)
	}
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	n.Lsh(n, 1)
	d := big.NewInt(c)
	if n.Sign()*d.Sign() >= 0 {
		n.Add(n, d)
	} else {
		n.Sub(n, d)
	}
	n.Quo(n, d.Lsh(d, 1))
	return n.Int64()
}

func small(v int64) bool { return v > -1<<30 && v < 1<<30 }

func roundDiv(n, d int64) int64 {
	if d < 0 {
		n, d = -n, -d
	}
	if n >= 0 {
		return (n + d/2) / d
	}
	return (n - d/2) / d
}

// Range is the half-open interval [Start, End) of an asset's timeline.
type Range struct {
	Start Time `json:"start"`
	End   Time `json:"end"`
}

// Len is End-Start, never negative.
func (r Range) Len() Time { return max(0, r.End-r.Start) }

// Empty reports whether the range holds no time.
func (r Range) Empty() bool { return r.End <= r.Start }

// Contains reports whether t lies in the range.
func (r Range) Contains(t Time) bool { return t >= r.Start && t < r.End }

// Overlaps reports whether the two ranges share any time.
func (r Range) Overlaps(o Range) bool { return r.Start < o.End && o.Start < r.End }

// Intersect returns the shared part, or an empty range.
func (r Range) Intersect(o Range) Range {
	x := Range{max(r.Start, o.Start), min(r.End, o.End)}
	if x.Empty() {
		return Range{}
	}
	return x
}

// MergeRanges joins ranges, ordered by start, that touch or lie within gap of each other.
func MergeRanges(in []Range, gap Time) []Range {
	var out []Range
	for _, r := range in {
		if n := len(out); n > 0 && r.Start <= out[n-1].End+gap {
			out[n-1].End = max(out[n-1].End, r.End)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Rate is a frame rate as a fraction, 30000/1001.
type Rate struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

// Known reports whether the rate is usable.
func (r Rate) Known() bool { return r.Num > 0 && r.Den > 0 }

// FPS returns frames a second.
func (r Rate) FPS() float64 {
	if !r.Known() {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}

// String renders the fraction as ffmpeg takes it.
func (r Rate) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// At returns the start time of frame n.
func (r Rate) At(n int64) Time { return Time(mulDiv(n*r.Den, int64(Second), r.Num)) }

// Frame returns the frame shown at t (the last one that starts at or before t).
func (r Rate) Frame(t Time) int64 {
	if !r.Known() {
		return 0
	}
	n := mulDiv(int64(t), r.Num, r.Den*int64(Second))
	for n > 0 && r.At(n) > t {
		n--
	}
	for r.At(n+1) <= t {
		n++
	}
	return n
}

// Frames returns how many frames a length holds, rounded to the nearest.
func (r Rate) Frames(t Time) int64 {
	if !r.Known() {
		return 0
	}
	return mulDiv(int64(t), r.Num, r.Den*int64(Second))
}

// Timecode renders t as SMPTE ST 12-1 timecode; drop-frame (with ';') for 29.97 and 59.94.
func (r Rate) Timecode(t Time) string {
	if !r.Known() {
		return fmt.Sprintf("%02d:%02d:%02d.%03d", t/(3600*Second), t/(60*Second)%60, t/Second%60, t.MS()%1000)
	}
	n, base := r.Frame(t), (r.Num+r.Den/2)/r.Den
	sep := ":"
	if r.Den == 1001 && base%30 == 0 {
		sep = ";"
		drop := base / 15
		perMin, per10 := base*60-drop, base*600-9*drop
		d, m := n/per10, n%per10
		n += 9 * drop * d
		if m >= drop {
			n += drop * ((m - drop) / perMin)
		}
	}
	f, s := n%base, n/base
	return fmt.Sprintf("%02d:%02d:%02d%s%02d", s/3600, s/60%60, s%60, sep, f)
}
