package main

import (
	"fmt"
	"strings"

	"showreel/engine/speech/speechtest"
)

// misheard lists the places where what was heard departs from the truth, each with a word of context on both sides. The
// weight is the number of words.
func misheard(truth, heard string) []mistake {
	want, got := speechtest.Normal(truth), speechtest.Normal(heard)
	// cost[i][j] is the least number of errors from want[i:] and got[j:] on.
	cost := make([][]int, len(want)+1)
	for i := range cost {
		cost[i] = make([]int, len(got)+1)
	}
	for i := len(want); i >= 0; i-- {
		for j := len(got); j >= 0; j-- {
			switch {
			case i == len(want):
				cost[i][j] = len(got) - j
			case j == len(got):
				cost[i][j] = len(want) - i
			case want[i] == got[j]:
				cost[i][j] = cost[i+1][j+1]
			default:
				cost[i][j] = 1 + min(cost[i+1][j+1], cost[i+1][j], cost[i][j+1])
			}
		}
	}
	var out []mistake
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		if i < len(want) && j < len(got) && want[i] == got[j] {
			i, j = i+1, j+1
			continue
		}
		i0, j0 := i, j
		for (i < len(want) || j < len(got)) && !(i < len(want) && j < len(got) && want[i] == got[j]) {
			switch here := cost[i][j]; {
			case i < len(want) && j < len(got) && here == 1+cost[i+1][j+1]:
				i, j = i+1, j+1
			case i < len(want) && here == 1+cost[i+1][j]:
				i++
			default:
				j++
			}
		}
		out = append(out, mistake{float64(max(i-i0, j-j0)), fmt.Sprintf("%q heard as %q", around(want, i0, i), around(got, j0, j))})
	}
	return out
}

// around is a stretch of words with a neighbour on each side.
func around(words []string, from, to int) string {
	return strings.Join(words[max(0, from-1):min(len(words), to+1)], " ")
}
