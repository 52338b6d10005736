package analysis

import (
	"context"
	"slices"
	"strings"

	"showreel/engine/language"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/meaning"
)

// How what is said is laid out.
const (
	leastChapter    = 20 * media.Second
	leastSentences  = 4                  // fewer make neither chapters nor a summary
	mostSummary     = 5                  // sentences
	leastBroken     = 60 * media.Second  // what is shorter has no breaks
	mostSentences   = 5_000              // of one version; of a longer one the first are laid out
	embedBatch      = 64                 // sentences at once
	breaksAtMost    = 300 * media.Second // between two breaks; in short films a quarter of their length
	breaksAtLeast   = 20 * media.Second
	shotEdge        = 0.5 // how much of a scene's edge a mere cut is
	titleOfChapters = 60  // characters
)

// embedReady says which model gives sentences their vectors.
func (s *Service) embedReady(ctx context.Context) (string, error) {
	if s.deps.Embed == nil || s.deps.Analyze == nil {
		return "", missing("meaning", "")
	}
	v, err := s.deps.Embed.Embed(ctx, []string{"ready"})
	return v.Model, err
}

// telling is what is said, sentence by sentence, with the key phrases.
type telling struct {
	sentences []meaning.Sentence
	lang      string
	phrases   []media.Annotation
	model     string
}

// joinStructure writes chapters, a summary and places for breaks from what is said, and from where the picture and the
// sound change.
func (s *Service) joinStructure(ctx context.Context, t *target, _ []found) (map[media.Track][]media.Annotation, error) {
	told, err := s.told(ctx, t)
	if err != nil {
		return nil, err
	}
	length, err := t.length(ctx)
	if err != nil {
		return nil, err
	}
	scenes, err := t.notes(ctx, media.TrackScene)
	if err != nil {
		return nil, err
	}
	out := map[media.Track][]media.Annotation{media.TrackChapter: {}, media.TrackSummary: {}, media.TrackAdBreak: {}}
	if len(told.sentences) >= leastSentences {
		out[media.TrackChapter] = told.chapters(scenes)
		out[media.TrackSummary] = told.summary()
	}
	if t.kind == media.Video && length >= leastBroken {
		out[media.TrackAdBreak], err = t.breaks(ctx, told, scenes, length)
	}
	return out, err
}

// told gathers sentences and gives them their vectors.
func (s *Service) told(ctx context.Context, t *target) (telling, error) {
	var out telling
	all, err := t.said(ctx)
	if err != nil {
		return out, err
	}
	err = s.analysed(ctx, all, func(p passage, a language.Analysis, _ string) {
		if out.lang == "" {
			out.lang = p.lang
		}
		for _, span := range a.Sentences {
			text := strings.TrimSpace(p.text[span.Start:span.End])
			if r, _, ok := p.where(span.Start, span.End); ok && text != "" && len(out.sentences) < mostSentences {
				out.sentences = append(out.sentences, meaning.Sentence{Range: r, Text: strings.Join(strings.Fields(text), " ")})
			}
		}
		for _, ph := range a.Phrases {
			for _, span := range ph.Spans {
				if r, _, ok := p.where(span.Start, span.End); ok {
					out.phrases = append(out.phrases, media.Annotation{Range: r, Text: ph.Text, Score: ph.Score})
				}
			}
		}
	})
	if err != nil {
		return out, err
	}
	for from := 0; from < len(out.sentences); from += embedBatch {
		part := out.sentences[from:min(from+embedBatch, len(out.sentences))]
		texts := make([]string, len(part))
		for n := range part {
			texts[n] = part[n].Text
		}
		v, err := s.deps.Embed.Embed(ctx, texts)
		if err != nil {
			return out, err
		}
		if len(v.Values) != len(part) {
			return out, fault.Say("analysis.structure", t.ref.Asset, fault.Internal, "bad-answer", "The language engine answered for %d of %d sentences.", len(v.Values), len(part))
		}
		for n := range part {
			part[n].Vector = v.Values[n]
		}
		out.model = v.Model
	}
	return out, nil
}

