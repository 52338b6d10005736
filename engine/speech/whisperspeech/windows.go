//go:build cgo

package whisperspeech

const (
	longest   = 28.0 // s; Whisper hears 30, the rest is room for the padding
	widestGap = 2.0  // s of silence kept inside a window: in longer ones the network invents words
	padding   = 0.2  // s added round speech
	quietFrom = 20.0 // s; speech without a pause is cut at its quietest place after this
)

// windowsOf joins stretches of speech into windows of at most longest, cut in silence; speech that goes on for longer is
// cut where the sound is quietest. Pauses inside a window are kept, so times need only an offset.
func windowsOf(spans []span, samples []float32) []span {
	total := float64(len(samples)) / rate
	var out []span
	for _, s := range spans {
		s = span{max(0, s.start-padding), min(total, s.end+padding)}
		if n := len(out); n > 0 {
			s.start = max(s.start, out[n-1].end)
		}
		for s.end-s.start > longest {
			cut := quietest(samples, s.start+quietFrom, s.start+longest)
			out = append(out, span{s.start, cut})
			s.start = cut
		}
		if n := len(out); n > 0 && s.start-out[n-1].end <= widestGap && s.end-out[n-1].start <= longest {
			out[n-1].end = s.end
			continue
		}
		out = append(out, s)
	}
	return out
}

// quietest is the middle of the 200 ms with the least energy between two times.
func quietest(samples []float32, from, to float64) float64 {
	const width = rate / 5
	first, last := int(from*rate), min(int(to*rate), len(samples))
	best, at := -1.0, last
	for start := first; start+width <= last; start += width / 8 {
		energy := 0.0
		for _, v := range samples[start : start+width] {
			energy += float64(v) * float64(v)
		}
		if best < 0 || energy < best {
			best, at = energy, start+width/2
		}
	}
	return float64(at) / rate
}
