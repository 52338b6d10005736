package caption

import (
	"cmp"
	"math"
	"slices"

	"showreel/media"
)

// Timed is a cue that somebody wrote.
type Timed struct {
	Range media.Range
	Text  string
}

// Alignment is how cues lie to what is heard.
type Alignment struct {
	Ranges  []media.Range // of the cues, in their order, as they should be
	Words   int           // of the cues
	Matched int           // of those that are heard
	Found   int           // cues of which a word is heard; the others lie between them as they did
	Offset  media.Time    // by which the cues come late, in the middle of the film; negative: early
	Drift   float64       // by how much that grows, in seconds a second
	First   media.Time    // lateness at the first cue
	Last    media.Time    // lateness at the last
}

// Share is the part of the cues' words that is heard, 0..1.
func (a Alignment) Share() float64 {
	if a.Words == 0 {
		return 0
	}
	return float64(a.Matched) / float64(a.Words)
}

// pair is a word of the cues and the heard word that it is.
type pair struct {
	mine, theirs int
	late         float64 // seconds by which the cue has it later
}

// Align finds the words of cues, in order of start, among those that a machine heard (Needleman and Wunsch 1970, over
// normalised words, between anchors that occur once). Cues move to where their words are heard and keep their length;
// those of which nothing is heard move with their neighbours. A cue's text is not touched.
func Align(cues []Timed, heard []media.Word) Alignment {
	mine, theirs := tokensOfCues(cues), tokensOfWords(heard)
	out := Alignment{Ranges: make([]media.Range, len(cues)), Words: len(mine)}
	for n, c := range cues {
		out.Ranges[n] = c.Range
	}
	pairs := sound(pairsOf(mine, theirs))
	out.Matched = len(pairs)
	if len(pairs) == 0 {
		return out
	}
	out.judge(cues, mine, pairs)
	moved := make([]bool, len(cues))
	for n, group := range byCue(pairs, mine) {
		first, last := group[0], group[len(group)-1]
		c := cues[n].Range
		r := &out.Ranges[n]
		r.Start = max(0, theirs[first.theirs].start-(mine[first.mine].start-c.Start))
		r.End = max(r.Start+c.Len(), theirs[last.theirs].end)
		moved[n] = true
		out.Found++
	}
	out.between(cues, moved)
	out.order(cues)
	return out
}

// judge measures offset and drift as the line of medians through the pairs (Theil 1950, Sen 1968), of 300 at most.
func (a *Alignment) judge(cues []Timed, mine []token, pairs []pair) {
	const most = 300
	pairs = begins(cues, mine, pairs)
	step := max(1, len(pairs)/most)
	var at, late []float64
	for n := 0; n < len(pairs); n += step {
		at, late = append(at, mine[pairs[n].mine].start.Seconds()), append(late, pairs[n].late)
	}
	var slopes []float64
	for i := range at {
		for j := i + 1; j < len(at); j++ {
			if at[j]-at[i] >= 10 {
				slopes = append(slopes, (late[j]-late[i])/(at[j]-at[i]))
			}
		}
	}
	if len(at) >= 20 && at[len(at)-1]-at[0] >= 30 {
		a.Drift = median(slopes)
	}
	rest := make([]float64, len(at))
	for n := range at {
		rest[n] = late[n] - a.Drift*at[n]
	}
	zero := median(rest)
	lateness := func(t media.Time) media.Time { return media.FromSeconds(zero + a.Drift*t.Seconds()) }
	a.First, a.Last = lateness(cues[0].Range.Start), lateness(cues[len(cues)-1].Range.Start)
	a.Offset = (a.First + a.Last) / 2
}

// begins keeps the pairs of cues' first words, whose times are the cue's own, where there are enough of them: the times of
// the others are guessed from their place in a cue that is shown longer than it is spoken.
func begins(cues []Timed, mine []token, pairs []pair) []pair {
	first := keepIf(pairs, func(n int) bool { t := mine[pairs[n].mine]; return t.start == cues[t.cue].Range.Start })
	if len(first) >= 3 && 4*len(first) >= len(cues) {
		return first
	}
	return pairs
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(list))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// sound drops pairs that agree with nobody near: a common word that was found where something else is said.
func sound(pairs []pair) []pair {
	const near, apart = 6, 1.5 // pairs to look at on both sides; seconds
	return keepIf(pairs, func(n int) bool {
		agree := 0
		for k := max(0, n-near); k <= min(len(pairs)-1, n+near); k++ {
			if k != n && math.Abs(pairs[k].late-pairs[n].late) <= apart {
				agree++
			}
		}
		return agree >= min(3, len(pairs)/2)
	})
}

func keepIf(pairs []pair, stays func(n int) bool) []pair {
	var out []pair
	for n, p := range pairs {
		if stays(n) {
			out = append(out, p)
		}
	}
	return out
}

// byCue groups pairs by the cue of their word.
func byCue(pairs []pair, mine []token) map[int][]pair {
	out := map[int][]pair{}
	for _, p := range pairs {
		c := mine[p.mine].cue
		out[c] = append(out[c], p)
	}
	return out
}

// between moves cues of which nothing is heard by what their nearest neighbours were moved, in proportion to the distance.
func (a *Alignment) between(cues []Timed, moved []bool) {
	before := -1
	for n := range cues {
		if moved[n] {
			before = n
			continue
		}
		after := n
		for after < len(cues) && !moved[after] {
			after++
		}
		by := func(k int) media.Time { return a.Ranges[k].Start - cues[k].Range.Start }
		var shift media.Time
		switch {
		case before < 0:
			shift = by(after)
		case after == len(cues):
			shift = by(before)
		default:
			span := cues[after].Range.Start - cues[before].Range.Start
			share := 0.5
			if span > 0 {
				share = float64(cues[n].Range.Start-cues[before].Range.Start) / float64(span)
			}
			shift = by(before) + media.Time(share*float64(by(after)-by(before)))
		}
		start := max(0, cues[n].Range.Start+shift)
		a.Ranges[n] = media.Range{Start: start, End: start + cues[n].Range.Len()}
	}
}

// shortest is what a cue keeps when the next one begins.
const shortest = media.Second / 5

// order keeps the cues' order, and those apart that were apart.
func (a *Alignment) order(cues []Timed) {
	for n := 1; n < len(a.Ranges); n++ {
		r := &a.Ranges[n]
		if r.Start < a.Ranges[n-1].Start {
			*r = media.Range{Start: a.Ranges[n-1].Start, End: a.Ranges[n-1].Start + r.Len()}
		}
		if p := &a.Ranges[n-1]; cues[n-1].Range.End <= cues[n].Range.Start && p.End > r.Start {
			p.End = max(r.Start, p.Start+min(shortest, p.Len()))
			if r.Start < p.End {
				*r = media.Range{Start: p.End, End: p.End + r.Len()}
			}
		}
	}
}

// pairsOf aligns two lists of words and says by how much each pair is late.
func pairsOf(mine, theirs []token) []pair {
	var out []pair
	align(mine, theirs, 0, 0, 3, &out)
	for n := range out {
		out[n].late = (mine[out[n].mine].start - theirs[out[n].theirs].start).Seconds()
	}
	slices.SortFunc(out, func(a, b pair) int { return cmp.Compare(a.mine, b.mine) })
	return out
}
