// Package wordpiece cuts texts into the numbered word pieces that BERT models read: clean, lower, strip accents, split at
// spaces, signs and CJK characters, then the longest known piece first (Wu et al. 2016, as in google-research/bert). It reads
// the vocabulary from a tokenizer.json. Other tokenizers (byte pairs, unigrams) are not its matter, and names of special
// tokens in a text are text.
package wordpiece

import (
	"encoding/json"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"showreel/fault"
)

// longestWord is what the reference takes for one word, in characters; a longer one is unknown.
const longestWord = 100

// Tokenizer is a vocabulary. It is safe for concurrent use.
type Tokenizer struct {
	ids                map[string]int64
	start, end, unsure int64
}

// Open reads a tokenizer.json of an uncased BERT model. Kind: fault.Corrupt if it is none.
func Open(path string) (*Tokenizer, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.E("wordpiece.open", path, "", err)
	}
	var f struct {
		Normalizer struct {
			Type      string `json:"type"`
			Lowercase bool   `json:"lowercase"`
		} `json:"normalizer"`
		Model struct {
			Type  string           `json:"type"`
			Vocab map[string]int64 `json:"vocab"`
		} `json:"model"`
	}
	if err = json.Unmarshal(raw, &f); err == nil && f.Model.Type == "WordPiece" && f.Normalizer.Type == "BertNormalizer" && f.Normalizer.Lowercase {
		v := f.Model.Vocab
		t := &Tokenizer{ids: v, start: v["[CLS]"], end: v["[SEP]"], unsure: v["[UNK]"]}
		if t.start != 0 && t.end != 0 && t.unsure != 0 {
			return t, nil
		}
	}
	return nil, &fault.Error{Op: "wordpiece.open", Subject: path, Kind: fault.Corrupt, Code: "bad-tokenizer", Err: err,
		Text: "The model's list of word pieces is damaged or of another kind; install the model again."}
}

// Encode returns the ids of a text between the marks of start and end, at most most of them, and whether that cut it.
func (t *Tokenizer) Encode(text string, most int) (ids []int64, cut bool) {
	ids = append(ids, t.start)
	word := func(w string) bool {
		ids = t.pieces(ids, w)
		return len(ids) < most
	}
	words(text, word)
	if len(ids) > most-1 {
		ids, cut = ids[:most-1], true
	}
	return append(ids, t.end), cut
}

// words calls yield with the basic tokens of a text until it answers false.
func words(text string, yield func(string) bool) {
	var b strings.Builder
	flush := func() bool {
		w := b.String()
		b.Reset()
		return w == "" || yield(w)
	}
	for _, r := range norm.NFD.String(spaced(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsSpace(r):
			if !flush() {
				return
			}
		case sign(r):
			if !flush() || !yield(string(unicode.ToLower(r))) {
				return
			}
		default:
			for _, l := range lower(r) {
				b.WriteRune(l)
			}
		}
	}
	flush()
}

// lower is the full lower case of a rune; one has two.
func lower(r rune) []rune {
	if r == 'İ' {
		return []rune{'i'}
	}
	return []rune{unicode.ToLower(r)}
}

// spaced drops what cannot be seen and sets CJK characters apart.
func spaced(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == 0 || r == utf8.RuneError || (unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) && r != '\t' && r != '\n' && r != '\r'):
		case han(r):
			b.WriteRune(' ')
			b.WriteRune(r)
			b.WriteRune(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func han(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FFF || r >= 0x3400 && r <= 0x4DBF || r >= 0x20000 && r <= 0x2A6DF || r >= 0x2A700 && r <= 0x2B73F ||
		r >= 0x2B740 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF || r >= 0xF900 && r <= 0xFAFF || r >= 0x2F800 && r <= 0x2FA1F
}

// sign reports a character that is a token of its own: all of ASCII that is neither letter nor digit, and punctuation.
func sign(r rune) bool {
	return r >= 33 && r <= 47 || r >= 58 && r <= 64 || r >= 91 && r <= 96 || r >= 123 && r <= 126 || unicode.IsPunct(r)
}

// pieces appends the longest known pieces of a word, or the mark of an unknown one.
func (t *Tokenizer) pieces(ids []int64, w string) []int64 {
	if utf8.RuneCountInString(w) > longestWord {
		return append(ids, t.unsure)
	}
	start := len(ids)
	for at := 0; at < len(w); {
		end, id, found := len(w), int64(0), false
		for end > at {
			piece := w[at:end]
			if at > 0 {
				piece = "##" + piece
			}
			if id, found = t.ids[piece]; found {
				break
			}
			_, size := utf8.DecodeLastRuneInString(w[at:end])
			end -= size
		}
		if !found {
			return append(ids[:start], t.unsure)
		}
		ids, at = append(ids, id), end
	}
	return ids
}
