package ffmpegtranscode_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/media"
)

var update = flag.Bool("update", false, "write the golden command lines anew")

func goldenPlan() transcode.Plan {
	return transcode.Plan{
		Info: media.Info{Kind: media.Video, Format: "mov,mp4,m4a,3gp,3g2,mj2", Duration: 60 * media.Second, Streams: []media.Stream{
			{Index: 0, Type: "video", Codec: "h264", Width: 1920, Height: 1080, Rate: media.Rate{Num: 24, Den: 1}, Nominal: media.Rate{Num: 24, Den: 1}, Frames: 1440, Duration: 60 * media.Second, PixFmt: "yuv420p", SAR: [2]int{1, 1}},
			{Index: 1, Type: "audio", Codec: "aac", SampleRate: 48000, Channels: 2, Duration: 60 * media.Second},
			{Index: 2, Type: "subtitle", Codec: "mov_text"},
		}},
		Rate: media.Rate{Num: 24, Den: 1}, Frames: 1440, GOPFrames: 48, ChunkFrames: 720,
		Rungs: []transcode.Rung{
			{Name: "v1080-avc", Width: 1920, Height: 1080, Codec: "avc", Preset: "veryfast", Profile: "high", CRF: 23, MaxKbps: 5500, BufKbps: 11000},
			{Name: "v360-avc", Width: 640, Height: 360, Codec: "avc", Preset: "veryfast", CRF: 23, MaxKbps: 800},
		},
		Audios:    []transcode.AudioOut{{Name: "a-en-aac128", Stream: 1, Codec: "aac", Kbps: 128, Channels: 2, TargetLUFS: -16, TruePeakDB: -1, Default: true}},
		Subtitles: []transcode.SubtitleOut{{Name: "t-en", Stream: 2}},
		Analysis:  transcode.Analysis{Shots: true, QC: true, FramesWidth: 1280, Sprites: &transcode.Sprites{TileW: 160, TileH: 90, IntervalMS: 2000, Cols: 5, Rows: 5}},
		Speech:    true, WaveformPPS: 20, Proxy: &transcode.Rung{Name: "v360-proxy", Width: 640, Height: 360, Codec: "avc", Preset: "ultrafast", CRF: 28},
		Poster: true,
	}
}

// TestCommands holds every command line under the versions that operators run. -update writes them anew.
func TestCommands(t *testing.T) {
	chunk := func(k int) transcode.Task {
		return transcode.Task{Kind: transcode.KindChunk, Chunk: k, First: int64(k) * 720, Frames: 720, Cores: 1}
	}
	plain := goldenPlan()
	varying := goldenPlan()
	varying.Info.Streams[0].VFR, varying.Picture.Deinterlace = true, true
	hdr := goldenPlan()
	hdr.Info.Streams[0].Transfer, hdr.Info.Streams[0].Primaries, hdr.Info.Streams[0].Matrix, hdr.Picture.ToneMap = "smpte2084", "bt2020", "bt2020nc", true
	hdr.Analysis = transcode.Analysis{}
	stream := goldenPlan()
	stream.Info.Format, stream.Info.Streams[0].Start = "mpegts", 2*media.Second
	blur := goldenPlan()
	blur.Picture = transcode.Picture{Fit: "blur", Width: 1080, Height: 1920, Rotate: 90, Crop: &media.Box{X: 0.1, Y: 0.1, W: 0.8, H: 0.8}}
	blur.Analysis = transcode.Analysis{}
	picture := transcode.Plan{Info: media.Info{Kind: media.Image, Format: "jpeg", Tags: map[string]string{"Orientation": "6"}, Streams: []media.Stream{{Type: "video", Width: 4000, Height: 3000}}},
		Images: []transcode.ImageOut{{Name: "i-large", Format: "jpeg", MaxW: 2048, MaxH: 2048}}}
	tests := []struct {
		name string
		plan transcode.Plan
		task transcode.Task
	}{
		{"chunk-first", plain, chunk(0)}, {"chunk-second", plain, chunk(1)}, {"chunk-varying", varying, chunk(1)}, {"chunk-hdr", hdr, chunk(1)}, {"chunk-mpegts", stream, chunk(1)}, {"chunk-blur", blur, chunk(1)},
		{"proxy", plain, transcode.Task{Kind: transcode.KindProxy}}, {"poster", plain, transcode.Task{Kind: transcode.KindPoster}}, {"audio", plain, transcode.Task{Kind: transcode.KindAudio}},
		{"speech", plain, transcode.Task{Kind: transcode.KindSpeech}}, {"boundaries", plain, transcode.Task{Kind: transcode.KindBoundaries, First: 250, Frames: 100}}, {"boundaries-mpegts", stream, transcode.Task{Kind: transcode.KindBoundaries, First: 250, Frames: 100}},
		{"subtitle", plain, transcode.Task{Kind: transcode.KindSubtitle}}, {"image", picture, transcode.Task{Kind: transcode.KindImage}},
	}
	for _, version := range []string{"5.1.9", "7.1", "8.0.1"} {
		for _, tt := range tests {
			t.Run(version+"/"+tt.name, func(t *testing.T) {
				args, err := ffmpegtranscode.Command(version, tt.plan, tt.task)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join("testdata", "args", version, tt.name+".txt"), strings.Join(args, "\n")+"\n")
			})
		}
	}
	if _, err := ffmpegtranscode.Command("4.4", plain, chunk(0)); err == nil {
		t.Error("version 4 is taken")
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}
