package locallanguage

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"showreel/engine/language"
)

// view is a text in which spoken figures and signs are written ("four one" as 41, "at" as @), with the way back: byte n of
// the view comes from the bytes from[n]..to[n] of the text.
type view struct {
	text     string
	from, to []int
	spoken   bool
}

func (v view) span(start, end int) language.Span {
	return language.Span{Start: v.from[start], End: v.to[end-1]}
}

// plain is the text as it is.
func plain(text string) view {
	v := view{text: text, from: make([]int, len(text)), to: make([]int, len(text))}
	for n := range len(text) {
		v.from[n], v.to[n] = n, n+1
	}
	return v
}

// spokenDigits are figures as people say them, in the languages of the stop words that call digits one by one.
var spokenDigits = map[string]string{
	"zero": "0", "oh": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"cero": "0", "uno": "1", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "seis": "6", "siete": "7", "ocho": "8", "nueve": "9",
	"zéro": "0", "un": "1", "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "sept": "7", "huit": "8", "neuf": "9",
	"null": "0", "eins": "1", "zwei": "2", "zwo": "2", "drei": "3", "vier": "4", "fünf": "5", "sechs": "6", "sieben": "7", "acht": "8", "neun": "9",
	"um": "1", "dois": "2", "três": "3", "quatro": "4", "sete": "7", "oito": "8", "nove": "9",
	"शून्य": "0", "दो": "2", "तीन": "3", "चार": "4", "पांच": "5", "पाँच": "5", "छह": "6", "सात": "7", "आठ": "8", "नौ": "9", "एक": "1",
}

// spoken writes runs of at least four spoken digits as figures. The rest of the text is blank in the view, so that nothing is
// found twice.
func spoken(words []token) view {
	v := view{spoken: true}
	put := func(s string, from, to int) {
		v.text += s
		for range len(s) {
			v.from, v.to = append(v.from, from), append(v.to, to)
		}
	}
	for n := 0; n < len(words); {
		var run []token
		var figures []string
		times := 1
		for ; n < len(words); n++ {
			w := strings.ToLower(words[n].text)
			if !words[n].word && strings.ContainsAny(words[n].text, ",.-–") {
				continue
			}
			if w == "double" || w == "triple" {
				times = map[string]int{"double": 2, "triple": 3}[w]
				continue
			}
			d, ok := spokenDigits[w]
			if !ok {
				if d = w; !digits(w) {
					break
				}
			}
			run, figures = append(run, words[n]), append(figures, strings.Repeat(d, times))
			times = 1
		}
		said := slices.ContainsFunc(run, func(t token) bool { return !digits(t.text) })
		if said && len(run) >= 4 {
			for k, t := range run {
				put(figures[k], t.Start, t.End)
			}
			put(" ", run[len(run)-1].End-1, run[len(run)-1].End)
		}
		if len(run) == 0 || n < len(words) {
			n++
		}
	}
	return v
}

// finding adds one kind of personal data that was found.
type finding func(v view, start, end int, kind string, score float64, why string)

// personal finds personal data. Overlapping findings of different kinds are both kept only if neither is surer.
func (a *Analyzer) personal(text string, words []token, entities []language.Entity) []language.Personal {
	var all []language.Personal
	add := func(v view, start, end int, kind string, score float64, why string) {
		if v.spoken {
			why, score = why+", spoken", score-0.05
		}
		s := v.span(start, end)
		all = append(all, language.Personal{Span: s, Kind: kind, Text: text[s.Start:s.End], Score: score, Why: why})
	}
	for _, v := range []view{plain(text), spoken(words)} {
		cards(v, add)
		a.nationalIDs(v, text, add)
		phones(v, text, add)
	}
	written := plain(text)
	ibans(written, add)
	mails(written, add)
	a.plates(written, add)
	for _, e := range entities {
		if e.Type == language.Person {
			add(written, e.Start, e.End, "name", e.Score, "a person's name by its form and surroundings")
		}
	}
	slices.SortStableFunc(all, func(x, y language.Personal) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(y.End-y.Start, x.End-x.Start), cmp.Compare(x.Start, y.Start))
	})
	out := []language.Personal{}
	for _, p := range all {
		if !slices.ContainsFunc(out, func(o language.Personal) bool { return p.Start < o.End && o.Start < p.End }) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(x, y language.Personal) int { return cmp.Compare(x.Start, y.Start) })
	return out
}

var cardShape = regexp.MustCompile(`\d(?:[ \x{00a0}.\-]?\d){12,18}`)

// cards are payment cards: 13 to 19 digits that begin as an issuer's do (ISO/IEC 7812) and whose Luhn digit is right.
func cards(v view, add finding) {
	for _, m := range cardShape.FindAllStringIndex(v.text, -1) {
		d := onlyDigits(v.text[m[0]:m[1]])
		if edged(v.text, m[0], m[1]) && issuer(d) && luhn(d) && strings.Trim(d, d[:1]) != "" {
			add(v, m[0], m[1], "card", 0.97, "Luhn digit right, begins as a card of "+issuerName(d))
		}
	}
}

