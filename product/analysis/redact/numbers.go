package redact

import (
	"regexp"
	"strings"
	"unicode"

	"showreel/media"
)

// digitWords are spoken digits in the languages that are transcribed most.
var digitWords = digitSet("zero oh o one two three four five six seven eight nine" +
	" null eins zwei zwo drei vier fünf sechs sieben acht neun" +
	" cero uno dos tres cuatro cinco seis siete ocho nueve" +
	" zéro un deux trois quatre cinq sept huit neuf" +
	" um dois três quatro sete oito nove")

func digitSet(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// between are words that stand between parts of one number.
var between = digitSet("double triple dash hyphen and und y et space")

// leastDigits is how many digits make a number that is hidden, whatever it is: telephone numbers have seven.
const leastDigits = 7

// longestPause is how long a speaker may stop within one number.
const longestPause = 5 * media.Second

// digits counts those of a word as it was transcribed, -1 where it is none: "4111,", "four", "41-11".
func digits(word string) int {
	bare := strings.ToLower(strings.Trim(word, ".,;:!?\"'()[]-–+ "))
	if digitWords[bare] {
		return 1
	}
	n := 0
	for _, r := range bare {
		switch {
		case unicode.IsDigit(r):
			n++
		case !strings.ContainsRune("-–.,/ ", r):
			return -1
		}
	}
	if n == 0 {
		return -1
	}
	return n
}

// Numbers are the stretches in which long numbers are said, digit by digit or in groups, across pauses and utterances.
// It asks for no check digit: a recogniser that hears one digit of sixteen wrongly still wrote down a card's number. A stretch
// reaches to the words before and after it: a number of many digits is one word with one time, which is often wrong.
func Numbers(words []media.Word) []media.Range {
	var out []media.Range
	var run media.Range
	count, gap, first, last := 0, 0, 0, 0
	end := func() {
		if count >= leastDigits {
			out = append(out, widest(words, first, last, run))
		}
		count, gap = 0, 0
	}
	for k, w := range words {
		n := digits(w.Text)
		if count > 0 && w.Start-run.End > longestPause {
			end()
		}
		switch {
		case n > 0 && count == 0:
			run, count, gap = media.Range{Start: w.Start, End: max(w.End, w.Start+1)}, n, 0
			first, last = k, k
		case n > 0:
			run.End, count, gap = max(run.End, w.End), count+n, 0
			last = k
		case count > 0 && gap < 2 && between[strings.ToLower(strings.Trim(w.Text, ".,"))]:
			gap++
		case count > 0:
			end()
		}
	}
	end()
	return out
}

// longestWord is how long an ordinary word lasts at most: one that is said to last longer holds something else as well.
const longestWord = 700 * media.Millisecond

// widest widens the range of words[first..last] to the words beside it, by at most longestPause.
func widest(words []media.Word, first, last int, r media.Range) media.Range {
	if first > 0 {
		before := words[first-1]
		r.Start = min(r.Start, max(min(before.End, before.Start+longestWord), r.Start-longestPause))
	}
	if last < len(words)-1 {
		after := words[last+1]
		r.End = max(r.End, min(max(after.Start, after.End-longestWord), r.End+longestPause))
	}
	return r
}

// Silence between words, and the longest that a word is believed to last, where somebody speaks.
const (
	leastUnheard = media.Second
	believedWord = 700 * media.Millisecond
)

// Unheard are the stretches in which a voice is heard and no word was written down: a recogniser drops what it takes for a
// repetition, such as the digits of a card. talk is where somebody speaks, ordered.
func Unheard(talk []media.Range, words []media.Word) []media.Range {
	var said []media.Range
	for _, w := range words {
		end := max(w.End, w.Start+1)
		if digits(w.Text) < leastDigits {
			end = min(end, w.Start+believedWord)
		}
		said = append(said, media.Range{Start: w.Start, End: end})
	}
	said = media.MergeRanges(said, 0)
	var out []media.Range
	for _, t := range talk {
		at := t.Start
		for _, s := range append(said, media.Range{Start: t.End, End: t.End + 1}) {
			if s.End <= at || s.Start > t.End {
				continue
			}
			if s.Start-at >= leastUnheard {
				out = append(out, media.Range{Start: max(t.Start, at-Before), End: s.Start}) // the word before it may be shorter than it is believed to be
			}
			at = max(at, s.End)
		}
	}
	return out
}

var (
	written = regexp.MustCompile(`(?i)\S@\S|^\S+@$|^@\S+|^[\p{L}\d._-]+at[\p{L}\d-]+(\.[\p{L}\d-]+)+\.?,?$`) // peteratexample.com
	domain  = regexp.MustCompile(`(?i)^[\p{L}\d-]+(\.[\p{L}\d-]+)+\.?,?$`)
)

// mailBefore is how many words before the "at" a spoken address may begin.
const mailBefore = 3

// Mails are the stretches in which e-mail addresses are said: "peter at example dot com", however it is written down.
func Mails(words []media.Word) []media.Range {
	var out []media.Range
	for n, w := range words {
		bare := strings.ToLower(strings.Trim(w.Text, ".,;:!?\"'"))
		if written.MatchString(w.Text) {
			out = append(out, media.Range{Start: words[max(0, n-1)].Start, End: words[min(len(words)-1, n+1)].End})
			continue
		}
		if bare != "at" && bare != "@" {
			continue
		}
		for k := n + 1; k < min(n+6, len(words)); k++ {
			text := strings.Trim(words[k].Text, ",;:!?\"'")
			if domain.MatchString(text) || strings.EqualFold(strings.Trim(text, "."), "dot") {
				out = append(out, media.Range{Start: words[max(0, n-mailBefore)].Start, End: words[min(len(words)-1, k+1)].End})
				break
			}
		}
	}
	return media.MergeRanges(out, 0)
}
