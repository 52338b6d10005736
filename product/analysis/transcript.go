package analysis

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/caption"
)

// Transcript is what is said in a version.
type Transcript struct {
	Asset      string      `json:"asset"`
	Version    int         `json:"version"`
	Lang       string      `json:"lang,omitempty" doc:"the one most is said in"`
	Translated bool        `json:"translated,omitempty" doc:"a machine translated it"`
	Languages  []string    `json:"languages" nullable:"false" doc:"all that are spoken, the one most is said in first"`
	Models     []string    `json:"models" nullable:"false"`
	Utterances []Utterance `json:"utterances" nullable:"false"`
}

// Utterance is one stretch of speech.
type Utterance struct {
	Annotation string       `json:"annotation" doc:"its id on the timeline"`
	StartMS    int64        `json:"startMs"`
	EndMS      int64        `json:"endMs"`
	Text       string       `json:"text"`
	Speaker    string       `json:"speaker,omitempty"`
	Lang       string       `json:"lang,omitempty"`
	Score      float64      `json:"score"`
	Model      string       `json:"model"`
	LockedBy   string       `json:"lockedBy,omitempty" doc:"a person has corrected or accepted it"`
	Words      []SpokenWord `json:"words" nullable:"false"`
}

// SpokenWord is one word with its time.
type SpokenWord struct {
	Text    string  `json:"text"`
	StartMS int64   `json:"startMs"`
	EndMS   int64   `json:"endMs"`
	Score   float64 `json:"score"`
}

// Transcript returns what is said in a version, 0 the newest, people's corrections included. fault.NotFound
// "no-transcript" while there is none.
func (s *Service) Transcript(ctx context.Context, asset string, version int) (Transcript, error) {
	return s.transcript(ctx, asset, version, false)
}

// Translated returns what is said in a version in English, as Transcript does.
func (s *Service) Translated(ctx context.Context, asset string, version int) (Transcript, error) {
	return s.transcript(ctx, asset, version, true)
}

func (s *Service) transcript(ctx context.Context, asset string, version int, translated bool) (Transcript, error) {
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return Transcript{}, err
	}
	ref := a.At(v.Number)
	track := media.TrackSpeech
	if translated {
		track = media.TrackTranslation
	}
	out, err := s.transcriptOn(ctx, ref, track)
	if err == nil && len(out.Utterances) == 0 {
		err = s.noTranscript(ctx, ref, translated)
	}
	return out, err
}

// transcriptOn reads what is said from a track of a version's timeline.
func (s *Service) transcriptOn(ctx context.Context, ref media.Ref, track media.Track) (Transcript, error) {
	out := Transcript{Asset: ref.Asset, Version: ref.Version, Translated: track == media.TrackTranslation, Utterances: []Utterance{}, Models: []string{}, Languages: []string{}}
	notes, err := s.deps.Library.Annotations(ctx, ref, track)
	if err != nil {
		return out, err
	}
	people, err := personsOf(ctx, s.deps.DB.Read(), ref.Tenant)
	if err != nil {
		return out, fault.E("analysis.transcript", ref.Asset, "", err)
	}
	spoken := map[string]int{}
	for _, n := range notes {
		if strings.Contains(n.Source, "@") { // another model's, kept beside for comparison
			continue
		}
		u := Utterance{Annotation: n.ID, StartMS: n.Range.Start.MS(), EndMS: n.Range.End.MS(), Text: n.Text, Speaker: cmp.Or(people[n.Person].Name, n.Label), Lang: n.Lang,
			Score: n.Score, Model: n.Model, LockedBy: n.LockedBy, Words: []SpokenWord{}}
		for _, w := range n.Words {
			u.Words = append(u.Words, SpokenWord{Text: w.Text, StartMS: w.Start.MS(), EndMS: w.End.MS(), Score: w.Score})
		}
		if !slices.Contains(out.Models, n.Model) {
			out.Models = append(out.Models, n.Model)
		}
		spoken[n.Lang] += len(n.Text)
		out.Utterances = append(out.Utterances, u)
	}
	delete(spoken, "")
	out.Languages = slices.SortedFunc(maps.Keys(spoken), func(a, b string) int {
		return cmp.Or(cmp.Compare(spoken[b], spoken[a]), cmp.Compare(a, b))
	})
	if len(out.Languages) > 0 {
		out.Lang = out.Languages[0]
	}
	return out, nil
}

