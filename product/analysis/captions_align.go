package analysis

import (
	"context"
	"fmt"
	"math"
	"strings"

	"golang.org/x/text/language"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis/caption"
	"showreel/product/library"
)

// What captions are told to be against the sound.
const (
	TimingFits    = "fits"
	TimingLate    = "late"
	TimingEarly   = "early"
	TimingDrifts  = "drifts"  // late by more and more, or by less and less
	TimingDiffers = "differs" // other words than are heard
)

// CaptionTiming is how the captions that people brought lie to what is heard.
type CaptionTiming struct {
	Asset     string  `json:"asset"`
	Version   int     `json:"version"`
	Lang      string  `json:"lang"`
	Verdict   string  `json:"verdict" enum:"fits,late,early,drifts,differs"`
	Text      string  `json:"text" doc:"for people"`
	LateMS    int64   `json:"lateMs" doc:"by which they come after what is heard, in the middle; negative: before"`
	FirstMS   int64   `json:"firstMs" doc:"by which the first one comes late"`
	LastMS    int64   `json:"lastMs" doc:"by which the last one comes late"`
	Rate      float64 `json:"rate" doc:"seconds of the captions for one of the film: 1.0417 where they were made for 24 pictures a second and the film runs at 25"`
	Cues      int     `json:"cues"`
	FoundCues int     `json:"foundCues" doc:"of which a word is heard; the others lie between them"`
	Words     int     `json:"words"`
	Found     int     `json:"found" doc:"words that are heard"`
	Aligned   bool    `json:"aligned" doc:"they were moved"`
}

// The limits of a verdict.
const (
	fitsWithin = 0.25 // seconds; people do not notice less (ITU-R BT.1359 allows sound 0.185 s of lag, captions are looser)
	leastShare = 0.3  // of the words, below which they are other words
	leastWords = 5    // heard, below which nothing can be said
)

// CaptionTiming compares the captions that people brought in a language with the words that are heard; version 0 is the
// newest. It changes nothing. fault.NotFound without captions or transcript.
func (s *Service) CaptionTiming(ctx context.Context, asset string, version int, lang string) (CaptionTiming, error) {
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return CaptionTiming{}, err
	}
	_, t, err := s.compareCaptions(ctx, a.At(v.Number), lang)
	return t, err
}

// AlignCaptions moves the captions that people brought in a language to where their words are heard. The text stays as it
// is; what is not heard moves with its neighbours. fault.Conflict "captions-differ" where they say something else.
func (s *Service) AlignCaptions(ctx context.Context, asset string, version int, lang string) (CaptionTiming, error) {
	const op = "analysis.align"
	a, v, err := s.version(ctx, "asset:update", asset, version)
	if err != nil {
		return CaptionTiming{}, err
	}
	ref := a.At(v.Number)
	notes, t, err := s.compareCaptions(ctx, ref, lang)
	if err != nil {
		return t, err
	}
	if t.Verdict == TimingDiffers {
		return t, fault.Say(op, asset, fault.Conflict, "captions-differ", "%s", t.Text)
	}
	if s.deps.Captions == nil {
		return t, fault.Say(op, asset, fault.Unavailable, "no-captions", "Captions are written where films are taken in; that room is switched off.")
	}
	name := library.CaptionsOf(t.Lang)
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.deps.Library.InTx(tx).PutCues(ctx, ref, name, notes); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, ref.Tenant, "asset:update", asset, "", map[string]any{"captions": t.Lang, "alignedMs": t.LateMS, "rate": t.Rate})
	})
	if err != nil {
		return t, err
	}
	t.Aligned = true
	return t, s.deps.Captions.RewriteCaptions(ctx, ref, name)
}

