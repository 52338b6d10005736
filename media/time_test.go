package media_test

import (
	"testing"

	"pgregory.net/rapid"

	"showreel/media"
)

var rates = []media.Rate{{Num: 24, Den: 1}, {Num: 25, Den: 1}, {Num: 30, Den: 1}, {Num: 50, Den: 1}, {Num: 60, Den: 1}, {Num: 24000, Den: 1001}, {Num: 30000, Den: 1001}, {Num: 60000, Den: 1001}}

func TestFramesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom(rates).Draw(t, "rate")
		n := rapid.Int64Range(0, 24*3600*60).Draw(t, "frame")
		at := rate.At(n)
		if got := rate.Frame(at); got != n {
			t.Fatalf("frame %d starts at %d, which is frame %d", n, at, got)
		}
		if got := rate.Frame(at - 1); n > 0 && got != n-1 {
			t.Fatalf("one flick before frame %d is frame %d", n, got)
		}
		if media.FromTicks(n*rate.Den, rate.Num) != at || at.Ticks(rate.Num) != n*rate.Den {
			t.Fatalf("ticks do not round-trip at frame %d", n)
		}
	})
}

func TestTimecode(t *testing.T) {
	ntsc := media.Rate{Num: 30000, Den: 1001}
	for _, c := range []struct {
		rate  media.Rate
		frame int64
		want  string
	}{
		{media.Rate{Num: 24, Den: 1}, 24*60 + 5, "00:01:00:05"},
		{ntsc, 1799, "00:00:59;29"},
		{ntsc, 1800, "00:01:00;02"},
		{ntsc, 17982, "00:10:00;00"},
		{ntsc, 107892, "01:00:00;00"},
		{media.Rate{Num: 60000, Den: 1001}, 3600, "00:01:00;04"},
	} {
		if got := c.rate.Timecode(c.rate.At(c.frame)); got != c.want {
			t.Errorf("%v frame %d: %s, want %s", c.rate, c.frame, got, c.want)
		}
	}
	if got := (media.Rate{}).Timecode(media.FromMS(3_723_004)); got != "01:02:03.004" {
		t.Errorf("without a rate: %s", got)
	}
}

func TestMergeRanges(t *testing.T) {
	got := media.MergeRanges([]media.Range{{Start: 0, End: 10}, {Start: 10, End: 20}, {Start: 25, End: 30}, {Start: 26, End: 27}}, 2)
	if len(got) != 2 || got[0].End != 20 || got[1] != (media.Range{Start: 25, End: 30}) {
		t.Fatalf("got %v", got)
	}
}

func TestShown(t *testing.T) {
	w, h := media.Stream{Width: 720, Height: 576, SAR: [2]int{64, 45}, Rotate: 90}.Shown()
	if w != 576 || h != 1024 {
		t.Fatalf("got %dx%d", w, h)
	}
}
