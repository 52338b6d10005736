// Package caption turns timed words into captions that read well and writes them in the formats players and editors
// take. Cues are chosen by dynamic programming over all ways to cut: they break where sentences, clauses and pauses are,
// stay within the lines a screen holds and are shown long enough to be read. The limits are those of the Netflix "Timed
// Text Style Guide: General Requirements" and of the BBC "Subtitle Guidelines". It hears nothing and translates nothing.
package caption

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"showreel/media"
)

// Style is what a cue may be.
type Style struct {
	LineRunes int        // longest line
	Lines     int        // most lines a cue
	PerSecond float64    // reading speed, characters a second
	Shortest  media.Time // a cue is shown at least so long where the next one permits
	Longest   media.Time
	Gap       media.Time // between two cues
	Pause     media.Time // a silence of at least this always ends a cue
}

// Standard is 42 characters on two lines, 17 a second, 5/6 s to 7 s.
func Standard() Style {
	return Style{LineRunes: 42, Lines: 2, PerSecond: 17, Shortest: media.Second * 5 / 6, Longest: 7 * media.Second, Gap: media.Second / 12, Pause: 2 * media.Second}
}

// ForLanguage is Standard with the limits of the language's script: 16 full-width characters a line and 9 a second in
// Chinese, 13 and 4 in Japanese, 16 and 12 in Korean.
func ForLanguage(lang string) Style {
	s := Standard()
	switch strings.SplitN(lang, "-", 2)[0] {
	case "zh", "yue":
		s.LineRunes, s.PerSecond = 16, 9
	case "ja":
		s.LineRunes, s.PerSecond = 13, 4
	case "ko":
		s.LineRunes, s.PerSecond = 16, 12
	}
	return s
}

// Word is a spoken word with its speaker.
type Word struct {
	media.Word
	Speaker string // "" if unknown; a change ends a cue
	Lang    string // "" is the transcript's; a change ends a cue
}

// Cue is one caption. Lines are already broken.
type Cue struct {
	Range   media.Range
	Lines   []string
	Speaker string
	Lang    string // where it is not the transcript's, else ""
	First   int    // place of its first word
	Count   int    // of its words
}

// Text is the cue's text on one line.
func (c Cue) Text() string { return strings.Join(c.Lines, " ") }

// Segment cuts words, ordered by start, into cues. Every word is in exactly one cue, in order. A single word longer than
// a line stands alone on a longer one.
func Segment(words []Word, lang string, s Style) []Cue {
	if len(words) == 0 {
		return nil
	}
	best := make([]float64, len(words)+1) // least cost of the first n words
	from := make([]int, len(words)+1)
	for end := 1; end <= len(words); end++ {
		best[end] = math.Inf(1)
		for start := end - 1; start >= 0; start-- {
			if start < end-1 && mustCut(words[start], words[start+1], s) {
				break
			}
			cost, fits := s.cost(words, start, end, lang)
			if !fits && start < end-1 {
				break
			}
			if c := best[start] + cost; c < best[end] {
				best[end], from[end] = c, start
			}
		}
	}
	var cuts []int
	for n := len(words); n > 0; n = from[n] {
		cuts = append(cuts, n)
	}
	cues := make([]Cue, 0, len(cuts))
	for i := len(cuts) - 1; i >= 0; i-- {
		start := from[cuts[i]]
		cues = append(cues, s.cue(words[start:cuts[i]], start, lang))
	}
	s.stretch(cues)
	return cues
}

// mustCut reports that two neighbouring words never share a cue.
func mustCut(a, b Word, s Style) bool {
	return a.Speaker != b.Speaker || a.Lang != b.Lang || b.Start-a.End >= s.Pause
}

// Costs of a cue, in arbitrary units: a cue itself costs one, so that few cues win where nothing else speaks.
const (
	costCue       = 1.0
	costMidPhrase = 3.0  // it ends where no punctuation is
	costMidClause = 0.8  // it ends at a comma
	costOrphan    = 1.5  // it holds one or two words of a longer sentence
	costHurry     = 0.25 // per character a second above the reading speed
	costLong      = 2.0  // per second above the longest
	costWeakEnd   = 1.5  // it ends on an article, preposition or conjunction
)

