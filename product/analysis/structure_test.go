package analysis_test

import (
	"context"
	"hash/fnv"
	"strings"
	"testing"

	"showreel/engine/language"
	"showreel/engine/language/locallanguage"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/product/analysis/cluster"
	"showreel/product/library"
	"showreel/trust/access"
)

// bags gives a text the vector of its longer words: texts that share words lie close together.
type bags struct{}

func (bags) Embed(_ context.Context, texts []string) (language.Vectors, error) {
	out := language.Vectors{Model: "bags 1"}
	for _, text := range texts {
		v := make([]float32, 256)
		for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return r == ' ' || r == '.' }) {
			if len(w) > 4 {
				h := fnv.New32a()
				_, _ = h.Write([]byte(w))
				v[h.Sum32()%256]++
			}
		}
		out.Values = append(out.Values, cluster.Mean(v))
	}
	return out, nil
}

func TestChaptersFollowWhatIsSaid(t *testing.T) {
	s := open(t, t.TempDir(), func(d *analysis.Deps) {
		reads, err := locallanguage.New()
		must(t, err)
		d.Analyze, d.Embed = reads, bags{}
	})
	ref := s.filmOf(t, 120, media.Stream{Index: 0, Type: "video"}) // without sound: what is said is a person's
	track := media.TrackSpeech
	for n := range 20 {
		text := "The stone bridge over the river carries trams across the river bridge again."
		if n >= 10 {
			text = "Bakers sell fresh bread, and the bakery bread smells of fresh butter."
		}
		lang := "en"
		at := media.Range{Start: media.Time(n) * 5 * media.Second, End: media.Time(n)*5*media.Second + 4*media.Second}
		_, err := s.lib.Annotate(as(t, access.RoleEditor), ref, library.NoteIn{Track: &track, Range: &at, Text: &text, Lang: &lang})
		must(t, err)
	}
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Structure}})
	must(t, err)
	s.ended(t, ref)
	notes, err := s.lib.Annotations(as(t, access.RoleViewer), ref, media.TrackChapter, media.TrackSummary)
	must(t, err)
	var chapters, summary []media.Annotation
	for _, a := range notes {
		if a.Track == media.TrackChapter {
			chapters = append(chapters, a)
		} else {
			summary = append(summary, a)
		}
	}
	if len(chapters) != 2 || chapters[1].Range.Start != 50*media.Second {
		t.Fatalf("chapters: %+v", chapters)
	}
	if a, b := strings.ToLower(chapters[0].Text), strings.ToLower(chapters[1].Text); !strings.Contains(a, "bridge") && !strings.Contains(a, "river") || !strings.Contains(b, "bread") && !strings.Contains(b, "butter") && !strings.Contains(b, "baker") {
		t.Errorf("titles: %q, %q", chapters[0].Text, chapters[1].Text)
	}
	topics := 0
	for _, a := range summary {
		if strings.Contains(a.Text, "bread") {
			topics |= 1
		} else {
			topics |= 2
		}
	}
	if topics != 3 || summary[0].Model != "bags 1, LexRank" {
		t.Errorf("the summary leaves a topic out: %+v", summary)
	}
}
