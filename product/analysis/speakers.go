package analysis

import (
	"context"
	"fmt"

	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/cluster"
	"showreel/product/analysis/diarize"
)

// cutVoices cuts the speech of the timeline into pieces, as for the transcript.
func (s *Service) cutVoices(ctx context.Context, t *target) ([]piece, error) {
	w, err := t.sound(ctx)
	if err != nil {
		return nil, err
	}
	talk, known, err := t.talk(ctx)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, fault.Say("analysis.speakers", t.ref.Asset, fault.Unavailable, "no-activity", "Speakers need the sound ability first.")
	}
	return cutTalk(talk, w.length()), nil
}

// hearVoices gives every window of a piece's speech its voice.
func (s *Service) hearVoices(ctx context.Context, t *target, p piece) (found, error) {
	w, err := t.sound(ctx)
	if err != nil {
		return found{}, err
	}
	pcm, err := t.pcm(ctx, w, p.Range)
	if err != nil {
		return found{}, err
	}
	talk, _, err := t.talk(ctx)
	if err != nil {
		return found{}, err
	}
	var f found
	var inside []media.Range
	for _, r := range talk {
		for _, x := range diarize.Windows(r.Intersect(p.Range)) {
			f.Windows = append(f.Windows, x)
			inside = append(inside, media.Range{Start: x.Start - p.Range.Start, End: x.End - p.Range.Start})
		}
	}
	if f.Voices, err = s.deps.Speech.Voices(ctx, pcm, inside); err != nil {
		return f, err
	}
	f.Model, err = s.voicesReady(ctx)
	return f, err
}

// joinSpeakers groups voices into speakers, S1 the one who speaks first, writes turns, and cuts what was said where the
// speaker changes.
func (s *Service) joinSpeakers(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	talk, _, err := t.talk(ctx)
	if err != nil {
		return nil, err
	}
	var windows []diarize.Window
	model := ""
	for _, f := range all {
		model = f.Model
		for n, r := range f.Windows {
			windows = append(windows, diarize.Window{Range: r, Vector: f.Voices[n]})
		}
	}
	links, err := s.voiceLinks(ctx, t, windows)
	if err != nil {
		return nil, err
	}
	turns := diarize.Turns(talk, windows, diarize.Options{Links: links})
	out := []media.Annotation{}
	for _, u := range turns {
		a := media.Annotation{Range: u.Range, Label: fmt.Sprintf("S%d", u.Speaker+1), Score: u.Score, Model: model}
		if u.Overlap {
			a.Text = "overlap"
		}
		out = append(out, a)
	}
	said, err := t.notes(ctx, media.TrackSpeech)
	if err != nil {
		return nil, err
	}
	named := []media.Annotation{}
	for _, a := range said {
		if a.LockedBy == "" && a.Source == Speech {
			named = append(named, bySpeaker(a, out)...)
		}
	}
	if err := s.keepTracks(ctx, t, kindVoice, voicesOf(turns, windows, model)); err != nil {
		return nil, err
	}
	return map[media.Track][]media.Annotation{media.TrackSpeaker: out, media.TrackSpeech: named}, nil
}

// voiceLinks turns what people said about two stretches of this version into links of windows.
func (s *Service) voiceLinks(ctx context.Context, t *target, windows []diarize.Window) (cluster.Links, error) {
	var out cluster.Links
	list, err := linksWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND asset = $2 AND version = $3 AND kind = 'voice' AND verdict IN ('together', 'apart')`,
		t.ref.Tenant, t.ref.Asset, t.ref.Version)
	if err != nil {
		return out, err
	}
	nearest := func(r media.Range) int {
		best, at := media.Time(0), -1
		for n, w := range windows {
			if shared := w.Intersect(r).Len(); shared > best {
				best, at = shared, n
			}
		}
		return at
	}
	for _, l := range list {
		if l.Other == nil || l.Other.Asset != t.ref.Asset || l.Other.Version != t.ref.Version {
			continue
		}
		p := cluster.Pair{A: nearest(l.At.Range), B: nearest(l.Other.Range)}
		switch {
		case p.A < 0 || p.B < 0 || p.A == p.B:
		case l.Verdict == verdictApart:
			out.Cannot = append(out.Cannot, p)
		default:
			out.Must = append(out.Must, p)
		}
	}
	return out, nil
}

// enoughVoice is how long somebody must speak alone for their voice to be known again.
const enoughVoice = 3 * media.Second

// voicesOf gives every speaker their turns and, of what they said alone, their voice.
func voicesOf(turns []diarize.Turn, windows []diarize.Window, model string) []sighted {
	out := make([]sighted, diarize.Speakers(turns))
	for n := range out {
		out[n] = sighted{Kind: kindVoice, Model: model, Range: media.Range{Start: -1}}
		out[n].Detail.Label = fmt.Sprintf("S%d", n+1)
	}
	for _, u := range turns {
		x := &out[u.Speaker]
		if x.Range.Start < 0 {
			x.Range.Start = u.Start
		}
		x.Range.End = max(x.Range.End, u.End)
		x.Detail.Turns = append(x.Detail.Turns, u.Range)
	}
	for n := range out {
		var own [][]float32
		alone := media.Time(0)
		for _, u := range turns {
			if u.Speaker != n || u.Overlap {
				continue
			}
			alone += u.Len()
			for _, w := range windows {
				if w.Start >= u.Start && w.End <= u.End {
					own = append(own, w.Vector)
				}
			}
		}
		out[n].Vector = cluster.Mean(own...)
		out[n].Score = min(1, float64(alone)/float64(enoughVoice))
		if alone < enoughVoice {
			out[n].Score *= leastLike
		}
	}
	return out
}

// bySpeaker gives an utterance its speaker, and cuts it between words where the speaker changes. A single word between
// two of another speaker's does not cut it: it is more often a misplaced time than an interruption.
func bySpeaker(a media.Annotation, turns []media.Annotation) []media.Annotation {
	if len(a.Words) == 0 {
		a.Label = speakerOf(turns, a.Range)
		return []media.Annotation{a}
	}
	who := make([]string, len(a.Words))
	for n, w := range a.Words {
		if who[n] = speakerOf(turns, media.Range{Start: w.Start, End: max(w.End, w.Start+1)}); who[n] == "" && n > 0 {
			who[n] = who[n-1]
		}
	}
	for n := len(who) - 2; n >= 0 && who[0] == ""; n-- {
		if who[n] == "" {
			who[n] = who[n+1]
		}
	}
	for n := 1; n+1 < len(who); n++ {
		if who[n-1] == who[n+1] {
			who[n] = who[n-1]
		}
	}
	var out []media.Annotation
	for first := 0; first < len(who); {
		last := first + 1
		for last < len(who) && who[last] == who[first] {
			last++
		}
		b := a
		b.Label = who[first]
		if last-first < len(who) {
			b.Words, b.Text = a.Words[first:last], textOf(a.Words[first:last])
			b.Range = media.Range{Start: b.Words[0].Start, End: max(b.Words[len(b.Words)-1].End, b.Words[0].Start+1)}
		}
		out, first = append(out, b), last
	}
	return out
}

// speakerOf is whose turn covers most of a range, "" where nobody's does.
func speakerOf(turns []media.Annotation, r media.Range) string {
	share, best := map[string]media.Time{}, ""
	for _, a := range turns {
		if n := a.Range.Intersect(r).Len(); n > 0 {
			if share[a.Label] += n; best == "" || share[a.Label] > share[best] {
				best = a.Label
			}
		}
	}
	return best
}