// noTranscript says why there is none.
func (s *Service) noTranscript(ctx context.Context, ref media.Ref, translated bool) error {
	stand, err := standings(ctx, s.deps.DB.Read(), ref)
	if err != nil {
		return fault.E("analysis.transcript", ref.Asset, "", err)
	}
	name, ability, ask := "transcript", Speech, "start an analysis"
	if translated {
		name, ability, ask = "translation", Translation, "ask for the ability translation"
	}
	text := "Nobody has asked for a " + name + " yet; " + ask + "."
	switch st := stand[ability]; st.State {
	case Done:
		text = "Nothing is said in this asset."
	case Waiting, Running:
		text = "The " + name + " is being made."
	case Failed, Unavailable:
		text = st.Text
	case Cancelled:
		text = "The analysis was ended before there was a " + name + "; start it again."
	}
	return fault.Say("analysis.transcript", ref.Asset, fault.NotFound, "no-transcript", "%s", text)
}

// Cues cuts the transcript into captions that read well in its language.
func (t Transcript) Cues() []caption.Cue {
	var words []caption.Word
	for _, u := range t.Utterances {
		spoken := u.Words
		if len(spoken) == 0 {
			spoken = []SpokenWord{{Text: u.Text, StartMS: u.StartMS, EndMS: u.EndMS}}
		}
		for _, w := range spoken {
			words = append(words, caption.Word{Speaker: u.Speaker, Lang: u.Lang, Word: media.Word{Text: w.Text, Start: media.FromMS(w.StartMS), End: media.FromMS(w.EndMS), Score: w.Score}})
		}
	}
	return caption.Segment(words, t.Lang, caption.ForLanguage(t.Lang))
}

// Write renders the transcript: as captions (srt, vtt, ttml, ass), or as text in paragraphs (txt). fault.Unsupported for
// another format.
func (t Transcript) Write(format string) ([]byte, error) {
	if format == caption.Text {
		return []byte(t.Plain()), nil
	}
	return caption.Write(t.Cues(), format, t.Lang, t.speakers() > 1)
}

// speakers counts who is told apart.
func (t Transcript) speakers() int {
	seen := map[string]bool{}
	for _, u := range t.Utterances {
		if u.Speaker != "" {
			seen[u.Speaker] = true
		}
	}
	return len(seen)
}

// langBefore is the language that a reader takes an utterance to be in.
func (t Transcript) langBefore(n int) string {
	if n == 0 {
		return t.Lang
	}
	return t.Utterances[n-1].Lang
}

// Plain writes the transcript as text: a paragraph a speaker or language, or one for each longer pause. Where the language
// changes its name is written.
func (t Transcript) Plain() string {
	var b strings.Builder
	for n, u := range t.Utterances {
		switch {
		case n == 0:
		case u.Speaker != t.Utterances[n-1].Speaker || u.Lang != t.Utterances[n-1].Lang || u.StartMS-t.Utterances[n-1].EndMS > 3000:
			b.WriteString("\n\n")
		default:
			b.WriteByte(' ')
		}
		if u.Speaker != "" && (n == 0 || u.Speaker != t.Utterances[n-1].Speaker) {
			b.WriteString(u.Speaker + ": ")
		}
		if was := t.langBefore(n); u.Lang != "" && u.Lang != was {
			b.WriteString("(" + caption.LanguageName(u.Lang) + ") ")
		}
		b.WriteString(u.Text)
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}
