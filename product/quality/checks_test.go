package quality_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/product/quality"
)

func policy(t testing.TB, name string) quality.Policy {
	t.Helper()
	all, err := quality.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := all[name]
	if !ok {
		t.Fatalf("there is no policy %s", name)
	}
	return p
}

func sec(s float64) media.Time { return media.FromSeconds(s) }

// track is a complete track of n segments of two seconds.
func track(name, kind string, n int) cmaf.Track {
	t := cmaf.Track{Name: name, Kind: kind, Codec: "avc1.640028", Timescale: 24000, AverageBPS: 1000, PeakBPS: 2000, Complete: true, Parts: []cmaf.Part{{Key: "k", Size: 1 << 20}}}
	for i := range n {
		t.Segments = append(t.Segments, cmaf.Segment{Offset: int64(i * 100), Size: 100, Start: int64(i * 48000), Duration: 48000, Keyframe: true})
	}
	if kind == cmaf.KindAudio {
		t.Codec, t.SampleRate = "mp4a.40.2", 48000
	}
	return t
}

// good is evidence that no policy objects to: 60 s at 24 frames a second.
func good() quality.Evidence {
	return quality.Evidence{
		Plan: transcode.Plan{
			Info: media.Info{Duration: sec(60), Streams: []media.Stream{{Index: 0, Type: "video"}, {Index: 1, Type: "audio", Duration: sec(60)}}},
			Rate: media.Rate{Num: 24, Den: 1}, Frames: 1440, Rungs: []transcode.Rung{{Name: "v360-avc"}, {Name: "v180-avc"}},
			Audios: []transcode.AudioOut{{Name: "a-en-aac128", Stream: 1, TargetLUFS: -23}},
		},
		Loudness: map[string]transcode.Loudness{"a-en-aac128": {IntegratedLUFS: -23.2, TruePeakDBTP: -3}},
		SSIM:     map[string]float64{"v360-avc": 0.98, "v180-avc": 0.97},
		Index:    cmaf.Index{Duration: sec(60), Tracks: []cmaf.Track{track("v360-avc", cmaf.KindVideo, 30), track("v180-avc", cmaf.KindVideo, 30), track("a-en-aac128", cmaf.KindAudio, 30)}},
	}
}

