package media

import "strings"

// Respell gives the words of a corrected text their times: a word that was there before keeps its own, and words that
// are new share the time between their neighbours evenly. within bounds the first and the last.
func Respell(old []Word, text string, within Range) []Word {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return nil
	}
	out := make([]Word, len(fields))
	known := matchWords(old, fields)
	for n, f := range fields {
		out[n] = Word{Text: f, Score: 1}
		if known[n] >= 0 {
			out[n].Start, out[n].End, out[n].Score = old[known[n]].Start, old[known[n]].End, old[known[n]].Score
		}
	}
	for n := 0; n < len(out); {
		if known[n] >= 0 {
			n++
			continue
		}
		end := n
		for end < len(out) && known[end] < 0 {
			end++
		}
		span := within
		if n > 0 {
			span.Start = out[n-1].End
		}
		if end < len(out) {
			span.End = out[end].Start
		}
		step := span.Len() / Time(end-n)
		for k := n; k < end; k++ {
			out[k].Start = span.Start + Time(k-n)*step
			out[k].End = out[k].Start + step
		}
		n = end
	}
	return out
}

// matchWords aligns fields with the old words (longest common subsequence, without case and punctuation) and returns the
// old index of each, or -1.
func matchWords(old []Word, fields []string) []int {
	out := make([]int, len(fields))
	for n := range out {
		out[n] = -1
	}
	width := len(fields) + 1
	best := make([]int, (len(old)+1)*width)
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(fields) - 1; j >= 0; j-- {
			if bare(old[i].Text) == bare(fields[j]) {
				best[i*width+j] = best[(i+1)*width+j+1] + 1
			} else {
				best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(old) && j < len(fields); {
		switch {
		case bare(old[i].Text) == bare(fields[j]):
			out[j] = i
			i, j = i+1, j+1
		case best[(i+1)*width+j] >= best[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

func bare(s string) string { return strings.ToLower(strings.Trim(s, ".,;:!?…\"'()[]«»„“”‚‘’-–—")) }
