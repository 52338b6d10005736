package meaning_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"showreel/media"
	"showreel/product/analysis/meaning"
)

// talk is n sentences of 4 s about each topic in turn; a topic is an axis, with a little of its own in each sentence.
func talk(n int, topics ...int) []meaning.Sentence {
	var out []meaning.Sentence
	for _, topic := range topics {
		for range n {
			i := len(out)
			v := make([]float32, 40)
			v[topic], v[8+i%32] = 1, 0.5
			norm := float32(math.Sqrt(1.25))
			v[topic] /= norm
			v[8+i%32] /= norm
			at := media.Time(i) * 4 * media.Second
			out = append(out, meaning.Sentence{Range: media.Range{Start: at, End: at + 3*media.Second}, Text: fmt.Sprintf("This is sentence number %d.", i), Vector: v})
		}
	}
	return out
}

func TestChaptersBeginWhereTheTopicTurns(t *testing.T) {
	got := meaning.Chapters(talk(10, 0, 1, 2), []media.Time{39 * media.Second, 500 * media.Second}, 20*media.Second)
	if len(got) != 3 || got[1].First != 10 || got[2].First != 20 {
		t.Fatalf("%+v", got)
	}
	if got[1].Range.Start != 39*media.Second || got[0].Range.End != 39*media.Second {
		t.Errorf("a chapter begins where the scene does: %+v", got)
	}
	if got[1].Turn <= 0 || got[0].Turn != 0 {
		t.Errorf("%+v", got)
	}
}

func TestOneTopicIsOneChapter(t *testing.T) {
	if got := meaning.Chapters(talk(30, 0), nil, 20*media.Second); len(got) != 1 || got[0].Count != 30 {
		t.Errorf("%+v", got)
	}
	if got := meaning.Chapters(nil, nil, media.Second); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestNoChapterIsShorterThanAllowed(t *testing.T) {
	for _, c := range meaning.Chapters(talk(3, 0, 1, 2, 0, 1, 2, 3), nil, 30*media.Second) {
		if c.Range.Len() < 29*media.Second {
			t.Errorf("%+v", c)
		}
	}
}

func TestSummaryCoversEveryTopic(t *testing.T) {
	s := talk(10, 0, 1, 2)
	got := meaning.Summary(s, 3)
	if len(got) != 3 || !slices.IsSorted(got) {
		t.Fatal(got)
	}
	topics := map[int]bool{}
	for _, i := range got {
		topics[i/10] = true
	}
	if len(topics) != 3 {
		t.Errorf("%v repeats a topic", got)
	}
	if got := meaning.Summary(nil, 3); len(got) != 0 {
		t.Error(got)
	}
}

func TestBreaksPreferTheTurnInTheQuiet(t *testing.T) {
	s := talk(10, 0, 1)
	levels := []meaning.Level{{Range: media.Range{End: 79 * media.Second}, LUFS: -20}, {Range: media.Range{Start: 39 * media.Second, End: 40 * media.Second}, LUFS: -45}}
	edges := []meaning.Edge{
		{At: 39*media.Second + media.Second/2, Weight: 1}, // between the topics, in the quiet
		{At: 59*media.Second + media.Second/2, Weight: 1}, // within a topic, loud
		{At: 41 * media.Second, Weight: 1},                // amid a sentence
	}
	got := meaning.Breaks(edges, levels, s, 80*media.Second, 10*media.Second)
	if len(got) == 0 || got[0].At != edges[0].At {
		t.Fatalf("%+v", got)
	}
	for _, b := range got {
		if b.At == edges[2].At {
			t.Error("a sentence is cut in two")
		}
		if b.At == edges[1].At && b.Score >= got[0].Score {
			t.Errorf("%+v", got)
		}
	}
}
