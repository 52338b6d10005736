package analysis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"showreel/engine/blob"
	"showreel/engine/flow"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis/caption"
	"showreel/product/analysis/redact"
	"showreel/product/library"
)

// flowRedaction is the workflow's name, which is stored with every run.
const flowRedaction = "redaction"

// redactionStart is the input of a run.
type redactionStart struct {
	ID     string     `json:"id"`
	Ref    media.Ref  `json:"ref"`
	Kind   media.Kind `json:"kind"`
	Marked bool       `json:"marked,omitempty"` // what to hide has been found, and corrected by a person
}

// marked is what the first step found; it lies in the processed store, because it may be large.
type marked struct {
	Marks []redactedMark `json:"marks"`
	Step  media.Time     `json:"step"`
	Looks int            `json:"looks"`
}

// redactedMark is a mark with all of its geometry.
type redactedMark struct {
	redact.Mark
	ID      string       `json:"id"`
	Range   media.Range  `json:"range"`
	Spots   []media.Spot `json:"spots,omitempty"`
	Dropped bool         `json:"dropped,omitempty"` // a person said that this need not be hidden
}

// list is what is hidden.
func (m marked) list() []redact.Mark {
	var out []redact.Mark
	for _, x := range m.Marks {
		if x.Dropped {
			continue
		}
		x.Mark.Range, x.Mark.Spots = x.Range, x.Spots
		out = append(out, x.Mark)
	}
	return out
}

// add appends marks and gives them ids.
func (m *marked) add(marks []redact.Mark) {
	for _, x := range marks {
		m.Marks = append(m.Marks, redactedMark{Mark: x, ID: fmt.Sprintf("m%d", len(m.Marks)+1), Range: x.Range, Spots: x.Spots})
	}
}

// hide is the workflow of a redaction: find, render, look again, file it as a draft.
func (s *Service) hide(c flow.Ctx, in redactionStart) (string, error) {
	t := &target{s: s, ref: in.Ref, kind: in.Kind, run: "redaction/" + in.ID, lane: LaneAsked}
	err := s.hideSteps(c, t, in)
	if err == nil || c.Err() != nil {
		return in.ID, err
	}
	ctx := asSystem(context.WithoutCancel(c), in.Ref.Tenant)
	return in.ID, errors.Join(err, s.settleRedaction(ctx, in, func(r *Redaction) { r.State, r.Problem = RedactionFailed, fault.TextOf(err) }))
}

func (s *Service) hideSteps(c flow.Ctx, t *target, in redactionStart) error {
	ask, err := step(c, t, "ask", func(ctx context.Context) (HideAsk, error) {
		list, err := redactionsOf(ctx, s.deps.DB.Read(), t.ref.Tenant, t.ref.Asset, in.ID)
		if err == nil && len(list) == 0 {
			err = noRedaction(in.ID)
		}
		if err != nil {
			return HideAsk{}, err
		}
		return list[0].Ask, nil
	})
	if err != nil {
		return err
	}
	if !in.Marked {
		if _, err := step(c, t, "find", func(ctx context.Context) (int, error) { return s.findStep(ctx, t, in, ask) }); err != nil {
			return err
		}
		if ask.Preview {
			_, err := step(c, t, "show", func(ctx context.Context) (bool, error) {
				return true, s.settleRedaction(ctx, in, func(r *Redaction) { r.State = RedactionMarked })
			})
			return err
		}
	}
	made, err := step(c, t, "render", func(ctx context.Context) (Redacted, error) { return s.renderStep(ctx, t, in, ask) })
	if err != nil {
		return err
	}
	report, err := step(c, t, "check", func(ctx context.Context) (RedactionReport, error) { return s.checkStep(ctx, t, in, ask, made) })
	if err != nil {
		return err
	}
	_, err = step(c, t, "file", func(ctx context.Context) (bool, error) { return true, s.fileStep(ctx, t, in, made, report) })
	return err
}

// place is where a redaction's files lie.
func (t *target) redactionKey(id, name string) string { return t.key("redaction/" + id + "/" + name) }

func (t *target) moves(ctx context.Context) (bool, error) {
	v, err := t.s.deps.Library.Version(ctx, t.ref)
	return v.Info.Main("video") != nil && v.Info.Kind == media.Video, err
}

