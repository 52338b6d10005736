package diarize

import (
	"cmp"
	"math"
	"slices"

	"showreel/media"
	"showreel/product/analysis/cluster"
)

// step is a fifth of a second of speech and the window around it.
type step struct {
	media.Range
	window int
	fresh  bool // speech begins here after a pause
}

// lay cuts speech into steps. Stretches without a window have none.
func lay(talk []media.Range, windows []Window) []step {
	var out []step
	n := 0
	for _, r := range talk {
		fresh := true
		for at := r.Start; at < r.End; at += Step {
			s := step{Range: media.Range{Start: at, End: min(at+Step, r.End)}, fresh: fresh}
			middle := (s.Start + s.End) / 2
			for n+1 < len(windows) && away(windows[n+1], middle) <= away(windows[n], middle) {
				n++
			}
			if s.window = n; windows[n].Intersect(r).Len() == 0 {
				continue
			}
			out, fresh = append(out, s), false
		}
	}
	return out
}

func away(w Window, at media.Time) media.Time {
	d := (w.Start+w.End)/2 - at
	return max(d, -d)
}

// state is who speaks in a step: one speaker, or two.
type state struct{ a, b int } // b is -1 for one

// pass is one run over the steps with known means.
type pass struct {
	o      Options
	means  [][]float32
	states []state
	models [][]float32 // what each state sounds like
}

// mostPaired is how many speakers may be heard two at a time; of more, the pairs would be too many.
const mostPaired = 8

func newPass(means [][]float32, o Options) *pass {
	p := &pass{o: o, means: means}
	for a := range means {
		p.states, p.models = append(p.states, state{a, -1}), append(p.models, means[a])
	}
	if len(means) <= mostPaired {
		for a := range means {
			for b := a + 1; b < len(means); b++ {
				p.states, p.models = append(p.states, state{a, b}), append(p.models, cluster.Mean(means[a], means[b]))
			}
		}
	}
	return p
}

// likeness is how well a state explains a window.
func (p *pass) likeness(k int, w Window) float64 {
	l := dot(p.models[k], w.Vector)
	if p.states[k].b >= 0 {
		l -= p.o.Pair
	}
	return l
}

// change is what going from one state to another costs: nothing to go on, little after a pause, half where one of two
// goes on.
func (p *pass) change(from, to int, fresh bool) float64 {
	a, b := p.states[from], p.states[to]
	cost := p.o.Switch
	switch {
	case a == b:
		return 0
	case a.b >= 0 && (b.a == a.a || b.a == a.b), b.b >= 0 && (a.a == b.a || a.a == b.b):
		cost *= 0.75
	}
	if fresh {
		cost *= 0.4
	}
	return cost
}

// run is the Viterbi algorithm: the states that explain all steps best together.
func (p *pass) run(steps []step, windows []Window) []state {
	if len(steps) == 0 {
		return nil
	}
	score, back := make([]float64, len(p.states)), make([][]int32, len(steps))
	for n, s := range steps {
		next := make([]float64, len(p.states))
		back[n] = make([]int32, len(p.states))
		for to := range p.states {
			best, from := math.Inf(-1), 0
			for f := range p.states {
				if v := score[f] - p.change(f, to, s.fresh); n > 0 && v > best || n == 0 && f == to {
					best, from = v, f
				}
			}
			if n == 0 {
				best = 0
			}
			next[to], back[n][to] = best+p.likeness(to, windows[s.window]), int32(from)
		}
		score = next
	}
	at := 0
	for k := range score {
		if score[k] > score[at] {
			at = k
		}
	}
	out := make([]state, len(steps))
	for n := len(steps) - 1; n >= 0; n-- {
		out[n] = p.states[at]
		at = int(back[n][at])
	}
	return out
}

