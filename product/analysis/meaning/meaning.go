// Package meaning finds the structure of what is said: the sentences that say it all, chapters where the topic turns,
// and the places where a break for advertising disturbs least. It works on sentences with vectors of unit length, from
// whatever engine, and on measurements of the picture and the sound; it reads no words itself and stores nothing.
//
// Sources: LexRank (Erkan and Radev, JAIR 22, 2004) with maximal marginal relevance (Carbonell and Goldstein, SIGIR
// 1998) for summaries; TextTiling (Hearst, Computational Linguistics 23, 1997) over vectors for topics.
package meaning

import (
	"math"
	"slices"

	"showreel/media"
)

// Sentence is one sentence of a transcript or text. Vectors are of one model.
type Sentence struct {
	Range  media.Range
	Text   string
	Vector []float32 // unit length
}

// Summary chooses at most n sentences, in their order: central ones, none that repeats another. Sentences of fewer than
// four or more than sixty words are never chosen while others remain. It returns their places.
func Summary(sentences []Sentence, n int) []int {
	rank := centrality(sentences)
	var chosen []int
	for len(chosen) < min(n, len(sentences)) {
		best, at := math.Inf(-1), -1
		for i := range sentences {
			if slices.Contains(chosen, i) {
				continue
			}
			nearest := 0.0
			for _, c := range chosen {
				nearest = max(nearest, likeness(sentences[i], sentences[c]))
			}
			score := 0.7*rank[i] - 0.3*nearest
			if w := words(sentences[i].Text); w < 4 || w > 60 {
				score -= 10
			}
			if score > best {
				best, at = score, i
			}
		}
		if at < 0 {
			break
		}
		chosen = append(chosen, at)
	}
	slices.Sort(chosen)
	return chosen
}

// mostRanked bounds the quadratic work: of a longer text every k-th sentence votes.
const mostRanked = 1_500

// centrality is LexRank, scaled so that the most central sentence has 1. The first sentences of a text weigh a little
// more, for speakers and writers begin with what matters.
func centrality(sentences []Sentence) []float64 {
	n := len(sentences)
	step := 1 + n/mostRanked
	rank := make([]float64, n)
	for i := range rank {
		for k := 0; k < n; k += step {
			if l := likeness(sentences[i], sentences[k]); i != k && l > 0.3 {
				rank[i] += l
			}
		}
		rank[i] *= 1 + 0.15*math.Exp(-float64(i)/3)
	}
	if top := slices.Max(append(rank, 0)); top > 0 {
		for i := range rank {
			rank[i] /= top
		}
	}
	return rank
}

// Chapter is a stretch about one topic.
type Chapter struct {
	Range   media.Range
	First   int     // sentence it begins with
	Count   int     // of its sentences
	Turn    float64 // how strongly the topic turns at its start, 0..1; 0 for the first
	Central int     // its most central sentence, for a title
}

// Chapters cuts where the topic turns most, never into chapters shorter than least. Edges are places where the picture
// changes (scene starts); a chapter begins at the edge nearest to its first sentence if one is within two seconds.
func Chapters(sentences []Sentence, edges []media.Time, least media.Time) []Chapter {
	if len(sentences) == 0 {
		return nil
	}
	turn := turns(sentences)
	cuts := []int{0}
	order := byValue(turn)
	threshold := strongTurn(turn)
	for _, i := range order {
		if i == 0 || turn[i] < threshold {
			continue
		}
		if farFromAll(sentences, cuts, i, least) {
			cuts = append(cuts, i)
		}
	}
	slices.Sort(cuts)
	rank := centrality(sentences)
	var out []Chapter
	for n, first := range cuts {
		end := len(sentences)
		if n+1 < len(cuts) {
			end = cuts[n+1]
		}
		c := Chapter{First: first, Count: end - first, Central: first, Range: media.Range{Start: snap(sentences[first].Range.Start, edges), End: sentences[end-1].Range.End}}
		for i := first; i < end; i++ {
			if rank[i] > rank[c.Central] {
				c.Central = i
			}
		}
		if n > 0 {
			c.Turn = turn[first]
			out[n-1].Range.End = c.Range.Start
		}
		out = append(out, c)
	}
	return out
}

// window is how many sentences on each side of a place are compared.
const window = 4

// turns says for each sentence how much less the sentences before it have in common with those from it on than the
// text around has: TextTiling's depth, 0..1.
func turns(sentences []Sentence) []float64 {
	n := len(sentences)
	gap := make([]float64, n)
	for i := 1; i < n; i++ {
		gap[i] = cosine(sum(sentences[max(0, i-window):i]), sum(sentences[i:min(n, i+window)]))
	}
	depth := make([]float64, n)
	for i := 1; i < n; i++ {
		left, right := gap[i], gap[i]
		for k := i - 1; k >= 1 && gap[k] >= left; k-- {
			left = gap[k]
		}
		for k := i + 1; k < n && gap[k] >= right; k++ {
			right = gap[k]
		}
		depth[i] = min(1, max(0, (left-gap[i])+(right-gap[i]))/2)
	}
	return depth
}

// strongTurn is Hearst's threshold: the mean depth of the places that turn at all, plus half a deviation; a text that
// never turns has none.
func strongTurn(depth []float64) float64 {
	mean, square, n := 0.0, 0.0, 0.0
	for _, d := range depth {
		if d > 0 {
			mean, square, n = mean+d, square+d*d, n+1
		}
	}
	if n == 0 {
		return math.Inf(1)
	}
	mean /= n
	return max(0.05, mean+0.5*math.Sqrt(max(0, square/n-mean*mean)))
}

func byValue(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] > values[b]:
			return -1
		case values[a] < values[b]:
			return 1
		}
		return a - b
	})
	return order
}

func farFromAll(sentences []Sentence, cuts []int, i int, least media.Time) bool {
	at, end := sentences[i].Range.Start, sentences[len(sentences)-1].Range.End
	if end-at < least {
		return false
	}
	for _, c := range cuts {
		if d := at - sentences[c].Range.Start; max(d, -d) < least {
			return false
		}
	}
	return true
}

// snap moves a time to the nearest edge within two seconds before it, or half a second after it.
func snap(at media.Time, edges []media.Time) media.Time {
	best, distance := at, media.Time(math.MaxInt64)
	for _, e := range edges {
		if e < at-2*media.Second || e > at+media.Second/2 {
			continue
		}
		if d := max(e-at, at-e); d < distance {
			best, distance = e, d
		}
	}
	return best
}

func likeness(a, b Sentence) float64 { return dot32(a.Vector, b.Vector) }

func dot32(a, b []float32) float64 {
	s := 0.0
	for i := range min(len(a), len(b)) {
		s += float64(a[i]) * float64(b[i])
	}
	return s
}

func sum(sentences []Sentence) []float64 {
	var out []float64
	for _, s := range sentences {
		if out == nil {
			out = make([]float64, len(s.Vector))
		}
		for k := range min(len(out), len(s.Vector)) {
			out[k] += float64(s.Vector[k])
		}
	}
	return out
}

func cosine(a, b []float64) float64 {
	d, x, y := 0.0, 0.0, 0.0
	for i := range min(len(a), len(b)) {
		d, x, y = d+a[i]*b[i], x+a[i]*a[i], y+b[i]*b[i]
	}
	if x == 0 || y == 0 {
		return 0
	}
	return d / math.Sqrt(x*y)
}

func words(s string) int {
	n, inside := 0, false
	for _, r := range s {
		space := r == ' ' || r == '\n' || r == '\t'
		if !space && !inside {
			n++
		}
		inside = !space
	}
	return n
}
