package follow

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The kinds of caption.
const (
	Still   = "text"    // stands where it is, or moves with what it is written on
	Ticker  = "ticker"  // runs along its line; Text is all that ran through
	Rolling = "rolling" // moves up or down, as credits do
)

// Caption is a piece of writing over several pictures.
type Caption struct {
	Trail
	Kind  string
	Text  string  // the reading that most pictures agree on; of a ticker everything, joined where readings overlap
	Score float64 // of that reading
}

// What it takes to be the same caption.
const (
	likeReading = 0.72 // of two readings' folded letters
	likeRolled  = 0.85 // where it has moved
	leastRun    = 6    // letters that two readings of a ticker share in a row
	runShare    = 0.4  // and of the shorter reading
)

// Captions links lines of writing; a caption may stay over a cut.
func Captions(lines []Sight) []Caption {
	var out []Caption
	for _, t := range link(lines, Gap, func(t Trail, x Sight) float64 { return sameLine(t[len(t)-1], x) }) {
		out = append(out, caption(t))
	}
	return out
}

// sameLine is how surely two lines are one caption.
func sameLine(a, b Sight) float64 {
	across, down := shared(a.Box.X, a.Box.W, b.Box.X, b.Box.W)/min(a.Box.W, b.Box.W), shared(a.Box.Y, a.Box.H, b.Box.Y, b.Box.H)/min(a.Box.H, b.Box.H)
	height := min(a.Box.H, b.Box.H) / max(a.Box.H, b.Box.H)
	if across <= 0.3 || height < 0.5 {
		return 0
	}
	x, y := Fold(a.Text), Fold(b.Text)
	like := Alike(x, y)
	switch {
	case like >= likeReading && down > 0.4:
		return 0.5 + 0.3*like + 0.2*Overlap(a.Box, b.Box)
	case like >= likeRolled && utf8.RuneCountInString(x) > 3 && down <= 0.4:
		return 0.3 + 0.2*like
	case down > 0.6 && height > 0.7 && runs(x, y):
		return 0.4
	}
	return 0
}

// runs reports whether two readings share a long row of letters at different places: text that has moved along.
func runs(x, y string) bool {
	_, _, n := common([]rune(x), []rune(y))
	return n >= leastRun && float64(n) >= runShare*float64(min(utf8.RuneCountInString(x), utf8.RuneCountInString(y)))
}

func caption(t Trail) Caption {
	c := Caption{Trail: t, Kind: Still}
	first, last := t[0], t[len(t)-1]
	if len(t) > 1 && Alike(Fold(first.Text), Fold(last.Text)) < likeReading && runsAlong(t) {
		c.Kind = Ticker
		c.Text, c.Score = joinRun(t)
		return c
	}
	if moved := first.Box.Y - last.Box.Y; len(t) > 2 && max(moved, -moved) > 1.5*first.Box.H && steady(t) {
		c.Kind = Rolling
	}
	c.Text, c.Score = vote(t)
	return c
}

func runsAlong(t Trail) bool {
	n := 0
	for k := 1; k < len(t); k++ {
		if runs(Fold(t[k-1].Text), Fold(t[k].Text)) {
			n++
		}
	}
	return 2*n >= len(t)-1
}

// steady reports whether the writing moves up all the time, or down all the time.
func steady(t Trail) bool {
	up, down := 0, 0
	for k := 1; k < len(t); k++ {
		switch d := t[k].Box.Y - t[k-1].Box.Y; {
		case d < 0:
			up++
		case d > 0:
			down++
		}
	}
	return up >= len(t)-1 || down >= len(t)-1
}

