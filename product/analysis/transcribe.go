package analysis

import (
	"context"
	"slices"
	"strings"

	"showreel/engine/speech"
	"showreel/media"
	"showreel/product/analysis/glossary"
)

// How sound is cut for transcription. Two minutes are long enough for the model to know what is talked about, and short
// enough to show words early and to do two at once.
const (
	cutAfter  = 60 * media.Second  // from here on the longest pause is looked for
	cutBy     = 120 * media.Second // until here
	longPause = 20 * media.Second  // not worth listening through
	margin    = 200 * media.Millisecond
	overlap   = 4 * media.Second // where speech goes on without a pause
)

// cutSpeech cuts what is spoken at pauses. Where the timeline does not tell where somebody speaks, because that is missing
// or failed, the whole sound is cut at even lengths with an overlap.
func (s *Service) cutSpeech(ctx context.Context, t *target) ([]piece, error) {
	w, err := t.sound(ctx)
	if err != nil {
		return nil, err
	}
	talk, known, err := t.talk(ctx)
	if err != nil {
		return nil, err
	}
	if !known {
		talk = []media.Range{{End: w.length()}}
	}
	return cutTalk(talk, w.length()), nil
}

// cutTalk groups stretches of speech into pieces that begin and end in pauses. A stretch longer than a piece may be is
// cut anyway, with an overlap that joinWords takes out again.
func cutTalk(talk []media.Range, length media.Time) []piece {
	var out []piece
	for n := 0; n < len(talk); {
		last := lastOf(talk, n)
		first := talk[n].Start
		whole := media.Range{Start: max(0, first-margin), End: min(length, talk[last].End+margin)}
		for whole.Len() > longest {
			out = append(out, piece{Range: media.Range{Start: whole.Start, End: whole.Start + cutBy + overlap}})
			whole.Start += cutBy
		}
		out = append(out, piece{Range: whole, Last: true})
		n = last + 1
	}
	return out
}

// lastOf chooses the stretch that ends the piece begun at n: the one before a long pause, else the one before the
// longest pause between cutAfter and cutBy, else the last that fits.
func lastOf(talk []media.Range, n int) int {
	last, widest := n, media.Time(-1)
	for k := n; k < len(talk) && talk[k].End-talk[n].Start <= cutBy; k++ {
		if k+1 == len(talk) {
			return k
		}
		pause := talk[k+1].Start - talk[k].End
		switch {
		case pause >= longPause:
			return k
		case talk[k].End-talk[n].Start < cutAfter:
			last = k
		case pause > widest:
			last, widest = k, pause
		}
	}
	return last
}

// transcribe turns one piece into words.
func (s *Service) transcribe(ctx context.Context, t *target, p piece) (found, error) {
	return s.hearWords(ctx, t, p, false)
}

// hearWords turns one piece into words, of its own language or in English.
func (s *Service) hearWords(ctx context.Context, t *target, p piece, translate bool) (found, error) {
	w, err := t.sound(ctx)
	if err != nil {
		return found{}, err
	}
	pcm, err := t.pcm(ctx, w, p.Range)
	if err != nil {
		return found{}, err
	}
	book, err := s.book(ctx, t.ref)
	if err != nil {
		return found{}, err
	}
	tr, err := s.deps.Speech.Transcribe(ctx, pcm, speech.Options{Prompt: book.Prompt(), Translate: translate, Model: s.model})
	if err != nil {
		return found{}, err
	}
	talk, known, err := t.talk(ctx)
	if err != nil {
		return found{}, err
	}
	if known {
		tr.Utterances = heardOnly(tr.Utterances, p.Range.Start, talk)
	}
	for n := range tr.Utterances {
		if !translate { // the glossary is of how terms sound in the language spoken
			correct(&tr.Utterances[n], tr.Language, book)
		}
	}
	return found{Model: tr.Model, CPUMS: tr.CPUms, Transcript: &tr}, nil
}

// earshot is how far beside detected speech a word may lie.
const earshot = 500 * media.Millisecond

