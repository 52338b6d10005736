// Package voicetest is the suite that every driver of engine/voice passes, beside the processor and over the wire.
package voicetest

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"showreel/engine/voice"
	"showreel/fault"
	"showreel/media"
)

// Run tries everything the port promises with the first voice that is installed. It fails if none is.
func Run(t *testing.T, d voice.Driver) {
	t.Helper()
	s := voice.New(d)
	all, err := s.Voices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := ""
	for _, v := range all {
		if v.ID == "" || v.Name == "" || v.Language == "" || v.Licence == "" || v.Model == "" {
			t.Errorf("a voice does not say all about itself: %+v", v)
		}
		if v.Missing == "" {
			id = cmp.Or(id, v.ID)
		} else if !strings.Contains(v.Missing, "install") {
			t.Errorf("%s is missing and does not say how to get it: %q", v.ID, v.Missing)
		}
	}
	if id == "" {
		t.Fatalf("no voice is installed: %+v", all)
	}
	t.Run("words", func(t *testing.T) { words(t, s, id) })
	t.Run("same text same sound", func(t *testing.T) { repeats(t, s, id) })
	t.Run("speed", func(t *testing.T) { speed(t, s, id) })
	t.Run("odd texts", func(t *testing.T) { odd(t, s, id) })
	t.Run("refusals", func(t *testing.T) { refusals(t, s, id, all) })
}

// texts cover what a mapping of words to sounds trips over: joined words, numbers, signs, abbreviations.
var texts = []string{
	"Good evening.",
	"Here, at the end of the street, is a house that is going to be sold in the spring.",
	"The fare rose by 25 percent to $12.50 in 2026, said Dr. Okafor.",
	"“Is it over?” she asked. No! It's only just begun…",
	"Flight BA 117 leaves at 6:45 a.m. from gate 3-B; be there early.",
	"U.S. and E.U. officials met on the 3rd of May — in private.",
}

func words(t *testing.T, s *voice.Service, id string) {
	for _, text := range texts {
		said := say(t, s, voice.Request{Text: text, Voice: id})
		check(t, text, said)
		if seconds := float64(len(said.PCM)) / float64(said.Rate); seconds/float64(len(said.Words)) < 0.12 || seconds/float64(len(said.Words)) > 1.5 {
			t.Errorf("%q: %d words in %.1f s", text, len(said.Words), seconds)
		}
		for _, w := range said.Words {
			if w.End <= w.Start {
				t.Errorf("%q: the word %q takes no time", text, w.Text)
			}
			if level(said, w) < 50 {
				t.Errorf("%q: silence where %q should be", text, w.Text)
			}
		}
	}
	number := say(t, s, voice.Request{Text: "The number 1234567 is spoken.", Voice: id})
	if w := number.Words[2]; w.Text != "1234567" || (w.End-w.Start).Seconds() < 1.5 {
		t.Errorf("a number of seven digits is said in %v: %+v", (w.End - w.Start).Seconds(), w)
	}
}

func say(t *testing.T, s *voice.Service, r voice.Request) voice.Speech {
	t.Helper()
	said, err := s.Say(t.Context(), r)
	if err != nil {
		t.Fatalf("%q: %v", r.Text, err)
	}
	if said.Rate < 8_000 || said.Model == "" || len(said.PCM) == 0 || said.CPUms < 0 {
		t.Fatalf("%q: rate %d, model %q, %d samples, %d ms", r.Text, said.Rate, said.Model, len(said.PCM), said.CPUms)
	}
	return said
}

// check holds that the words are those of the text, complete, in order, without overlap, within the sound.
func check(t *testing.T, text string, said voice.Speech) {
	t.Helper()
	var want, got []string
	for w := range strings.FieldsSeq(text) {
		if strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.So, r) }) {
			want = append(want, w)
		}
	}
	var last media.Time
	for _, w := range said.Words {
		got = append(got, w.Text)
		if w.Start < last || w.End < w.Start || w.Score != 1 {
			t.Errorf("%q: %+v after %d", text, w, last)
		}
		last = w.End
	}
	if !slices.Equal(got, want) {
		t.Errorf("words\n%q\nof the text\n%q", got, want)
	}
	if length := media.FromTicks(int64(len(said.PCM)), int64(said.Rate)); last > length || last < length/2 {
		t.Errorf("%q: the last word ends at %.2f s of %.2f s", text, last.Seconds(), length.Seconds())
	}
}

// level is the mean amplitude of a word.
func level(said voice.Speech, w media.Word) int {
	part := said.PCM[int(w.Start.Seconds()*float64(said.Rate)):int(w.End.Seconds()*float64(said.Rate))]
	sum := 0
	for _, v := range part {
		sum += max(int(v), -int(v))
	}
	return sum / max(1, len(part))
}

func repeats(t *testing.T, s *voice.Service, id string) {
	r := voice.Request{Text: "The same words, said twice.", Voice: id}
	a, b := say(t, s, r), say(t, s, r)
	if !slices.Equal(a.PCM, b.PCM) || !slices.Equal(a.Words, b.Words) {
		t.Error("the same text is said differently the second time")
	}
}

func speed(t *testing.T, s *voice.Service, id string) {
	length := map[float64]float64{}
	for _, v := range []float64{0.5, 0, 1, 2} {
		said := say(t, s, voice.Request{Text: texts[1], Voice: id, Speed: v})
		check(t, texts[1], said)
		length[v] = float64(len(said.PCM))
	}
	if length[0] != length[1] || length[0.5]/length[1] < 1.5 || length[2]/length[1] > 0.72 {
		t.Errorf("samples by speed: %v", length)
	}
}

func odd(t *testing.T, s *voice.Service, id string) {
	long := strings.Repeat("This is a very long text without an end, ", 36)
	for _, text := range []string{"😀 hello 🎬", "مرحبا hello", "שלום world", "你好，世界 hello", "a\x00b \u202e\u200f hidden", "<b>bold</b> & [ref] (twice)",
		"https://example.org/a?b=c#d or name@example.org", strings.Repeat("x", 60), long[:500]} {
		check(t, text, say(t, s, voice.Request{Text: text, Voice: id}))
	}
}

func refusals(t *testing.T, s *voice.Service, id string, all []voice.Voice) {
	cases := map[string]struct {
		r    voice.Request
		kind fault.Kind
	}{
		"unknown voice": {voice.Request{Text: "hello", Voice: "no-such-voice"}, fault.NotFound},
		"path as voice": {voice.Request{Text: "hello", Voice: "../piper-joe"}, fault.NotFound},
		"nothing":       {voice.Request{Text: " \n", Voice: id}, fault.Invalid},
		"signs only":    {voice.Request{Text: "... — !?", Voice: id}, fault.Invalid},
		"not UTF-8":     {voice.Request{Text: "a\xff", Voice: id}, fault.Invalid},
		"too long":      {voice.Request{Text: strings.Repeat("a ", voice.MaxText), Voice: id}, fault.TooLarge},
		"too fast":      {voice.Request{Text: "hello", Voice: id, Speed: 3}, fault.Invalid},
	}
	for _, v := range all {
		if v.Missing != "" {
			cases["missing "+v.ID] = struct {
				r    voice.Request
				kind fault.Kind
			}{voice.Request{Text: "hello", Voice: v.ID}, fault.Unavailable}
		}
	}
	for name, c := range cases {
		if _, err := s.Say(t.Context(), c.r); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
		}
	}
}
