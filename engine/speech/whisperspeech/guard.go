//go:build cgo

package whisperspeech

import (
	"slices"
	"strings"
	"unicode"
)

// Whisper was trained on films' captions and says what it read there where nobody speaks: thanks for watching, credits of
// caption writers, the same words again and again. Sound without voice activity never reaches it; what it invents in the
// rest is recognised here.
const (
	silentAlone  = 0.85 // dropped at such a probability of silence, whatever was heard
	silentUnsure = 0.5  // dropped at this one when the words are unsure too
	unsure       = -0.8 // mean log probability of a token
	silentLoop   = 0.2  // a known phrase is dropped at this one
	unsureLoop   = -0.5 // or when it is this unsure
	sparse       = 0.15 // words a second: fewer in a window of over 8 s are noise that sounds like a voice
)

// inventions are whole utterances that Whisper is known to make up, in lower case and without punctuation.
var inventions = []string{
	"you", "thank you", "thank you very much", "thank you so much", "thanks for watching", "thank you for watching", "bye", "bye bye", "the end", "so", "okay", "oh", "uh", "hmm", "ah", "mm",
	"please subscribe", "subscribe", "please subscribe to my channel", "see you next time", "see you in the next video", "im sorry", "music", "applause", "laughter", "silence", "foreign", "blank audio",
	"subtitles by the amaraorg community", "transcribed by", "sous-titres réalisés para la communauté damaraorg", "untertitel der amaraorg-community", "subtítulos realizados por la comunidad de amaraorg", "ご視聴ありがとうございました", "字幕by索兰娅", "продолжение следует", "субтитры сделал dimatorzok",
}

// invented tells whether a segment is the network's own rather than something said.
func (s segment) invented() bool {
	switch {
	case len(s.words) == 0, s.silent > silentAlone, s.silent > silentUnsure && s.logp < unsure:
		return true
	case slices.Contains(inventions, bare(s.text)):
		return s.silent > silentLoop || s.logp < unsureLoop
	}
	return false
}

// keep drops what was invented in a window of so many seconds, and the repetitions of a loop.
func keep(segments []segment, seconds float64) []segment {
	count := 0
	var out []segment
	for _, s := range segments {
		if s.invented() || len(out) > 0 && len(s.words) >= 3 && bare(s.text) == bare(out[len(out)-1].text) {
			continue
		}
		if looping(s.words, seconds) {
			s.words = s.words[:firstLoop(s.words)]
			s.text = textOf(s.words)
		}
		count += len(s.words)
		out = append(out, s)
	}
	if seconds > 8 && float64(count) < sparse*seconds {
		return nil
	}
	return out
}

func textOf(words []word) string {
	all := make([]string, len(words))
	for n, w := range words {
		all[n] = w.text
	}
	return strings.Join(all, " ")
}

// looping tells whether words look like a decoder that repeats itself: over six words a second, or the same three or more
// words twice in a row.
func looping(words []word, seconds float64) bool {
	return float64(len(words)) > 6*seconds+3 || firstLoop(words) < len(words)
}

// firstLoop is the number of words before the first repetition of three or more begins, all if there is none. People
// repeat numbers, so that words of one or two letters or digits do not count.
func firstLoop(words []word) int {
	key := make([]string, len(words))
	for n, w := range words {
		key[n] = bare(w.text)
	}
	for size := 3; 2*size <= len(key); size++ {
		for at := 0; at+2*size <= len(key); at++ {
			if slices.Equal(key[at:at+size], key[at+size:at+2*size]) && slices.ContainsFunc(key[at:at+size], func(k string) bool { return len(k) > 2 }) {
				return at + size
			}
		}
	}
	return len(words)
}

// bare is a text in lower case without punctuation.
func bare(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) && r != '-' {
			return -1
		}
		return unicode.ToLower(r)
	}, s))
}
