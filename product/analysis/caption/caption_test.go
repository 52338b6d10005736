package caption_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/asticode/go-astisub"
	"pgregory.net/rapid"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/product/analysis/caption"
)

// spoken times a text: 0.3 s a word, a pause of 0.3 s after a sentence.
func spoken(speaker, text string) []caption.Word {
	var out []caption.Word
	at := media.Time(0)
	for w := range strings.FieldsSeq(text) {
		out = append(out, caption.Word{Word: media.Word{Text: w, Start: at, End: at + media.Second*28/100, Score: 1}, Speaker: speaker})
		at += media.Second * 3 / 10
		if strings.HasSuffix(w, ".") {
			at += media.Second * 3 / 10
		}
	}
	return out
}

const news = `The old bridge over the river will open again on Monday. Engineers have replaced every cable, and the city says that it will carry trams, bicycles and people on foot. "We waited nine years for this," said the mayor. Nobody was hurt.`

func TestCuesBreakWhereSentencesDo(t *testing.T) {
	cues := caption.Segment(spoken("", news), "en", caption.Standard())
	var ends int
	for _, c := range cues {
		t.Logf("%v  %q", c.Range, c.Lines)
		for _, l := range c.Lines {
			if utf8.RuneCountInString(l) > 42 {
				t.Errorf("a line of %d characters: %q", utf8.RuneCountInString(l), l)
			}
		}
		if len(c.Lines) > 2 {
			t.Errorf("%d lines", len(c.Lines))
		}
		if strings.ContainsAny(c.Text()[len(c.Text())-1:], ".,\"") {
			ends++
		}
	}
	if ends != len(cues) {
		t.Errorf("%d of %d cues end at punctuation", ends, len(cues))
	}
}

func TestSpeakersAndPausesEndCues(t *testing.T) {
	a := spoken("S1", "Good evening")
	b := spoken("S2", "and welcome")
	for i := range b {
		b[i].Start += media.Second
		b[i].End += media.Second
	}
	c := spoken("S2", "back.")
	c[0].Start, c[0].End = 5*media.Second, 6*media.Second
	cues := caption.Segment(append(append(a, b...), c...), "en", caption.Standard())
	if len(cues) != 3 || cues[0].Speaker != "S1" || cues[1].Text() != "and welcome" || cues[2].Text() != "back." {
		t.Errorf("%+v", cues)
	}
}

func TestEveryWordOnceAndNoOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var words []caption.Word
		at := media.Time(0)
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			w := rapid.StringMatching(`[a-zà-ü]{1,60}[,.]?`).Draw(t, "word")
			start := at + media.Time(rapid.Int64Range(0, int64(3*media.Second)).Draw(t, "pause"))
			at = start + media.Time(rapid.Int64Range(1, int64(2*media.Second)).Draw(t, "length"))
			words = append(words, caption.Word{Word: media.Word{Text: w, Start: start, End: at}, Speaker: rapid.SampledFrom([]string{"", "S1"}).Draw(t, "who")})
		}
		cues := caption.Segment(words, "fr", caption.Standard())
		next := 0
		for i, c := range cues {
			if c.First != next || c.Range.Empty() {
				t.Fatalf("cue %d: %+v, expected word %d first", i, c, next)
			}
			var want []string
			for _, w := range words[c.First : c.First+c.Count] {
				want = append(want, w.Text)
			}
			if got := c.Text(); got != strings.Join(want, " ") {
				t.Fatalf("%q, want %q", got, want)
			}
			if i > 0 && cues[i-1].Range.End > c.Range.Start {
				t.Fatalf("cues %d and %d overlap", i-1, i)
			}
			next += c.Count
		}
		if next != len(words) {
			t.Fatalf("%d of %d words", next, len(words))
		}
	})
}

func TestFormatsReadBack(t *testing.T) {
	cues := caption.Segment(spoken("Ada", news), "en", caption.Standard())
	for format, read := range map[string]func([]byte) (*astisub.Subtitles, error){
		caption.SRT:  func(b []byte) (*astisub.Subtitles, error) { return astisub.ReadFromSRT(bytes.NewReader(b)) },
		caption.VTT:  func(b []byte) (*astisub.Subtitles, error) { return astisub.ReadFromWebVTT(bytes.NewReader(b)) },
		caption.TTML: func(b []byte) (*astisub.Subtitles, error) { return astisub.ReadFromTTML(bytes.NewReader(b)) },
		caption.ASS:  func(b []byte) (*astisub.Subtitles, error) { return astisub.ReadFromSSA(bytes.NewReader(b)) },
	} {
		b, err := caption.Write(cues, format, "en", true)
		if err != nil {
			t.Fatal(format, err)
		}
		subs, err := read(b)
		if err != nil {
			t.Fatal(format, err)
		}
		if len(subs.Items) != len(cues) {
			t.Errorf("%s: %d of %d cues", format, len(subs.Items), len(cues))
			continue
		}
		if !strings.Contains(string(b), "Ada") {
			t.Errorf("%s does not name the speaker", format)
		}
		for i, it := range subs.Items {
			if d := it.StartAt.Milliseconds() - cues[i].Range.Start.MS(); d > 10 || d < -10 {
				t.Errorf("%s cue %d starts %d ms off", format, i, d)
			}
		}
	}
}

// TestLanguagesAreShown: a cue in another language says so, and its text reads back.
func TestLanguagesAreShown(t *testing.T) {
	words := spoken("", "The minister said today.")
	for n, w := range spoken("", "Nous allons ouvrir le pont & la route.") {
		w.Lang, w.Start, w.End = "fr", w.Start+2*media.Second+media.Time(n), w.End+2*media.Second+media.Time(n)
		words = append(words, w)
	}
	for n := range 4 {
		words[n].Lang = "en"
	}
	cues := caption.Segment(words, "en", caption.Standard())
	if len(cues) != 2 || cues[0].Lang != "" || cues[1].Lang != "fr" {
		t.Fatalf("%+v", cues)
	}
	for format, want := range map[string]string{caption.VTT: "<lang fr>Nous allons ouvrir le pont &amp; la route.</lang>", caption.TTML: `<p xml:lang="fr" begin=`, caption.Text: "(français) Nous allons"} {
		if b, err := caption.Write(cues, format, "en", false); err != nil || strings.Count(string(b), want) != 1 {
			t.Errorf("%s: %v\n%s", format, err, b)
		}
	}
	for _, format := range []string{caption.VTT, caption.TTML} {
		b, err := caption.Write(cues, format, "en", false)
		if err != nil {
			t.Fatal(err)
		}
		back, err := transcode.ReadCaptions("a."+format, b)
		if err != nil || len(back.Cues) != 2 || back.Cues[1].Text != "Nous allons ouvrir le pont & la route." {
			t.Errorf("%s reads back as %+v, %v", format, back, err)
		}
	}
}

func TestNoCueIsAValidFile(t *testing.T) {
	for _, format := range caption.Formats() {
		if _, err := caption.Write(nil, format, "en", false); err != nil {
			t.Error(format, err)
		}
	}
	if _, err := caption.Write(nil, "docx", "en", false); err == nil {
		t.Error("a format that there is not was written")
	}
}
