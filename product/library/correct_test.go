package library_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/media"
	"showreel/product/library"
	"showreel/trust/access"
)

func heard(start, end int64, label, text string) media.Annotation {
	a := shot(start, end)
	a.Label, a.Text, a.Lang, a.Model = label, text, "en", "whisper 1"
	a.Words = []media.Word{{Text: text, Start: a.Range.Start, End: a.Range.End, Score: 0.9}}
	return a
}

func thing(start, end int64, label string, x float64) media.Annotation {
	a := shot(start, end)
	a.Label, a.Text, a.Model = label, label, "nanodet 1"
	a.Box = &media.Box{X: x, Y: 0.1, W: 0.2, H: 0.2}
	a.Path = []media.Spot{{At: a.Range.Start, Box: *a.Box}, {At: a.Range.End, Box: media.Box{X: x + 0.1, Y: 0.1, W: 0.2, H: 0.2}}}
	return a
}

func texts(t *testing.T, ctx context.Context, w *world, ref media.Ref, track media.Track) []string {
	t.Helper()
	list, err := w.Annotations(ctx, ref, track)
	must(t, err)
	out := []string{}
	for _, a := range list {
		out = append(out, a.Source+":"+a.Label+":"+a.Text)
	}
	return out
}

func TestWordsAndPathsAreKept(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		said, seen := heard(0, 1000, "S1", "Hello."), thing(0, 1000, "dog", 0.1)
		must(t, w.PutResults(ctx, a.Ref(), library.Results{Track: media.TrackSpeech, Source: "speech", Run: "r", List: []media.Annotation{said}}))
		must(t, w.PutResults(ctx, a.Ref(), library.Results{Track: media.TrackObject, Source: "objects", Run: "r", List: []media.Annotation{seen}}))
		list, err := w.Annotations(ctx, a.Ref())
		must(t, err)
		for _, got := range list {
			want := map[media.Track]media.Annotation{media.TrackSpeech: said, media.TrackObject: seen}[got.Track]
			if diff := cmp.Diff(want.Words, got.Words) + cmp.Diff(want.Path, got.Path) + cmp.Diff(want.Box, got.Box); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestASourceReplacesOnlyItsOwn(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		put := func(source string, within *media.Range, list ...media.Annotation) {
			t.Helper()
			must(t, w.PutResults(ctx, a.Ref(), library.Results{Track: media.TrackSpeech, Source: source, Run: "r", Within: within, List: list}))
		}
		put("speech", nil, heard(0, 1000, "S1", "one"), heard(5000, 6000, "S1", "two"))
		put("speech@tiny", nil, heard(0, 1000, "S1", "won"))
		put("speech", &media.Range{Start: 0, End: media.FromMS(4000)}, heard(100, 1000, "S2", "uno"))
		want := []string{"speech:S2:uno", "speech:S1:two"}
		if diff := cmp.Diff(want, texts(t, ctx, w, a.Ref(), media.TrackSpeech)); diff != "" {
			t.Error(diff)
		}
		put("speech", nil)
		if left := texts(t, ctx, w, a.Ref(), media.TrackSpeech); len(left) > 0 {
			t.Error("what another model found shows:", left)
		}
		tiny, err := w.ResultsOf(ctx, a.Ref(), media.TrackSpeech, "speech@tiny")
		must(t, err)
		if len(tiny) != 1 || tiny[0].Text != "won" {
			t.Errorf("beside: %+v", tiny)
		}
	})
}

// decide accepts the first speech, corrects the second, rejects one of two dogs; then another model comes with slightly
// other ranges, voices named otherwise and a word more.
func decide(t *testing.T, ctx context.Context, w *world, ref media.Ref) {
	t.Helper()
	editor := person(t, access.MainTenant, access.RoleEditor)
	must(t, w.PutResults(ctx, ref, library.Results{Track: media.TrackSpeech, Source: "speech", Run: "r1", List: []media.Annotation{
		heard(0, 1000, "S1", "yes"), heard(2000, 3000, "S1", "their"), heard(4000, 5000, "S2", "end")}}))
	must(t, w.PutResults(ctx, ref, library.Results{Track: media.TrackObject, Source: "objects", Run: "r1", List: []media.Annotation{
		thing(0, 5000, "dog", 0.1), thing(0, 5000, "dog", 0.6)}}))
	said, err := w.Annotations(ctx, ref, media.TrackSpeech)
	must(t, err)
	_, err = w.EditAnnotation(editor, ref.Asset, said[0].ID, library.NoteIn{})
	must(t, err)
	right := "there"
	_, err = w.EditAnnotation(editor, ref.Asset, said[1].ID, library.NoteIn{Text: &right})
	must(t, err)
	seen, err := w.Annotations(ctx, ref, media.TrackObject)
	must(t, err)
	must(t, w.RemoveAnnotation(editor, ref.Asset, seen[0].ID))
}

