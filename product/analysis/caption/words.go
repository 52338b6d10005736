package caption

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"showreel/media"
)

// token is a normalised word with its time.
type token struct {
	text       string
	start, end media.Time
	cue        int
}

// normal is a word without case, accents' forms, punctuation and markup; "" for what is none.
func normal(word string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\'' || r == '’' || unicode.IsPunct(r) || unicode.IsSymbol(r) || unicode.Is(unicode.Mn, r):
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(word))
}

// alone reports scripts that are written without spaces: each of their letters counts as a word.
func alone(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Myanmar, unicode.Khmer)
}

// pieces cuts a text into words, and letters of scripts without spaces; at is the place of each in runes.
func pieces(text string) (words []string, at []int) {
	var b strings.Builder
	begun, n := 0, 0
	flush := func() {
		if w := normal(b.String()); w != "" {
			words, at = append(words, w), append(at, begun)
		}
		b.Reset()
	}
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) || r == '—' || r == '–' || r == '-':
			flush()
		case alone(r):
			flush()
			b.WriteRune(r)
			begun = n
			flush()
		default:
			if b.Len() == 0 {
				begun = n
			}
			b.WriteRune(r)
		}
		n++
	}
	flush()
	return words, at
}

// tokensOfCues gives a cue's words times in proportion to their place in the text.
func tokensOfCues(cues []Timed) []token {
	var out []token
	for n, c := range cues {
		out = append(out, spread(c.Text, c.Range, n)...)
	}
	return out
}

func tokensOfWords(words []media.Word) []token {
	var out []token
	for _, w := range words {
		out = append(out, spread(w.Text, media.Range{Start: w.Start, End: w.End}, 0)...)
	}
	return out
}

func spread(text string, r media.Range, cue int) []token {
	words, at := pieces(text)
	total := max(1, utf8.RuneCountInString(text))
	out := make([]token, len(words))
	for n, w := range words {
		place := func(rune int) media.Time { return r.Start + r.Len()*media.Time(rune)/media.Time(total) }
		out[n] = token{text: w, start: place(at[n]), end: place(min(total, at[n]+utf8.RuneCountInString(w))), cue: cue}
	}
	return out
}

// mostCells bounds one table of the dynamic alignment: 2,000 words on both sides.
const mostCells = 4_000_000

// align finds pairs of two lists that begin at the places a and b: by dynamic alignment where the table is small, else
// between runs of n words that occur once in both.
func align(mine, theirs []token, a, b, n int, out *[]pair) {
	switch {
	case len(mine) == 0 || len(theirs) == 0:
		return
	case len(mine)*len(theirs) <= mostCells:
		needleman(mine, theirs, a, b, out)
		return
	case n == 0:
		return // nothing holds the lists together: left unmatched
	}
	anchors := increasing(unique(mine, theirs, n))
	if len(anchors) == 0 {
		align(mine, theirs, a, b, n-1, out)
		return
	}
	i, j := 0, 0
	for _, p := range anchors {
		if p.mine < i || p.theirs < j {
			continue
		}
		align(mine[i:p.mine], theirs[j:p.theirs], a+i, b+j, n, out)
		for k := range n {
			*out = append(*out, pair{mine: a + p.mine + k, theirs: b + p.theirs + k})
		}
		i, j = p.mine+n, p.theirs+n
	}
	if i > 0 {
		align(mine[i:], theirs[j:], a+i, b+j, n, out)
	}
}

// unique finds runs of n words that occur once in both lists, by their place in mine.
func unique(mine, theirs []token, n int) []pair {
	count := func(list []token) map[string]int {
		at := map[string]int{}
		for k := 0; k+n <= len(list); k++ {
			key := run(list, k, n)
			if _, twice := at[key]; twice {
				at[key] = -1
			} else {
				at[key] = k
			}
		}
		return at
	}
	there := count(theirs)
	here := count(mine)
	var out []pair
	for k := 0; k+n <= len(mine); k++ {
		key := run(mine, k, n)
		if at, ok := there[key]; ok && at >= 0 && here[key] == k {
			out = append(out, pair{mine: k, theirs: at})
		}
	}
	return out
}

func run(list []token, at, n int) string {
	var b strings.Builder
	for _, t := range list[at : at+n] {
		b.WriteString(t.text)
		b.WriteByte(' ')
	}
	return b.String()
}

// increasing is the longest run of pairs whose places rise in both lists (patience sorting).
func increasing(pairs []pair) []pair {
	var tops []int // place in pairs of the last of each pile
	from := make([]int, len(pairs))
	for k, p := range pairs {
		lo, hi := 0, len(tops)
		for lo < hi {
			if mid := (lo + hi) / 2; pairs[tops[mid]].theirs < p.theirs {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		from[k] = -1
		if lo > 0 {
			from[k] = tops[lo-1]
		}
		if lo == len(tops) {
			tops = append(tops, k)
		} else {
			tops[lo] = k
		}
	}
	if len(tops) == 0 {
		return nil
	}
	var back []pair
	for k := tops[len(tops)-1]; k >= 0; k = from[k] {
		back = append(back, pairs[k])
	}
	out := make([]pair, 0, len(back))
	for k := len(back) - 1; k >= 0; k-- {
		out = append(out, back[k])
	}
	return out
}

// What the dynamic alignment weighs.
const (
	same    = 3
	alike   = 1 // one letter of at least four is another
	unlike  = -2
	skipped = -1
)

// needleman aligns two lists from end to end and notes the words that are one.
func needleman(mine, theirs []token, a, b int, out *[]pair) {
	w := len(theirs) + 1
	back := make([]byte, (len(mine)+1)*w)
	row, next := make([]int32, w), make([]int32, w)
	for j := 1; j < w; j++ {
		row[j], back[j] = int32(j*skipped), 'l'
	}
	for i := 1; i <= len(mine); i++ {
		next[0], back[i*w] = int32(i*skipped), 'u'
		for j := 1; j < w; j++ {
			best, how := row[j-1]+weigh(mine[i-1].text, theirs[j-1].text), byte('d')
			if up := row[j] + skipped; up > best {
				best, how = up, 'u'
			}
			if left := next[j-1] + skipped; left > best {
				best, how = left, 'l'
			}
			next[j], back[i*w+j] = best, how
		}
		row, next = next, row
	}
	for i, j := len(mine), len(theirs); i > 0 || j > 0; {
		switch back[i*w+j] {
		case 'd':
			i, j = i-1, j-1
			if weigh(mine[i].text, theirs[j].text) > 0 {
				*out = append(*out, pair{mine: a + i, theirs: b + j})
			}
		case 'u':
			i--
		default:
			j--
		}
	}
}

func weigh(a, b string) int32 {
	switch {
	case a == b:
		return same
	case len(a) >= 4 && len(b) >= 4 && oneApart(a, b):
		return alike
	}
	return unlike
}

// oneApart reports that one byte is changed, added or missing.
func oneApart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	n := 0
	for n < len(a) && a[n] == b[n] {
		n++
	}
	if len(a) == len(b) {
		return a[n+1:] == b[n+1:]
	}
	return a[n:] == b[n+1:]
}
