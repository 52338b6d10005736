package transcodetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/cmaf"
)

// Tiny is a plan of two small rungs in chunks of one second at the source's rate, with every analysis.
func Tiny(info media.Info) transcode.Plan {
	v := info.Main("video")
	w, h := v.Shown()
	p := transcode.Plan{
		Info: info, Rate: v.Rate, Frames: v.Frames, GOPFrames: 12, ChunkFrames: 24,
		Rungs: []transcode.Rung{
			{Name: "v-big", Width: w &^ 1, Height: h &^ 1, Codec: "avc", Preset: "ultrafast", CRF: 10, MaxKbps: 20000},
			{Name: "v-small", Width: w / 2 &^ 1, Height: h / 2 &^ 1, Codec: "avc", Preset: "ultrafast", CRF: 10, MaxKbps: 20000},
		},
		Analysis: transcode.Analysis{Shots: true, QC: true, FramesWidth: 160, Sprites: &transcode.Sprites{TileW: 80, TileH: 45, IntervalMS: 500, Cols: 3, Rows: 2}},
		Proxy:    &transcode.Rung{Name: "v-proxy", Width: 160, Height: 90, Codec: "avc", Preset: "ultrafast", CRF: 28},
		Poster:   true, Speech: true, WaveformPPS: 20,
	}
	for _, a := range info.All("audio") {
		p.Audios = append(p.Audios, transcode.AudioOut{Name: "a-" + string(rune('0'+a.Index)), Stream: a.Index, Codec: "aac", Kbps: 96, TargetLUFS: -16, TruePeakDB: -1, Default: len(p.Audios) == 0})
	}
	return p
}

// runner runs the tasks of one plan in folders of their own.
type runner struct {
	t     testing.TB
	s     *transcode.Service
	plan  transcode.Plan
	src   string
	tasks []transcode.Task
	emit  func(transcode.Part)
}

func newRunner(t testing.TB, s *transcode.Service, src string, p transcode.Plan) *runner {
	t.Helper()
	b, err := os.ReadFile(src)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	tasks, err := s.Split(p, hex.EncodeToString(sum[:]))
	if err != nil {
		t.Fatal(err)
	}
	return &runner{t: t, s: s, plan: p, src: src, tasks: tasks}
}

func (r *runner) kind(kind string) []transcode.Task {
	var out []transcode.Task
	for _, t := range r.tasks {
		if t.Kind == kind {
			out = append(out, t)
		}
	}
	return out
}

func (r *runner) run(t transcode.Task) transcode.Result {
	r.t.Helper()
	res, err := r.s.Run(context.Background(), r.plan, t, transcode.Env{Source: r.src, WorkDir: filepath.Join(r.t.TempDir(), "work"),
		Emit: func(_ context.Context, p transcode.Part) error {
			if r.emit != nil {
				r.emit(p)
			}
			return nil
		}})
	if err != nil {
		r.t.Fatalf("%s: %v", t.ID, err)
	}
	for _, f := range res.Files {
		if st, err := os.Stat(f.Path); err != nil || st.Size() != f.Bytes || len(f.SHA256) != 64 {
			r.t.Fatalf("%s: file %+v: %v", t.ID, f, err)
		}
	}
	return res
}

func (r *runner) one(kind string) transcode.Result {
	r.t.Helper()
	ts := r.kind(kind)
	if len(ts) != 1 {
		r.t.Fatalf("%d tasks of kind %s", len(ts), kind)
	}
	return r.run(ts[0])
}

// chunks runs every chunk and joins each rung.
func (r *runner) chunks() (results []transcode.Result, joined map[string]string) {
	r.t.Helper()
	parts := map[string][]string{}
	for _, t := range r.kind(transcode.KindChunk) {
		res := r.run(t)
		results = append(results, res)
		for _, f := range res.Files {
			if f.Role == transcode.RoleRung {
				parts[f.Name] = append(parts[f.Name], f.Path)
			}
		}
	}
	joined = map[string]string{}
	for name, paths := range parts {
		joined[name] = r.join(name, paths)
	}
	return results, joined
}

func (r *runner) join(name string, paths []string) string {
	r.t.Helper()
	var in []cmaf.PartIn
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			r.t.Fatal(err)
		}
		defer f.Close()
		st, _ := f.Stat()
		in = append(in, cmaf.PartIn{R: f, Size: st.Size(), StartTicks: -1})
	}
	out := filepath.Join(r.t.TempDir(), name+".mp4")
	f, err := os.Create(out)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := cmaf.Join(f, in); err != nil {
		r.t.Fatalf("join %s: %v", name, err)
	}
	return out
}

// FrameHashes decodes a file and gives the MD5 and the presentation time of each frame.
func FrameHashes(t testing.TB, path string, args ...string) (hashes, times []string) {
	t.Helper()
	all := append([]string{"-v", "error", "-i", path}, args...)
	out, err := exec.Command("ffmpeg", append(all, "-map", "0:v:0", "-vsync", "passthrough", "-f", "framemd5", "-")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Split(strings.TrimSpace(line), ","); !strings.HasPrefix(line, "#") && len(f) >= 6 {
			hashes, times = append(hashes, strings.TrimSpace(f[5])), append(times, strings.TrimSpace(f[2]))
		}
	}
	return hashes, times
}

// MinSSIM compares two videos frame by frame and gives the number of compared frames and the worst.
func MinSSIM(t testing.TB, a, b string) (frames int, worst float64) {
	t.Helper()
	stats := filepath.Join(t.TempDir(), "ssim.txt")
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", a, "-i", b, "-lavfi", "[0:v]setpts=N[a];[1:v]setpts=N[b];[a][b]ssim=stats_file="+stats, "-f", "null", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(stats)
	if err != nil {
		t.Fatal(err)
	}
	worst = 1
	for line := range strings.Lines(string(text)) {
		_, all, ok := strings.Cut(line, "All:")
		if !ok {
			continue
		}
		var v float64
		if n, err := parseFloat(strings.Fields(all)[0]); err == nil {
			v = n
		}
		frames, worst = frames+1, min(worst, v)
	}
	return frames, worst
}
