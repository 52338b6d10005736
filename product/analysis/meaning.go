package analysis

import (
	"context"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"showreel/engine/language"
	"showreel/fault"
	"showreel/media"
)

// analyzerReady says who reads texts.
func (s *Service) analyzerReady(ctx context.Context) (string, error) {
	if s.deps.Analyze == nil {
		return "", missing("language", "")
	}
	a, err := s.deps.Analyze.Analyze(ctx, "Ready.", "en")
	return strings.Join(a.Models, ", "), err
}

// mostText is how much of a text is analysed at once, in bytes.
const mostText = 80_000

// passage is a text with the timeline behind it: which bytes were said or shown when.
type passage struct {
	text  string
	lang  string
	parts []part
}

// part is a stretch of a passage's bytes and where it lies on the timeline.
type part struct {
	start, end int
	at         media.Range
	box        *media.Box
}

func (p *passage) add(text string, at media.Range, box *media.Box, then string) {
	start := len(p.text)
	p.text += text
	p.parts = append(p.parts, part{start: start, end: len(p.text), at: at, box: box})
	p.text += then
}

// where is the range that bytes of the passage were said or shown in.
func (p passage) where(start, end int) (r media.Range, box *media.Box, ok bool) {
	for _, x := range p.parts {
		if x.start < end && start < x.end {
			if !ok {
				r, box, ok = x.at, x.box, true
			}
			r.End = max(r.End, x.at.End)
		}
	}
	return r, box, ok
}

// said gathers the transcript, word by word, into passages of a language.
func (t *target) said(ctx context.Context) ([]passage, error) {
	notes, err := t.notes(ctx, media.TrackSpeech)
	if err != nil {
		return nil, err
	}
	var out []passage
	for i, a := range notes {
		if n := len(out) - 1; n < 0 || out[n].lang != a.Lang || len(out[n].text)+len(a.Text) > mostText {
			out = append(out, passage{lang: a.Lang})
		}
		p := &out[len(out)-1]
		if len(a.Words) == 0 {
			p.add(a.Text, a.Range, nil, "\n")
			continue
		}
		for n, w := range a.Words {
			then, text := " ", w.Text
			if n == len(a.Words)-1 {
				then = "\n"
			}
			if goesOn(w, a.Words[n+1:], notes[i+1:]) {
				then, text = " ", strings.TrimRight(w.Text, ",.")
			}
			p.add(text, media.Range{Start: w.Start, End: w.End}, nil, then)
		}
	}
	return out, nil
}

// withinNumber is how long somebody may stop within a number.
const withinNumber = 5 * media.Second

// goesOn reports whether a word that ends in a digit, but for a comma or full stop, is followed by one that begins with a
// digit, in its utterance or the next: a transcript writes a number's groups as "4111, 1111" or "4111. 1111".
func goesOn(w media.Word, rest []media.Word, after []media.Annotation) bool {
	text := strings.TrimRight(w.Text, ",.")
	if text == "" || text[len(text)-1] < '0' || text[len(text)-1] > '9' {
		return false
	}
	if len(rest) == 0 && len(after) > 0 {
		rest = after[0].Words
	}
	return len(rest) > 0 && rest[0].Text != "" && rest[0].Text[0] >= '0' && rest[0].Text[0] <= '9' && rest[0].Start-w.End < withinNumber
}

// written gathers the writing in the picture; each line stands alone.
func (t *target) written(ctx context.Context) ([]passage, error) {
	notes, err := t.notes(ctx, media.TrackText)
	var out []passage
	for _, a := range notes {
		p := passage{lang: a.Lang}
		p.add(a.Text, a.Range, a.Box, "")
		out = append(out, p)
	}
	return out, err
}

