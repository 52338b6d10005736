//go:build cgo

package pipervoice

import (
	"bytes"
	"context"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"showreel/fault"
	"showreel/platform/child"
)

// spoken is a clause in phonemes; word[i] is the index in clause.words of the word that phonemes[i] belongs to.
type spoken struct {
	phonemes []rune
	word     []int
}

// phonemize turns clauses into phonemes and says what processor time that took. One run of espeak-ng reads the clauses and
// each of their words alone.
func (d *Driver) phonemize(ctx context.Context, language string, clauses []clause) ([]spoken, time.Duration, error) {
	var lines []string
	for _, c := range clauses {
		lines = append(append(lines, c.plain), c.spell...)
	}
	said, spent, err := d.espeak(ctx, language, lines)
	if err != nil {
		return nil, 0, err
	}
	out := make([]spoken, len(clauses))
	for n, c := range clauses {
		whole := []rune(said[0])
		out[n] = align(whole, said[1:1+len(c.words)])
		said = said[1+len(c.words):]
	}
	return out, spent, nil
}

// espeak gives one line of phonemes a line of text. The program may say several lines for one: then the text is halved
// until each answer has its question.
func (d *Driver) espeak(ctx context.Context, language string, lines []string) ([]string, time.Duration, error) {
	var out bytes.Buffer
	res, err := child.Run(ctx, child.Spec{Path: d.o.Espeak, Args: []string{"-q", "--ipa", "-b", "1", "-v", language, "--stdin"},
		Stdin: strings.NewReader(strings.Join(lines, "\n\n") + "\n\n"), Stdout: &out, MemMB: 512, NoNetwork: true, Wall: 30 * time.Second})
	if err != nil {
		if fault.CodeOf(err) == "child-missing" {
			return nil, 0, fault.Say("voice.say", language, fault.Unavailable, "no-espeak", "The program espeak-ng is missing: install Debian's package espeak-ng.")
		}
		return nil, 0, err
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		if s := phonemesOf(line); s != "" {
			got = append(got, s)
		}
	}
	switch {
	case len(got) == len(lines):
		return got, res.CPU, nil
	case len(lines) == 1:
		return []string{strings.Join(got, " ")}, res.CPU, nil
	}
	half := len(lines) / 2
	first, a, err := d.espeak(ctx, language, lines[:half])
	if err != nil {
		return nil, 0, err
	}
	second, b, err := d.espeak(ctx, language, lines[half:])
	return append(first, second...), res.CPU + a + b, err
}

// phonemesOf cleans a line of espeak-ng: language switches "(en)" go, the rest is decomposed as the voices' lists are.
func phonemesOf(line string) string {
	var b strings.Builder
	inside := false
	for _, r := range norm.NFD.String(strings.TrimSpace(line)) {
		switch {
		case r == '(':
			inside = true
		case r == ')':
			inside = false
		case !inside && r != '\u200d' && r != '\u0361':
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// align gives each phoneme of a clause to one of its words, by the cheapest edit path between the clause as it is said and
// its words said alone (Needleman and Wunsch 1970). In running speech espeak-ng joins words ("of the" is one group).
func align(whole []rune, alone []string) spoken {
	var want []rune
	var owner []int
	for n, w := range alone {
		for _, r := range w {
			if r != ' ' {
				want, owner = append(want, r), append(owner, n)
			}
		}
	}
	out := spoken{phonemes: whole, word: make([]int, len(whole))}
	path := edit(whole, want)
	now := 0
	for i := range whole {
		if j := path[i]; j >= 0 && j < len(owner) {
			now = max(now, owner[j])
		}
		out.word[i] = now
	}
	for i := range whole { // a sign of stress and a space belong to what follows
		if k := i + 1; k < len(whole) && (whole[i] == 'ˈ' || whole[i] == 'ˌ' || whole[i] == ' ') && out.word[i] < out.word[k] && path[i] < 0 {
			out.word[i] = out.word[k]
		}
	}
	return out
}

// edit gives for each rune of a its partner in b, or -1.
func edit(a, b []rune) []int {
	width := len(b) + 1
	cost := make([]int32, (len(a)+1)*width)
	for i := range len(a) + 1 {
		for j := range width {
			at := i*width + j
			switch {
			case i == 0:
				cost[at] = int32(j) * 2
			case j == 0:
				cost[at] = int32(i) * 2
			default:
				cost[at] = min(cost[at-width-1]+swap(a[i-1], b[j-1]), cost[at-width]+gap(a[i-1]), cost[at-1]+2)
			}
		}
	}
	partner := make([]int, len(a))
	for i, j := len(a), len(b); i > 0; {
		at := i*width + j
		switch {
		case j > 0 && cost[at] == cost[at-width-1]+swap(a[i-1], b[j-1]):
			i, j = i-1, j-1
			partner[i] = j
		case j > 0 && cost[at] == cost[at-1]+2:
			j--
		default:
			i--
			partner[i] = -1
		}
	}
	return partner
}

// gap is the price of a rune without a partner: spaces and stress cost nothing, they have none.
func gap(r rune) int32 {
	if r == ' ' || r == 'ˈ' || r == 'ˌ' || r == 'ː' {
		return 0
	}
	return 2
}

// swap is the price of two runes as partners: vowels weaken in running speech, consonants stay.
func swap(a, b rune) int32 {
	switch {
	case a == b:
		return 0
	case a == ' ' || gap(a) != gap(b):
		return 5
	case vowel(a) == vowel(b):
		return 2
	}
	return 4
}

func vowel(r rune) bool {
	return strings.ContainsRune("aeiouyæɐɑɒəɚɛɜɪɔʊʌø", r) || unicode.Is(unicode.Mn, r)
}
