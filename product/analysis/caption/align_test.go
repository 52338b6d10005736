package caption_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"showreel/media"
	"showreel/product/analysis/caption"
)

// speech is n words of a vocabulary of Zipf's frequencies, 0.3 s each with pauses, and what a person would caption of it.
func speech(n int, seed uint64) (heard []media.Word, cues []caption.Timed) {
	r := rand.New(rand.NewPCG(seed, 1))
	z := rand.NewZipf(r, 1.1, 2, 2000)
	at := media.Second
	var line []string
	var from media.Time
	for k := range n {
		w := fmt.Sprintf("w%x", z.Uint64()*2654435761)
		length := media.Second * media.Time(20+r.IntN(20)) / 100
		heard = append(heard, media.Word{Text: w, Start: at, End: at + length, Score: 0.9})
		if len(line) == 0 {
			from = at
		}
		line = append(line, w)
		at += length + media.Second*media.Time(r.IntN(10))/100
		if len(line) == 8 || k == n-1 {
			cues = append(cues, caption.Timed{Range: media.Range{Start: from, End: at}, Text: strings.ToUpper(line[0]) + " " + strings.Join(line[1:], " ") + "."})
			line, at = nil, at+media.Second/2
		}
	}
	return heard, cues
}

// displaced moves cues by an offset and a factor.
func displaced(cues []caption.Timed, by media.Time, factor float64) []caption.Timed {
	out := make([]caption.Timed, len(cues))
	for n, c := range cues {
		move := func(t media.Time) media.Time { return by + media.Time(float64(t)*factor) }
		out[n] = caption.Timed{Range: media.Range{Start: move(c.Range.Start), End: move(c.Range.End)}, Text: c.Text}
	}
	return out
}

// farthest is the largest distance of a start from where it should be, in seconds.
func farthest(got []media.Range, want []caption.Timed) float64 {
	most := 0.0
	for n := range got {
		d := (got[n].Start - want[n].Range.Start).Seconds()
		most = max(most, d, -d)
	}
	return most
}

func TestLateCaptionsAreMoved(t *testing.T) {
	heard, truth := speech(1200, 1)
	for _, c := range []struct {
		late   media.Time
		factor float64
	}{{2400 * media.Millisecond, 1}, {-1500 * media.Millisecond, 1}, {0, 25.0 / 24}, {3 * media.Second, 24.0 / 25}, {0, 1}, {95 * media.Second, 1}} {
		given := displaced(truth, c.late, c.factor)
		got := caption.Align(given, heard)
		if got.Share() < 0.99 || got.Found != len(truth) {
			t.Errorf("%v ×%.3f: %d of %d words, %d of %d cues", c.late.Seconds(), c.factor, got.Matched, got.Words, got.Found, len(truth))
		}
		first := given[0].Range.Start - truth[0].Range.Start
		last := given[len(given)-1].Range.Start - truth[len(truth)-1].Range.Start
		if d := (got.First - first).Seconds(); d > 0.3 || d < -0.3 {
			t.Errorf("%v ×%.3f: at the start %.2f s late, is %.2f", c.late.Seconds(), c.factor, got.First.Seconds(), first.Seconds())
		}
		if d := (got.Last - last).Seconds(); d > 0.5 || d < -0.5 {
			t.Errorf("%v ×%.3f: at the end %.2f s late, is %.2f", c.late.Seconds(), c.factor, got.Last.Seconds(), last.Seconds())
		}
		if far := farthest(got.Ranges, truth); far > 0.01 {
			t.Errorf("%v ×%.3f: a cue is %.2f s from its words", c.late.Seconds(), c.factor, far)
		}
	}
}

// TestPeoplesTextMayDiffer: a tenth of the words is written otherwise, some cues are not heard at all, and the machine
// leaves out a stretch.
func TestPeoplesTextMayDiffer(t *testing.T) {
	heard, truth := speech(1500, 2)
	r := rand.New(rand.NewPCG(7, 7))
	given := displaced(truth, 4*media.Second, 1)
	silent := map[int]bool{}
	for n := range given {
		words := strings.Fields(given[n].Text)
		for k := range words {
			if r.IntN(10) == 0 {
				words[k] = "otherwise"
			}
		}
		given[n].Text = strings.Join(words, "\n")
		if n%20 == 10 {
			given[n].Text, silent[n] = "[Musik setzt ein]", true
		}
	}
	heard = append(heard[:600:600], heard[700:]...)
	got := caption.Align(given, heard)
	for n, q := range got.Ranges {
		lag := (q.Start - truth[n].Range.Start).Seconds()
		if most := map[bool]float64{true: 0.6, false: 0.35}[silent[n]]; lag > most || lag < -most {
			t.Errorf("cue %d (silent %t) is %.2f s off", n, silent[n], lag)
		}
		if q.Empty() || n > 0 && q.Start < got.Ranges[n-1].End {
			t.Errorf("cue %d %v overlaps the one before, %v", n, q, got.Ranges[n-1])
		}
	}
	if got.Share() < 0.75 || got.Share() > 0.95 || len(got.Ranges) != len(given) {
		t.Errorf("%d of %d words are found", got.Matched, got.Words)
	}
}

func TestAnotherFilmsCaptionsStay(t *testing.T) {
	heard, _ := speech(400, 3)
	var given []caption.Timed
	for n := range 50 {
		at := media.Time(n) * 4 * media.Second
		given = append(given, caption.Timed{Range: media.Range{Start: at, End: at + 2*media.Second}, Text: fmt.Sprintf("ganz andere Worte %d stehen hier", n)})
	}
	got := caption.Align(given, heard)
	if got.Share() > 0.1 {
		t.Errorf("%d of %d words are found in another film", got.Matched, got.Words)
	}
	if len(heard) == 0 || len(caption.Align(nil, heard).Ranges) != 0 || caption.Align(given, nil).Ranges[3] != given[3].Range {
		t.Error("nothing to align is left alone")
	}
}

func TestScriptsWithoutSpaces(t *testing.T) {
	var heard []media.Word
	at := media.Time(0)
	for _, w := range []string{"今日", "は", "橋", "が", "開通", "します", "市長", "が", "話", "しました"} {
		heard = append(heard, media.Word{Text: w, Start: at, End: at + media.Second/2})
		at += media.Second / 2
	}
	got := caption.Align([]caption.Timed{{Range: media.Range{Start: 3 * media.Second, End: 6 * media.Second}, Text: "今日は橋が開通します。"},
		{Range: media.Range{Start: 6 * media.Second, End: 8 * media.Second}, Text: "市長が話しました。"}}, heard)
	if got.Ranges[0].Start != 0 || got.Ranges[1].Start != 3*media.Second {
		t.Errorf("%+v", got)
	}
}

// TestADaysCaptionsAlign: 20,000 words on both sides are aligned without a table of all against all.
func TestADaysCaptionsAlign(t *testing.T) {
	heard, truth := speech(20_000, 4)
	got := caption.Align(displaced(truth, 1500*media.Millisecond, 1.001), heard)
	if far := farthest(got.Ranges, truth); got.Share() < 0.98 || far > 0.5 {
		t.Errorf("%d of %d words, a cue is %.2f s off", got.Matched, got.Words, far)
	}
}
