package meaning_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/media"
	"showreel/product/analysis/meaning"
)

// speak is sentences of three and a half seconds with a pause of half a one, each about one of a few topics.
func speak(topics ...int) []meaning.Sentence {
	var out []meaning.Sentence
	for n, topic := range topics {
		at := media.Time(n) * 4 * media.Second
		v := make([]float32, 8)
		v[topic] = 0.995
		v[7] = 0.1 * float32(1-2*(n%2)) // no two sentences are quite alike
		out = append(out, meaning.Sentence{Range: media.Range{Start: at, End: at + 3500*media.Millisecond}, Text: "a sentence of some words", Vector: v})
	}
	return out
}

func seconds(list ...float64) (out []media.Time) {
	for _, s := range list {
		out = append(out, media.FromSeconds(s))
	}
	return out
}

func TestScenesFollowLooksAndTopic(t *testing.T) {
	said := speak(0, 0, 0, 0, 1, 1, 1, 1) // the topic turns at 16 s
	mute := speak(0, 0, 0, 0, 1, 1, 1, 1)
	for n := range mute {
		mute[n].Vector = nil
	}
	for _, x := range []struct {
		name   string
		starts []media.Time
		alike  []bool
		said   []meaning.Sentence
		want   []int
	}{
		{"by looks where nobody speaks", seconds(0, 5, 10, 15), []bool{false, true, false, true}, nil, []int{0, 2}},
		{"pictures under one talk are its scene", seconds(0, 3.8, 7.8), []bool{false, false, false}, said, []int{0}},
		{"back in the studio, but about something else", seconds(0, 15.8), []bool{false, true}, said, []int{0, 1}},
		{"no cut within a sentence begins a scene", seconds(0, 17), []bool{false, false}, said, []int{0}},
		{"without vectors the looks count, between sentences", seconds(0, 7.8, 17), []bool{false, false, false}, mute, []int{0, 1}},
		{"far from any talk the looks count", seconds(0, 60), []bool{false, false}, said, []int{0, 1}},
	} {
		if diff := cmp.Diff(x.want, meaning.Scenes(x.starts, x.alike, x.said)); diff != "" {
			t.Errorf("%s: %s", x.name, diff)
		}
	}
}