// heardOnly drops words where nobody speaks: models invent them in music and silence.
func heardOnly(in []speech.Utterance, at media.Time, talk []media.Range) []speech.Utterance {
	var out []speech.Utterance
	for _, u := range in {
		words := slices.DeleteFunc(slices.Clone(u.Words), func(w media.Word) bool {
			middle := at + (w.Start+w.End)/2
			return !slices.ContainsFunc(talk, func(r media.Range) bool { return middle >= r.Start-earshot && middle < r.End+earshot })
		})
		if len(words) == 0 {
			continue
		}
		if len(words) < len(u.Words) {
			u.Text = textOf(words)
		}
		u.Words = words
		u.Range = media.Range{Start: words[0].Start, End: max(words[len(words)-1].End, words[0].Start+1)}
		out = append(out, u)
	}
	return out
}

func textOf(words []media.Word) string {
	var b strings.Builder
	for n, w := range words {
		if n > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.TrimSpace(w.Text))
	}
	return b.String()
}

// correct puts the glossary's spellings into an utterance.
func correct(u *speech.Utterance, lang string, book glossary.Book) {
	words, changed := book.Correct(u.Words, lang)
	if changed {
		u.Words, u.Text = words, textOf(words)
	}
}

// spoken is a piece's transcript as annotations.
func spoken(f found) []media.Annotation {
	if f.Transcript == nil {
		return nil
	}
	var out []media.Annotation
	at := f.Piece.Range.Start
	for _, u := range f.Transcript.Utterances {
		a := media.Annotation{Range: media.Range{Start: at + u.Range.Start, End: at + u.Range.End}, Text: strings.TrimSpace(u.Text), Lang: f.Transcript.Language, Model: f.Model}
		for _, w := range u.Words {
			w.Text = strings.TrimSpace(w.Text)
			w.Start, w.End = at+w.Start, at+w.End
			a.Words = append(a.Words, w)
			a.Score += w.Score / float64(len(u.Words))
		}
		if a.Text != "" {
			out = append(out, a)
		}
	}
	return out
}

// joinSpeech joins the pieces' utterances. Where two pieces overlap, the first has the words up to the middle of the
// overlap and the second those after it. Words that lie where a person has corrected the transcript give way to the
// person's.
func (s *Service) joinSpeech(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	out, err := s.joinWords(ctx, t, media.TrackSpeech, all)
	return map[media.Track][]media.Annotation{media.TrackSpeech: out}, err
}

// joinWords joins the words of pieces for a track on which people may have corrected some.
func (s *Service) joinWords(ctx context.Context, t *target, track media.Track, all []found) ([]media.Annotation, error) {
	there, err := t.notes(ctx, track)
	if err != nil {
		return nil, err
	}
	var theirs []media.Range
	for _, a := range there {
		if a.LockedBy != "" {
			theirs = append(theirs, a.Range)
		}
	}
	out := []media.Annotation{}
	for n, f := range all {
		mine := f.Piece.Range
		if n > 0 && !all[n-1].Piece.Last {
			mine.Start = (all[n-1].Piece.Range.End + mine.Start) / 2
		}
		if !f.Piece.Last && n+1 < len(all) {
			mine.End = (mine.End + all[n+1].Piece.Range.Start) / 2
		}
		for _, a := range spoken(f) {
			out = append(out, split(a, func(w media.Word) bool {
				middle := (w.Start + w.End) / 2
				return middle >= mine.Start && middle <= mine.End && !slices.ContainsFunc(theirs, func(r media.Range) bool { return r.Contains(middle) })
			})...)
		}
	}
	slices.SortStableFunc(out, func(a, b media.Annotation) int { return int(min(1, max(-1, a.Range.Start-b.Range.Start))) })
	return out, nil
}

// split keeps the words that stay; what is left of an utterance on both sides of a gap is two.
func split(a media.Annotation, stays func(media.Word) bool) []media.Annotation {
	if len(a.Words) == 0 || !slices.ContainsFunc(a.Words, func(w media.Word) bool { return !stays(w) }) {
		return []media.Annotation{a}
	}
	var out []media.Annotation
	var words []media.Word
	flush := func() {
		if len(words) > 0 {
			b := a
			b.Words, b.Text, b.Range = words, textOf(words), media.Range{Start: words[0].Start, End: max(words[len(words)-1].End, words[0].Start+1)}
			out, words = append(out, b), nil
		}
	}
	for _, w := range a.Words {
		if stays(w) {
			words = append(words, w)
		} else {
			flush()
		}
	}
	flush()
	return out
}