// again is what the other model finds.
func again(t *testing.T, ctx context.Context, w *world, ref media.Ref, run string) {
	t.Helper()
	must(t, w.PutResults(ctx, ref, library.Results{Track: media.TrackSpeech, Source: "speech", Run: run, List: []media.Annotation{
		heard(50, 1100, "S2", "Yes!"), heard(1900, 3000, "S2", "their"), heard(4100, 5000, "S1", "the end")}}))
	must(t, w.PutResults(ctx, ref, library.Results{Track: media.TrackObject, Source: "objects", Run: run, List: []media.Annotation{
		thing(100, 5000, "dog", 0.12), thing(100, 5000, "dog", 0.58), thing(0, 5000, "cat", 0.1)}}))
}

func TestCorrectionsSurviveAnotherModel(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		ref := w.add(t, ctx, "a.mp4", 1).Ref()
		decide(t, ctx, w, ref)
		again(t, ctx, w, ref, "r2")
		if diff := cmp.Diff([]string{"speech:S1:yes", "speech:S1:there", "speech:S1:the end"}, texts(t, ctx, w, ref, media.TrackSpeech)); diff != "" {
			t.Error(diff)
		}
		seen, err := w.Annotations(ctx, ref, media.TrackObject)
		must(t, err)
		kinds := map[string]float64{}
		for _, a := range seen {
			kinds[a.Label] = a.Box.X
		}
		if diff := cmp.Diff(map[string]float64{"cat": 0.1, "dog": 0.58}, kinds); diff != "" || len(seen) != 2 {
			t.Error("objects:", diff, len(seen))
		}
	})
}

func TestCorrectionsSurviveExportAndImport(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		ref := w.add(t, ctx, "a.mp4", 1).Ref()
		decide(t, ctx, w, ref)
		out, err := w.Export(ctx, ref.Asset)
		must(t, err)
		wire, err := json.Marshal(out)
		must(t, err)
		var in library.Exported
		must(t, json.Unmarshal(wire, &in))

		other := w.add(t, ctx, "b.mp4", 2).Ref()
		again(t, ctx, w, other, "before") // the machine was there first
		editor := person(t, access.MainTenant, access.RoleEditor)
		for range 2 { // importing twice doubles nothing that a person decided
			_, err = w.Import(editor, other, nil, in.Corrections)
			must(t, err)
		}
		for _, run := range []string{"", "after"} {
			if run != "" {
				again(t, ctx, w, other, run)
			}
			if diff := cmp.Diff([]string{"speech:S1:yes", "speech:S1:there", "speech:S1:the end"}, texts(t, ctx, w, other, media.TrackSpeech)); diff != "" {
				t.Error(run, diff)
			}
			if n := len(texts(t, ctx, w, other, media.TrackObject)); n != 2 {
				t.Error(run, "objects:", n)
			}
		}
		third := w.add(t, ctx, "c.mp4", 3).Ref()
		_, err = w.Import(editor, third, in.Annotations, in.Corrections)
		must(t, err)
		for _, track := range []media.Track{media.TrackSpeech, media.TrackObject} {
			if diff := cmp.Diff(texts(t, ctx, w, ref, track), texts(t, ctx, w, third, track)); diff != "" {
				t.Error("a whole import differs:", diff)
			}
		}
	})
}

func TestACorrectedTextKeepsItsWordTimes(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		ref := w.add(t, ctx, "a.mp4", 1).Ref()
		a := heard(0, 4000, "S1", "we met their yesterday")
		a.Words = nil
		for n, text := range []string{"we", "met", "their", "yesterday"} {
			a.Words = append(a.Words, media.Word{Text: text, Start: media.FromMS(int64(n) * 1000), End: media.FromMS(int64(n)*1000 + 800), Score: 0.5})
		}
		must(t, w.PutResults(ctx, ref, library.Results{Track: media.TrackSpeech, Source: "speech", Run: "r", List: []media.Annotation{a}}))
		list, err := w.Annotations(ctx, ref)
		must(t, err)
		text := "We met over there, yesterday."
		got, err := w.EditAnnotation(person(t, access.MainTenant, access.RoleEditor), ref.Asset, list[0].ID, library.NoteIn{Text: &text})
		must(t, err)
		var starts []int64
		for _, x := range got.Words {
			starts = append(starts, x.Start.MS())
		}
		if diff := cmp.Diff([]int64{0, 1000, 1800, 2400, 3000}, starts); diff != "" {
			t.Error(diff)
		}
	})
}
