package analysis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/media"
)

// Transcript is what is said in a version.
type Transcript struct {
	Asset      string      `json:"asset"`
	Version    int         `json:"version"`
	Lang       string      `json:"lang,omitempty" doc:"the one most is said in"`
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
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return Transcript{}, err
	}
	ref := a.At(v.Number)
	notes, err := s.deps.Library.Annotations(ctx, ref, media.TrackSpeech)
	if err != nil {
		return Transcript{}, err
	}
	if len(notes) == 0 {
		return Transcript{}, s.noTranscript(ctx, ref)
	}
	out := Transcript{Asset: asset, Version: v.Number, Utterances: []Utterance{}, Models: []string{}}
	spoken := map[string]int{}
	for _, n := range notes {
		if strings.Contains(n.Source, "@") { // another model's, kept beside for comparison
			continue
		}
		u := Utterance{Annotation: n.ID, StartMS: n.Range.Start.MS(), EndMS: n.Range.End.MS(), Text: n.Text, Speaker: n.Label, Lang: n.Lang,
			Score: n.Score, Model: n.Model, LockedBy: n.LockedBy, Words: []SpokenWord{}}
		for _, w := range n.Words {
			u.Words = append(u.Words, SpokenWord{Text: w.Text, StartMS: w.Start.MS(), EndMS: w.End.MS(), Score: w.Score})
		}
		if !slices.Contains(out.Models, n.Model) {
			out.Models = append(out.Models, n.Model)
		}
		if spoken[n.Lang] += len(n.Text); n.Lang != "" && spoken[n.Lang] > spoken[out.Lang] || out.Lang == "" {
			out.Lang = n.Lang
		}
		out.Utterances = append(out.Utterances, u)
	}
	return out, nil
}

// noTranscript says why there is none.
func (s *Service) noTranscript(ctx context.Context, ref media.Ref) error {
	stand, err := standings(ctx, s.deps.DB.Read(), ref)
	if err != nil {
		return fault.E("analysis.transcript", ref.Asset, "", err)
	}
	text := "Nobody has asked for a transcript yet; start an analysis."
	switch st := stand[Speech]; st.State {
	case Done:
		text = "Nothing is said in this asset."
	case Waiting, Running:
		text = "The transcript is being made."
	case Failed, Unavailable:
		text = st.Text
	case Cancelled:
		text = "The analysis was ended before there was a transcript; start it again."
	}
	return fault.Say("analysis.transcript", ref.Asset, fault.NotFound, "no-transcript", "%s", text)
}

// cue is a caption: one or two lines of what is said.
type cue struct {
	startMS, endMS int64
	lines          []string
}

// The limits of a caption (BBC subtitle guidelines 2024: 37 characters a line, two lines; cues of at least a second).
const (
	lineRunes = 37
	cueRunes  = 2 * lineRunes
	cueMS     = 7000
	pauseMS   = 700 // a pause that ends a cue
	shortMS   = 1000
)

// cues cuts a transcript into captions at pauses, at ends of sentences and where two lines are full.
func cues(t Transcript) []cue {
	var out []cue
	for _, u := range t.Utterances {
		words := u.Words
		if len(words) == 0 {
			words = []SpokenWord{{Text: u.Text, StartMS: u.StartMS, EndMS: u.EndMS}}
		}
		for n := 0; n < len(words); {
			end := cueEnd(words, n)
			var text []string
			for _, w := range words[n:end] {
				text = append(text, strings.Fields(w.Text)...)
			}
			out = append(out, cue{startMS: words[n].StartMS, endMS: words[end-1].EndMS, lines: wrapped(text)})
			n = end
		}
	}
	for n := range out {
		out[n].endMS = max(out[n].endMS, out[n].startMS+shortMS)
		if n > 0 && out[n-1].endMS > out[n].startMS {
			out[n-1].endMS = max(out[n].startMS, out[n-1].startMS+1)
		}
	}
	return out
}

// cueEnd is the word after the last of the cue that begins at n.
func cueEnd(words []SpokenWord, n int) int {
	runes := 0
	for k := n; k < len(words); k++ {
		runes += len([]rune(words[k].Text)) + 1
		last := words[k].Text
		switch {
		case k > n && (runes > cueRunes || words[k].EndMS-words[n].StartMS > cueMS):
			return k
		case k+1 < len(words) && words[k+1].StartMS-words[k].EndMS > pauseMS:
			return k + 1
		case runes > lineRunes && strings.ContainsAny(last[max(0, len(last)-1):], ".!?"):
			return k + 1
		}
	}
	return len(words)
}

// wrapped puts words into lines, two of like length where one is not enough.
func wrapped(words []string) []string {
	all := strings.Join(words, " ")
	if len([]rune(all)) <= lineRunes {
		return []string{all}
	}
	best, at := 1<<30, 1
	for n := 1; n < len(words); n++ {
		a, b := len([]rune(strings.Join(words[:n], " "))), len([]rune(strings.Join(words[n:], " ")))
		if d := max(a, b); d <= best {
			best, at = d, n
		}
	}
	if len(words) == 1 {
		return words
	}
	return []string{strings.Join(words[:at], " "), strings.Join(words[at:], " ")}
}

// VTT writes the transcript as WebVTT (W3C).
func (t Transcript) VTT() string {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for _, c := range cues(t) {
		fmt.Fprintf(&b, "\n%s --> %s\n%s\n", stamp(c.startMS, "."), stamp(c.endMS, "."), escape.Replace(strings.Join(c.lines, "\n")))
	}
	return b.String()
}

// SRT writes the transcript as SubRip.
func (t Transcript) SRT() string {
	var b strings.Builder
	for n, c := range cues(t) {
		fmt.Fprintf(&b, "%d\n%s --> %s\n%s\n\n", n+1, stamp(c.startMS, ","), stamp(c.endMS, ","), strings.Join(c.lines, "\n"))
	}
	return b.String()
}

// Plain writes the transcript as text: a paragraph a speaker, or one for each longer pause.
func (t Transcript) Plain() string {
	var b strings.Builder
	for n, u := range t.Utterances {
		switch {
		case n == 0:
		case u.Speaker != t.Utterances[n-1].Speaker || u.StartMS-t.Utterances[n-1].EndMS > 3000:
			b.WriteString("\n\n")
		default:
			b.WriteByte(' ')
		}
		if u.Speaker != "" && (n == 0 || u.Speaker != t.Utterances[n-1].Speaker) {
			b.WriteString(u.Speaker + ": ")
		}
		b.WriteString(u.Text)
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

func stamp(ms int64, point string) string {
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, point, ms%1000)
}
