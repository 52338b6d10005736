package glossary_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"showreel/media"
	"showreel/product/analysis/glossary"
)

func words(text string) []media.Word {
	var out []media.Word
	for n, f := range strings.Fields(text) {
		out = append(out, media.Word{Text: f, Start: media.Time(n) * media.Second, End: media.Time(n+1) * media.Second, Score: 0.8})
	}
	return out
}

func text(list []media.Word) string {
	var out []string
	for _, w := range list {
		out = append(out, w.Text)
	}
	return strings.Join(out, " ")
}

func TestTermsGetTheirSpelling(t *testing.T) {
	book := glossary.New([]glossary.Term{{Text: "Kubernetes", Sounds: []string{"cooper netties"}}, {Text: "Showreel"}, {Text: "Ada Lovelace"},
		{Text: "Siobhan"}, {Text: "Grüner Veltliner", Lang: "de"}, {Text: "SAP"}, {Text: "PostgreSQL"}})
	for in, want := range map[string]string{
		"We run Cubernetes, today.":            "We run Kubernetes, today.",
		"we run cooper netties there":          "we run Kubernetes there",
		"A show real of ours":                  "A Showreel of ours",
		"said Ada Loveless.":                   "said Ada Loveless.",
		"said Ada Lovlace.":                    "said Ada Lovelace.",
		"by ada lovelase's notes":              "by Ada Lovelace's notes",
		"the sap is sweet":                     "the SAP is sweet",
		"the soap is sweet":                    "the soap is sweet",
		"in post gres SQL or":                  "in post gres SQL or",
		"in postgresequel or":                  "in postgresequel or",
		"in Postgre SQL, or":                   "in PostgreSQL, or",
		"we showed real films. A show. Real!":  "we showed real films. A show. Real!",
		"ein gruner veltliner bitte":           "ein Grüner Veltliner bitte",
		"nothing at all to change here either": "nothing at all to change here either",
		"Showreel":                             "Showreel",
	} {
		got, changed := book.Correct(words(in), "")
		if text(got) != want || changed != (in != want) {
			t.Errorf("%q became %q (%v), want %q", in, text(got), changed, want)
		}
	}
	if got, _ := book.Correct(words("ein gruner veltliner bitte"), "en"); text(got) != "ein gruner veltliner bitte" {
		t.Error("a German term was put into English:", text(got))
	}
}

// TestCommonWordsStay: a glossary of names leaves ordinary speech alone.
func TestCommonWordsStay(t *testing.T) {
	book := glossary.New([]glossary.Term{{Text: "Marlowe"}, {Text: "Quaero"}, {Text: "Teradata"}, {Text: "Bergson"}, {Text: "Kafka"}})
	in := "The company will more or less follow what he said, query the data they had, and a person with coffee in a cave may borrow the tarot data cards."
	if got, _ := book.Correct(words(in), "en"); text(got) != in {
		t.Error(text(got))
	}
}

func TestTimesAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOfN(rapid.StringMatching(`[A-Z][a-z]{4,8}( [A-Z][a-z]{3,6})?`), 1, 4).Draw(t, "terms")
		in := words(rapid.StringMatching(`([A-Za-z']{1,9}[,.]? ){1,12}`).Draw(t, "text"))
		var list []glossary.Term
		for _, x := range terms {
			list = append(list, glossary.Term{Text: x})
		}
		got, _ := glossary.New(list).Correct(in, "en")
		if len(in) == 0 {
			return
		}
		if got[0].Start != in[0].Start || got[len(got)-1].End != in[len(in)-1].End {
			t.Fatalf("%q moved", text(in))
		}
		for n := 1; n < len(got); n++ {
			if got[n].Start < got[n-1].End || got[n].End < got[n].Start {
				t.Fatalf("%q: word %d is out of order", text(got), n)
			}
		}
		again, changed := glossary.New(list).Correct(got, "en")
		if changed && text(again) != text(got) && len(terms) == 1 {
			t.Fatalf("correcting twice changes %q to %q", text(got), text(again))
		}
	})
}
