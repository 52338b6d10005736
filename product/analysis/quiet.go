package analysis

import (
	"showreel/engine/speech"
	"showreel/media"
)

// Silence is sound of which no sample is louder than this for so long: the decoder's own measure (ffmpeg silencedetect at
// -60 dB for half a second). It is measured here, since the decoder's is published with the job, which an analysis of
// a fresh original does not wait for.
const (
	quietest   = 33 // of 32768: -60 dB
	quietAfter = 500 * media.Millisecond
)

// quietIn finds the silences of a piece of sound that begins at a time of the asset. One that touches an end of the piece
// counts from a breath on, since it may go on beside it.
func quietIn(pcm []int16, begin media.Time) []media.Range {
	var out []media.Range
	first := 0
	flush := func(n int) {
		r := media.Range{Start: begin + media.FromTicks(int64(first), speech.SampleRate), End: begin + media.FromTicks(int64(n), speech.SampleRate)}
		if edge := first == 0 || n == len(pcm); r.Len() >= quietAfter || edge && r.Len() >= breath {
			out = append(out, r)
		}
	}
	for n, v := range pcm {
		if v > quietest || v < -quietest {
			if n > first {
				flush(n)
			}
			first = n + 1
		}
	}
	if len(pcm) > first {
		flush(len(pcm))
	}
	return out
}
