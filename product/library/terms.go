package library

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	termsMax    = 200 // words kept per asset
	termRunes   = 32  // longer words are cut
	queryTerms  = 8   // words of a query that are used
	titleKeyMax = 80  // runes of a title that its order looks at
)

// fold makes a text comparable: compatibility decomposition, marks dropped, case folded (Unicode TR 21, UAX 15). So
// "Ünïcode" is found by "unicode" and vowelled Arabic by its bare letters.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return cases.Fold().String(b.String())
}

// titleKey is what titles are ordered by.
func titleKey(title string) string { return cut(strings.TrimSpace(fold(title)), titleKeyMax) }

// terms returns the distinct words of the texts, folded, in the order they first occur: each run of letters and
// digits, its parts where case or letters and digits change (BigBuck, IMG0042), and pairs of characters for scripts
// that do not put spaces between words.
func terms(texts ...string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(w string) {
		if w = cut(fold(w), termRunes); w != "" && !seen[w] && len(out) < termsMax {
			seen[w] = true
			out = append(out, w)
		}
	}
	for _, text := range texts {
		for _, run := range runs(text) {
			if unspaced(run[0]) {
				for _, pair := range pairs(run) {
					add(pair)
				}
				continue
			}
			add(string(run))
			for _, part := range parts(run) {
				add(part)
			}
		}
	}
	return out
}

// asked returns the words of a query; each must be the start of a word of the asset.
func asked(text string) []string {
	var out []string
	for _, run := range runs(text) {
		words := []string{string(run)}
		if unspaced(run[0]) {
			words = pairs(run)
		}
		for _, w := range words {
			if w = cut(fold(w), termRunes); w != "" && !slices.Contains(out, w) && len(out) < queryTerms {
				out = append(out, w)
			}
		}
	}
	return out
}

// runs splits a text at everything that is neither letter, digit nor mark, and where a script without spaces begins or
// ends.
func runs(text string) [][]rune {
	var out [][]rune
	var run []rune
	flush := func() {
		if len(run) > 0 {
			out = append(out, run)
		}
		run = nil
	}
	for _, r := range norm.NFC.String(text) {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
			flush()
			continue
		}
		if len(run) > 0 && !unicode.IsMark(r) && unspaced(r) != unspaced(run[0]) {
			flush()
		}
		run = append(run, r)
	}
	flush()
	return out
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func pairs(run []rune) []string {
	if len(run) == 1 {
		return []string{string(run)}
	}
	out := make([]string, 0, len(run)-1)
	for n := range len(run) - 1 {
		out = append(out, string(run[n:n+2]))
	}
	return out
}

func parts(run []rune) []string {
	var out []string
	from := 0
	for n := 1; n < len(run); n++ {
		lower, digit := unicode.IsLower(run[n-1]), unicode.IsDigit(run[n-1])
		if (lower && unicode.IsUpper(run[n])) || digit != unicode.IsDigit(run[n]) {
			out = append(out, string(run[from:n]))
			from = n
		}
	}
	if from == 0 {
		return nil
	}
	return append(out, string(run[from:]))
}

// code writes a word in digits so that every database collation orders and ranges it alike, and the code of a word's
// start is the start of its code: two digits from 10 for a–z and 0–9, else 9 and three digits for each byte.
func code(word string) string {
	var b strings.Builder
	for _, r := range word {
		switch {
		case r >= 'a' && r <= 'z':
			fmt.Fprintf(&b, "%02d", 10+r-'a')
		case r >= '0' && r <= '9':
			fmt.Fprintf(&b, "%02d", 40+r-'0')
		default:
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "9%03d", c)
			}
		}
	}
	return b.String()
}

// pastCode sorts after every code that begins with the same digits: letters come after digits in every collation.
const pastCode = "a"

// cut shortens s to at most n runes.
func cut(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}