func checks(found []quality.Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Check)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestGoodFilmPassesEveryPolicy(t *testing.T) {
	all, err := quality.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range all {
		ev := good()
		if name != "broadcast" {
			ev.Plan.Audios[0].TargetLUFS = -23
		}
		if found := quality.Judge(p, ev); len(found) != 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestEachCheckFinds(t *testing.T) {
	span := func(kind string, from, to, value float64) transcode.Span {
		return transcode.Span{Kind: kind, Start: sec(from), End: sec(to), Value: value}
	}
	for name, c := range map[string]struct {
		spoil func(ev *quality.Evidence)
		check string
	}{
		"lost frames": {func(ev *quality.Evidence) { ev.Index.Tracks[0].Segments[29].Duration -= 5000 }, quality.CheckFrames},
		"short sound": {func(ev *quality.Evidence) { ev.Index.Tracks[2].Segments = ev.Index.Tracks[2].Segments[:29] }, quality.CheckDuration},
		"late sound":  {func(ev *quality.Evidence) { ev.Index.Tracks[2].Segments[0].Start = 2400 }, quality.CheckSkew},
		"late sound, though the index says otherwise": {func(ev *quality.Evidence) {
			ev.Starts = map[string]media.Time{"v360-avc": 0, "v180-avc": 0, "a-en-aac128": sec(0.041)}
		}, quality.CheckSkew},
		"damaged source": {func(ev *quality.Evidence) { ev.Damage = []string{"12 frames could not be decoded."} }, quality.CheckDecode},
		"black":          {func(ev *quality.Evidence) { ev.Spans = []transcode.Span{span("black", 20, 24, 0)} }, quality.CheckBlack},
		"freeze":         {func(ev *quality.Evidence) { ev.Spans = []transcode.Span{span("freeze", 20, 24, 0)} }, quality.CheckFreeze},
		"silence":        {func(ev *quality.Evidence) { ev.Spans = []transcode.Span{span("silence", 20, 24, 0)} }, quality.CheckSilence},
		"border":         {func(ev *quality.Evidence) { ev.Spans = []transcode.Span{span("crop", 0, 60, 0.2)} }, quality.CheckCrop},
		"comb lines":     {func(ev *quality.Evidence) { ev.Spans = []transcode.Span{span("interlace", 0, 60, 0.9)} }, quality.CheckInterlace},
		"quiet":          {func(ev *quality.Evidence) { ev.Loudness["a-en-aac128"] = transcode.Loudness{IntegratedLUFS: -30} }, quality.CheckLoudness},
		"clipping": {func(ev *quality.Evidence) {
			ev.Loudness["a-en-aac128"] = transcode.Loudness{IntegratedLUFS: -23, TruePeakDBTP: 0.5}
		}, quality.CheckTruePeak},
		"weak rung": {func(ev *quality.Evidence) { ev.SSIM["v180-avc"] = 0.5 }, quality.CheckSimilarity},
		"fast caption": {func(ev *quality.Evidence) {
			ev.Captions = map[string]string{"t-en": "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n" + strings.Repeat("x", 60) + "\n"}
		}, quality.CheckCaptionSpeed},
		"backward caption": {func(ev *quality.Evidence) {
			ev.Captions = map[string]string{"t-en": "WEBVTT\n\n00:00:05.000 --> 00:00:04.000\nHi\n"}
		}, quality.CheckCaptionTimes},
		"overlap": {func(ev *quality.Evidence) {
			ev.Captions = map[string]string{"t-en": "WEBVTT\n\n00:01.000 --> 00:04.000\nHi\n\n00:03.000 --> 00:05.000\nHo\n"}
		}, quality.CheckCaptionTimes},
		"missing rung": {func(ev *quality.Evidence) { ev.Index.Tracks = ev.Index.Tracks[1:] }, quality.CheckManifest},
		"hole":         {func(ev *quality.Evidence) { ev.Index.Tracks[1].Segments[5].Start += 100 }, quality.CheckManifest},
		"no key frame": {func(ev *quality.Evidence) { ev.Index.Tracks[0].Segments[3].Keyframe = false }, quality.CheckManifest},
		"unfinished":   {func(ev *quality.Evidence) { ev.Index.Tracks[0].Complete = false }, quality.CheckManifest},
	} {
		t.Run(name, func(t *testing.T) {
			ev := good()
			c.spoil(&ev)
			found := quality.Judge(policy(t, "broadcast"), ev)
			if !slices.Contains(checks(found), c.check) {
				t.Errorf("found %v, want %s", checks(found), c.check)
			}
			for _, f := range found {
				if f.Range.Empty() || f.Text == "" || f.Severity == "" {
					t.Errorf("a finding needs a range, a text and a severity: %+v", f)
				}
			}
		})
	}
}

func TestHeadTailAndDeclaredInterlaceAreLetPass(t *testing.T) {
	ev := good()
	ev.Plan.Picture.Deinterlace = true
	ev.Spans = []transcode.Span{
		{Kind: "black", Start: 0, End: sec(3)}, {Kind: "black", Start: sec(57), End: sec(60)},
		{Kind: "silence", Start: sec(30), End: sec(31)}, {Kind: "interlace", Start: 0, End: sec(60), Value: 1},
	}
	if diff := cmp.Diff([]string(nil), checks(quality.Judge(policy(t, "broadcast"), ev))); diff != "" {
		t.Error(diff)
	}
	ev.Spans = []transcode.Span{{Kind: "black", Start: 0, End: sec(60)}}
	if got := checks(quality.Judge(policy(t, "broadcast"), ev)); len(got) != 1 {
		t.Errorf("a film that is black from end to end must be told: %v", got)
	}
}

func TestPoliciesAreChecked(t *testing.T) {
	for name, text := range map[string]string{
		"unknown check":    "name: x\nversion: 1\nchecks: { nonsense: { severity: error } }\n",
		"unknown severity": "name: x\nversion: 1\nchecks: { black: { severity: loud } }\n",
		"unknown field":    "name: x\nchecks: { black: { severity: error, maximum: 3 } }\n",
		"no checks":        "name: x\n",
		"no yaml":          "\t{",
	} {
		if _, err := quality.ParsePolicy([]byte(text)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzCaptions(f *testing.F) {
	f.Add("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHi\n")
	f.Add("00:01.000 --> 99:99:99.999 align:start\n<b>x</b>")
	f.Add("-->")
	p := policy(f, "broadcast")
	f.Fuzz(func(t *testing.T, text string) {
		ev := good()
		ev.Captions = map[string]string{"t-en": text}
		for _, found := range quality.Judge(p, ev) {
			if found.Range.Empty() {
				t.Errorf("an empty range: %+v", found)
			}
		}
	})
}
