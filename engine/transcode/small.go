package transcode

import "showreel/media"

// Small frames are what a shot detector looks at: the size that TransNetV2 was trained on, at half the rate of film.
const (
	SmallWidth  = 48
	SmallHeight = 27
	SmallSize   = SmallWidth * SmallHeight * 3 // bytes a frame
)

// MaxBoundaries is the longest stretch of small frames: 29 MB.
const MaxBoundaries = 600 * media.Second

// SmallRate is the rate of small frames; frame 0 is the asset's zero.
func SmallRate() media.Rate { return media.Rate{Num: 25, Den: 2} }

// SmallFrames returns which small frames show a range: the first, and how many.
func SmallFrames(r media.Range) (first, count int64) {
	rate := SmallRate()
	first = rate.Frame(max(0, r.Start))
	last := rate.Frame(max(0, r.End-1))
	return first, last - first + 1
}