// vote takes the reading that has most of the pictures' trust. Where none has two fifths, readings of the most usual
// length vote letter by letter (the simplest case of ROVER, Fiscus 1997).
func vote(t Trail) (string, float64) {
	trust, total, surest := map[string]float64{}, 0.0, map[string]Sight{}
	lengths := map[int]float64{}
	for _, x := range t {
		k := Fold(x.Text)
		trust[k], total = trust[k]+x.Score, total+x.Score
		lengths[utf8.RuneCountInString(x.Text)] += x.Score
		if s, ok := surest[k]; !ok || x.Score > s.Score {
			surest[k] = x
		}
	}
	best := ""
	for k, v := range trust {
		if b := trust[best]; v > b || v == b && k < best {
			best = k
		}
	}
	if s := surest[best]; len(t) < 3 || trust[best] >= 0.4*total {
		return s.Text, s.Score
	}
	size := 0
	for n, v := range lengths {
		if b := lengths[size]; v > b || v == b && n < size {
			size = n
		}
	}
	return byLetter(t, size)
}

func byLetter(t Trail, size int) (string, float64) {
	out := make([]rune, size)
	score, n := 0.0, 0.0
	var readings [][]rune
	var trust []float64
	for _, x := range t {
		if r := []rune(x.Text); len(r) == size {
			readings, trust = append(readings, r), append(trust, x.Score)
			score, n = score+x.Score, n+1
		}
	}
	for k := range out {
		votes := map[rune]float64{}
		for i, r := range readings {
			votes[r[k]] += trust[i]
		}
		for r, v := range votes {
			if b := votes[out[k]]; v > b || v == b && r < out[k] {
				out[k] = r
			}
		}
	}
	return string(out), score / max(n, 1)
}

// joinRun joins a ticker's readings where they overlap; what overlaps is taken from the later one but for its first
// letters, which were cut by the edge.
func joinRun(t Trail) (string, float64) {
	all, score := []rune(t[0].Text), t[0].Score
	for _, x := range t[1:] {
		score += x.Score
		next := []rune(x.Text)
		tail := all[max(0, len(all)-2*len(next)-8):]
		i, j, n := common(lower(tail), lower(next))
		if n == 0 {
			all = append(append(all, []rune(" … ")...), next...) // part of it ran by unread
			continue
		}
		if len(tail)-i-n < len(next)-j-n {
			all = append(all[:len(all)-len(tail)+i+n:len(all)-len(tail)+i+n], next[j+n:]...)
		}
	}
	return string(all), score / float64(len(t))
}

func lower(r []rune) []rune {
	out := make([]rune, len(r))
	for n, c := range r {
		out[n] = unicode.ToLower(c)
	}
	return out
}

// common is the longest row that two texts share: where it begins in each, and its length.
func common(a, b []rune) (i, j, n int) {
	row := make([]int, len(b)+1)
	for x := range a {
		before := 0
		for y := range b {
			keep := row[y+1]
			if row[y+1] = 0; a[x] == b[y] {
				row[y+1] = before + 1
				if row[y+1] > n {
					n = row[y+1]
					i, j = x+1-n, y+1-n
				}
			}
			before = keep
		}
	}
	return i, j, n
}

// looks maps letters that readers take for each other to one of them.
var looks = strings.NewReplacer("0", "o", "1", "l", "i", "l", "|", "l", "5", "s", "8", "b", "rn", "m", "vv", "w")

// Fold is a reading without what readers often miss: case, accents, spaces and marks, and which of two like letters.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || r == '|' {
			b.WriteRune(r)
		}
	}
	return looks.Replace(b.String())
}

// Alike is one less the edit distance by the longer's length: 1 is equal. Texts of up to three letters are equal or not.
func Alike(a, b string) float64 {
	if a == b {
		return 1
	}
	x, y := []rune(a), []rune(b)
	long := max(len(x), len(y))
	if min(len(x), len(y)) <= 3 {
		return 0
	}
	return 1 - float64(edits(x, y))/float64(long)
}

// edits is the Levenshtein distance.
func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		before := row[0]
		row[0] = i + 1
		for j, y := range b {
			keep := row[j+1]
			cost := before
			if x != y {
				cost++
			}
			row[j+1] = min(cost, keep+1, row[j]+1)
			before = keep
		}
	}
	return row[len(b)]
}
