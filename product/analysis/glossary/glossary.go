// Package glossary puts the right spelling into what was heard: names and terms that a speech model writes as they
// sound. A term is recognised by how its letters sound and how few of them differ, never by meaning, and only where what
// stands there is not the term already.
//
// The sound of a word is a reduced Metaphone key (L. Philips, Computer Language 7(12), 1990) after folding to ASCII; the
// distance is optimal string alignment (Damerau-Levenshtein without repeated edits). It is made for names in Latin
// script; terms in other scripts are matched by spelling alone.
package glossary

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"showreel/media"
)

// Term is one entry: how it is written, and optionally how it is misheard.
type Term struct {
	Text   string   // "Kubernetes", "Ada Lovelace"
	Sounds []string // "cooper netties": exact alternatives, folded before comparing
	Lang   string   // only in this language; "" is every one
}

// Book is a set of terms, ready to correct with.
type Book struct{ terms []entry }

type entry struct {
	Term
	words  int
	folded string // without spaces
	key    string
	sounds [][]string
}

// New prepares a book. Empty terms are left out.
func New(terms []Term) Book {
	var b Book
	for _, t := range terms {
		words := strings.Fields(t.Text)
		e := entry{Term: t, words: len(words), folded: fold(t.Text), key: key(fold(t.Text))}
		if e.folded == "" {
			continue
		}
		for _, s := range t.Sounds {
			var list []string
			for _, w := range strings.Fields(s) {
				list = append(list, fold(w))
			}
			if len(list) > 0 {
				e.sounds = append(e.sounds, list)
			}
		}
		b.terms = append(b.terms, e)
	}
	slices.SortStableFunc(b.terms, func(a, c entry) int { return c.words - a.words }) // the longest first
	return b
}

// promptWords is how many words a model takes as a hint.
const promptWords = 180

// Prompt lists the terms as a hint for models that take one.
func (b Book) Prompt() string {
	var out []string
	n := 0
	for _, t := range b.terms {
		if n += t.words; n > promptWords {
			break
		}
		out = append(out, t.Text)
	}
	return strings.Join(out, ", ")
}

// Correct returns the words with terms in their right spelling, and whether anything changed. A term takes the time of
// the words it replaces: its words share it by length.
func (b Book) Correct(words []media.Word, lang string) ([]media.Word, bool) {
	if len(b.terms) == 0 {
		return words, false
	}
	var out []media.Word
	changed := false
	for n := 0; n < len(words); {
		term, used := b.at(words[n:], lang)
		if used == 0 {
			out = append(out, words[n])
			n++
			continue
		}
		out = append(out, put(term.Text, words[n:n+used])...)
		changed = true
		n += used
	}
	return out, changed
}

// at finds the term that the words begin with and how many of them it replaces; 0 where none does, or where the right
// spelling stands there already.
func (b Book) at(words []media.Word, lang string) (entry, int) {
	for _, e := range b.terms {
		if e.Lang != "" && lang != "" && e.Lang != lang {
			continue
		}
		if n := e.matches(words); n > 0 {
			if strings.EqualFold(bare(joined(words[:n])), e.Text) && bare(joined(words[:n])) == e.Text {
				return entry{}, 0
			}
			return e, n
		}
	}
	return entry{}, 0
}

// matches returns how many words at the beginning of the list are the term: an alternative spelled out, or words whose
// sound is the term's and whose letters hardly differ. One word more or less than the term has is allowed, for models cut
// names apart and run them together.
func (e entry) matches(words []media.Word) int {
	for _, s := range e.sounds {
		if len(words) >= len(s) && slices.EqualFunc(s, words[:len(s)], func(a string, w media.Word) bool { return a == fold(w.Text) }) {
			return len(s)
		}
	}
	for _, n := range []int{e.words, e.words + 1, e.words - 1} {
		if n < 1 || n > len(words) || split(words[:n]) {
			continue
		}
		var b strings.Builder
		for _, w := range words[:n] {
			b.WriteString(fold(w.Text))
		}
		if e.soundsLike(b.String()) {
			return n
		}
	}
	return 0
}

// split reports whether a sentence ends within the words.
func split(words []media.Word) bool {
	for _, w := range words[:len(words)-1] {
		if strings.ContainsAny(w.Text, ".!?;:") {
			return true
		}
	}
	return false
}

// shortest is how many letters a term must have to be found by its sound; shorter ones only by spelling.
const shortest = 5

// soundsLike reports whether folded letters are the term: the same letters, or the same sound with at most a quarter of
// the letters different, or nearly the same sound with at most a fifth different. A different first letter needs the same
// sound.
func (e entry) soundsLike(s string) bool {
	if s == e.folded {
		return true
	}
	long := len([]rune(e.folded))
	if long < shortest || s == "" || abs(len(s)-len(e.folded)) > long/3 {
		return false
	}
	d, k := distance(s, e.folded), key(s)
	if k == e.key {
		return 4*d <= long
	}
	return s[0] == e.folded[0] && distance(k, e.key) <= 1 && 5*d <= long
}

// put writes a term over the words it replaces and keeps their punctuation at both ends.
func put(term string, over []media.Word) []media.Word {
	first, last := over[0].Text, over[len(over)-1].Text
	lead := first[:strings.Index(first, strings.TrimLeftFunc(first, punct))]
	tail := last[len(strings.TrimRightFunc(last, punct)):]
	if rest := strings.TrimRightFunc(last, punct); strings.HasSuffix(strings.ToLower(rest), "'s") && !strings.HasSuffix(strings.ToLower(term), "'s") {
		tail = rest[len(rest)-2:] + tail
	}
	fields := strings.Fields(term)
	span := media.Range{Start: over[0].Start, End: over[len(over)-1].End}
	letters, score := 0, 0.0
	for _, f := range fields {
		letters += len(f)
	}
	for _, w := range over {
		score += w.Score / float64(len(over))
	}
	out := make([]media.Word, len(fields))
	at, done := span.Start, 0
	for n, f := range fields {
		done += len(f)
		end := span.Start + span.Len()*media.Time(done)/media.Time(max(letters, 1))
		out[n] = media.Word{Text: f, Start: at, End: end, Score: score}
		at = end
	}
	out[0].Text = lead + out[0].Text
	out[len(out)-1].Text += tail
	return out
}

func punct(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

func bare(s string) string { return strings.TrimFunc(s, punct) }

func joined(words []media.Word) string {
	var out []string
	for _, w := range words {
		out = append(out, strings.TrimSpace(w.Text))
	}
	return strings.Join(out, " ")
}

// fold makes letters comparable: lower case, without marks, punctuation, spaces and a possessive s.
func fold(s string) string {
	s = strings.TrimSuffix(strings.TrimRightFunc(strings.ToLower(s), punct), "'s")
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func abs(n int) int { return max(n, -n) }

// distance is the optimal string alignment distance in runes.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	two, one, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one, row = one, row, two
	}
	return one[len(y)]
}
