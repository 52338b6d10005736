package analysis

import (
	"context"
	"fmt"
	"slices"

	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/cluster"
)

// Voices are compared in windows of this length within speech (Wan et al., ICASSP 2018: 1.6 s partials).
const (
	voiceWindow = 1600 * media.Millisecond
	voiceStep   = 800 * media.Millisecond
	leastVoice  = 500 * media.Millisecond
	sameVoice   = 0.72 // mean cosine of two clusters of windows
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
		for _, x := range windowsOf(r.Intersect(p.Range)) {
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

// windowsOf lays windows over a stretch of speech, the last one flush with its end.
func windowsOf(r media.Range) []media.Range {
	if r.Len() < leastVoice {
		return nil
	}
	var out []media.Range
	for at := r.Start; at+voiceWindow < r.End; at += voiceStep {
		out = append(out, media.Range{Start: at, End: at + voiceWindow})
	}
	return append(out, media.Range{Start: max(r.Start, r.End-voiceWindow), End: r.End})
}

// joinSpeakers groups voices into speakers, S1 the one who speaks first, and writes turns.
func (s *Service) joinSpeakers(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	var windows []media.Range
	var voices [][]float32
	model := ""
	for _, f := range all {
		windows, voices, model = append(windows, f.Windows...), append(voices, f.Voices...), f.Model
	}
	out := []media.Annotation{}
	who := speakersOf(voices)
	for n, r := range windows {
		label := fmt.Sprintf("S%d", who[n]+1)
		if k := len(out) - 1; k >= 0 && r.Start-out[k].Range.End <= media.Second {
			if out[k].Label == label {
				out[k].Range.End = max(out[k].Range.End, r.End)
				continue
			}
			if r.Start < out[k].Range.End { // two windows overlap: the change lies in the middle
				middle := (r.Start + out[k].Range.End) / 2
				out[k].Range.End, r.Start = middle, middle
			}
		}
		out = append(out, media.Annotation{Range: r, Label: label, Score: 1, Model: model})
	}
	out = slices.DeleteFunc(out, func(a media.Annotation) bool { return a.Range.Empty() })
	said, err := t.notes(ctx, media.TrackSpeech)
	if err != nil {
		return nil, err
	}
	named := []media.Annotation{}
	for _, a := range said {
		if a.LockedBy == "" && a.Source == Speech {
			a.Label = speakerOf(out, a.Range)
			named = append(named, a)
		}
	}
	return map[media.Track][]media.Annotation{media.TrackSpeaker: out, media.TrackSpeech: named}, nil
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

// mostVoices is how many windows are grouped with each other; of more, a sample is, and the rest joins it.
const mostVoices = 1500

// speakersOf groups voices and numbers the groups in order of appearance.
func speakersOf(voices [][]float32) []int {
	step := 1 + len(voices)/mostVoices
	var sample []cluster.Item
	for n := 0; n < len(voices); n += step {
		sample = append(sample, cluster.Item{Vector: voices[n]})
	}
	groups := cluster.Group(sample, cluster.Links{}, sameVoice)
	if step == 1 {
		return groups
	}
	members := make([][][]float32, groups.Count())
	for n, g := range groups {
		members[g] = append(members[g], sample[n].Vector)
	}
	means := make([][]float32, len(members))
	for g := range members {
		means[g] = cluster.Mean(members[g]...)
	}
	out := cluster.Assign(voices, means, -1, 0)
	return renumber(out)
}

// renumber numbers groups in order of appearance.
func renumber(in []int) []int {
	names := map[int]int{}
	for n, g := range in {
		if _, ok := names[g]; !ok {
			names[g] = len(names)
		}
		in[n] = names[g]
	}
	return in
}
