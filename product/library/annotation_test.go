package library_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/fault"
	"showreel/media"
	"showreel/product/library"
	"showreel/trust/access"
)

func shot(start, end int64) media.Annotation {
	return media.Annotation{Range: media.Range{Start: media.FromMS(start), End: media.FromMS(end)}, Model: "scdet", Score: 0.5}
}

func starts(t *testing.T, ctx context.Context, w *world, ref media.Ref, tracks ...media.Track) []int64 {
	t.Helper()
	list, err := w.Annotations(ctx, ref, tracks...)
	must(t, err)
	out := []int64{}
	for _, a := range list {
		out = append(out, a.Range.Start.MS())
	}
	return out
}

func TestMachinesReplaceTheirOwnAndNeverAPersons(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		ref := a.Ref()
		editor := person(t, access.MainTenant, access.RoleEditor)
		must(t, w.PutAnnotations(ctx, ref, media.TrackShot, "run1", []media.Annotation{shot(0, 1000), shot(1000, 2000), shot(2000, 3000)}))
		must(t, w.PutAnnotations(ctx, ref, media.TrackBlack, "run1", []media.Annotation{shot(500, 600)}))
		list, err := w.Annotations(ctx, ref, media.TrackShot)
		must(t, err)

		moved := media.Range{Start: media.FromMS(1100), End: media.FromMS(2000)}
		label := "door"
		edited, err := w.EditAnnotation(editor, a.ID, list[1].ID, library.NoteIn{Range: &moved, Label: &label})
		must(t, err)
		if edited.LockedBy != "u-editor" || edited.Model != "scdet" || edited.Label != "door" {
			t.Errorf("edited %+v", edited)
		}
		must(t, w.RemoveAnnotation(editor, a.ID, list[2].ID))
		mark := media.Range{Start: media.FromMS(1500), End: media.FromMS(1500)}
		own, err := w.Annotate(editor, ref, library.NoteIn{Range: &mark})
		must(t, err)

		must(t, w.PutAnnotations(ctx, ref, media.TrackShot, "run2", []media.Annotation{shot(0, 900), shot(1000, 2000), shot(2000, 3000), shot(4000, 5000)}))
		if diff := cmp.Diff([]int64{0, 1100, 4000}, starts(t, ctx, w, ref, media.TrackShot)); diff != "" {
			t.Error("shots after the second run:", diff)
		}
		if diff := cmp.Diff([]int64{0, 500, 1100, 1500, 4000}, starts(t, ctx, w, ref)); diff != "" {
			t.Error("all after the second run:", diff)
		}
		must(t, w.RemoveAnnotation(editor, a.ID, own.ID))
		wantFault(t, w.RemoveAnnotation(editor, a.ID, own.ID), fault.NotFound, "annotation-not-found")
		must(t, w.PutAnnotations(ctx, ref, media.TrackShot, "run3", nil))
		if diff := cmp.Diff([]int64{1100}, starts(t, ctx, w, ref, media.TrackShot)); diff != "" {
			t.Error("after a run that found nothing:", diff)
		}
	})
}

func TestCaptionsAreReplacedByLanguage(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		cue := func(lang string, start int64) media.Annotation {
			c := shot(start, start+100)
			c.Lang, c.Model = lang, "subrip"
			return c
		}
		must(t, w.PutAnnotations(ctx, a.Ref(), media.TrackCaption, "r", []media.Annotation{cue("en", 1), cue("en", 2)}))
		must(t, w.PutAnnotations(ctx, a.Ref(), media.TrackCaption, "r", []media.Annotation{cue("de", 3)}))
		must(t, w.PutAnnotations(ctx, a.Ref(), media.TrackCaption, "r", []media.Annotation{cue("en", 5)}))
		if diff := cmp.Diff([]int64{3, 5}, starts(t, ctx, w, a.Ref())); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnnotationsAreChecked(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		back := media.Range{Start: media.Second, End: 0}
		ok := media.Range{End: media.Second}
		track, out := media.Track("No Track"), media.Box{X: 0.5, Y: 0, W: 0.6, H: 1}
		for code, in := range map[string]library.NoteIn{
			"bad-range": {Range: &back}, "bad-track": {Range: &ok, Track: &track}, "bad-box": {Range: &ok, Box: &out},
		} {
			_, err := w.Annotate(ctx, a.Ref(), in)
			wantFault(t, err, fault.Invalid, code)
		}
		_, err := w.Annotate(person(t, access.MainTenant, access.RoleViewer), a.Ref(), library.NoteIn{Range: &ok})
		wantFault(t, err, fault.Denied, "")
		_, err = w.Annotations(person(t, "other", access.RoleAdmin), media.Ref{Asset: a.ID})
		wantFault(t, err, fault.NotFound, "asset-not-found")
		_, err = w.Annotations(person(t, "other", access.RoleAdmin), a.Ref())
		wantFault(t, err, fault.Denied, "denied-tenant-wall")
		wantFault(t, w.PutAnnotations(ctx, a.Ref(), media.TrackShot, "r", []media.Annotation{{Model: "person"}}), fault.Invalid, "")
	})
}
