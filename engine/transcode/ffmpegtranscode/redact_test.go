package ffmpegtranscode_test

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/media"
)

// TestRedactCommands holds the command lines of what is hidden under the versions that operators run.
func TestRedactCommands(t *testing.T) {
	plain := goldenPlan()
	plain.Redaction = &transcode.Redaction{Name: "redacted-1", Kbps: 160, Rung: &transcode.Rung{Name: "redacted-1", Width: 1920, Height: 1080, Codec: "avc", CRF: 20}}
	plain.Look = &transcode.Look{Every: 3, Width: 1280}
	fill := plain
	r := *plain.Redaction
	r.Fill = true
	fill.Redaction = &r
	pixels := plain
	q := *plain.Redaction
	q.Pixels = true
	pixels.Redaction = &q
	alone := plain
	s := *plain.Redaction
	s.Rung = nil
	alone.Redaction = &s
	varying := plain
	varying.Info.Streams = append([]media.Stream{}, plain.Info.Streams...)
	varying.Info.Streams[0].VFR = true
	for _, version := range []string{"5.1.9", "7.1", "8.0.1"} {
		for _, tt := range []struct {
			name string
			plan transcode.Plan
			task transcode.Task
		}{{"redact-blur", plain, transcode.Task{}}, {"redact-fill", fill, transcode.Task{}}, {"redact-pixels", pixels, transcode.Task{}}, {"redact-sound", alone, transcode.Task{}}, {"redact-varying", varying, transcode.Task{}},
			{"look", plain, transcode.Task{Kind: transcode.KindLook, First: 48, Frames: 30}}, {"look-varying", varying, transcode.Task{Kind: transcode.KindLook, First: 48, Frames: 30}}} {
			args, err := ffmpegtranscode.RedactCommands(version, tt.plan, tt.task)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "args", version, tt.name+".txt"), strings.Join(args, "\n")+"\n")
		}
	}
}

// TestHidden hides a second of a tone and a box that moves with a moving square, and looks at what is left.
func TestHidden(t *testing.T) {
	dir := t.TempDir()
	source := movingSquare(t, dir)
	d, err := ffmpegtranscode.New(t.Context(), ffmpegtranscode.Config{})
	if err != nil {
		t.Fatal(err)
	}
	svc := transcode.New(d)
	info, err := svc.Probe(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	box := func(s float64) media.Box {
		return media.Box{X: (95 + 80*s) / 640, Y: (95 + 20*s) / 360, W: 50.0 / 640, H: 50.0 / 360}
	}
	at := func(s float64) media.Time { return media.Time(s * float64(media.Second)) }
	p := transcode.Plan{Info: info, Rate: media.Rate{Num: 25, Den: 1}, Frames: 100, GOPFrames: 50, ChunkFrames: 100,
		Redaction: &transcode.Redaction{Name: "redacted-1", Kbps: 128, Rung: &transcode.Rung{Name: "redacted-1", Width: 640, Height: 360, Codec: "avc", CRF: 18},
			Sound: []media.Range{{Start: at(1), End: at(2)}, {Start: at(3), End: at(3.2)}}, Bleep: true,
			Covers: []transcode.Cover{{Spots: []media.Spot{{At: at(1), Box: box(1)}, {At: at(3), Box: box(3)}}}}},
		Look: &transcode.Look{Every: 1, Width: 640, Ranges: []media.Range{{End: at(4)}}}}
	run := func(p transcode.Plan, source string) []transcode.File {
		sum := sha256.Sum256([]byte(source))
		tasks, err := svc.Split(p, hex.EncodeToString(sum[:]))
		if err != nil {
			t.Fatal(err)
		}
		var files []transcode.File
		for _, task := range tasks {
			res, err := svc.Run(t.Context(), p, task, transcode.Env{Source: source, WorkDir: filepath.Join(dir, "work-"+filepath.Base(source)+task.ID)})
			if err != nil {
				t.Fatal(task.ID, err)
			}
			files = append(files, res.Files...)
		}
		return files
	}
	made := ""
	looks := 0
	for _, f := range run(p, source) {
		switch f.Role {
		case transcode.RoleRedacted:
			made = f.Path
		case transcode.RoleLook:
			looks++
			if bright(t, f.Path) < 1400 {
				t.Fatalf("frame %d of the source shows no square", f.Index)
			}
		}
	}
	if looks != 100 || made == "" {
		t.Fatal(looks, made)
	}
	info, err = svc.Probe(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	after := p
	after.Info, after.Redaction, after.Speech = info, nil, true
	for _, f := range run(after, made) {
		switch f.Role {
		case transcode.RoleLook:
			hidden, n := f.Index >= 25 && f.Index < 75, bright(t, f.Path)
			if hidden && n > 0 || !hidden && f.Index != 75 && n < 1400 {
				t.Errorf("frame %d shows %d white pixels, hidden %v", f.Index, n, hidden)
			}
		case transcode.RoleWAV:
			level := levels(t, f.Path)
			for _, x := range []struct{ from, to, hz, low, high float64 }{
				{0.2, 0.9, 440, -20, 0}, {1.01, 1.99, 440, -200, -60}, {1.01, 1.99, 1000, -21, -19}, {2.1, 2.9, 440, -20, 0}, {3.01, 3.19, 440, -200, -50}, {2.1, 2.9, 1000, -200, -60},
			} {
				if l := level(x.from, x.to, x.hz); l < x.low || l > x.high {
					t.Errorf("%.2f-%.2f s: %.1f dBFS at %.0f Hz", x.from, x.to, l, x.hz)
				}
			}
		}
	}
}

// movingSquare is a film of 4 s in which a white square of 40 pixels moves and a tone of 440 Hz sounds.
func movingSquare(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "in.mp4")
	out, err := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "color=c=0x204060:s=640x360:r=25:d=4",
		"-f", "lavfi", "-i", "sine=f=440:d=4:r=48000", "-f", "lavfi", "-i", "color=c=white:s=40x40:r=25:d=4",
		"-filter_complex", "[0][2]overlay=x='100+80*t':y='100+20*t'[v]", "-map", "[v]", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-c:a", "aac", "-shortest", path).CombinedOutput()
	if err != nil {
		t.Fatal(err, string(out))
	}
	return path
}

// bright counts the light pixels of a JPEG.
func bright(t *testing.T, path string) int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, v := range img.(*image.YCbCr).Y {
		if v > 150 {
			n++
		}
	}
	return n
}

// levels gives the level in dBFS of a tone in a stretch of a 16 kHz WAV.
func levels(t *testing.T, path string) func(from, to, hz float64) float64 {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return func(from, to, hz float64) float64 {
		a, b, n := 0.0, 0.0, 0.0
		for k := int(from * 16000); k < int(to*16000); k++ {
			v := float64(int16(raw[44+2*k])|int16(raw[45+2*k])<<8) / 32768
			s, c := math.Sincos(2 * math.Pi * hz * float64(k) / 16000)
			a, b, n = a+v*s, b+v*c, n+1
		}
		return 20 * math.Log10(2*math.Hypot(a, b)/n+1e-9)
	}
}
