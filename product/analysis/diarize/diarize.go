// Package diarize tells who speaks when: from stretches of speech and voice vectors of short windows to turns of numbered
// speakers. Windows are grouped by likeness under what people have said, which gives the number of speakers; then a
// Viterbi pass over steps of 0.2 s places the changes (re-segmentation as in Sell and Garcia-Romero, ICASSP 2015, with
// cosine likeness in place of a generative model), and marks where two people at once explain the sound better than one.
// It knows no names, stores nothing and hears nothing itself.
package diarize

import (
	"cmp"
	"slices"

	"showreel/media"
	"showreel/product/analysis/cluster"
)

// How windows lie in speech: long enough for a voice, close enough for the moment of a change.
const (
	Length = 1200 * media.Millisecond
	Step   = 200 * media.Millisecond
	least  = 400 * media.Millisecond // the shortest window that has a voice
)

// Window is a stretch of sound and its voice.
type Window struct {
	media.Range
	Vector []float32 // unit length
}

// Turn is one speaker's turn. Turns are in order of their start; two overlap where two people speak at once.
type Turn struct {
	media.Range
	Speaker int     // from 0, in order of appearance
	Overlap bool    // somebody else speaks as well
	Score   float64 // 0..1, how much more it sounds like this speaker than like the next likely
}

// Options of Turns. The zero value is what was measured (bench, area analysis).
type Options struct {
	Same   float64       // mean cosine at which two groups of windows are one speaker; 0 is sameVoice
	Switch float64       // what a change of speaker costs, in summed cosine; 0 is switchCost
	Pair   float64       // what two speakers at once cost a step; 0 is pairCost
	Links  cluster.Links // by the windows' places: what people joined or told apart
}

// Measured on generated conversations of 2 to 4 packaged voices.
const (
	sameVoice  = 0.68
	switchCost = 0.35
	pairCost   = 0.06
	mostCoarse = 1500 // windows that are grouped with each other; the others join by the means
	rounds     = 3
)

func (o Options) filled() Options {
	o.Same, o.Switch, o.Pair = cmp.Or(o.Same, sameVoice), cmp.Or(o.Switch, switchCost), cmp.Or(o.Pair, pairCost)
	return o
}

// Windows lays windows over a stretch of speech, one a step, each around its step and within the stretch. A stretch
// shorter than a voice has none.
func Windows(r media.Range) []media.Range {
	if r.Len() < least {
		return nil
	}
	var out []media.Range
	for at := r.Start; at < r.End; at += Step {
		start := max(r.Start, min(at+Step/2-Length/2, r.End-Length))
		out = append(out, media.Range{Start: start, End: min(start+Length, r.End)})
	}
	return out
}

// Speakers is how many different speakers have turns.
func Speakers(turns []Turn) int {
	seen := map[int]bool{}
	for _, t := range turns {
		seen[t.Speaker] = true
	}
	return len(seen)
}

// Turns tells who speaks when. talk is where somebody speaks; windows lie in it as Windows lays them. Speech too short
// for a voice of its own belongs to whoever speaks nearest within two seconds.
func Turns(talk []media.Range, windows []Window, o Options) []Turn {
	if len(windows) == 0 {
		return nil
	}
	o = o.filled()
	windows, links := sorted(windows, o.Links)
	means := first(windows, links, o)
	steps := lay(talk, windows)
	var path []state
	for range rounds {
		p := newPass(means, o)
		path = p.run(steps, windows)
		means = p.relearn(steps, windows, path)
	}
	p := newPass(means, o)
	path = sharpen(p.run(steps, windows))
	return renumber(adopt(talk, join(p.turns(steps, windows, path), windows, links.Must)))
}

// join makes one speaker of those whose windows people joined.
func join(turns []Turn, windows []Window, must []cluster.Pair) []Turn {
	who := func(w Window) int {
		for _, t := range turns {
			if t.Contains((w.Start + w.End) / 2) {
				return t.Speaker
			}
		}
		return -1
	}
	for _, p := range must {
		a, b := who(windows[p.A]), who(windows[p.B])
		if a < 0 || b < 0 {
			continue
		}
		for n := range turns {
			if turns[n].Speaker == b {
				turns[n].Speaker = a
			}
		}
	}
	return turns
}

// sorted puts windows in order of time, and the links with them.
func sorted(in []Window, links cluster.Links) ([]Window, cluster.Links) {
	order := make([]int, len(in))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(in[a].Start+in[a].End, in[b].Start+in[b].End) })
	out, place := make([]Window, len(in)), make([]int, len(in))
	for to, from := range order {
		out[to], place[from] = in[from], to
	}
	moved := func(pairs []cluster.Pair) []cluster.Pair {
		var out []cluster.Pair
		for _, p := range pairs {
			out = append(out, cluster.Pair{A: place[p.A], B: place[p.B]})
		}
		return out
	}
	return out, cluster.Links{Must: moved(links.Must), Cannot: moved(links.Cannot)}
}

// first groups windows that hardly overlap and returns the mean voice of every group that is large enough to be a
// speaker. Windows that people told apart always take part.
func first(windows []Window, links cluster.Links, o Options) [][]float32 {
	stride := max(int(Length/Step)/2, 1+len(windows)/mostCoarse)
	place := map[int]int{}
	var items []cluster.Item
	add := func(n int) {
		if _, ok := place[n]; !ok {
			place[n] = len(items)
			items = append(items, cluster.Item{Vector: windows[n].Vector})
		}
	}
	for n := 0; n < len(windows); n += stride {
		add(n)
	}
	taken := func(pairs []cluster.Pair) []cluster.Pair {
		var out []cluster.Pair
		for _, p := range pairs {
			add(p.A)
			add(p.B)
			out = append(out, cluster.Pair{A: place[p.A], B: place[p.B]})
		}
		return out
	}
	groups := cluster.Group(items, cluster.Links{Cannot: taken(links.Cannot)}, o.Same)
	members := make([][][]float32, groups.Count())
	for n, g := range groups {
		members[g] = append(members[g], items[n].Vector)
	}
	return speakers(members, len(items))
}

// fewest is the smallest group that is a speaker: two seconds of speech, less where all is short.
const fewest = 4

func speakers(members [][][]float32, all int) [][]float32 {
	slices.SortStableFunc(members, func(a, b [][]float32) int { return len(b) - len(a) })
	enough := min(fewest, 1+all/8)
	var out [][]float32
	for n, m := range members {
		if n == 0 || len(m) >= enough {
			out = append(out, cluster.Mean(m...))
		}
	}
	return out
}

// renumber numbers speakers in order of appearance.
func renumber(turns []Turn) []Turn {
	slices.SortStableFunc(turns, func(a, b Turn) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	names := map[int]int{}
	for n, t := range turns {
		if _, ok := names[t.Speaker]; !ok {
			names[t.Speaker] = len(names)
		}
		turns[n].Speaker = names[t.Speaker]
	}
	return turns
}