func issuer(d string) bool { return issuerName(d) != "" }

// issuerName is the scheme by the first digits and the length; source: ISO/IEC 7812 and the schemes' published ranges.
func issuerName(d string) string {
	n := len(d)
	in := func(size int, low, high string) bool { return d[:size] >= low && d[:size] <= high }
	switch {
	case d[0] == '4' && (n == 13 || n == 16 || n == 19):
		return "Visa"
	case (in(2, "51", "55") || in(4, "2221", "2720")) && n == 16:
		return "Mastercard"
	case (in(2, "34", "34") || in(2, "37", "37")) && n == 15:
		return "American Express"
	case (in(2, "36", "36") || in(2, "38", "39") || in(3, "300", "305")) && n >= 14:
		return "Diners Club"
	case (in(4, "6011", "6011") || in(2, "65", "65") || in(3, "644", "649")) && n >= 16:
		return "Discover"
	case in(4, "3528", "3589") && n >= 16:
		return "JCB"
	case in(2, "62", "62") && n >= 16:
		return "UnionPay"
	case (in(2, "50", "50") || in(2, "56", "58") || in(2, "63", "63") || in(2, "67", "67")) && n >= 13:
		return "Maestro"
	}
	return ""
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// edged reports that no letter, digit or joining sign touches the stretch.
func edged(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, size := utf8.DecodeRuneInString(text[end:])
	next, _ := utf8.DecodeRuneInString(text[end+size:])
	joins := func(r rune) bool {
		return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '#')
	}
	if (after == '-' || after == '.' || after == '/') && unicode.IsDigit(next) || (before == '-' || before == '/' || before == '.') {
		return false
	}
	return !joins(before) && !joins(after)
}

var (
	mailShape   = regexp.MustCompile(`(?i)[\p{L}\d._%+\-]*[\p{L}\d_%+\-]@[\p{L}\d](?:[\p{L}\d\-]*[\p{L}\d])?(?:\.[\p{L}\d\-]+)*\.(\p{L}{2,24})`)
	mailSpoken  = regexp.MustCompile(`(?i)\b([\p{L}\d]+(?:(?: dot | point | punto | punkt | ponto | underscore | dash |[._\-])[\p{L}\d]+)*)(?: at | arroba | arrobase | ät |\(at\)| \(at\) | \[at\] )([\p{L}\d\-]+(?:(?: dot | point | punto | punkt | ponto | \(dot\) |\.)[\p{L}\d\-]+)*(?: dot | point | punto | punkt | ponto | \(dot\) |\.)(\p{L}{2,10}))\b`)
	articles    = set("the a an this that these our my your la el le un une der die das o um uma")
	knownEnding = set("com org net edu gov info biz io dev app eu uk de fr es it pt nl be ch at in br us ca au nz ie se no dk fi pl cz ru jp cn kr mx ar co tv me news museum example test")
)

// mails are e-mail addresses, written (RFC 5322's common form) or said: "name at example dot org".
func mails(v view, add finding) {
	for _, m := range mailShape.FindAllStringIndex(v.text, -1) {
		add(v, m[0], m[1], "email", 0.98, "form of an e-mail address")
	}
	for _, m := range mailSpoken.FindAllStringSubmatchIndex(v.text, -1) {
		if ending := strings.ToLower(v.text[m[6]:m[7]]); knownEnding[ending] && !articles[strings.ToLower(strings.Fields(v.text[m[4]:m[5]])[0])] {
			add(v, m[0], m[1], "email", 0.85, "spoken e-mail address ending in ."+ending)
		}
	}
}

// ibanLength by country; source: SWIFT IBAN registry, release 97.
var ibanLength = map[string]int{
	"AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23,
	"GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
	"RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29, "AL": 28, "BA": 20, "GE": 22, "KZ": 20, "MD": 24, "ME": 22, "MK": 19, "QA": 29, "KW": 30, "JO": 30, "EG": 29, "TN": 24, "PK": 24,
}

var ibanStart = regexp.MustCompile(`(?i)\b[A-Z]{2}[ ]?\d{2}[ \-]?[A-Z\d]`)

// ibans are bank accounts (ISO 13616): the length of the country and the remainder 1 modulo 97.
func ibans(v view, add finding) {
	for _, m := range ibanStart.FindAllStringIndex(v.text, -1) {
		country := strings.ToUpper(v.text[m[0] : m[0]+2])
		want := ibanLength[country]
		compact, end := "", m[0]
		for end < len(v.text) && len(compact) < want {
			c := v.text[end]
			switch {
			case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
				compact += strings.ToUpper(string(c))
			case c != ' ' && c != '-' || v.text[end-1] == ' ':
				want = 0
			}
			end++
		}
		if want > 0 && len(compact) == want && edged(v.text, m[0], end) && mod97(compact[4:]+compact[:4]) == 1 {
			add(v, m[0], end, "iban", 0.99, "length and check digits of an IBAN of "+country)
		}
	}
}
