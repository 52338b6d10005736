package transcodetest

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
)

func testSound(t *testing.T, s *transcode.Service) {
	t.Run("six tracks to one loudness", func(t *testing.T) { testSixTracks(t, s) })
	t.Run("quiet pause and peaks", func(t *testing.T) { testPause(t, s) })
	t.Run("late sound is in sync", func(t *testing.T) { testLateSound(t, s) })
	t.Run("sound only", func(t *testing.T) {
		src := Make(t, "a.mp3", "-f", "lavfi", "-i", "sine=f=300:d=2", "-c:a", "libmp3lame")
		info := probe(t, s, src)
		p := transcode.Plan{Info: info, WaveformPPS: 10, Audios: []transcode.AudioOut{{Name: "a", Stream: 0, Codec: "aac", Kbps: 64}}}
		r := newRunner(t, s, src, p)
		if f := r.one(transcode.KindAudio).Files[0]; f.Frames < 95000 || f.Frames > 101000 {
			t.Errorf("%d samples of 2 s", f.Frames)
		}
		if fs := r.one(transcode.KindSpeech).Files; len(fs) != 1 || fs[0].Role != transcode.RoleWaveform {
			t.Errorf("%+v", fs)
		}
	})
	t.Run("silence is not made louder", func(t *testing.T) {
		src := Make(t, "s.wav", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo:d=2")
		p := transcode.Plan{Info: probe(t, s, src), Audios: []transcode.AudioOut{{Name: "a", Codec: "aac", Kbps: 64, TargetLUFS: -16}}}
		res := newRunner(t, s, src, p).one(transcode.KindAudio)
		if !res.Loudness.Silent || res.Loudness.GainDB != 0 || len(res.Spans) != 1 || res.Spans[0].End < media.FromMS(1800) {
			t.Errorf("%+v %+v", res.Loudness, res.Spans)
		}
	})
}

func testSixTracks(t *testing.T, s *transcode.Service) {
	args := []string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=24:d=2"}
	maps := []string{"-map", "0:v"}
	for i := range 6 {
		n := string(rune('1' + i))
		args = append(args, "-f", "lavfi", "-i", "sine=f="+n+"00:d=2,volume=-"+n+"dB")
		maps = append(maps, "-map", n+":a", "-metadata:s:a:"+string(rune('0'+i)), "language="+[]string{"eng", "deu", "fra", "spa", "ita", "jpn"}[i])
	}
	src := Make(t, "six.mkv", append(append(args, maps...), "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")...)
	info := probe(t, s, src)
	if a := info.All("audio"); len(a) != 6 || a[1].Lang != "de" || a[5].Lang != "ja" {
		t.Fatalf("%+v", a)
	}
	r := newRunner(t, s, src, Tiny(info))
	tasks := r.kind(transcode.KindAudio)
	if len(tasks) != 6 {
		t.Fatalf("%d audio tasks", len(tasks))
	}
	for _, task := range []transcode.Task{tasks[0], tasks[5]} {
		res := r.run(task)
		if got := LUFS(t, res.Files[0].Path); math.Abs(got+16) > 1 {
			t.Errorf("%s: %f LUFS, want -16 (%+v)", task.ID, got, *res.Loudness)
		}
		if math.Abs(res.Loudness.IntegratedLUFS+16) > 0.5 || res.Loudness.TruePeakDBTP > -1 {
			t.Errorf("%+v", *res.Loudness)
		}
	}
}

// LUFS measures a file's integrated loudness on its own.
func LUFS(t testing.TB, path string) float64 {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-nostats", "-i", path, "-af", "ebur128", "-f", "null", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := string(out)
	_, after, _ := strings.Cut(text[strings.LastIndex(text, "Integrated loudness"):], "I:")
	v, err := parseFloat(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func testPause(t *testing.T, s *transcode.Service) {
	src := Make(t, "p.wav", "-f", "lavfi", "-i", "aevalsrc='if(between(t,1,2.5),0,0.95*sin(880*t)*sin(3*t))':d=4:s=44100")
	p := transcode.Plan{Info: probe(t, s, src), Speech: true, WaveformPPS: 20, Audios: []transcode.AudioOut{{Name: "a", Codec: "aac", Kbps: 96, TargetLUFS: -7, TruePeakDB: -1}}}
	r := newRunner(t, s, src, p)
	res := r.one(transcode.KindAudio)
	if len(res.Spans) != 1 || math.Abs(res.Spans[0].Start.Seconds()-1) > 0.1 || math.Abs(res.Spans[0].End.Seconds()-2.5) > 0.1 {
		t.Errorf("silence %+v", res.Spans)
	}
	if got := LUFS(t, res.Files[0].Path); math.Abs(got-res.Loudness.IntegratedLUFS) > 0.2 {
		t.Errorf("says %f LUFS, has %f", res.Loudness.IntegratedLUFS, got)
	}
	if res.Loudness.TruePeakDBTP > -0.5 {
		t.Errorf("true peak %f", res.Loudness.TruePeakDBTP)
	}
	if res.Loudness.Method != "dynamic" || len(res.Loudness.ShortTerm) != 4 {
		t.Errorf("%+v", *res.Loudness)
	}
	var wave struct {
		Length int
		Data   []int8
	}
	for _, f := range r.one(transcode.KindSpeech).Files {
		b, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		switch f.Role {
		case transcode.RoleWAV:
			if f.Frames != 64000 {
				t.Errorf("%d samples in the WAV", f.Frames)
			}
		case transcode.RoleWaveform:
			if err := json.Unmarshal(b, &wave); err != nil {
				t.Fatal(err)
			}
		}
	}
	if wave.Length != 80 || len(wave.Data) != 160 || wave.Data[2*30] != 0 || wave.Data[2*10+1] < 40 {
		t.Errorf("waveform %+v", wave)
	}
}

// testLateSound has a click 1 s after the first frame in a file whose sound starts before its picture.
func testLateSound(t *testing.T, s *transcode.Service) {
	src := Make(t, "late.mkv", "-itsoffset", "0.4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=2", "-f", "lavfi", "-i", "aevalsrc='if(between(t,1.4,1.45),sin(6000*t),0)':d=2.4:s=48000",
		"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le")
	p := Tiny(probe(t, s, src))
	p.WaveformPPS = 100
	for _, f := range newRunner(t, s, src, p).one(transcode.KindSpeech).Files {
		if f.Role != transcode.RoleWaveform {
			continue
		}
		b, _ := os.ReadFile(f.Path)
		var wave struct{ Data []int8 }
		if err := json.Unmarshal(b, &wave); err != nil {
			t.Fatal(err)
		}
		first := -1
		for i := 1; i < len(wave.Data) && first < 0; i += 2 {
			if wave.Data[i] > 20 {
				first = i / 2
			}
		}
		if first < 98 || first > 102 {
			t.Errorf("the click is at %d0 ms of the first frame, want 1000", first)
		}
	}
}

func testProxy(t *testing.T, s *transcode.Service) {
	src := Make(t, "long.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=9", "-f", "lavfi", "-i", "sine=f=440:d=9", "-c:v", "libx264", "-preset", "ultrafast", "-g", "48", "-c:a", "aac")
	r := newRunner(t, s, src, Tiny(probe(t, s, src)))
	ends, last, lengths := map[string]int64{}, map[string]bool{}, []int64{}
	paths := map[string][]string{}
	r.emit = func(p transcode.Part) {
		if p.First != ends[p.Track] || last[p.Track] {
			t.Errorf("part of %s starts at %d, want %d", p.Track, p.First, ends[p.Track])
		}
		ends[p.Track] += p.Frames
		last[p.Track] = p.Last
		if p.Frames == 0 {
			return
		}
		if p.Track == "v-proxy" {
			lengths = append(lengths, p.Frames)
		}
		f, err := os.Open(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		st, _ := f.Stat()
		track, err := cmaf.Scan(f, st.Size())
		if err != nil || len(track.Init) == 0 || !track.Segments[0].Keyframe {
			t.Errorf("part %s: %v", p.Path, err)
		}
		paths[p.Track] = append(paths[p.Track], p.Path)
	}
	res := r.one(transcode.KindProxy)
	if ends["v-proxy"] != 216 || !last["v-proxy"] || !last[transcode.ProxyAudio] || ends[transcode.ProxyAudio] < 9*48000-4096 {
		t.Errorf("parts end at %v, last %v", ends, last)
	}
	if len(lengths) < 3 || lengths[0] != 24 || lengths[1] != 24 && lengths[1] != 48 {
		t.Errorf("part lengths %v", lengths)
	}
	if len(res.Files) != 2 || len(res.Warnings) != 0 {
		t.Errorf("%+v %v", res.Files, res.Warnings)
	}
	if h, at := FrameHashes(t, r.join("joined", paths["v-proxy"])); len(h) != 216 || at[0] != "0" {
		t.Errorf("%d frames from %s", len(h), at[0])
	}
	if h, _ := FrameHashes(t, res.Files[0].Path); len(h) != 216 {
		t.Errorf("%d frames in the whole proxy", len(h))
	}
}

func testStills(t *testing.T, s *transcode.Service) {
	t.Run("poster", func(t *testing.T) {
		src := Film(t)
		roles := map[string]int{}
		for _, f := range newRunner(t, s, src, Tiny(probe(t, s, src))).one(transcode.KindPoster).Files {
			roles[f.Role]++
			if f.Width < 2 || f.Height < 2 {
				t.Errorf("%+v", f)
			}
		}
		if roles[transcode.RolePoster] != 1 || roles[transcode.RoleKeyframe] != 3 {
			t.Errorf("%v", roles)
		}
	})
	t.Run("pictures", func(t *testing.T) {
		if c := s.Caps(); !c.Decoders["png"] || !c.Encoders["libwebp"] {
			t.Skip("this ffmpeg has no decoder of PNG or no libwebp: they are refused")
		}
		src := Make(t, "p.png", "-f", "lavfi", "-i", "testsrc2=s=302x202", "-vf", "format=rgb24,crop=301:201:0:0:exact=1", "-frames:v", "1")
		p := transcode.Plan{Info: probe(t, s, src), Images: []transcode.ImageOut{{Name: "small", Format: "jpeg", MaxW: 100, MaxH: 100}, {Name: "web", Format: "webp", MaxW: 4000, MaxH: 4000, Quality: 70}}}
		r := newRunner(t, s, src, p)
		small, web := r.run(r.tasks[0]).Files[0], r.run(r.tasks[1]).Files[0]
		if small.Width != 100 || small.Height != 67 || web.Width != 301 || web.Height != 201 {
			t.Errorf("%+v %+v", small, web)
		}
	})
	t.Run("picture formats", func(t *testing.T) {
		for _, name := range []string{"p.jpg", "p.webp", "p.gif", "p.bmp", "p.tiff"} {
			src := Make(t, name, "-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", "1")
			info := probe(t, s, src)
			if v := info.Main("video"); info.Kind != media.Image || v.Width != 64 || v.Height != 48 {
				t.Errorf("%s: %+v", name, info)
				continue
			}
			r := newRunner(t, s, src, transcode.Plan{Info: info, Images: []transcode.ImageOut{{Name: "i", Format: "jpeg", MaxW: 32, MaxH: 32}}})
			if f := r.run(r.tasks[0]).Files[0]; f.Width != 32 || f.Height != 24 {
				t.Errorf("%s: %+v", name, f)
			}
		}
	})
	t.Run("orientation", func(t *testing.T) {
		src := Make(t, "o.jpg", "-f", "lavfi", "-i", "testsrc2=s=64x32", "-frames:v", "1")
		info := probe(t, s, WithOrientation(t, src, 6))
		if v := info.Main("video"); v.Rotate != 90 || info.Tags["Orientation"] != "6" {
			t.Fatalf("rotate %d, tags %v", v.Rotate, info.Tags)
		}
		p := transcode.Plan{Info: info, Images: []transcode.ImageOut{{Name: "i", Format: "jpeg", MaxW: 64, MaxH: 64}}}
		r := newRunner(t, s, WithOrientation(t, src, 6), p)
		if f := r.run(r.tasks[0]).Files[0]; f.Width != 32 || f.Height != 64 {
			t.Errorf("%+v", f)
		}
	})
	t.Run("captions", func(t *testing.T) { testCaptions(t, s) })
}

func testCaptions(t *testing.T, s *transcode.Service) {
	srt := Write(t, "c.srt", []byte("1\n00:00:00,500 --> 00:00:01,000\nFirst <i>line</i>\n\n2\n00:00:01,200 --> 00:00:01,900\nA & B\nsecond row\n"))
	src := Make(t, "c.mkv", "-i", Film(t), "-i", srt, "-map", "0", "-map", "1", "-c", "copy", "-c:s", "ass", "-metadata:s:s:0", "language=eng")
	info := probe(t, s, src)
	sub := info.Main("subtitle")
	if sub == nil || sub.Lang != "en" {
		t.Fatalf("%+v", info.Streams)
	}
	p := Tiny(info)
	p.Subtitles = []transcode.SubtitleOut{{Name: "t-en", Stream: sub.Index}}
	want := "WEBVTT\n\n00:00:00.500 --> 00:00:01.000\nFirst line\n\n00:00:01.200 --> 00:00:01.900\nA &amp; B\nsecond row\n"
	check := func(r *runner) {
		t.Helper()
		res := r.one(transcode.KindSubtitle)
		if b, _ := os.ReadFile(res.Files[0].Path); string(b) != want {
			t.Errorf("got\n%s\nwant\n%s", b, want)
		}
	}
	check(newRunner(t, s, src, p))
	text := transcode.Plan{Info: probe(t, s, srt), Subtitles: []transcode.SubtitleOut{{Name: "t", Stream: -1}}}
	check(newRunner(t, s, srt, text))
}

func testCancel(t *testing.T, s *transcode.Service) {
	src := Film(t)
	r := newRunner(t, s, src, Tiny(probe(t, s, src)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Run(ctx, r.plan, r.kind(transcode.KindChunk)[0], transcode.Env{Source: src, WorkDir: t.TempDir()})
	if !fault.Is(err, fault.Canceled) {
		t.Errorf("got %v", err)
	}
}

func testDamage(t *testing.T, s *transcode.Service) {
	src := Film(t)
	p := Tiny(probe(t, s, src))
	b, err := os.ReadFile(src)
	if err != nil {
		t.Fatal(err)
	}
	for i := 2000; i < len(b)*2/3; i++ {
		b[i] = 0
	}
	bad := Write(t, "bad.mp4", b)
	r := newRunner(t, s, bad, p)
	_, err = s.Run(t.Context(), p, r.kind(transcode.KindChunk)[0], transcode.Env{Source: bad, WorkDir: t.TempDir()})
	if fault.CodeOf(err) != "source-damaged" || !fault.Is(err, fault.Corrupt) {
		t.Errorf("got %v", err)
	}
}