// compareCaptions gives the cues at the times that they should have, and what is to be said of those that they have.
func (s *Service) compareCaptions(ctx context.Context, ref media.Ref, lang string) ([]media.Annotation, CaptionTiming, error) {
	const op = "analysis.captions"
	t := CaptionTiming{Asset: ref.Asset, Version: ref.Version, Lang: lang, Rate: 1}
	tag, err := language.Parse(lang)
	if err != nil {
		return nil, t, fault.Say(op, ref.Asset, fault.Invalid, "bad-language", "%q is not a language; use a BCP 47 tag such as en or pt-BR.", lang)
	}
	t.Lang = tag.String() // as captions are filed
	all, err := s.deps.Library.Annotations(ctx, ref, media.TrackCaption)
	if err != nil {
		return nil, t, err
	}
	var notes []media.Annotation
	var cues []caption.Timed
	for _, n := range all {
		if n.Label == library.CaptionsOf(t.Lang) {
			notes, cues = append(notes, n), append(cues, caption.Timed{Range: n.Range, Text: n.Text})
		}
	}
	if len(notes) == 0 {
		return nil, t, fault.Say(op, ref.Asset, fault.NotFound, "no-captions", "Nobody has added captions in %s.", t.Lang)
	}
	said, err := s.transcriptOn(ctx, ref, media.TrackSpeech)
	if err == nil && len(said.Utterances) == 0 {
		err = s.noTranscript(ctx, ref, false)
	}
	if err != nil {
		return nil, t, err
	}
	var heard []media.Word
	for _, u := range said.Utterances {
		for _, w := range u.Words {
			heard = append(heard, media.Word{Text: w.Text, Start: media.FromMS(w.StartMS), End: media.FromMS(w.EndMS), Score: w.Score})
		}
	}
	al := caption.Align(cues, heard)
	for n := range notes {
		notes[n].Range = al.Ranges[n]
	}
	t.judge(al, said.Lang)
	return notes, t, nil
}

// judge says what an alignment means.
func (t *CaptionTiming) judge(a caption.Alignment, spoken string) {
	t.Cues, t.FoundCues, t.Words, t.Found = len(a.Ranges), a.Found, a.Words, a.Matched
	if a.Share() < leastShare || a.Matched < leastWords {
		t.Verdict = TimingDiffers
		t.Text = fmt.Sprintf("Only %d of the captions' %d words are heard. They may be of another film, or of another language than is spoken (%s).", a.Matched, a.Words, spoken)
		return
	}
	t.LateMS, t.FirstMS, t.LastMS = a.Offset.MS(), a.First.MS(), a.Last.MS()
	t.Rate = math.Round(1e5/(1-a.Drift)) / 1e5
	first, last := a.First.Seconds(), a.Last.Seconds()
	switch {
	case math.Abs(first-last) > 2*fitsWithin:
		t.Verdict = TimingDrifts
		t.Text = fmt.Sprintf("The captions drift: the first one comes %s, the last one %s.%s Align them?", seconds(first), seconds(last), madeFor(t.Rate))
	case a.Offset.Seconds() > fitsWithin:
		t.Verdict, t.Text = TimingLate, fmt.Sprintf("The captions come %s. Align them?", seconds(a.Offset.Seconds()))
	case a.Offset.Seconds() < -fitsWithin:
		t.Verdict, t.Text = TimingEarly, fmt.Sprintf("The captions come %s. Align them?", seconds(a.Offset.Seconds()))
	default:
		t.Verdict, t.Text = TimingFits, "The captions fit the sound."
	}
}

// seconds says how late something is.
func seconds(late float64) string {
	switch {
	case math.Abs(late) < 0.05:
		return "on time"
	case late < 0:
		return strings.TrimSpace(fmt.Sprintf("%.1f s early", -late))
	}
	return fmt.Sprintf("%.1f s late", late)
}

// madeFor explains a rate by the picture rates of film and television.
func madeFor(rate float64) string {
	for _, r := range []struct {
		film, made string
		rate       float64
	}{{"25", "24", 25.0 / 24}, {"24", "25", 24.0 / 25}, {"25", "23.976", 25 * 1001.0 / 24000}, {"23.976", "25", 24000.0 / 1001 / 25},
		{"24", "23.976", 1.001}, {"23.976", "24", 1 / 1.001}} {
		if math.Abs(rate-r.rate) < 0.0004 {
			return fmt.Sprintf(" That is what captions for %s pictures a second do on a film of %s.", r.made, r.film)
		}
	}
	return ""
}