// sharpen takes back what windows smear: around every change of speaker some hold both, which sounds like two at once. A
// short stretch of two between one and the other is a change in its middle; a longer one is shorter by a step on each side.
func sharpen(path []state) []state {
	const blur = int(Length / Step * 2 / 3)
	for first := 0; first < len(path); {
		last := first + 1
		for last < len(path) && path[last] == path[first] {
			last++
		}
		if path[first].b >= 0 && first > 0 && last < len(path) && path[first-1] != path[last] {
			before, after := path[first-1], path[last]
			cut := 1
			if last-first <= blur {
				cut = last - first
			}
			for n := range cut {
				if cut == 1 || n < cut/2 {
					path[first+n] = before
				}
				if cut == 1 || n < (cut+1)/2 {
					path[last-1-n] = after
				}
			}
		}
		first = last
	}
	return path
}

// relearn computes each speaker's mean from the steps that are theirs alone, most of all those away from a change. A
// speaker who has less than four steps is dropped.
func (p *pass) relearn(steps []step, windows []Window, path []state) [][]float32 {
	members := make([][][]float32, len(p.means))
	const clear = int(Length / Step / 2)
	for n, s := range path {
		if s.b >= 0 {
			continue
		}
		inner := true
		for k := max(0, n-clear); k <= min(len(path)-1, n+clear); k++ {
			if path[k] != s && steps[k].Start-steps[n].Start < Length && steps[n].Start-steps[k].Start < Length {
				inner = false
			}
		}
		if inner {
			members[s.a] = append(members[s.a], windows[steps[n].window].Vector)
		}
	}
	var out [][]float32
	for n, m := range members {
		switch {
		case len(m) >= 4:
			out = append(out, cluster.Mean(m...))
		case len(p.means) == 1:
			out = append(out, p.means[n])
		}
	}
	if len(out) == 0 {
		return p.means
	}
	return out
}

// turns joins steps of one speaker into turns.
func (p *pass) turns(steps []step, windows []Window, path []state) []Turn {
	var out []Turn
	open := map[int]int{}
	put := func(who int, s step, overlap bool, score float64) {
		if k, ok := open[who]; ok && s.Start-out[k].End <= pause && out[k].Overlap == overlap {
			joined := float64(s.Len()) / float64(s.End-out[k].Start)
			out[k].End, out[k].Score = s.End, out[k].Score*(1-joined)+score*joined
			return
		}
		open[who] = len(out)
		out = append(out, Turn{Range: s.Range, Speaker: who, Overlap: overlap, Score: score})
	}
	for n, s := range steps {
		score := p.sure(path[n], windows[s.window])
		if n > 0 && path[n-1] != path[n] { // who is interrupted does not go on under the other's words
			for who := range open {
				if who != path[n].a && who != path[n].b {
					delete(open, who)
				}
			}
		}
		put(path[n].a, s, path[n].b >= 0, score)
		if path[n].b >= 0 {
			put(path[n].b, s, true, score)
		}
	}
	return out
}

// pause is the silence within which a speaker's turn goes on.
const pause = 500 * media.Millisecond

// sure is how much better the first speaker of a state explains a window than the next likely other, 0.5 for alike.
func (p *pass) sure(s state, w Window) float64 {
	mine, other := dot(p.means[s.a], w.Vector), -1.0
	for k, m := range p.means {
		if k != s.a && k != s.b {
			other = max(other, dot(m, w.Vector))
		}
	}
	if len(p.means) == 1 || other < 0 {
		return min(1, max(0, mine))
	}
	return 1 / (1 + math.Exp(-12*(mine-other)))
}

// adopt gives speech too short for a voice to whoever speaks nearest.
func adopt(talk []media.Range, turns []Turn) []Turn {
	const reach = 2 * media.Second
	known := slices.Clone(turns)
	for _, r := range talk {
		if r.Len() >= least || len(known) == 0 {
			continue
		}
		gap := func(t Turn) media.Time { return max(t.Start-r.End, r.Start-t.End, 0) }
		t := slices.MinFunc(known, func(a, b Turn) int { return cmp.Compare(gap(a), gap(b)) })
		if gap(t) <= reach {
			turns = append(turns, Turn{Range: r, Speaker: t.Speaker, Score: 0.5})
		}
	}
	return turns
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for n := range min(len(a), len(b)) {
		sum += float64(a[n]) * float64(b[n])
	}
	return sum
}
