package ffmpegtranscode_test

import (
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/engine/transcode/transcodetest"
)

var peakLine = regexp.MustCompile(`Peak:\s+(-?[0-9.]+) dBFS`)

// truePeak measures a file's true peak in dBTP, apart from the driver.
func truePeak(t *testing.T, path string) float64 {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-nostats", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all := peakLine.FindAllSubmatch(out, -1)
	if len(all) == 0 {
		t.Fatalf("no peak in\n%s", out)
	}
	v, err := strconv.ParseFloat(string(all[len(all)-1][1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// bursts is surround sound of quiet tones with short loud swells, each on another channel, so that -16 LUFS needs some
// decibels of limiting on several channels at once.
func bursts(t *testing.T) string {
	exprs := ""
	for n := range 6 {
		at := strconv.FormatFloat(float64(n)/4, 'f', 2, 64)
		tone := "sin(2*PI*" + strconv.Itoa(220+110*n) + "*t)+0.5*sin(2*PI*" + strconv.Itoa(1210+330*n) + "*t)"
		exprs += "|0.05*(" + tone + ")*(1+10*pow(max(0,sin(2*PI*(t+" + at + ")/1.5)),400))"
	}
	return transcodetest.Make(t, "bursts.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=12", "-f", "lavfi", "-i", "aevalsrc=exprs='"+exprs[1:]+"':s=48000:c=5.1:d=12",
		"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le")
}

// TestLoudnessOfTheLayoutDelivered brings one surround track to its target as stereo, as it is, and as Opus: each within half a
// unit, its peak under the ceiling.
func TestLoudnessOfTheLayoutDelivered(t *testing.T) {
	s := transcode.New(open(t))
	src := bursts(t)
	info, err := s.Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []transcode.AudioOut{
		{Name: "stereo", Codec: "aac", Kbps: 128, Channels: 2}, {Name: "surround", Codec: "aac", Kbps: 384, Channels: 6},
		{Name: "opus", Codec: "opus", Kbps: 256, Channels: 6}, {Name: "mono", Codec: "aac", Kbps: 64, Channels: 1},
	} {
		t.Run(o.Name, func(t *testing.T) {
			o.Stream, o.TargetLUFS, o.TruePeakDB = info.Main("audio").Index, -16, -1.5
			l, path := encodeSound(t, s, src, transcode.Plan{Info: info, Audios: []transcode.AudioOut{o}})
			if got := transcodetest.LUFS(t, path); math.Abs(got+16) > 0.5 || math.Abs(got-l.IntegratedLUFS) > 0.2 {
				t.Errorf("%.1f LUFS, want -16; it says %.1f", got, l.IntegratedLUFS)
			}
			if got := truePeak(t, path); got > -1.5 || math.Abs(got-l.TruePeakDBTP) > 0.3 {
				t.Errorf("true peak %.1f dBTP, want at most -1.5; it says %.1f", got, l.TruePeakDBTP)
			}
			if l.Method != "dynamic" {
				t.Errorf("method %s: these peaks need limiting, %+v", l.Method, l)
			}
		})
	}
}

// TestPeaksAreJudgedAfterTheDownmix has a track whose centre alone is below the ceiling, and whose stereo adds up to more.
func TestPeaksAreJudgedAfterTheDownmix(t *testing.T) {
	s := transcode.New(open(t))
	same := "0.5*sin(440*2*PI*t)"
	src := transcodetest.Make(t, "same.wav", "-f", "lavfi", "-i", "aevalsrc=exprs='"+same+"|"+same+"|"+same+"|0|"+same+"|"+same+"':s=48000:c=5.1:d=4", "-c:a", "pcm_s16le")
	info, err := s.Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := encodeSound(t, s, src, transcode.Plan{Info: info, Audios: []transcode.AudioOut{{Name: "stereo", Codec: "aac", Kbps: 128, Channels: 2, TargetLUFS: -16, TruePeakDB: -1}}})
	if want := 20 * math.Log10(0.5*(1+2*math.Sqrt2/2)); math.Abs(l.SourcePeakDBTP-want) > 0.2 {
		t.Errorf("the downmix peaks at %.2f dBTP, want %.2f", l.SourcePeakDBTP, want)
	}
	if l.Method != "linear" || math.Abs(l.IntegratedLUFS+16) > 0.5 {
		t.Errorf("%+v", l)
	}
}

// encodeSound runs the only sound of a plan.
func encodeSound(t *testing.T, s *transcode.Service, src string, p transcode.Plan) (transcode.Loudness, string) {
	t.Helper()
	tasks, err := s.Split(p, strings.Repeat("5e", 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if task.Kind != transcode.KindAudio {
			continue
		}
		res, err := s.Run(t.Context(), p, task, transcode.Env{Source: src, WorkDir: filepath.Join(t.TempDir(), "work")})
		if err != nil {
			t.Fatal(err)
		}
		return *res.Loudness, res.Files[0].Path
	}
	t.Fatal("no task of sound")
	return transcode.Loudness{}, ""
}