func (s Style) cost(words []Word, start, end int, lang string) (cost float64, fits bool) {
	part := words[start:end]
	lines := wrap(texts(part), s, joinerOf(part, lang))
	if len(lines) > s.Lines {
		return math.Inf(1), len(part) == 1
	}
	last := part[len(part)-1]
	until := last.End
	if end < len(words) {
		until = max(until, min(words[end].Start-s.Gap, last.End+s.Pause/2))
	}
	shown := max((until - part[0].Start).Seconds(), 0.2)
	runes := 0
	for _, l := range lines {
		runes += utf8.RuneCountInString(l)
	}
	cost = costCue
	switch ending(last.Text) {
	case sentenceEnd:
	case clauseEnd:
		cost += costMidClause
	default:
		pause := 0.0
		if end < len(words) {
			pause = (words[end].Start - last.End).Seconds()
		}
		cost += costMidPhrase * math.Exp(-2*max(pause, 0))
		if weak[strings.ToLower(last.Text)] {
			cost += costWeakEnd
		}
	}
	if len(part) <= 2 && ending(last.Text) != sentenceEnd {
		cost += costOrphan
	}
	cost += costHurry * max(0, float64(runes)/shown-s.PerSecond)
	if long := (last.End - part[0].Start - s.Longest).Seconds(); long > 0 {
		if len(part) > 1 && long > 3 {
			return math.Inf(1), false
		}
		cost += costLong * long
	}
	return cost, true
}

// cue builds one cue.
func (s Style) cue(part []Word, first int, lang string) Cue {
	c := Cue{Range: media.Range{Start: part[0].Start, End: max(part[len(part)-1].End, part[0].Start+1)},
		Lines: wrap(texts(part), s, joinerOf(part, lang)), Speaker: part[0].Speaker, First: first, Count: len(part)}
	if part[0].Lang != lang {
		c.Lang = part[0].Lang
	}
	return c
}

// stretch lets short cues stay until they can be read, without touching the next one.
func (s Style) stretch(cues []Cue) {
	for i := range cues {
		r := &cues[i].Range
		need := max(s.Shortest, media.Time(float64(utf8.RuneCountInString(cues[i].Text()))/s.PerSecond*float64(media.Second)))
		limit := r.Start + s.Longest
		if i+1 < len(cues) {
			limit = min(limit, cues[i+1].Range.Start-s.Gap)
		}
		r.End = max(r.End, min(r.Start+need, limit))
		if i+1 < len(cues) && r.End > cues[i+1].Range.Start {
			r.End = max(r.Start+1, cues[i+1].Range.Start)
		}
	}
}

func texts(words []Word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.Text
	}
	return out
}

// wrap breaks words into lines: on one if they fit, else into the fewest lines, the breaks where clauses end and the
// lines of like length, the lower one rather longer.
func wrap(words []string, s Style, j string) []string {
	if line := strings.Join(words, j); utf8.RuneCountInString(line) <= s.LineRunes || len(words) == 1 {
		return []string{line}
	}
	var best []string
	cost := math.Inf(1)
	for cut := 1; cut < len(words); cut++ {
		top := strings.Join(words[:cut], j)
		n := utf8.RuneCountInString(top)
		if n > s.LineRunes && cut > 1 {
			break
		}
		rest := words[cut:]
		bottom := strings.Join(rest, j)
		m := utf8.RuneCountInString(bottom)
		lines := []string{top, bottom}
		c := 0.0
		if m > s.LineRunes {
			lines = append([]string{top}, wrap(rest, s, j)...)
			c += 1000 * float64(len(lines))
		}
		c += math.Abs(float64(m-n)) + 0.3*max(0, float64(n-m))
		if ending(words[cut-1]) == noEnd {
			c += 8
		}
		if weak[strings.ToLower(words[cut-1])] {
			c += 10
		}
		if c < cost {
			best, cost = lines, c
		}
	}
	return best
}

// How a word ends.
const (
	noEnd = iota
	clauseEnd
	sentenceEnd
)

func ending(word string) int {
	trimmed := strings.TrimRightFunc(word, func(r rune) bool { return unicode.In(r, unicode.Pf, unicode.Pe) || r == '"' || r == '\'' })
	r, _ := utf8.DecodeLastRuneInString(trimmed)
	switch {
	case strings.ContainsRune(".!?…。！？।؟", r):
		return sentenceEnd
	case strings.ContainsRune(",;:–—、，；：،", r):
		return clauseEnd
	}
	return noEnd
}

// joinerOf is the joiner of words of one language.
func joinerOf(part []Word, lang string) string {
	if part[0].Lang != "" {
		lang = part[0].Lang
	}
	return joiner(lang)
}

// joiner is what stands between words.
func joiner(lang string) string {
	switch strings.SplitN(lang, "-", 2)[0] {
	case "zh", "yue", "ja", "th", "lo", "my":
		return ""
	}
	return " "
}

// weak are words after which no line and no cue should end, of the languages that are transcribed most.
var weak = set("a an the this that these those my your his her its our their of to in on at by for with from into over and or but nor so if as than because which who whom whose when where while is are was were be been has have had will would can could not no very" +
	" el la los las un una unos unas de del al en con por para y o pero que se su sus mi tu le les des du au aux et ou mais dans sur avec pour par ne pas je il elle nous vous ils der die das den dem des ein eine einen einem einer und oder aber im am zu zum zur von vom mit auf für ist sind war nicht" +
	" o os as um uma do da dos das no na nos nas em e il lo gli i uno di della delle nel nella che")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}
