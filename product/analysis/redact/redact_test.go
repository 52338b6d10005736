package redact_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/media"
	"showreel/product/analysis/redact"
)

const ms = media.Millisecond

func TestSilencesAreWiderAndJoined(t *testing.T) {
	marks := []redact.Mark{
		{In: redact.InSound, Range: media.Range{Start: 100 * ms, End: 500 * ms}},
		{In: redact.InSound, Range: media.Range{Start: 1100 * ms, End: 1500 * ms}}, // the rest of 50 ms between them goes too
		{In: redact.InSound, Range: media.Range{Start: 9900 * ms, End: 10_000 * ms}},
		{In: redact.InPicture, Range: media.Range{Start: 5000 * ms, End: 6000 * ms}},
	}
	want := []media.Range{{Start: 0, End: 1800 * ms}, {Start: 9650 * ms, End: 10_000 * ms}}
	if diff := cmp.Diff(want, redact.Silences(marks, 10*media.Second)); diff != "" {
		t.Error(diff)
	}
}

// TestAThingIsCoveredWhereverItIs moves a box that is seen at every look but some, and asks for it between the looks.
func TestAThingIsCoveredWhereverItIs(t *testing.T) {
	step := 80 * ms
	for name, at := range map[string]func(s float64) media.Box{
		"slow":   func(s float64) media.Box { return media.Box{X: 0.1 + 0.05*s, Y: 0.3, W: 0.05, H: 0.08} },
		"fast":   func(s float64) media.Box { return media.Box{X: 0.05 + 0.35*s, Y: 0.3, W: 0.02, H: 0.03} },
		"curved": func(s float64) media.Box { return media.Box{X: 0.1 + 0.3*s, Y: 0.2 + 0.2*s*s*0.4, W: 0.05, H: 0.05} },
	} {
		var looks []redact.Look
		for n := media.Time(0); n < 25; n++ {
			l := redact.Look{At: n * step}
			if n%7 != 3 { // it goes unseen now and then
				l.Hits = []redact.Hit{{Box: at(l.At.Seconds()), Kind: "face", Score: 0.9}}
			}
			looks = append(looks, l)
		}
		marks := redact.Follow(looks, step, "eyes 1")
		if len(marks) != 1 {
			t.Errorf("%s: %d things are one", name, len(marks))
		}
		covers := redact.Covers(marks, step)
		for s := 0.0; s < 1.9; s += 0.01 {
			if c := redact.Covered(covers, media.Time(s*float64(media.Second)), at(s)); c < 1 {
				t.Errorf("%s: %.0f %% of it is covered at %.2f s", name, 100*c, s)
			}
		}
	}
}

func TestTwoThingsStayTwo(t *testing.T) {
	var looks []redact.Look
	for n := media.Time(0); n < 10; n++ {
		looks = append(looks, redact.Look{At: n * 80 * ms, Hits: []redact.Hit{
			{Box: media.Box{X: 0.1, Y: 0.3, W: 0.1, H: 0.1}, Kind: "face"}, {Box: media.Box{X: 0.3, Y: 0.3, W: 0.1, H: 0.1}, Kind: "face"}}})
	}
	if marks := redact.Follow(looks, 80*ms, "eyes 1"); len(marks) != 2 {
		t.Errorf("%d marks", len(marks))
	}
}

func TestOneSightIsCoveredAllAround(t *testing.T) {
	marks := redact.Follow([]redact.Look{{At: media.Second, Hits: []redact.Hit{{Box: media.Box{X: 0.5, Y: 0.5, W: 0.02, H: 0.03}, Kind: "face"}}}}, 80*ms, "eyes 1")
	if c := redact.Covered(redact.Covers(marks, 80*ms), media.Second, media.Box{X: 0.47, Y: 0.46, W: 0.08, H: 0.1}); c < 1 {
		t.Errorf("%.2f of what is around it is covered", c)
	}
}

func TestANamedRangeIsTakenAtItsWord(t *testing.T) {
	box := media.Box{X: 0.2, Y: 0.2, W: 0.2, H: 0.2}
	c := redact.Cover(redact.Mark{In: redact.InPicture, Kind: "range", Spots: []media.Spot{{At: 0, Box: box}, {At: media.Second, Box: box}}}, 80*ms)
	if got, ok := c.At(media.Second / 2); !ok || got != box {
		t.Error(got, ok)
	}
	if _, ok := c.At(media.Second + 1); ok {
		t.Error("it goes on")
	}
}

func TestCaptionsAreMasked(t *testing.T) {
	w := func(text string, from, to int64) media.Word {
		return media.Word{Text: text, Start: media.FromMS(from), End: media.FromMS(to)}
	}
	got := redact.Words([]media.Word{w("Call", 0, 300), w("zero", 400, 600), w("two", 700, 900), w("now.", 1500, 1800)}, []media.Range{{Start: 350 * ms, End: 1000 * ms}})
	if diff := cmp.Diff([]media.Word{w("Call", 0, 300), w(redact.Masked, 400, 900), w("now.", 1500, 1800)}, got); diff != "" {
		t.Error(diff)
	}
	if !redact.Holds("“Berlin”,", []string{"berlin"}) || redact.Holds("Berliner", []string{"berlin"}) || redact.Holds("...", []string{""}) {
		t.Error("words are compared whole, without case and punctuation")
	}
}

func TestRatesSayWhatWasMeasured(t *testing.T) {
	for _, r := range redact.Rates() {
		if r.Kind == "" || r.Set == "" || r.Missed > r.Of {
			t.Error(r)
		}
	}
}
