package cmaf_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/cmaf/cmaftest"
)

func scan(t testing.TB, b []byte) cmaf.Track {
	t.Helper()
	tr, err := cmaf.Scan(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func small(start, seconds float64) cmaftest.Video {
	return cmaftest.Video{Width: 160, Height: 90, FPS: 24, GOP: 48, Start: start, Seconds: seconds}
}

func TestScanVideo(t *testing.T) {
	b := small(0, 4).Make(t)
	tr := scan(t, b)
	if tr.Kind != cmaf.KindVideo || tr.Codec != "avc1.64000b" && tr.Codec[:7] != "avc1.64" {
		t.Errorf("kind %s codec %s", tr.Kind, tr.Codec)
	}
	if tr.Width != 160 || tr.Height != 90 || tr.Rate != (media.Rate{Num: 24, Den: 1}) || tr.VideoRange != "SDR" {
		t.Errorf("format %dx%d %v %s", tr.Width, tr.Height, tr.Rate, tr.VideoRange)
	}
	if len(tr.Segments) != 2 || tr.Duration() != 4*media.Second {
		t.Fatalf("%d segments, %d ms", len(tr.Segments), tr.Duration().MS())
	}
	for i, s := range tr.Segments {
		if !s.Keyframe || s.KeyframeSize <= 0 || s.Start != int64(i)*2*24*512 || string(b[s.Offset+4:s.Offset+8]) != "moof" {
			t.Errorf("segment %d: %+v", i, s)
		}
	}
	if tr.AverageBPS <= 0 || tr.PeakBPS < tr.AverageBPS {
		t.Errorf("rates %d %d", tr.PeakBPS, tr.AverageBPS)
	}
}

func TestScanGroupsShortGOPs(t *testing.T) {
	v := small(0, 4)
	v.GOP = 12
	if tr := scan(t, v.Make(t)); len(tr.Segments) != 2 || tr.Segments[0].Duration != 2*24*512 {
		t.Fatalf("half-second GOPs should group into 2 s segments: %+v", tr.Segments)
	}
}

func TestScanAudio(t *testing.T) {
	tr := scan(t, cmaftest.Audio(t, 440, 4))
	if tr.Kind != cmaf.KindAudio || tr.Codec != "mp4a.40.2" || tr.SampleRate != 48000 || tr.Channels != 2 || len(tr.Segments) != 2 {
		t.Fatalf("%+v", tr)
	}
}

func TestScanRefuses(t *testing.T) {
	b := small(0, 2).Make(t)
	for _, c := range []struct {
		name string
		in   []byte
		code string
	}{
		{"empty", nil, "no-moov"},
		{"text", []byte("this is only a text file, not a film"), "truncated"},
		{"cut in mdat", b[:len(b)/2], "truncated"},
		{"cut in moov", b[:200], "truncated"},
		{"header only", b[:bytes.Index(b, []byte("moof"))-4], "no-frames"},
	} {
		_, err := cmaf.Scan(bytes.NewReader(c.in), int64(len(c.in)))
		if got := fault.CodeOf(err); got != c.code {
			t.Errorf("%s: code %s (%v), want %s", c.name, got, err, c.code)
		}
	}
}

func TestIndexRoundTrip(t *testing.T) {
	tr := scan(t, small(0, 2).Make(t))
	tr.Name, tr.Parts[0].Key = "v90-avc", "main/r/a/1/v90-avc.cmfv"
	x := cmaf.Index{Tracks: []cmaf.Track{tr}}
	x.Finish()
	b, err := x.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := cmaf.DecodeIndex(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(x, got); d != "" {
		t.Error(d)
	}
	if _, err := cmaf.DecodeIndex([]byte(`{"version":99}`)); !fault.Is(err, fault.Unsupported) {
		t.Errorf("a newer index: %v", err)
	}
	x.Tracks[0].Segments[0].Size = 1 << 40
	b, _ = x.Encode()
	if _, err := cmaf.DecodeIndex(b); !fault.Is(err, fault.Corrupt) {
		t.Errorf("a segment beyond its part: %v", err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add(tiny.Make(f))
	f.Add(cmaftest.Audio(f, 440, 0.2))
	f.Fuzz(func(t *testing.T, b []byte) {
		tr, err := cmaf.Scan(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if k := fault.KindOf(err); k != fault.Corrupt && k != fault.Unsupported {
				t.Fatalf("kind %s: %v", k, err)
			}
			return
		}
		var out bytes.Buffer
		again, err := cmaf.Retime(&out, bytes.NewReader(b), int64(len(b)), 1000, 7)
		if err != nil {
			return
		}
		if len(again.Segments) != len(tr.Segments) || again.Segments[0].Start != 1000 {
			t.Fatalf("retimed %d segments to %d from %d", len(tr.Segments), len(again.Segments), again.Segments[0].Start)
		}
	})
}

func TestPresent(t *testing.T) {
	b := small(0, 4).Make(t)
	got, err := cmaf.Present(bytes.NewReader(b), int64(len(b)))
	tr := scan(t, b)
	if want := (cmaf.Shown{Start: 0, End: 4 * int64(tr.Timescale), Samples: 96}); err != nil || got != want {
		t.Errorf("got %+v %v, want %+v", got, err, want)
	}
	if _, err := cmaf.Present(bytes.NewReader(b[:900]), 900); !fault.Is(err, fault.Corrupt) {
		t.Errorf("a cut file: %v", err)
	}
}
