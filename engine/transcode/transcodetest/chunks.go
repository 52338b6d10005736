package transcodetest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/media"
)

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

func testChunks(t *testing.T, s *transcode.Service) {
	t.Run("join is the unchunked encode", func(t *testing.T) { testJoin(t, s, Film(t)) })
	t.Run("late start in a transport stream", func(t *testing.T) {
		testJoin(t, s, Make(t, "late.ts", "-itsoffset", "0.5", "-i", Film(t), "-i", Film(t), "-map", "0:v", "-map", "1:a", "-c", "copy", "-copyts", "-muxdelay", "0.7"))
	})
	t.Run("29.97 in milliseconds", func(t *testing.T) {
		testJoin(t, s, Make(t, "n.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30000/1001:d=3", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-bf", "2", "-g", "40"))
	})
	t.Run("varying rate", func(t *testing.T) { testJoin(t, s, VFR(t)) })
	t.Run("rotated", func(t *testing.T) {
		plain := Make(t, "p.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=2", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12")
		joined := testJoin(t, s, Rotated(t, plain))
		info := probe(t, s, joined)
		if v := info.Main("video"); v.Width != 180 || v.Height != 320 || v.Rotate != 0 {
			t.Errorf("upright picture: %+v", *v)
		}
		turned := Make(t, "turned.mp4", "-i", plain, "-vf", "transpose=clock", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12")
		if n, worst := MinSSIM(t, joined, turned); n != 48 || worst < 0.9 {
			t.Errorf("%d frames, SSIM %f against the turned source", n, worst)
		}
	})
	t.Run("interlaced and odd", func(t *testing.T) {
		src := Make(t, "i.mkv", "-f", "lavfi", "-i", "testsrc2=s=322x182:r=50:d=2", "-vf", "interlace,format=yuv444p,crop=321:181:0:0:exact=1", "-c:v", "ffv1", "-g", "1")
		info := probe(t, s, src)
		p := Tiny(info)
		p.Picture.Deinterlace = true
		r := newRunner(t, s, src, p)
		_, joined := r.chunks()
		if h, _ := FrameHashes(t, joined["v-big"]); int64(len(h)) != p.Frames {
			t.Errorf("%d frames of %d", len(h), p.Frames)
		}
	})
	t.Run("HDR becomes BT.709", func(t *testing.T) { testHDR(t, s) })
	t.Run("analysis", func(t *testing.T) { testAnalysis(t, s) })
	t.Run("progress", func(t *testing.T) { testProgress(t, s) })
	t.Run("skip and keys", func(t *testing.T) { testSkip(t, s) })
	t.Run("fits", func(t *testing.T) { testFits(t, s) })
	t.Run("black and freeze across a chunk's edge", func(t *testing.T) { testSpans(t, s) })
}

// testJoin encodes the source in chunks and in one piece and compares every frame's content and time.
func testJoin(t *testing.T, s *transcode.Service, src string) string {
	t.Helper()
	p := Tiny(probe(t, s, src))
	p.Analysis = transcode.Analysis{Shots: true}
	if v := p.Info.Main("video"); v.VFR {
		p.Frames = p.Rate.Frames(v.Duration)
	}
	_, joined := newRunner(t, s, src, p).chunks()
	whole := p
	whole.ChunkFrames = int(p.Frames+int64(p.GOPFrames)) / p.GOPFrames * p.GOPFrames
	_, unchunked := newRunner(t, s, src, whole).chunks()
	for _, r := range p.Rungs {
		got, at := FrameHashes(t, joined[r.Name])
		want, wantAt := FrameHashes(t, unchunked[r.Name])
		if int64(len(got)) != p.Frames || len(want) != len(got) {
			t.Fatalf("%s: %d frames in chunks, %d in one piece, %d planned", r.Name, len(got), len(want), p.Frames)
		}
		for i := range at {
			if at[i] != wantAt[i] {
				t.Fatalf("%s: frame %d at %s, in one piece at %s", r.Name, i, at[i], wantAt[i])
			}
		}
		if at[0] != "0" {
			t.Errorf("%s starts at %s", r.Name, at[0])
		}
		if n, worst := MinSSIM(t, joined[r.Name], unchunked[r.Name]); int64(n) != p.Frames || worst < 0.97 {
			t.Errorf("%s: worst SSIM of %d frames against one piece: %f", r.Name, n, worst)
		}
	}
	return joined["v-big"]
}

// testProgress: a chunk with every measurement tells its frames while it works, and never fewer than before.
func testProgress(t *testing.T, s *transcode.Service) {
	src := Make(t, "p.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=24:d=30", "-c:v", "libx264", "-preset", "ultrafast")
	p := Tiny(probe(t, s, src))
	p.ChunkFrames = int(p.Frames+int64(p.GOPFrames)) / p.GOPFrames * p.GOPFrames
	var told []int64
	tasks, err := s.Split(p, strings.Repeat("0", 64))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range tasks {
		if k.Kind != transcode.KindChunk {
			continue
		}
		_, err := s.Run(t.Context(), p, k, transcode.Env{Source: src, WorkDir: t.TempDir(), Progress: func(p transcode.Progress) { told = append(told, p.Frames) }})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(told) < 2 || !slices.IsSorted(told) || told[0] >= p.Frames || told[len(told)-1] != p.Frames {
		t.Errorf("of %d frames these were told: %v", p.Frames, told)
	}
}

func testAnalysis(t *testing.T, s *transcode.Service) {
	src := Film(t)
	p := Tiny(probe(t, s, src))
	r := newRunner(t, s, src, p)
	results, _ := r.chunks()
	var scores []transcode.Score
	tiles, stills := int64(0), 0
	names := map[string]bool{}
	for _, res := range results {
		scores = append(scores, res.Scores...)
		for _, f := range res.Files {
			switch f.Role {
			case transcode.RoleSprite:
				if f.Index != tiles || names[f.Name] {
					t.Errorf("sheet %s begins at tile %d, want %d", f.Name, f.Index, tiles)
				}
				names[f.Name] = true
				tiles += f.Frames
			case transcode.RoleFrame:
				if f.Index != int64(stills) || f.At != media.Time(stills)*media.Second {
					t.Errorf("still %+v", f)
				}
				stills++
			}
		}
		for _, rung := range p.Rungs {
			if v := res.SSIM[rung.Name]; v < 0.85 || v > 1 {
				t.Errorf("SSIM of %s: %f (%s)", rung.Name, v, res.Metric)
			}
		}
	}
	if tiles != 6 || stills != 3 {
		t.Errorf("%d tiles and %d stills of 3 s", tiles, stills)
	}
	if len(scores) != 72 || scores[24].Frame != 24 {
		t.Fatalf("%d scores", len(scores))
	}
	shots := transcode.Shots(scores, p.Rate, p.Frames)
	if len(shots) != 2 || shots[0].End != p.Rate.At(36) {
		t.Errorf("shots %v", shots)
	}
}

func testSkip(t *testing.T, s *transcode.Service) {
	src := Film(t)
	p := Tiny(probe(t, s, src))
	r := newRunner(t, s, src, p)
	first := r.kind(transcode.KindChunk)[0]
	changed := p
	changed.Rungs = append([]transcode.Rung(nil), p.Rungs...)
	changed.Rungs[1].CRF = 30
	other := newRunner(t, s, src, changed).kind(transcode.KindChunk)[0]
	if first.Key == other.Key || first.Outputs[0].Key != other.Outputs[0].Key || first.Outputs[1].Key == other.Outputs[1].Key {
		t.Errorf("an edit of one rung must change its key and the chunk's only:\n%+v\n%+v", first, other)
	}
	seen := map[string]string{}
	for _, task := range r.tasks {
		if seen[task.ID] != "" || seen[task.Key] != "" {
			t.Errorf("task %s and %s share an id or a key", task.ID, seen[task.Key])
		}
		seen[task.ID], seen[task.Key] = task.ID, task.ID
	}
	first.Skip = []string{"v-big"}
	for _, f := range r.run(first).Files {
		if f.Name == "v-big" {
			t.Error("a skipped rung was made")
		}
	}
}

func testFits(t *testing.T, s *transcode.Service) {
	src := Film(t)
	for _, fit := range []string{"cover", "contain", "blur"} {
		p := Tiny(probe(t, s, src))
		p.Picture.Fit, p.Picture.Width, p.Picture.Height = fit, 90, 160
		p.Rungs, p.Frames = []transcode.Rung{{Name: "v", Width: 90, Height: 160, Codec: "avc", Preset: "ultrafast"}}, 24
		r := newRunner(t, s, src, p)
		_, joined := r.chunks()
		if v := probe(t, s, joined["v"]).Main("video"); v.Width != 90 || v.Height != 160 || v.SAR != [2]int{1, 1} {
			t.Errorf("%s: %+v", fit, *v)
		}
		r.one(transcode.KindPoster)
	}
}

func testSpans(t *testing.T, s *transcode.Service) {
	src := Make(t, "b.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=4", "-vf", "drawbox=c=black:t=fill:enable=between(n\\,12\\,35),drawbox=c=gray:t=fill:enable=between(n\\,60\\,83)",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "10")
	p := Tiny(probe(t, s, src))
	results, _ := newRunner(t, s, src, p).chunks()
	var all [][]transcode.Span
	for _, r := range results {
		all = append(all, r.Spans)
	}
	var black, freeze []transcode.Span
	for _, x := range transcode.MergeSpans(all) {
		switch x.Kind {
		case transcode.SpanBlack:
			black = append(black, x)
		case transcode.SpanFreeze:
			freeze = append(freeze, x)
		}
	}
	if len(black) != 1 || p.Rate.Frame(black[0].Start) != 12 || p.Rate.Frame(black[0].End) != 36 {
		t.Errorf("black %+v", black)
	}
	if len(freeze) < 1 || len(freeze) > 2 {
		t.Fatalf("freeze %+v", freeze)
	}
	last := freeze[len(freeze)-1]
	if from, to := p.Rate.Frame(last.Start), p.Rate.Frame(last.End); from < 59 || from > 61 || to < 83 || to > 85 {
		t.Errorf("freeze from frame %d to %d, want 60 to 84", from, to)
	}
}

// testHDR encodes a PQ source whose mid grey is 100 nits and looks at the tags and the brightness of what comes out.
func testHDR(t *testing.T, s *transcode.Service) {
	if c := s.Caps(); !c.Filters["zscale"] || !c.Encoders["libx265"] {
		t.Skip("this ffmpeg has no zscale or no libx265: HDR is refused by Split")
	}
	src := Make(t, "hdr.mp4", "-f", "lavfi", "-i", "color=c=0x808080:s=320x180:r=24:d=0.5", "-vf", "format=yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error",
		"-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv")
	info := probe(t, s, src)
	if v := info.Main("video"); !v.HDR() || v.BitDepth != 10 {
		t.Fatalf("%+v", *v)
	}
	p := Tiny(info)
	p.Picture.ToneMap = true
	results, joined := newRunner(t, s, src, p).chunks()
	v := probe(t, s, joined["v-big"]).Main("video")
	if v.HDR() || v.Primaries != "bt709" || v.Transfer != "bt709" || v.Matrix != "bt709" || v.PixFmt != "yuv420p" || v.ColorRange != "tv" {
		t.Errorf("%+v", *v)
	}
	if y := results[0].Scores[3].Luma; y < 90 || y > 235 {
		t.Errorf("100 nits became luma %f", y)
	}
}
