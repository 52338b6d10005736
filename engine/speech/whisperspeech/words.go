//go:build cgo

package whisperspeech

// #include "bridge.h"
import "C"

import (
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

const (
	rate          = 16_000
	fullFrames    = 1500 // encoder frames of 30 s
	detectSeconds = 10   // of speech that the language is found in

	// Biases of the alignment's times in seconds, measured against speech with known times: the alignment marks where a
	// token ends.
	endAfter   = 0.035 // from a word's last mark to its end
	startAfter = 0.09  // from the mark before a word to its start
)

// pinner keeps Go memory in place while C reads it.
type pinner struct{ runtime.Pinner }

func (p *pinner) floats(s []float32) unsafe.Pointer {
	if len(s) == 0 {
		return nil
	}
	p.Pin(&s[0])
	return unsafe.Pointer(&s[0])
}

// segment is a stretch of text as Whisper cuts it.
type segment struct {
	words  []word
	text   string
	silent float64 // probability that nobody speaks
	logp   float64 // mean log probability of its tokens
}

// word has its times in seconds from the window's start and the least probability of its tokens.
type word struct {
	text       string
	start, end float64
	p          float64
	tokens     int
}

// token is one piece of text with its times in seconds.
type token struct {
	text       string
	start, end float64
	mark       float64 // of the alignment, < 0 if unknown
	p, logp    float64
}

// segments reads the result of the last run.
func (m *model) segments(state unsafe.Pointer, language string) []segment {
	eot := C.sr_eot(m.weights)
	var out []segment
	for i := range C.sr_segments(state) {
		var tokens []token
		for n := range C.sr_tokens(state, i) {
			if t := C.sr_token_at(m.weights, state, i, n); t.id < eot {
				tokens = append(tokens, token{C.GoString(t.text), float64(t.t0) / 100, float64(t.t1) / 100, float64(t.dtw) / 100, float64(t.p), float64(t.plog)})
			}
		}
		if len(tokens) > 0 {
			s := join(tokens, spaceless(language))
			s.silent = float64(C.sr_silent(state, i))
			out = append(out, s)
		}
	}
	return out
}

// spaceless reports a language written without spaces, where each character counts as a word.
func spaceless(language string) bool {
	return slices.Contains([]string{"zh", "ja", "th", "lo", "my", "yue", "km", "bo"}, language)
}

// join makes words of tokens: one that begins with a space begins a word. Tokens may hold a part of a character, so
// words are only cut at whole ones.
func join(tokens []token, byCharacter bool) segment {
	var s segment
	mark := -1.0 // of the token before, punctuation included
	var text strings.Builder
	for _, t := range tokens {
		text.WriteString(t.text)
		s.logp += t.logp / float64(len(tokens))
		start, end := t.start, t.end
		if t.mark >= 0 {
			end = t.mark + endAfter
			if mark >= 0 {
				start = min(mark+startAfter, end)
			} else {
				start = min(max(start, end-1), end)
			}
			mark = t.mark
		}
		last := len(s.words) - 1
		begins := last < 0 || strings.HasPrefix(t.text, " ") || byCharacter && utf8.ValidString(s.words[last].text)
		if begins && (last < 0 || !onlyPunctuation(t.text)) {
			s.words = append(s.words, word{t.text, start, end, t.p, 1})
			continue
		}
		w := &s.words[last]
		w.text += t.text
		if !onlyPunctuation(t.text) {
			w.end, w.p, w.tokens = end, min(w.p, t.p), w.tokens+1
		}
	}
	s.text = clean(text.String())
	for n := range s.words {
		s.words[n].text = clean(s.words[n].text)
	}
	s.words = slices.DeleteFunc(s.words, func(w word) bool { return w.text == "" })
	return s
}

func clean(s string) string { return strings.TrimSpace(strings.ToValidUTF8(s, "")) }

func onlyPunctuation(s string) bool {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) }) == ""
}
