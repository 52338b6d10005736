package ingest_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/product/ingest"
)

func template(t testing.TB, name string) ingest.Template {
	t.Helper()
	all, err := ingest.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		if x.Name == name {
			return x
		}
	}
	t.Fatalf("there is no template %s", name)
	return ingest.Template{}
}

func film(w, h int, fps media.Rate, seconds int64) media.Info {
	return media.Info{Kind: media.Video, Format: "mov,mp4", Duration: media.Time(seconds) * media.Second, Streams: []media.Stream{
		{Index: 0, Type: "video", Codec: "h264", Width: w, Height: h, SAR: [2]int{1, 1}, Rate: fps, Nominal: fps, Duration: media.Time(seconds) * media.Second},
		{Index: 1, Type: "audio", Codec: "aac", Lang: "en", Channels: 2, SampleRate: 48000, Default: true, Duration: media.Time(seconds) * media.Second},
	}}
}

func sizes(p transcode.Plan) []string {
	var out []string
	for _, r := range p.Rungs {
		out = append(out, fmt.Sprintf("%s %dx%d", r.Name, r.Width, r.Height))
	}
	return out
}

func TestLadderPrunesRungsAboveTheSource(t *testing.T) {
	r24 := media.Rate{Num: 24, Den: 1}
	for _, c := range []struct {
		name  string
		info  media.Info
		rungs []string
	}{
		{"full hd", film(1920, 1080, r24, 60), []string{"v1080-avc 1920x1080", "v720-avc 1280x720", "v480-avc 852x480", "v360-avc 640x360"}},
		{"scope", film(1920, 800, r24, 60), []string{"v1080-avc 1920x800", "v720-avc 1280x532", "v480-avc 852x356", "v360-avc 640x266"}},
		{"upright", film(1080, 1920, r24, 60), []string{"v1080-avc 1080x1920", "v720-avc 720x1280", "v480-avc 480x852", "v360-avc 360x640"}},
		{"between rungs", film(1600, 900, r24, 60), []string{"v900-avc 1600x900", "v720-avc 1280x720", "v480-avc 852x480", "v360-avc 640x360"}},
		{"just above a rung", film(1366, 768, r24, 60), []string{"v720-avc 1280x720", "v480-avc 852x480", "v360-avc 640x360"}},
		{"tiny", film(161, 91, r24, 2), []string{"v90-avc 160x90"}},
		{"4k", film(3840, 2160, r24, 60), []string{"v1080-avc 1920x1080", "v720-avc 1280x720", "v480-avc 852x480", "v360-avc 640x360"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ingest.Plan(template(t, "web"), c.info)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.rungs, sizes(p)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRotationSwapsTheLadder(t *testing.T) {
	info := film(1920, 1080, media.Rate{Num: 30, Den: 1}, 10)
	info.Streams[0].Rotate = 90
	p, err := ingest.Plan(template(t, "web"), info)
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Rungs[0]; r.Width != 1080 || r.Height != 1920 {
		t.Errorf("the first rung of a turned film is %dx%d, want 1080x1920", r.Width, r.Height)
	}
	if p.Picture.Rotate != 0 {
		t.Errorf("the source's own rotation flag needs no entry, got %d", p.Picture.Rotate)
	}
}

func TestTimeGrid(t *testing.T) {
	for _, c := range []struct {
		name       string
		rate       media.Rate
		seconds    int64
		gop, chunk int
	}{
		{"2 s is one chunk", media.Rate{Num: 24, Den: 1}, 2, 48, 48},
		{"30 s is one chunk", media.Rate{Num: 24, Den: 1}, 30, 48, 720},
		{"60 s is two equal chunks", media.Rate{Num: 24, Den: 1}, 60, 48, 720},
		{"drop-frame rate", media.Rate{Num: 30000, Den: 1001}, 120, 60, 1200},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ingest.Plan(template(t, "web"), film(640, 360, c.rate, c.seconds))
			if err != nil {
				t.Fatal(err)
			}
			if p.GOPFrames != c.gop || p.ChunkFrames != c.chunk {
				t.Errorf("GOP %d chunk %d, want %d and %d", p.GOPFrames, p.ChunkFrames, c.gop, c.chunk)
			}
		})
	}
}

func TestPictureIsMadePlayable(t *testing.T) {
	info := film(1920, 1080, media.Rate{Num: 25, Den: 1}, 10)
	info.Streams[0].FieldOrder = "tt"
	info.Streams[0].Transfer = "smpte2084"
	p, err := ingest.Plan(template(t, "web"), info)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Picture.Deinterlace || !p.Picture.ToneMap {
		t.Errorf("interlaced HDR must be deinterlaced and tone-mapped: %+v", p.Picture)
	}
}

func TestVariableRateIsConformed(t *testing.T) {
	info := film(1280, 720, media.Rate{Num: 27413, Den: 1000}, 10)
	info.Streams[0].VFR = true
	p, err := ingest.Plan(template(t, "web"), info)
	if err != nil {
		t.Fatal(err)
	}
	if want := (media.Rate{Num: 30000, Den: 1001}); p.Rate != want {
		t.Errorf("rate %v, want %v", p.Rate, want)
	}
	fast := film(1280, 720, media.Rate{Num: 120, Den: 1}, 10)
	if p, err = ingest.Plan(template(t, "web"), fast); err != nil || p.Rate.FPS() != 60 {
		t.Errorf("120 fps must be halved to 60, got %v, %v", p.Rate, err)
	}
}

func TestEveryAudioTrackIsKept(t *testing.T) {
	info := film(640, 360, media.Rate{Num: 25, Den: 1}, 10)
	info.Streams = append(info.Streams,
		media.Stream{Index: 2, Type: "audio", Codec: "ac3", Lang: "de", Channels: 6},
		media.Stream{Index: 3, Type: "audio", Codec: "aac", Lang: "en", Channels: 2, Title: "Commentary"},
		media.Stream{Index: 4, Type: "subtitle", Codec: "subrip", Lang: "en"},
		media.Stream{Index: 5, Type: "subtitle", Codec: "hdmv_pgs_subtitle", Lang: "en"})
	p, err := ingest.Plan(template(t, "web"), info)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range p.Audios {
		got = append(got, a.Name)
	}
	if diff := cmp.Diff([]string{"a-en-aac128", "a-de-aac128", "a-de-aac384", "a-en-aac128-2"}, got); diff != "" {
		t.Error(diff)
	}
	if len(p.Subtitles) != 1 || p.Subtitles[0].Name != "t-en" {
		t.Errorf("text subtitles are kept, pictures are not: %+v", p.Subtitles)
	}
}

func TestSocialFrames(t *testing.T) {
	p, err := ingest.Plan(template(t, "social-9x16"), film(1920, 1080, media.Rate{Num: 25, Den: 1}, 10))
	if err != nil {
		t.Fatal(err)
	}
	if p.Picture.Fit != "cover" || p.Picture.Width != 608 || p.Picture.Height != 1080 {
		t.Errorf("a wide source is cut to its full height: %+v", p.Picture)
	}
	p, err = ingest.Plan(template(t, "social-1x1"), film(1920, 1080, media.Rate{Num: 25, Den: 1}, 10))
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Rungs[0]; r.Width != 1080 || r.Height != 1080 || p.Picture.Fit != "blur" {
		t.Errorf("square: %+v %+v", p.Picture, p.Rungs)
	}
}

func TestNothingToMake(t *testing.T) {
	silent := film(640, 360, media.Rate{Num: 25, Den: 1}, 5)
	silent.Streams = silent.Streams[:1]
	_, err := ingest.Plan(template(t, "audio-podcast"), silent)
	if fault.CodeOf(err) != "nothing-to-make" {
		t.Errorf("a podcast of a silent film: %v", err)
	}
}

func TestPlansAreAlwaysSound(t *testing.T) {
	all, err := ingest.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		tpl := rapid.SampledFrom(all).Draw(rt, "template")
		rate := media.Rate{Num: rapid.Int64Range(1, 240_000).Draw(rt, "num"), Den: rapid.SampledFrom([]int64{1, 1000, 1001}).Draw(rt, "den")}
		info := film(rapid.IntRange(1, 8192).Draw(rt, "w"), rapid.IntRange(1, 8192).Draw(rt, "h"), rate, rapid.Int64Range(1, 20_000).Draw(rt, "s"))
		info.Streams[0].Rotate = rapid.SampledFrom([]int{0, 90, 180, 270}).Draw(rt, "rotate")
		info.Streams[0].VFR = rapid.Bool().Draw(rt, "vfr")
		info.Streams[1].Channels = rapid.IntRange(0, 8).Draw(rt, "channels")
		p, err := ingest.Plan(tpl, info)
		if err != nil {
			rt.Fatalf("%s: %v", tpl.Name, err)
		}
		w, h := info.Streams[0].Shown()
		for _, r := range p.Rungs {
			if p.Picture.Fit == "" && (r.Width > max(w, 2) || r.Height > max(h, 2)) {
				rt.Fatalf("rung %s of %dx%d enlarges %dx%d", r.Name, r.Width, r.Height, w, h)
			}
		}
	})
}
