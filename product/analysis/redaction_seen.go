package analysis

import (
	"context"
	"slices"

	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/redact"
)

// leastBody is how sure the detector must be of a body that is hidden: less than for an object on the timeline, because
// covering too much is the better error.
const leastBody = 0.25

// bodies are the people of some pictures, from head to foot.
func (h *hunt) bodies(ctx context.Context, _ []media.Time, pics [][]byte) ([][]redact.Hit, error) {
	found, err := h.s.deps.Vision.Objects(ctx, pics)
	if err != nil {
		return nil, err
	}
	out := make([][]redact.Hit, len(found))
	for n, list := range found {
		for _, o := range list {
			if o.Name == "person" && o.Score >= leastBody {
				out[n] = append(out[n], redact.Hit{Box: o.Box, Kind: "person", Score: o.Score})
			}
		}
	}
	return out, nil
}

// chased looks for something all over the film, then closely around where it was found, and follows it. ranges, where there
// are some, say where it is known to be.
func (h *hunt) chased(ctx context.Context, ranges []media.Range, model string, detect func(context.Context, []media.Time, [][]byte) ([][]redact.Hit, error)) ([]redact.Mark, error) {
	length, err := h.length(ctx)
	if err != nil {
		return nil, err
	}
	near := make([]media.Range, 0, len(ranges))
	for _, r := range ranges {
		near = append(near, media.Range{Start: max(0, r.Start-around), End: min(length, r.End+around)})
	}
	var coarse []redact.Look
	if ranges == nil {
		if coarse, err = h.see(ctx, searchFPS, []media.Range{{End: length}}, detect); err != nil {
			return nil, err
		}
		for _, l := range coarse {
			if len(l.Hits) > 0 {
				near = append(near, media.Range{Start: max(0, l.At-around), End: min(length, l.At+around)})
			}
		}
	}
	looks, err := h.see(ctx, denseFPS, media.MergeRanges(near, media.Second), detect)
	if err != nil {
		return nil, err
	}
	return redact.Follow(mergeLooks(coarse, looks), h.step, model), nil
}

// bodyMarks finds everybody from head to foot. Faces are found besides: a body that is cut off at the chest is no body to a
// detector.
func (h *hunt) bodyMarks(ctx context.Context) ([]redact.Mark, error) {
	if !h.ask.wants(HidePeople) {
		return nil, nil
	}
	model, err := h.s.seeing("objects")(ctx)
	if err != nil {
		return nil, err
	}
	return h.chased(ctx, nil, model, h.bodies)
}

// faceMarks finds faces everywhere, or those of some people where they were recognised, and follows them closely. Faces of
// people who withdrew are always among them.
func (h *hunt) faceMarks(ctx context.Context) ([]redact.Mark, error) {
	everyone := h.ask.wants(HideFaces) || h.ask.wants(HidePeople)
	theirs, err := h.sightings(ctx)
	if err != nil || !everyone && len(theirs) == 0 {
		return nil, err
	}
	model, err := h.s.seeing("faces")(ctx)
	if err != nil {
		return nil, err
	}
	if everyone {
		return h.chased(ctx, nil, model, h.faces)
	}
	var near []media.Range
	for _, a := range theirs {
		near = append(near, a.Range)
	}
	marks, err := h.chased(ctx, near, model, h.faces)
	if err != nil {
		return nil, err
	}
	marks = slices.DeleteFunc(marks, func(m redact.Mark) bool { return !ofSomebody(m, theirs) })
	return append(marks, unseen(theirs, marks)...), nil
}

// sightings are the faces of the people that are to be hidden, and of those who withdrew. fault.Conflict where somebody was
// named and is not seen.
func (h *hunt) sightings(ctx context.Context) ([]media.Annotation, error) {
	out, err := h.s.Withheld(ctx, h.ref)
	if err != nil || !h.ask.wants(HidePerson) {
		return out, err
	}
	all, err := h.notes(ctx, media.TrackFace)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a media.Annotation) bool { return !slices.Contains(h.ask.People, a.Person) })
	if len(all) == 0 {
		return nil, fault.Say(opRedact, h.ref.Asset, fault.Conflict, "nobody-there", "None of these people has been recognised in this film; name their faces first, or hide all faces.")
	}
	return append(out, all...), nil
}

// ofSomebody reports whether a followed face passes where one of the sightings was, at any time between its pictures.
func ofSomebody(m redact.Mark, theirs []media.Annotation) bool {
	for _, a := range theirs {
		path := redact.Path(pathOf(a))
		for _, o := range m.Spots {
			if box, ok := path.Near(o.At, media.Second/2); ok && overlapOf(box, o.Box) > 0.1 {
				return true
			}
		}
	}
	return false
}

// unseen are the sightings that the closer look did not find again: what the timeline knows holds.
func unseen(theirs []media.Annotation, marks []redact.Mark) []redact.Mark {
	var out []redact.Mark
	for _, a := range theirs {
		spots := pathOf(a)
		if len(spots) == 0 || slices.ContainsFunc(marks, func(m redact.Mark) bool { return ofSomebody(m, []media.Annotation{a}) }) {
			continue
		}
		out = append(out, redact.Mark{In: redact.InPicture, Kind: "face", Range: a.Range, Spots: spots, Score: a.Score, Model: a.Model})
	}
	return out
}
