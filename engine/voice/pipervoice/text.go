//go:build cgo

package pipervoice

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clause is a stretch of text said in one breath, with the sign that ends it.
type clause struct {
	words []string // as written, with punctuation
	plain string   // as given to the phonemizer: no sign that would make it stop
	spell []string // each word so
	stop  rune     // , ; : . ! ?
}

// sentence is what the voice speaks in one run.
type sentence []clause

// longest is the most words of a clause and of a sentence: the model's memory grows with the square of the length.
const (
	longest       = 40
	longestSpoken = 80
)

// said are abbreviations that espeak-ng takes for the end of a sentence.
var said = map[string]string{
	"dr.": "doctor", "mr.": "mister", "mrs.": "missis", "ms.": "miz", "st.": "saint", "prof.": "professor", "gen.": "general",
	"no.": "number", "vs.": "versus", "etc.": "et cetera", "e.g.": "for example", "i.e.": "that is", "jr.": "junior", "sr.": "senior",
}

// split cuts a text into sentences and clauses. Every word of the text is in exactly one clause, in order.
func split(text string) []sentence {
	var all []sentence
	var now sentence
	var c clause
	words := 0
	endClause := func(stop rune) {
		if len(c.words) > 0 {
			c.stop, c.plain = stop, strings.Join(c.spell, " ")
			now, c = append(now, c), clause{}
		}
	}
	endSentence := func() {
		if len(now) > 0 {
			all, now, words = append(all, now), nil, 0
		}
	}
	for w := range strings.FieldsSeq(text) {
		plain, stop := bare(w)
		if plain == "" && len(c.words) == 0 && stop == 0 { // a dash or a quote on its own
			continue
		}
		if speakable(w) {
			c.words, c.spell = append(c.words, w), append(c.spell, plain)
			words++
		}
		switch {
		case stop == '.' || stop == '!' || stop == '?':
			endClause(stop)
			endSentence()
		case words >= longestSpoken:
			endClause(',')
			endSentence()
		case stop != 0:
			endClause(stop)
		case len(c.words) >= longest:
			endClause(',')
		}
	}
	endClause('.')
	endSentence()
	return all
}

// speakable reports a word that has something to say.
func speakable(w string) bool {
	return strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.So, r) })
}

// bare is a word as it is said, without signs around it, and the sign that ends its clause, or 0.
func bare(w string) (string, rune) {
	if s, ok := said[strings.ToLower(w)]; ok {
		return s, 0
	}
	body := strings.TrimRight(w, "\"'”’»)]}")
	last, size := utf8.DecodeLastRuneInString(body)
	stop := stopOf(last)
	if initials(body) { // "U.S.", "J."
		stop = 0
	}
	if stop != 0 {
		body = body[:len(body)-size]
	}
	if s, ok := said[strings.ToLower(body)]; ok {
		return s, stop
	}
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == '.' && initials(body):
			return ' '
		case r == '_' || r == '|' || r == '<' || r == '>' || r == '[' || r == ']' || r == '(' || r == ')' || r == '"' || r == '“' || r == '”' || r == '…':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, body)
	return strings.Join(strings.Fields(strings.Trim(plain, "-–—!?;:,.")), " "), stop
}

func stopOf(r rune) rune {
	switch r {
	case '.', '…', '。', '।':
		return '.'
	case '!', '！':
		return '!'
	case '?', '？', '؟':
		return '?'
	case ',', '、', '،':
		return ','
	case ';', ':', '—', '–':
		return ';'
	}
	return 0
}

// initials reports single letters with points: "U.S.", "J.".
func initials(w string) bool {
	letters := 0
	for n, r := range []rune(w) {
		if n%2 == 0 != unicode.IsLetter(r) || n%2 == 1 && r != '.' {
			return false
		}
		letters++
	}
	return letters >= 2 && strings.HasSuffix(w, ".")
}
