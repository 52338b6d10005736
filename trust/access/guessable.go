package access

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A password is refused that is found early by whoever guesses with lists (NIST SP 800-63B-4 §3.1.1.2 asks for that): one made
// of at most three of the pieces such lists are made of, which are frequent words, names of the account and the product, keys
// in a row, repetitions, dates. It follows zxcvbn (Wheeler, USENIX Security 2016) in taking a password apart into the cheapest
// pieces, and counts them instead of estimating guesses.

//go:embed commonwords.txt
var commonWordsFile string

var commonWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(commonWordsFile) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(line) {
			words[w] = true
		}
	}
	return words
})

// productWords are what this product is called.
var productWords = []string{"showreel", "show", "reel"}

// keyRows are keys side by side, on the keyboards of several countries, and the zigzags that people type.
var keyRows = both("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop",
	"qsdfghjklm", "wxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qazwsxedcrfvtgbyhnujm",
	"qawsedrftgyhujikolp", "!@#$%^&*()", "147258369", "159357", "789456123")

func both(rows ...string) []string {
	for _, row := range rows {
		r := []rune(row)
		slices.Reverse(r)
		rows = append(rows, string(r))
	}
	return rows
}

// The prices of pieces, in halves of a frequent word.
const (
	costWord   = 2 // a frequent word, keys in a row, a repeated letter, up to three digits
	costOwn    = 2 // a letter that belongs to none
	costSymbol = 1
	costFloor  = 7 // three words and a symbol: what is not dearer is refused
)

// longestPiece bounds the work on a long password; a name or address that is longer is seen in its parts.
const longestPiece = 40

// guessable reports whether a password is among the first that are tried for an account with these names.
func guessable(password string, names ...string) bool {
	p := []rune(strings.ToLower(norm.NFKC.String(password)))
	return costOf(p, append(partsOf(names), productWords...)) <= costFloor
}

// partsOf splits names and addresses into words of three letters and more.
func partsOf(names []string) []string {
	var out []string
	for _, name := range names {
		name = strings.ToLower(norm.NFKC.String(name))
		for _, w := range append(strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) }), name) {
			if len([]rune(w)) >= 3 {
				out = append(out, w)
			}
		}
	}
	return out
}

// costOf is the price of the cheapest way to put p together.
func costOf(p []rune, own []string) int {
	for n := 1; n <= len(p)/2; n++ { // the same again and again
		if repeats(p, n) {
			return costOf(p[:n], own) + costWord
		}
	}
	best := make([]int, len(p)+1) // of the first i runes
	for i := 1; i <= len(p); i++ {
		best[i] = best[i-1] + single(p[i-1])
		for j := max(0, i-longestPiece); j < i-1; j++ {
			if piece(p[j:i], own) {
				best[i] = min(best[i], best[j]+costWord)
			}
		}
	}
	return best[len(p)]
}

// repeats reports whether p is its first n runes over and over; the last time may break off.
func repeats(p []rune, n int) bool {
	for i := n; i < len(p); i++ {
		if p[i] != p[i-n] {
			return false
		}
	}
	return true
}

func single(r rune) int {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return costOwn
	}
	return costSymbol
}

// piece reports whether s is something that lists of passwords are made of.
func piece(s []rune, own []string) bool {
	text := string(s)
	if digits(s) && (len(s) <= 3 || year(text)) || len(s) >= 3 && repeats(s, 1) {
		return true
	}
	if len(s) >= 4 && slices.ContainsFunc(keyRows, func(row string) bool { return strings.Contains(row, text) }) {
		return true
	}
	if len(s) < 3 {
		return false
	}
	return slices.ContainsFunc(readings(text), func(w string) bool { return commonWords()[w] || slices.Contains(own, w) })
}

func digits(s []rune) bool {
	return !slices.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func year(text string) bool {
	return len(text) == 4 && (strings.HasPrefix(text, "19") || strings.HasPrefix(text, "20"))
}

// stands are the signs that people write for letters; 1, ! and | stand for two.
var (
	standsI = strings.NewReplacer("0", "o", "1", "i", "!", "i", "|", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t", "8", "b", "9", "g",
		"ä", "a", "ö", "o", "ü", "u", "é", "e", "è", "e", "ñ", "n", "ç", "c")
	standsL = strings.NewReplacer("1", "l", "!", "l", "|", "l")
)

// readings are the words that a text may be meant as.
func readings(text string) []string {
	return []string{text, standsI.Replace(text), standsI.Replace(standsL.Replace(text))}
}