// words reads a text asset's original; it has no time.
func (t *target) words(ctx context.Context) ([]passage, error) {
	v, err := t.s.deps.Library.Version(ctx, t.ref)
	if err != nil {
		return nil, err
	}
	r, _, err := t.s.deps.Blobs.Raw.Open(ctx, v.Key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, 20*mostText))
	if err != nil {
		return nil, fault.E("analysis.text", t.ref.Asset, "", err)
	}
	var out []passage
	for rest := strings.ToValidUTF8(string(raw), "\uFFFD"); rest != ""; {
		n := min(len(rest), mostText)
		for n < len(rest) && !utf8.RuneStart(rest[n]) {
			n--
		}
		if cut := strings.LastIndexByte(rest[:n], '\n'); n < len(rest) && cut > n/2 {
			n = cut + 1
		}
		var p passage
		p.add(rest[:n], media.Range{}, nil, "")
		out, rest = append(out, p), rest[n:]
	}
	return out, nil
}

func (t *target) passages(ctx context.Context) ([]passage, error) {
	if t.kind == media.Text {
		return t.words(ctx)
	}
	return t.said(ctx)
}

// analysed reads each passage and hands what was found over.
func (s *Service) analysed(ctx context.Context, all []passage, fn func(p passage, a language.Analysis, model string)) error {
	for _, p := range all {
		if strings.TrimSpace(p.text) == "" {
			continue
		}
		a, err := s.deps.Analyze.Analyze(ctx, p.text, p.lang)
		if err != nil {
			return err
		}
		model := strings.Join(a.Models, ", ")
		if model == "" {
			model = "language"
		}
		fn(p, a, model)
	}
	return nil
}

// joinPersonal marks personal data in what is said, written and read. What it is stands in Label; Text shows only enough
// of it to recognise it.
func (s *Service) joinPersonal(ctx context.Context, t *target, _ []found) (map[media.Track][]media.Annotation, error) {
	all, err := t.passages(ctx)
	if err != nil {
		return nil, err
	}
	shown, err := t.written(ctx)
	if err != nil {
		return nil, err
	}
	out := []media.Annotation{}
	err = s.analysed(ctx, append(all, shown...), func(p passage, a language.Analysis, model string) {
		for _, x := range a.Personal {
			if r, box, ok := p.where(x.Start, x.End); ok {
				out = append(out, media.Annotation{Range: r, Box: box, Label: x.Kind, Text: veiled(x.Text) + " (" + x.Why + ")", Lang: p.lang, Score: x.Score, Model: model})
			}
		}
	})
	slices.SortStableFunc(out, func(a, b media.Annotation) int { return int(min(1, max(-1, a.Range.Start-b.Range.Start))) })
	return map[media.Track][]media.Annotation{media.TrackPII: out}, err
}

// veiled shows the ends of a personal value.
func veiled(s string) string {
	r := []rune(s)
	if len(r) <= 4 {
		return strings.Repeat("•", len(r))
	}
	return string(r[:2]) + strings.Repeat("•", len(r)-4) + string(r[len(r)-2:])
}

// mostPhrases bounds the key phrases of a version.
const mostPhrases = 20

// joinMeaning writes what is named, key phrases where they are said, and the sentiment of each sentence.
func (s *Service) joinMeaning(ctx context.Context, t *target, _ []found) (map[media.Track][]media.Annotation, error) {
	all, err := t.passages(ctx)
	if err != nil {
		return nil, err
	}
	out := map[media.Track][]media.Annotation{media.TrackEntity: {}, media.TrackPhrase: {}, media.TrackSentiment: {}}
	err = s.analysed(ctx, all, func(p passage, a language.Analysis, model string) {
		put := func(track media.Track, start, end int, label, text string, score float64) {
			if r, _, ok := p.where(start, end); ok {
				lang := p.lang
				if lang == "" {
					lang = a.Language
				}
				out[track] = append(out[track], media.Annotation{Range: r, Label: label, Text: text, Lang: lang, Score: score, Model: model})
			}
		}
		for _, e := range a.Entities {
			put(media.TrackEntity, e.Start, e.End, e.Type, e.Text, e.Score)
		}
		for n, ph := range a.Phrases {
			if n == mostPhrases {
				break
			}
			for _, span := range ph.Spans {
				put(media.TrackPhrase, span.Start, span.End, "phrase", ph.Text, ph.Score)
			}
		}
		for _, f := range a.Sentiment {
			put(media.TrackSentiment, f.Start, f.End, "sentiment", "", f.Score)
		}
	})
	return out, err
}
