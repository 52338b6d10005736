package analysis

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"showreel/media"
)

// Comparison is what two models found for one ability, side by side.
type Comparison struct {
	Ability string       `json:"ability"`
	A       ModelResult  `json:"a" doc:"in use, unless others were named"`
	B       ModelResult  `json:"b"`
	Unit    string       `json:"unit" enum:"words,annotations"`
	CountA  int          `json:"countA"`
	CountB  int          `json:"countB"`
	Same    int          `json:"same"`
	Alike   float64      `json:"alike" doc:"0..1: what both say, of the longer of the two"`
	List    []Difference `json:"differences" nullable:"false"`
	More    int          `json:"more,omitempty" doc:"differences beyond those listed"`
}

// Difference is a place where two models differ: what one says there, what the other says; "" where it says nothing.
type Difference struct {
	StartMS int64  `json:"startMs"`
	EndMS   int64  `json:"endMs"`
	A       string `json:"a"`
	B       string `json:"b"`
}

// mostDifferences bounds a comparison's list.
const mostDifferences = 500

// Compare tells what differs between the results of two models, by id or name; with "" for those in use. What people decided
// is left out on both sides. Kind: fault.NotFound "no-results".
func (s *Service) Compare(ctx context.Context, asset string, version int, ability, model, with string) (Comparison, error) {
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return Comparison{}, err
	}
	ref := a.At(v.Number)
	out := Comparison{Ability: ability, List: []Difference{}, Unit: "annotations"}
	if out.A, err = s.resultOf(ctx, ref, ability, with); err != nil {
		return out, err
	}
	if out.B, err = s.resultOf(ctx, ref, ability, model); err != nil {
		return out, err
	}
	var side [2][]media.Annotation
	for n, r := range []ModelResult{out.A, out.B} {
		if side[n], err = s.deps.Library.ResultsOf(ctx, ref, s.table[ability].Tracks[0], r.key); err != nil {
			return out, err
		}
	}
	if ability == Speech {
		out.Unit = "words"
		out.words(wordsIn(side[0]), wordsIn(side[1]))
	} else {
		out.things(side[0], side[1])
	}
	if most := max(out.CountA, out.CountB); most > 0 {
		out.Alike = float64(out.Same) / float64(most)
	} else {
		out.Alike = 1
	}
	slices.SortStableFunc(out.List, func(a, b Difference) int { return int(min(1, max(-1, a.StartMS-b.StartMS))) })
	if len(out.List) > mostDifferences {
		out.More, out.List = len(out.List)-mostDifferences, out.List[:mostDifferences]
	}
	return out, nil
}

func wordsIn(list []media.Annotation) []media.Word {
	var out []media.Word
	for _, a := range list {
		if len(a.Words) > 0 {
			out = append(out, a.Words...)
		} else if a.Text != "" {
			out = append(out, media.Word{Text: a.Text, Start: a.Range.Start, End: a.Range.End})
		}
	}
	return out
}

// alignBy is how much speech is aligned at once: the work grows with its square.
const alignBy = 60 * media.Second

// words aligns the words of both stretch by stretch, cut where both pause.
func (c *Comparison) words(a, b []media.Word) {
	c.CountA, c.CountB = len(a), len(b)
	for len(a)+len(b) > 0 {
		cut := pauseIn(a, b)
		na, nb := before(a, cut), before(b, cut)
		c.aligned(a[:na], b[:nb])
		a, b = a[na:], b[nb:]
	}
}

// pauseIn is where to cut: the first word start after alignBy at which no word of the other goes on, or the end.
func pauseIn(a, b []media.Word) media.Time {
	var first media.Time = -1
	for _, list := range [][]media.Word{a, b} {
		if len(list) > 0 && (first < 0 || list[0].Start < first) {
			first = list[0].Start
		}
	}
	for _, w := range a {
		if w.Start >= first+alignBy && !slices.ContainsFunc(b[max(0, before(b, w.Start)-1):min(len(b), before(b, w.Start)+1)], func(o media.Word) bool { return o.Start < w.Start && o.End > w.Start }) {
			return w.Start
		}
	}
	return 1 << 62
}

