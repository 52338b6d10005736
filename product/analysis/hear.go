package analysis

import (
	"context"

	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/timbre"
)

// longest is the most sound that one piece holds.
const longest = 5 * 60 * media.Second

// missing says that an ability's engine is not there.
func missing(what, text string) error {
	if text == "" {
		text = "The program that does it is not installed; showreel doctor says what to do."
	}
	return fault.Say("analysis.ready", what, fault.Unavailable, "model-missing", text)
}

// hearing asks the speech engine for one of its abilities.
func (s *Service) hearing(ctx context.Context, name string, model func(speech.Caps) string) (string, error) {
	if s.deps.Speech == nil {
		return "", missing(name, "")
	}
	caps, err := s.deps.Speech.Caps(ctx)
	if err != nil {
		return "", err
	}
	if m := model(caps); m != "" {
		return m, nil
	}
	return "", missing(name, caps.Missing[name])
}

func (s *Service) soundReady(ctx context.Context) (string, error) {
	return s.hearing(ctx, "activity", func(c speech.Caps) string { return c.Activity })
}

func (s *Service) speechReady(ctx context.Context) (string, error) {
	if s.model != "" {
		return s.model, nil // whether it is there the first piece tells
	}
	return s.hearing(ctx, "transcribe", func(c speech.Caps) string { return c.Transcribe })
}

func (s *Service) voicesReady(ctx context.Context) (string, error) {
	return s.hearing(ctx, "voices", func(c speech.Caps) string { return c.Voices })
}

// cutSound cuts the whole sound into stretches of equal length, five minutes at most.
func (s *Service) cutSound(ctx context.Context, t *target) ([]piece, error) {
	w, err := t.sound(ctx)
	if err != nil {
		return nil, err
	}
	var out []piece
	for at := media.Time(0); at < w.length(); at += longest {
		out = append(out, piece{Range: media.Range{Start: at, End: min(at+longest, w.length())}})
	}
	return out, nil
}

// listen finds where somebody speaks in a piece.
func (s *Service) listen(ctx context.Context, t *target, p piece) (found, error) {
	w, err := t.sound(ctx)
	if err != nil {
		return found{}, err
	}
	pcm, err := t.pcm(ctx, w, p.Range)
	if err != nil {
		return found{}, err
	}
	talk, err := s.deps.Speech.Activity(ctx, pcm)
	if err != nil {
		return found{}, err
	}
	model, err := s.soundReady(ctx)
	f := found{Model: model, Quiet: quietIn(pcm, p.Range.Start)}
	for _, r := range talk {
		f.Talk = append(f.Talk, media.Range{Start: p.Range.Start + r.Start, End: min(p.Range.Start+r.End, p.Range.End)})
	}
	for _, r := range without(p.Range, append(media.MergeRanges(f.Talk, breath), f.Quiet...)) {
		first := (r.Start - p.Range.Start).Ticks(speech.SampleRate)
		last := min(int64(len(pcm)), (r.End - p.Range.Start).Ticks(speech.SampleRate))
		if first < last {
			f.Timbre = append(f.Timbre, timbre.Stretches(pcm[first:last], r.Start)...)
		}
	}
	return f, err
}

// breath is the pause within which speech counts as going on.
const breath = 300 * media.Millisecond

// The labels of the sound track.
const (
	soundSpeech  = "speech"
	soundSilence = "silence"
	soundOther   = "other" // neither, and not clearly music or noise (timbre.Music, timbre.Noise)
)

// without is what is left of a range outside of others.
func without(r media.Range, others []media.Range) []media.Range {
	left := []media.Range{r}
	for _, o := range others {
		var next []media.Range
		for _, x := range left {
			cut := x.Intersect(o)
			if cut.Len() <= 0 {
				next = append(next, x)
				continue
			}
			for _, y := range []media.Range{{Start: x.Start, End: cut.Start}, {Start: cut.End, End: x.End}} {
				if y.Len() > 0 {
					next = append(next, y)
				}
			}
		}
		left = next
	}
	return left
}

// joinSound writes speech, silence, music, noise and what is none of them clearly.
func (s *Service) joinSound(_ context.Context, _ *target, all []found) (map[media.Track][]media.Annotation, error) {
	var talk, quiet []media.Range
	var whole media.Range
	var kinds []timbre.Stretch
	model := ""
	for _, f := range all {
		kinds = append(kinds, f.Timbre...)
		talk, quiet = append(talk, f.Talk...), append(quiet, f.Quiet...)
		whole.End, model = max(whole.End, f.Piece.Range.End), f.Model
	}
	talk, quiet = media.MergeRanges(talk, breath), media.MergeRanges(quiet, 0)
	out := []media.Annotation{}
	at := media.Time(0)
	add := func(r media.Range, label string) {
		for _, k := range kinds {
			if x := k.Range.Intersect(r); label == soundOther && x.Len() >= breath {
				if before := (media.Range{Start: r.Start, End: x.Start}); before.Len() >= breath {
					out = append(out, media.Annotation{Range: before, Label: soundOther, Score: 1, Model: model})
				}
				out = append(out, media.Annotation{Range: x, Label: k.Kind, Score: k.Score, Model: timbre.Model})
				r.Start = x.End
			}
		}
		if r.Len() >= breath {
			out = append(out, media.Annotation{Range: r, Label: label, Score: 1, Model: model})
		}
	}
	rest := func(r media.Range) { // a stretch without speech
		for _, q := range quiet {
			if x := q.Intersect(r); x.Len() >= breath {
				add(media.Range{Start: r.Start, End: x.Start}, soundOther)
				add(x, soundSilence)
				r.Start = x.End
			}
		}
		add(r, soundOther)
	}
	for _, r := range talk {
		rest(media.Range{Start: at, End: r.Start})
		out = append(out, media.Annotation{Range: r, Label: soundSpeech, Score: 1, Model: model})
		at = r.End
	}
	if at < whole.End {
		rest(media.Range{Start: at, End: whole.End})
	}
	return map[media.Track][]media.Annotation{media.TrackSound: out}, nil
}

// talk reads where somebody speaks from the timeline; known is false where that was not found out.
func (t *target) talk(ctx context.Context) (talk []media.Range, known bool, err error) {
	stand, err := standings(ctx, t.s.deps.DB.Read(), t.ref)
	if err != nil || stand[Sound].State != Done {
		return nil, false, err
	}
	list, err := t.notes(ctx, media.TrackSound)
	for _, a := range list {
		if a.Label == soundSpeech {
			talk = append(talk, a.Range)
		}
	}
	return media.MergeRanges(talk, 0), true, err
}
