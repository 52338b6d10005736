package analysis

import (
	"context"
	"slices"
	"strings"

	"showreel/engine/language"
	"showreel/engine/vision"
	"showreel/media"
	"showreel/product/analysis/redact"
)

// How closely the picture is looked at. Something that moves is looked at twelve times a second where it was found, and
// four times a second elsewhere so that it is found.
const (
	searchFPS = 4.0
	denseFPS  = 12.0
	textFPS   = 6.0
	lookWidth = 1920
	around    = 750 * media.Millisecond // before and after what was found
	atOnce    = 8                       // pictures a call: those of a film are large
)

// hunt is the search for what is to be hidden in a version.
type hunt struct {
	*target
	ask   HideAsk
	of    string // key of the rendition that is looked at; "" is the original
	looks int
	step  media.Time
	model string
}

// see looks at stretches of the picture with one detector.
func (h *hunt) see(ctx context.Context, fps float64, ranges []media.Range, detect func(context.Context, []media.Time, [][]byte) ([][]redact.Hit, error)) ([]redact.Look, error) {
	var out []redact.Look
	if len(ranges) == 0 {
		return nil, nil
	}
	step, err := h.s.deps.Renderer.Look(ctx, h.ref, h.of, fps, lookWidth, ranges, func(at []media.Time, pics [][]byte) error {
		for first := 0; first < len(pics); first += atOnce {
			last := min(first+atOnce, len(pics))
			hits, err := detect(ctx, at[first:last], pics[first:last])
			if err != nil {
				return err
			}
			for n := range hits {
				out = append(out, redact.Look{At: at[first+n], Hits: hits[n]})
			}
		}
		h.looks += len(pics)
		return nil
	})
	h.step = step
	return out, err
}

// faces are all faces of some pictures, far away ones too.
func (h *hunt) faces(ctx context.Context, _ []media.Time, pics [][]byte) ([][]redact.Hit, error) {
	found, err := h.s.deps.Vision.Faces(ctx, pics, vision.FaceOptions{Small: true})
	if err != nil {
		return nil, err
	}
	out := make([][]redact.Hit, len(found))
	for n, list := range found {
		for _, f := range list {
			out[n] = append(out[n], redact.Hit{Box: f.Box, Kind: "face", Score: f.Score})
		}
	}
	return out, nil
}

// writing is the writing of some pictures that is to be hidden.
func (h *hunt) writing(ctx context.Context, _ []media.Time, pics [][]byte) ([][]redact.Hit, error) {
	found, err := h.s.deps.Vision.Text(ctx, pics)
	if err != nil {
		return nil, err
	}
	out := make([][]redact.Hit, len(found))
	for n, lines := range found {
		for _, l := range lines {
			kind, err := h.secret(ctx, l.Text, "")
			if err != nil {
				return nil, err
			}
			if kind != "" {
				out[n] = append(out[n], redact.Hit{Box: l.Box, Kind: kind, Text: veiled(l.Text), Score: l.Score})
			}
		}
	}
	return out, nil
}

// secret says as what a written text is to be hidden, "" if it is not.
func (h *hunt) secret(ctx context.Context, text, lang string) (string, error) {
	if h.ask.wants(HideText) {
		return "text", nil
	}
	if h.ask.wants(HideWords) && slices.ContainsFunc(strings.Fields(text), func(w string) bool { return redact.Holds(w, h.ask.Words) }) {
		return "word", nil
	}
	if !h.ask.wants(HidePII) {
		return "", nil
	}
	a, err := h.s.deps.Analyze.Analyze(ctx, text, lang)
	for _, x := range a.Personal {
		if h.ask.personal(x.Kind) {
			return x.Kind, err
		}
	}
	return "", err
}

// personal reports whether personal data of a kind is to be hidden. A long number may be any of those that have one.
func (a HideAsk) personal(kind string) bool {
	numbers := []string{"card", "phone", "iban", "national-id"}
	return len(a.Kinds) == 0 || slices.Contains(a.Kinds, kind) || kind == "number" && slices.ContainsFunc(a.Kinds, func(k string) bool { return slices.Contains(numbers, k) })
}

