package cmaf_test

import (
	"testing"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
)

func TestCutVTT(t *testing.T) {
	const in = "WEBVTT\nKind: captions\n\nNOTE kept\n\n1\n00:01.000 --> 00:03.000 align:start\nHello\nthere\n\n01:00:00.000 --> 01:00:01.000\nlate\n"
	got, err := cmaf.CutVTT([]byte(in), media.Range{Start: 2 * media.Second, End: 10 * media.Second})
	want := "WEBVTT\nKind: captions\n\nNOTE kept\n\n1\n00:00:00.000 --> 00:00:01.000 align:start\nHello\nthere\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%q\n%q", err, got, want)
	}
	got, err = cmaf.CutVTT([]byte(in), media.Range{Start: 3600 * media.Second, End: 3601 * media.Second})
	want = "WEBVTT\nKind: captions\n\nNOTE kept\n\n00:00:00.000 --> 00:00:01.000\nlate\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%q\n%q", err, got, want)
	}
	if _, err := cmaf.CutVTT([]byte("1\n00:00:01,000 --> 00:00:02,000\nSRT\n"), media.Range{}); !fault.Is(err, fault.Corrupt) {
		t.Errorf("SubRip: %v", err)
	}
}

func FuzzCutVTT(f *testing.F) {
	f.Add("WEBVTT\n\n00:01.000 --> 00:03.000 align:start\nHello\n", int64(1000), int64(2000))
	f.Fuzz(func(t *testing.T, in string, from, to int64) {
		_, _ = cmaf.CutVTT([]byte(in), media.Range{Start: media.Time(from), End: media.Time(to)}) // must not panic
	})
}