func (w telling) chapters(scenes []media.Annotation) []media.Annotation {
	var edges []media.Time
	for _, a := range scenes {
		edges = append(edges, a.Range.Start)
	}
	out := []media.Annotation{}
	var used []string
	for _, c := range meaning.Chapters(w.sentences, edges, leastChapter) {
		title := w.title(c.Range, used)
		if title == "" {
			title = shortened(w.sentences[c.Central].Text)
		}
		used = append(used, title)
		score := c.Turn
		if c.First == 0 {
			score = 1
		}
		out = append(out, media.Annotation{Range: c.Range, Label: "topic", Text: title, Lang: w.lang, Score: score, Model: w.model + ", TextTiling"})
	}
	return out
}

// title is the key phrase that weighs most within a range and names no other chapter, or "".
func (w telling) title(r media.Range, used []string) string {
	weight := map[string]float64{}
	for _, p := range w.phrases {
		if r.Contains(p.Range.Start) && !slices.Contains(used, p.Text) {
			weight[p.Text] += p.Score
		}
	}
	best := ""
	for text, x := range weight {
		if best == "" || x > weight[best] || x == weight[best] && text < best {
			best = text
		}
	}
	return best
}

func shortened(s string) string {
	r := []rune(s)
	if len(r) <= titleOfChapters {
		return s
	}
	cut := string(r[:titleOfChapters])
	if n := strings.LastIndexByte(cut, ' '); n > 0 {
		cut = cut[:n]
	}
	return cut + "…"
}

func (w telling) summary() []media.Annotation {
	out := []media.Annotation{}
	for _, n := range meaning.Summary(w.sentences, min(mostSummary, 1+len(w.sentences)/8)) {
		x := w.sentences[n]
		out = append(out, media.Annotation{Range: x.Range, Label: "sentence", Text: x.Text, Lang: w.lang, Score: 1, Model: w.model + ", LexRank"})
	}
	return out
}

func (t *target) breaks(ctx context.Context, w telling, scenes []media.Annotation, length media.Time) ([]media.Annotation, error) {
	shots, err := t.notes(ctx, media.TrackShot)
	if err != nil {
		return nil, err
	}
	loud, err := t.notes(ctx, media.TrackLoudness)
	if err != nil {
		return nil, err
	}
	strength := map[media.Time]float64{}
	for _, a := range shots {
		strength[a.Range.Start] = shotEdge
	}
	for _, a := range scenes {
		strength[a.Range.Start] = 1
	}
	var edges []meaning.Edge
	for at, x := range strength {
		edges = append(edges, meaning.Edge{At: at, Weight: x})
	}
	slices.SortFunc(edges, func(a, b meaning.Edge) int { return int(min(1, max(-1, a.At-b.At))) })
	var levels []meaning.Level
	for _, a := range loud {
		levels = append(levels, meaning.Level{Range: a.Range, LUFS: a.Score})
	}
	out := []media.Annotation{}
	for _, b := range meaning.Breaks(edges, levels, w.sentences, length, min(breaksAtMost, max(breaksAtLeast, length/4))) {
		out = append(out, media.Annotation{Range: media.Range{Start: b.At, End: b.At}, Label: "break", Score: b.Score,
			Text: breakReasons(b), Model: "scene × loudness × topic × pause 2"})
	}
	return out, nil
}

// breakReasons says why a place was chosen.
func breakReasons(b meaning.Break) string {
	why := []string{"a cut"}
	if b.Edge == 1 {
		why[0] = "a new scene"
	}
	if b.Quiet > 0.6 {
		why = append(why, "a quiet moment")
	}
	if b.Turn > 0.5 {
		why = append(why, "the topic turns")
	}
	if b.Rest > 0.8 {
		why = append(why, "nobody speaks")
	}
	return strings.Join(why, ", ")
}
