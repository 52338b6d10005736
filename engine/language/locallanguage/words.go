package locallanguage

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"showreel/engine/language"
)

// token is a word or a sign of a text.
type token struct {
	language.Span
	text string
	word bool
}

// tokens splits a text into words (letters, marks, digits, inner apostrophes and hyphens) and signs.
func tokens(text string) []token {
	var out []token
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case unicode.IsSpace(r):
			at += size
		case wordRune(r):
			end := at + size
			for end < len(text) {
				r, size := utf8.DecodeRuneInString(text[end:])
				if wordRune(r) {
					end += size
					continue
				}
				next, _ := utf8.DecodeRuneInString(text[end+size:])
				if (r == '\'' || r == '’' || r == '-') && wordRune(next) {
					end += size
					continue
				}
				break
			}
			out = append(out, token{language.Span{Start: at, End: end}, text[at:end], true})
			at = end
		default:
			out = append(out, token{language.Span{Start: at, End: at + size}, text[at : at+size], false})
			at += size
		}
	}
	return out
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r))
}

// short are abbreviations after which a sentence goes on, in several languages.
var short = set("mr mrs ms dr prof st gen col capt lt sgt rev hon jr sr vs etc inc ltd co corp no nos vol fig approx dept est ave blvd " +
	"jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e a.m p.m u.s u.k u.n ca bzw usw nr str hr fr z.b d.h u.a vgl bspw ggf inkl sra dra srta ud uds pág núm av " +
	"mme mlle mm cf env exmo exma v.s. art cap pp ed eds")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// sentences splits at . ! ? … and the full stops of other scripts, but not in abbreviations, initials and numbers; closing
// quotes belong to the sentence they close. A line break with an empty line ends a sentence too.
func sentences(text string) []language.Span {
	out := []language.Span{}
	start := 0
	add := func(end int) {
		s, e := start, end
		for s < e {
			r, size := utf8.DecodeRuneInString(text[s:])
			if !unicode.IsSpace(r) {
				break
			}
			s += size
		}
		e = s + len(strings.TrimRightFunc(text[s:e], unicode.IsSpace))
		if s < e {
			out = append(out, language.Span{Start: s, End: e})
		}
		start = end
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		next := at + size
		switch {
		case strings.ContainsRune("。！？।॥", r):
			next = closing(text, next)
			add(next)
		case r == '.' || r == '!' || r == '?' || r == '…' || r == '؟':
			for next < len(text) && strings.ContainsRune(".!?…", rune(text[next])) {
				next++
			}
			end := closing(text, next)
			if ends(text, at, next, end, r) {
				add(end)
			}
			next = end
		case r == '\n' && blankLine(text[next:]):
			add(next)
		}
		at = next
	}
	add(len(text))
	return out
}

func blankLine(rest string) bool {
	line, _, found := strings.Cut(rest, "\n")
	return found && strings.TrimSpace(line) == ""
}

// closing skips quotes and brackets that close.
func closing(text string, at int) int {
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch rest := text[at:]; {
		case strings.ContainsRune("\"'”’»)]」』", r):
			at += size
		case strings.HasPrefix(rest, " »"), strings.HasPrefix(rest, "\u00a0»"), strings.HasPrefix(rest, "\u202f»"): // French spacing
			at += size + len("»")
		default:
			return at
		}
	}
	return at
}

// ends reports whether the sign at ends a sentence.
func ends(text string, at, next, end int, sign rune) bool {
	if end == len(text) {
		return true
	}
	after, _ := utf8.DecodeRuneInString(text[end:])
	if !unicode.IsSpace(after) {
		return false // a decimal, an address
	}
	follow, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(text[end:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("\"'“‘«¿¡(", r) }))
	if sign != '.' || next-at > 1 {
		return !unicode.IsLower(follow)
	}
	last := text[strings.LastIndexFunc(text[:at], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("(\"“«", r) })+1 : at]
	last = strings.TrimLeft(last, "\"'“‘«(")
	lower := strings.ToLower(last)
	switch {
	case short[lower] && lower != "p.m" && lower != "a.m" && lower != "etc" && lower != "co" && lower != "inc":
		return false
	case utf8.RuneCountInString(last) == 1 && unicode.IsUpper([]rune(last)[0]) && last != "I": // an initial
		return false
	case digits(last) && len(last) <= 2 && unicode.IsUpper(follow): // "am 3. Mai": an ordinal; "room 12. It" is rarer
		return !germanMonth(text[end:])
	}
	return !unicode.IsLower(follow)
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func germanMonth(rest string) bool {
	w := strings.FieldsFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
	return len(w) > 0 && months["de"][strings.ToLower(w[0])] > 0
}
