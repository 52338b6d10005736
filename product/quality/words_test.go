package quality_test

import (
	"regexp"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/product/quality"
)

// internal is how renditions are named inside: no finding says so to people.
var internal = regexp.MustCompile(`\b[avt]-?(und|en|de|pt|[0-9]{3,4})-[a-z0-9-]+|\bt-[a-z]{2}\b`)

func TestFindingsSpeakOfRenditionsInWords(t *testing.T) {
	p := policy(t, "broadcast")
	for name, c := range map[string]struct {
		spoil func(ev *quality.Evidence)
		want  string
	}{
		"loud": {func(ev *quality.Evidence) {
			ev.Plan.Info.Streams[1].Channels = 2
			ev.Plan.Audios[0].Codec, ev.Plan.Audios[0].Kbps = "aac", 128
			ev.Loudness["a-en-aac128"] = transcode.Loudness{IntegratedLUFS: -9, TruePeakDBTP: -3}
		}, "The AAC 128 kb/s stereo track has -9.0 LUFS"},
		"loud in German": {func(ev *quality.Evidence) {
			a := &ev.Plan.Audios[0]
			a.Codec, a.Kbps, a.Channels, a.Lang, a.Title = "aac", 384, 6, "de", "Kino"
			ev.Loudness["a-en-aac128"] = transcode.Loudness{IntegratedLUFS: -23, TruePeakDBTP: 2}
		}, "The AAC 384 kb/s 5.1 track “Kino” in German peaks"},
		"few frames": {func(ev *quality.Evidence) {
			ev.Plan.Rungs[0].Width, ev.Plan.Rungs[0].Height, ev.Plan.Rungs[0].Codec = 640, 360, "avc"
			ev.Index.Tracks[0].Segments[29].Duration -= 5000
		}, "The 360p H.264 picture has"},
		"missing": {func(ev *quality.Evidence) {
			ev.Plan.Rungs = append(ev.Plan.Rungs, transcode.Rung{Name: "v1080-avc", Width: 1080, Height: 1920, Codec: "hevc"})
		}, "The 1080p HEVC picture was planned and is missing."},
		"no segments": {func(ev *quality.Evidence) { ev.Index.Tracks[2].Segments, ev.Plan.Audios = nil, nil }, "The AAC track has no segments."},
		"captions": {func(ev *quality.Evidence) {
			ev.Captions = map[string]string{"t-pt-br-person": "WEBVTT\n\n00:02.000 --> 00:01.000\nHello\n", "t-und": "WEBVTT\n\n02:00.000 --> 02:01.000\nHello\n"}
		}, "One of the captions in Brazilian Portuguese ends before it starts."},
	} {
		ev := good()
		c.spoil(&ev)
		var texts []string
		for _, f := range quality.Judge(p, ev) {
			texts = append(texts, f.Text)
			if in := internal.FindString(f.Text); in != "" {
				t.Errorf("%s: %q says %q", name, f.Text, in)
			}
		}
		if all := strings.Join(texts, "\n"); !strings.Contains(all, c.want) {
			t.Errorf("%s: no finding says %q:\n%s", name, c.want, all)
		}
	}
}
