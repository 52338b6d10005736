package analysis_test

import (
	"slices"
	"strings"
	"testing"

	"showreel/media"
	"showreel/product/library"
	"showreel/trust/access"
)

// TestSuggestionsNameTheirSources puts titles and descriptions together and holds every word to an annotation.
func TestSuggestionsNameTheirSources(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	ref, ctx := s.film(t, 8), system(t)
	empty, err := s.Suggest(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	if len(empty.Titles)+len(empty.Descriptions) != 0 {
		t.Errorf("of nothing: %+v", empty)
	}
	put := func(track media.Track, list ...media.Annotation) {
		for n := range list {
			list[n].Model = "m 1"
			if list[n].Range.Len() == 0 {
				list[n].Range = media.Range{Start: media.Time(n) * media.Second, End: media.Time(n+1) * media.Second}
			}
		}
		must(t, s.lib.PutResults(ctx, ref, library.Results{Track: track, Source: string(track), Run: "r", List: list}))
	}
	put(media.TrackChapter, media.Annotation{Label: "topic", Text: "mill bridge", Range: media.Range{End: 5 * media.Second}}, media.Annotation{Label: "topic", Text: "island ferry", Range: media.Range{Start: 5 * media.Second, End: 8 * media.Second}})
	put(media.TrackSummary, media.Annotation{Label: "sentence", Text: "The bridge is open."}, media.Annotation{Label: "sentence", Text: "The ferry leaves at six."})
	box := &media.Box{X: 0.1, Y: 0.8, W: 0.5, H: 0.06}
	put(media.TrackText, media.Annotation{Label: "text", Text: "THE HARBOUR BULLETIN", Score: 0.9, Box: box}, media.Annotation{Label: "text", Text: "The Harbour Bulletin", Score: 0.9, Box: box},
		media.Annotation{Label: "text", Text: "THE HARBOUR BULLETIN", Score: 0.9, Box: box}, media.Annotation{Label: "text", Text: "exit", Score: 0.9, Box: box})
	put(media.TrackEntity, media.Annotation{Label: "person", Text: "Clara Winslow", Score: 1}, media.Annotation{Label: "person", Text: "Clara Winslow", Score: 1})
	put(media.TrackLabel, media.Annotation{Label: "n1", Text: "suspension bridge", Score: 0.7})
	got, err := s.Suggest(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	var titles, descriptions []string
	for _, x := range got.Titles {
		titles = append(titles, x.Text)
	}
	for _, x := range got.Descriptions {
		descriptions = append(descriptions, x.Text)
	}
	for _, want := range []string{"THE HARBOUR BULLETIN", "Mill bridge, island ferry", "Clara Winslow"} {
		if !slices.Contains(titles, want) {
			t.Errorf("no title %q among %q", want, titles)
		}
	}
	for _, want := range []string{"The bridge is open. The ferry leaves at six.", "Mill bridge; Island ferry.", "Shows suspension bridge."} {
		if !slices.Contains(descriptions, want) {
			t.Errorf("no description %q among %q", want, descriptions)
		}
	}
	if descriptions[0] != "The bridge is open. The ferry leaves at six." {
		t.Errorf("what is said comes before what is seen: %q", descriptions)
	}
	for _, x := range append(got.Titles, got.Descriptions...) {
		all := ""
		for _, n := range x.Sources {
			all += " " + strings.ToLower(n.Text)
			if n.Annotation == "" || n.Model == "" {
				t.Errorf("%q has a source without an annotation or a model: %+v", x.Text, n)
			}
		}
		for word := range strings.FieldsFuncSeq(strings.ToLower(x.Text), func(r rune) bool { return strings.ContainsRune(" ,.;:", r) }) {
			if word != "shows" && word != "and" && !strings.Contains(all, word) {
				t.Errorf("%q: %q stands in none of its sources", x.Text, word)
			}
		}
	}
}
