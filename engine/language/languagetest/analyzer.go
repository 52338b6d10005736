package languagetest

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"showreel/engine/language"
	"showreel/fault"
)

// texts are awkward for whoever counts bytes.
var texts = []string{"", " ", ".", "…", "“Good evening,” said Clara Winslow. It is 3.5 km to São Paulo!", "你好。世界！", "a\u0301 e\u0301. नमस्ते दुनिया। आज ५ रुपये", "😀😀. 😀 Mr.",
	"call +49 30 901820 or mail ＠ x＠y name@example.org", "4111 1111 1111 1111", "שלום. مرحبا؟ نعم", "I'm. I’m… “’” U.S. a.m. 1.000,5 €", "\x00\u202e.", strings.Repeat("Ä. ", 400)}

// Analyzer tries what the port promises of any analysis: offsets on rune boundaries within the text, texts that are what
// the offsets say, scores within their range, a reason for each finding.
func Analyzer(t *testing.T, a language.Analyzer) {
	t.Helper()
	for _, text := range texts {
		for _, lang := range []string{"", "en", "hi", "xx"} {
			Check(t, a, text, lang)
		}
	}
	got, err := a.Analyze(t.Context(), "Good evening from London. My card is 4111 1111 1111 1111 and I love it.", "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Language != "en" || got.Sure < 0.5 || len(got.Sentences) != 2 || len(got.Entities) == 0 || len(got.Phrases) == 0 || len(got.Personal) != 1 || len(got.Models) == 0 {
		t.Errorf("a plain English text is not understood: %+v", got)
	}
	if _, err := a.Analyze(t.Context(), strings.Repeat("a", 100_001), "en"); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a text too long: %v", err)
	}
	if _, err := a.Analyze(t.Context(), "a\xff", "en"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a text that is not UTF-8: %v", err)
	}
	over, stop := context.WithCancel(t.Context())
	stop()
	if _, err := a.Analyze(over, "a", "en"); !fault.Is(err, fault.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Check analyses one text and holds the invariants; fuzzers use it too.
func Check(t *testing.T, a language.Analyzer, text, lang string) {
	t.Helper()
	got, err := a.Analyze(t.Context(), text, lang)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	span := func(what string, s language.Span) string {
		if s.Start < 0 || s.End <= s.Start || s.End > len(text) || !boundary(text, s.Start) || !boundary(text, s.End) {
			t.Errorf("%q: %s at %d..%d", text, what, s.Start, s.End)
			return ""
		}
		return text[s.Start:s.End]
	}
	last := 0
	for _, s := range got.Sentences {
		if span("a sentence", s); s.Start < last {
			t.Errorf("%q: sentences overlap at %d", text, s.Start)
		}
		last = s.End
	}
	for _, e := range got.Entities {
		if span(e.Type, e.Span) != e.Text || e.Score <= 0 || e.Score > 1 {
			t.Errorf("%q: %+v", text, e)
		}
	}
	for _, p := range got.Phrases {
		for _, s := range p.Spans {
			span("a phrase", s)
		}
		if len(p.Spans) == 0 || p.Text == "" {
			t.Errorf("%q: %+v", text, p)
		}
	}
	for _, f := range got.Sentiment {
		if span("a feeling", f.Span); f.Score < -1 || f.Score > 1 {
			t.Errorf("%q: %+v", text, f)
		}
	}
	for _, p := range append(append([]language.Personal{}, got.Personal...), got.Abusive...) {
		if span(p.Kind, p.Span) != p.Text || p.Why == "" || p.Score <= 0 || p.Score > 1 {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

func boundary(text string, at int) bool { return at == len(text) || utf8.RuneStart(text[at]) }