// find lists everything to hide: in the sound, and in the picture where there is one.
func (h *hunt) find(ctx context.Context, moves bool) ([]redact.Mark, error) {
	out, err := h.spokenMarks(ctx)
	if err != nil {
		return nil, err
	}
	out = append(out, h.named()...)
	if !moves {
		return out, nil
	}
	for _, part := range []func(context.Context) ([]redact.Mark, error){h.faceMarks, h.bodyMarks, h.writtenMarks} {
		more, err := part(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// named are the ranges that the person named.
func (h *hunt) named() []redact.Mark {
	if !h.ask.wants(HideRanges) {
		return nil
	}
	return rangeMarks(h.ask.Ranges)
}

// spokenMarks reads the transcript for personal data and words, and takes what people have marked themselves.
func (h *hunt) spokenMarks(ctx context.Context) ([]redact.Mark, error) {
	var out []redact.Mark
	if !h.ask.wants(HidePII) && !h.ask.wants(HideWords) {
		return nil, nil
	}
	notes, err := h.notes(ctx, media.TrackSpeech)
	if err != nil {
		return nil, err
	}
	all, err := h.said(ctx)
	if err != nil {
		return nil, err
	}
	if h.ask.wants(HideWords) {
		for _, a := range notes {
			for _, w := range a.Words {
				if redact.Holds(w.Text, h.ask.Words) {
					out = append(out, redact.Mark{In: redact.InSound, Kind: "word", Range: media.Range{Start: w.Start, End: max(w.End, w.Start+1)}, Text: veiled(w.Text), Score: w.Score, Model: a.Model})
				}
			}
			if len(a.Words) == 0 && slices.ContainsFunc(strings.Fields(a.Text), func(w string) bool { return redact.Holds(w, h.ask.Words) }) {
				out = append(out, redact.Mark{In: redact.InSound, Kind: "word", Range: a.Range, Text: veiled(a.Text), Score: a.Score, Model: a.Model})
			}
		}
	}
	if !h.ask.wants(HidePII) {
		return out, nil
	}
	out = append(out, slices.DeleteFunc(numbersAndMails(notes), func(m redact.Mark) bool { return !h.ask.personal(m.Kind) })...)
	if h.ask.personal("number") {
		unheard, err := h.unheard(ctx, notes)
		if err != nil {
			return nil, err
		}
		out = append(out, unheard...)
	}
	err = h.s.analysed(ctx, all, func(p passage, a language.Analysis, model string) {
		for _, x := range a.Personal {
			if !h.ask.personal(x.Kind) {
				continue
			}
			if r, _, ok := p.where(x.Start, x.End); ok {
				out = append(out, redact.Mark{In: redact.InSound, Kind: x.Kind, Range: r, Text: veiled(x.Text), Score: x.Score, Model: model})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	theirs, err := h.notes(ctx, media.TrackPII)
	for _, a := range theirs {
		if a.LockedBy != "" && a.Box == nil && !a.Range.Empty() && h.ask.personal(a.Label) {
			out = append(out, redact.Mark{In: redact.InSound, Kind: a.Label, Range: a.Range, Text: a.Text, Score: 1, Model: "person"})
		}
	}
	return out, err
}

// unheard are the stretches in which somebody speaks and nothing was written down: nobody knows what is said there.
func (h *hunt) unheard(ctx context.Context, notes []media.Annotation) ([]redact.Mark, error) {
	sounds, err := h.notes(ctx, media.TrackSound)
	if err != nil {
		return nil, err
	}
	var talk []media.Range
	model := ""
	for _, a := range sounds {
		if a.Label == soundSpeech {
			talk, model = append(talk, a.Range), a.Model
		}
	}
	var words []media.Word
	for _, a := range notes {
		words = append(words, a.Words...)
	}
	var out []redact.Mark
	for _, r := range redact.Unheard(media.MergeRanges(talk, 0), words) {
		out = append(out, redact.Mark{In: redact.InSound, Kind: "unheard", Range: r, Score: 1, Model: model})
	}
	return out, nil
}

// numbersAndMails are what is said digit by digit and letter by letter, also where a recogniser has not heard every one.
func numbersAndMails(notes []media.Annotation) []redact.Mark {
	var words []media.Word
	model := ""
	for _, a := range notes {
		words, model = append(words, a.Words...), a.Model
	}
	slices.SortStableFunc(words, func(a, b media.Word) int { return int(min(1, max(-1, a.Start-b.Start))) })
	var out []redact.Mark
	for kind, ranges := range map[string][]media.Range{"number": redact.Numbers(words), "email": redact.Mails(words)} {
		for _, r := range ranges {
			out = append(out, redact.Mark{In: redact.InSound, Kind: kind, Range: r, Score: 1, Model: model})
		}
	}
	slices.SortFunc(out, func(a, b redact.Mark) int { return int(min(1, max(-1, a.Range.Start-b.Range.Start))) })
	return out
}

// writtenMarks finds writing on the timeline that is to be hidden, then follows it closely.
func (h *hunt) writtenMarks(ctx context.Context) ([]redact.Mark, error) {
	if !h.ask.wants(HidePII) && !h.ask.wants(HideText) && !h.ask.wants(HideWords) {
		return nil, nil
	}
	model, err := h.s.seeing("text")(ctx)
	if err != nil {
		return nil, err
	}
	notes, err := h.notes(ctx, media.TrackText)
	if err != nil {
		return nil, err
	}
	length, err := h.length(ctx)
	if err != nil {
		return nil, err
	}
	var near []media.Range
	var sure []redact.Look // what the timeline knows holds where the closer look reads worse
	for _, a := range notes {
		kind, err := h.secret(ctx, a.Text, a.Lang)
		if err != nil {
			return nil, err
		}
		if kind == "" {
			continue
		}
		near = append(near, media.Range{Start: max(0, a.Range.Start-around), End: min(length, a.Range.End+around)})
		for _, s := range a.Path {
			sure = append(sure, redact.Look{At: s.At, Hits: []redact.Hit{{Box: s.Box, Kind: kind, Text: veiled(a.Text), Score: a.Score}}})
		}
	}
	looks, err := h.see(ctx, textFPS, media.MergeRanges(near, media.Second), h.writing)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(sure, func(a, b redact.Look) int { return int(min(1, max(-1, a.At-b.At))) })
	return redact.Follow(mergeLooks(sure, looks), max(h.step, media.Second/6), model), nil
}

// mergeLooks joins two lists in order of time. Looks of one time are one.
func mergeLooks(a, b []redact.Look) []redact.Look {
	all := append(slices.Clone(a), b...)
	slices.SortStableFunc(all, func(x, y redact.Look) int { return int(min(1, max(-1, x.At-y.At))) })
	var out []redact.Look
	for _, l := range all {
		if n := len(out) - 1; n >= 0 && out[n].At == l.At {
			out[n].Hits = joinHits(out[n].Hits, l.Hits)
			continue
		}
		out = append(out, l)
	}
	return out
}

// joinHits leaves out of more what lies where something of its kind was found already.
func joinHits(hits, more []redact.Hit) []redact.Hit {
	out := slices.Clone(hits)
	for _, m := range more {
		if !slices.ContainsFunc(hits, func(x redact.Hit) bool { return x.Kind == m.Kind && overlapOf(x.Box, m.Box) > 0.3 }) {
			out = append(out, m)
		}
	}
	return out
}
