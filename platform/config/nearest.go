package config

import "strings"

// didYouMean ends a sentence about an unknown key.
func didYouMean(key string) string {
	if near := nearest(key); near != "" {
		return "; did you mean " + near + "?"
	}
	return ". docs/configuration.md lists all keys."
}

// nearest returns the key that differs least from the given one, or "" when none is close. A key's last part alone counts
// too, so that "cert" finds tls.cert.
func nearest(given string) string {
	given = strings.ToLower(given)
	if len(given) > 100 {
		return ""
	}
	best, least := "", 3
	if len(given) <= 4 {
		least = 2
	}
	for _, f := range fields() {
		key := strings.ToLower(f.key)
		d := distance(given, key)
		if dot := strings.LastIndexByte(key, '.'); dot >= 0 {
			d = min(d, distance(given, key[dot+1:])+1)
		}
		if d < least {
			best, least = f.key, d
		}
	}
	return best
}

// distance is the optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
