package captions

import "strings"

// ChrF is the character n-gram F-score of a translation against a reference, 0..1: n from 1 to 6, without spaces, recall
// weighed twice (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation"). It sums the counts of all
// pairs, as sacreBLEU does for a corpus.
func ChrF(got, want []string) float64 {
	const order, beta = 6, 2.0
	total := 0.0
	for n := 1; n <= order; n++ {
		var hits, made, meant float64
		for i := range got {
			a, b := grams(got[i], n), grams(want[i], n)
			for g, k := range a {
				made += float64(k)
				hits += float64(min(k, b[g]))
			}
			for _, k := range b {
				meant += float64(k)
			}
		}
		if hits > 0 {
			precision, recall := hits/made, hits/meant
			total += (1 + beta*beta) * precision * recall / (beta*beta*precision + recall)
		}
	}
	return total / order
}

// grams counts the runs of n letters of a text.
func grams(text string, n int) map[string]int {
	letters := []rune(strings.ToLower(strings.Join(strings.Fields(text), "")))
	out := map[string]int{}
	for k := 0; k+n <= len(letters); k++ {
		out[string(letters[k:k+n])]++
	}
	return out
}
