package transcode_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"showreel/engine/transcode"
	"showreel/media"
)

var rate24 = media.Rate{Num: 24, Den: 1}

// trace is a flat trace with changes.
func trace(n int, luma func(i int) float64, cuts ...int64) []transcode.Score {
	out := make([]transcode.Score, n)
	for i := range out {
		out[i] = transcode.Score{Frame: int64(i), Value: 1, Luma: luma(i)}
	}
	for _, c := range cuts {
		out[c].Value = 20
	}
	return out
}

func starts(shots []media.Range) []int64 {
	var out []int64
	for _, s := range shots {
		out = append(out, rate24.Frame(s.Start))
	}
	return out
}

func TestShots(t *testing.T) {
	flat := func(int) float64 { return 100 }
	flash := func(i int) float64 {
		if i == 50 || i == 51 {
			return 220
		}
		return 100
	}
	fade := func(i int) float64 {
		switch {
		case i < 40 || i >= 90:
			return 100
		case i < 60:
			return 100 - 4.2*float64(i-40)
		case i < 70:
			return 16
		}
		return 16 + 4.2*float64(i-70)
	}
	toBlack := func(i int) float64 {
		if i >= 50 && i < 80 {
			return 16
		}
		return 100
	}
	tests := map[string]struct {
		scores []transcode.Score
		want   []int64
	}{
		"none":              {nil, []int64{0}},
		"cuts":              {trace(120, flat, 30, 70), []int64{0, 30, 70}},
		"too near":          {trace(120, flat, 30, 32), []int64{0, 30}},
		"at the very end":   {trace(120, flat, 118), []int64{0}},
		"flash is no cut":   {trace(120, flash, 50), []int64{0}},
		"fade":              {trace(120, fade), []int64{0, 65}},
		"cut to black":      {trace(120, toBlack, 50, 80), []int64{0, 50, 80}},
		"always dark":       {trace(120, func(int) float64 { return 18 }), []int64{0}},
		"below the measure": {trace(120, flat), []int64{0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := starts(transcode.Shots(tt.scores, rate24, 120))
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	if s := transcode.Shots(nil, rate24, 0); s != nil {
		t.Errorf("shots without frames: %v", s)
	}
}

// Shots always tile the whole timeline.
func TestShotsTile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 300).Draw(t, "frames")
		scores := make([]transcode.Score, rapid.IntRange(0, int(n)).Draw(t, "scores"))
		for i := range scores {
			scores[i] = transcode.Score{Frame: int64(i), Value: rapid.Float64Range(0, 30).Draw(t, "v"), Luma: rapid.Float64Range(10, 240).Draw(t, "y")}
		}
		at := media.Time(0)
		for _, s := range transcode.Shots(scores, rate24, n) {
			if s.Start != at || s.Empty() {
				t.Fatalf("shot %v begins elsewhere than %d", s, at)
			}
			at = s.End
		}
		if at != rate24.At(n) {
			t.Fatalf("shots end at %d", at)
		}
	})
}

func TestMergeSpans(t *testing.T) {
	ms := media.FromMS
	box := &media.Box{X: 0.1, Y: 0, W: 0.8, H: 1}
	other := &media.Box{X: 0.3, Y: 0, W: 0.4, H: 1}
	got := transcode.MergeSpans([][]transcode.Span{
		{{Kind: "black", Start: ms(500), End: ms(1000), OpenEnd: true}, {Kind: "freeze", Start: ms(200), End: ms(400)}, {Kind: "crop", Start: 0, End: ms(1000), Value: 0.2, Box: box, OpenEnd: true}},
		{{Kind: "black", Start: ms(1000), End: ms(2000), OpenStart: true, OpenEnd: true}, {Kind: "crop", Start: ms(1000), End: ms(2000), Value: 0.6, Box: other, OpenStart: true, OpenEnd: true}},
		{{Kind: "black", Start: ms(2000), End: ms(2100), OpenStart: true}, {Kind: "black", Start: ms(2500), End: ms(2600)}, {Kind: "freeze", Start: ms(2000), End: ms(2200), OpenStart: true}},
	})
	want := []transcode.Span{
		{Kind: "crop", Start: 0, End: ms(1000), Value: 0.2, Box: box, OpenEnd: true},
		{Kind: "freeze", Start: ms(200), End: ms(400)},
		{Kind: "black", Start: ms(500), End: ms(2100)},
		{Kind: "crop", Start: ms(1000), End: ms(2000), Value: 0.6, Box: other, OpenStart: true, OpenEnd: true},
		{Kind: "freeze", Start: ms(2000), End: ms(2200), OpenStart: true},
		{Kind: "black", Start: ms(2500), End: ms(2600)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