// before counts the words that begin before a time.
func before(list []media.Word, at media.Time) int {
	n, _ := slices.BinarySearchFunc(list, at, func(w media.Word, at media.Time) int { return int(min(1, max(-1, w.Start-at))) })
	return n
}

// aligned counts what both say (Levenshtein, 1966) and lists what they do not.
func (c *Comparison) aligned(a, b []media.Word) {
	cost := make([][]int, len(a)+1)
	for i := range cost {
		cost[i] = make([]int, len(b)+1)
		for j := range cost[i] {
			switch {
			case i == 0:
				cost[i][j] = j
			case j == 0:
				cost[i][j] = i
			default:
				cost[i][j] = min(cost[i-1][j]+1, cost[i][j-1]+1, cost[i-1][j-1]+change(a[i-1], b[j-1]))
			}
		}
	}
	var open *Difference
	var found []Difference
	note := func(x, y *media.Word) {
		if open == nil {
			found = append(found, Difference{StartMS: 1 << 62})
			open = &found[len(found)-1]
		}
		for n, w := range []*media.Word{x, y} {
			if w == nil {
				continue
			}
			side := []*string{&open.A, &open.B}[n]
			*side = strings.TrimSpace(w.Text + " " + *side)
			open.StartMS, open.EndMS = min(open.StartMS, w.Start.MS()), max(open.EndMS, w.End.MS())
		}
	}
	for i, j := len(a), len(b); i > 0 || j > 0; {
		switch {
		case i > 0 && j > 0 && cost[i][j] == cost[i-1][j-1]+change(a[i-1], b[j-1]):
			if change(a[i-1], b[j-1]) == 0 {
				c.Same++
				open = nil
			} else {
				note(&a[i-1], &b[j-1])
			}
			i, j = i-1, j-1
		case i > 0 && cost[i][j] == cost[i-1][j]+1:
			note(&a[i-1], nil)
			i--
		default:
			note(nil, &b[j-1])
			j--
		}
	}
	c.List = append(c.List, found...)
}

func change(a, b media.Word) int {
	if bareWord(a.Text) == bareWord(b.Text) {
		return 0
	}
	return 1
}

// bareWord is a word without case and punctuation, which models set as they like.
func bareWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// things pairs annotations that are about the same: one label, for the most part one stretch, boxes that lie on each other.
// Writing is one thing where it is in one place; what is read there may differ.
func (c *Comparison) things(a, b []media.Annotation) {
	c.CountA, c.CountB = len(a), len(b)
	used := make([]bool, len(b))
	for _, x := range a {
		best, at := 0.0, -1
		for n, y := range b {
			if f := sameThing(x, y); !used[n] && f > best {
				best, at = f, n
			}
		}
		if at < 0 {
			c.List = append(c.List, Difference{StartMS: x.Range.Start.MS(), EndMS: x.Range.End.MS(), A: thingText(x)})
			continue
		}
		used[at] = true
		if y := b[at]; x.Track == media.TrackText && bareWord(x.Text) != bareWord(y.Text) {
			c.List = append(c.List, Difference{StartMS: x.Range.Start.MS(), EndMS: x.Range.End.MS(), A: x.Text, B: y.Text})
			continue
		}
		c.Same++
	}
	for n, y := range b {
		if !used[n] {
			c.List = append(c.List, Difference{StartMS: y.Range.Start.MS(), EndMS: y.Range.End.MS(), B: thingText(y)})
		}
	}
}

// sameThing is how surely two annotations are about one thing, 0 if not.
func sameThing(x, y media.Annotation) float64 {
	if x.Label != y.Label {
		return 0
	}
	shared, most := x.Range.Intersect(y.Range).Len(), max(x.Range.Len(), y.Range.Len())
	f := 1.0
	if most > 0 {
		if f = float64(shared) / float64(most); f < 0.3 {
			return 0
		}
	}
	if x.Box != nil && y.Box != nil {
		o := overlapOf(*x.Box, *y.Box)
		if o < 0.2 {
			return 0
		}
		f += o
	}
	return f
}

func thingText(a media.Annotation) string {
	if a.Text != "" {
		return a.Text
	}
	return a.Label
}
