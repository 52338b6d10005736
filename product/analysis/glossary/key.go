package glossary

import "strings"

// spellings are groups of letters that sound as another; the longest come first.
var spellings = strings.NewReplacer(
	"tsch", "x", "sch", "x", "tch", "x", "dge", "j", "ough", "o", "augh", "o",
	"ch", "x", "sh", "x", "ph", "f", "gh", "k", "th", "0", "ck", "k", "qu", "kw", "kn", "n", "wr", "r", "ps", "s", "ce", "se", "ci", "si", "cy", "si", "x", "ks",
	"ß", "ss", "æ", "e", "œ", "e", "ø", "o", "þ", "0", "ð", "0", "ł", "l", "ı", "i",
)

// sounds maps a letter to how it sounds; vowels, h, w and y are silent but at the beginning.
var sounds = map[rune]byte{
	'b': 'p', 'p': 'p', 'f': 'f', 'v': 'f', 'c': 'k', 'k': 'k', 'q': 'k', 'g': 'k', 'd': 't', 't': 't', '0': 't', 'j': 'x', 'x': 'x',
	'l': 'l', 'm': 'm', 'n': 'n', 'r': 'r', 's': 's', 'z': 's',
}

// key is how folded letters sound: consonant classes without repeats, a leading vowel as "a". Letters of other scripts
// stand for themselves.
func key(folded string) string {
	var b strings.Builder
	var last rune
	for n, r := range spellings.Replace(folded) {
		out := r
		switch k, ok := sounds[r]; {
		case ok:
			out = rune(k)
		case strings.ContainsRune("aeiouyhw", r):
			last = 0
			if n == 0 && r != 'h' {
				b.WriteByte('a')
			}
			continue
		}
		if out != last {
			b.WriteRune(out)
		}
		last = out
	}
	return b.String()
}