func (s *Service) findStep(ctx context.Context, t *target, in redactionStart, ask HideAsk) (int, error) {
	moves, err := t.moves(ctx)
	if err != nil {
		return 0, err
	}
	h := &hunt{target: t, ask: ask, step: media.Second / 12}
	marks, err := h.find(ctx, moves)
	if err != nil {
		return 0, err
	}
	m := marked{Step: h.step, Looks: h.looks, Marks: []redactedMark{}}
	m.add(marks)
	return len(marks), t.putJSON(ctx, t.redactionKey(in.ID, "marks.json"), m)
}

func (t *target) marks(ctx context.Context, id string) (marked, error) {
	var m marked
	raw, err := t.readAll(ctx, t.redactionKey(id, "marks.json"))
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	return m, err
}

func (s *Service) renderStep(ctx context.Context, t *target, in redactionStart, ask HideAsk) (Redacted, error) {
	m, err := t.marks(ctx, in.ID)
	if err != nil {
		return Redacted{}, err
	}
	if len(m.list()) == 0 {
		return Redacted{}, fault.Say(opRedact, t.ref.Asset, fault.NotFound, "nothing-to-hide", "Nothing of what you named was found, so nothing was hidden. Name ranges yourself if you know where it is.")
	}
	length, err := t.length(ctx)
	if err != nil {
		return Redacted{}, err
	}
	r := transcode.Redaction{Name: "redacted-" + in.ID, Bleep: ask.Sound != SoundMute, Fill: ask.Cover == CoverFill, Pixels: ask.Cover == CoverPixels,
		Sound: redact.Silences(m.list(), length), Covers: redact.Covers(m.list(), m.Step)}
	return s.deps.Renderer.Redact(ctx, t.ref, r)
}

// fileStep writes the captions with what is hidden masked, and the draft.
func (s *Service) fileStep(ctx context.Context, t *target, in redactionStart, made Redacted, report RedactionReport) error {
	m, err := t.marks(ctx, in.ID)
	if err != nil {
		return err
	}
	length, err := t.length(ctx)
	if err != nil {
		return err
	}
	vtt, err := t.maskedCaptions(ctx, redact.Silences(m.list(), length))
	if err != nil {
		return err
	}
	captions := ""
	if vtt != nil {
		captions = made.Key + ".vtt"
		if _, err := s.deps.Blobs.Processed.Put(ctx, captions, bytes.NewReader(vtt), blob.PutOptions{Size: int64(len(vtt))}); err != nil {
			return err
		}
	}
	outputs := []library.LedgerEntry{{Output: made.Key, Inputs: []string{made.SourceKey}, Tool: made.Tool, Settings: map[string]any{"redaction": in.ID, "marks": len(m.list())}}}
	if err := s.deps.Library.Record(ctx, t.ref, outputs...); err != nil {
		return err
	}
	return s.settleRedaction(ctx, in, func(r *Redaction) {
		r.State, r.Report, r.key, r.captions = RedactionDraft, report, made.Key, captions
	})
}

// settleRedaction ends the making of a redaction, once.
func (s *Service) settleRedaction(ctx context.Context, in redactionStart, change func(*Redaction)) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		r, err := lockRedaction(ctx, tx, in.Ref.Tenant, in.Ref.Asset, in.ID)
		if fault.Is(err, fault.NotFound) || err == nil && r.State != RedactionMaking {
			return nil
		}
		if err != nil {
			return err
		}
		change(&r)
		if err := putRedaction(ctx, tx, r); err != nil {
			return err
		}
		return s.redactionEvent(ctx, tx, r)
	})
}

// maskedCaptions are captions of the transcript without what is hidden and without names of speakers; nil without words.
func (t *target) maskedCaptions(ctx context.Context, silences []media.Range) ([]byte, error) {
	notes, err := t.notes(ctx, media.TrackSpeech)
	if err != nil {
		return nil, err
	}
	lang := ""
	var words []media.Word
	for _, a := range notes {
		if lang == "" {
			lang = a.Lang
		}
		if len(a.Words) == 0 && a.Text != "" {
			words = append(words, media.Word{Text: a.Text, Start: a.Range.Start, End: a.Range.End})
		}
		words = append(words, a.Words...)
	}
	if len(words) == 0 {
		return nil, nil
	}
	var list []caption.Word
	for _, w := range redact.Words(words, silences) {
		list = append(list, caption.Word{Word: w})
	}
	return caption.Write(caption.Segment(list, lang, caption.ForLanguage(lang)), caption.VTT, lang, false)
}
