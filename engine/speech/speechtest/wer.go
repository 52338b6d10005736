package speechtest

import (
	"strconv"
	"strings"
	"unicode"

	"showreel/engine/speech"
)

var (
	small = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens  = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
	// spellings that both count as right, and the misprints of the truth we use
	same = map[string]string{"cancelled": "canceled", "ok": "okay", "voice mail": "voicemail", "log in": "login", "hangup": "hang up", "i ax": "iax", "umute": "unmute"}
)

// Normal splits a text into the words that are compared: lower case, no punctuation, numbers below a hundred in words and
// longer ones digit by digit, a few spellings made one.
func Normal(text string) []string {
	text = strings.ToLower(strings.NewReplacer("’", "'", "-", " ", "28.8", "28 point 8").Replace(text))
	fields := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })
	var out []string
	for _, f := range fields {
		if f = strings.Trim(f, "'"); f == "" {
			continue
		}
		if n, err := strconv.Atoi(f); err == nil {
			out = append(out, spoken(f, n)...)
			continue
		}
		out = append(out, f)
	}
	joined := " " + strings.Join(out, " ") + " "
	for from, to := range same {
		joined = strings.ReplaceAll(joined, " "+from+" ", " "+to+" ")
	}
	return strings.Fields(joined)
}

func spoken(digits string, n int) []string {
	switch {
	case len(digits) > 2 || digits[0] == '0' && len(digits) > 1:
		var out []string
		for _, d := range digits {
			out = append(out, small[d-'0'])
		}
		return out
	case n < 20:
		return []string{small[n]}
	case n%10 == 0:
		return []string{tens[n/10]}
	}
	return []string{tens[n/10], small[n%10]}
}

// WordErrors counts the substitutions, deletions and insertions between the truth and what was heard (Levenshtein over
// words), and the truth's words.
func WordErrors(truth, heard string) (errors, words int) {
	want, got := Normal(truth), Normal(heard)
	return Edits(want, got), len(want)
}

// Edits is the least number of insertions, deletions and replacements that make b of a (Levenshtein).
func Edits[T comparable](a, b []T) int {
	row := make([]int, len(b)+1)
	for n := range row {
		row[n] = n
	}
	for i, x := range a {
		before := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := before
			if x != y {
				cost++
			}
			before, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Text is all that a transcript says.
func Text(t speech.Transcript) string {
	var out []string
	for _, u := range t.Utterances {
		out = append(out, u.Text)
	}
	return strings.Join(out, " ")
}
