package journeys_test

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	xdraw "golang.org/x/image/draw"

	"showreel/engine/speech/speechtest"
	"showreel/engine/vision/visiontest"
	"showreel/platform/sidecar/sidecartest"
	"showreel/test/world"
)

// odd is a bad input and what must be known of it in the end. Every ability must have ended as done: nothing here is damaged.
type odd struct {
	name  string
	file  func(t *testing.T) string
	check func(t *testing.T, list []mark)
}

// TestBadInputs sends what real libraries are full of and models were not trained on through the whole program with the
// real models.
func TestBadInputs(t *testing.T) {
	cache := minds(t, allModels...)
	sidecartest.Need(t, filepath.Join(cache, "samples", "music-lunar-land.flac"), filepath.Join(cache, "prompts", "en"))
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	understand(t, s, append(oddSounds(), oddPictures()...), patience)
}

// understand takes all inputs in, has each analysed and checks it.
func understand(t *testing.T, s *world.Server, all []odd, patience time.Duration) {
	t.Helper()
	sent := make([]arrived, len(all))
	for n, o := range all {
		path := o.file(t)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sent[n] = upload(t, s, filepath.Base(path), raw)
	}
	for n, o := range all {
		t.Run(o.name, func(t *testing.T) {
			if j := ended(t, s, sent[n].job, patience); j.State != "done" && j.State != "held" {
				t.Fatalf("the job is %s: %s", j.State, show(j.Error))
			}
			analyze(t, s, sent[n].asset, "missing")
			complain(t, o.name, understood(t, s, sent[n].asset, patience))
			list := marks(t, s, sent[n].asset)
			o.check(t, list)
			if t.Failed() {
				for _, m := range list {
					t.Logf("%s %d..%d %s %q %.2f %+v", m.Track, m.StartMS, m.EndMS, m.Label, m.Text, m.Score, m.Box)
				}
			}
		})
	}
}

// on picks a track.
func on(list []mark, track string) (out []mark) {
	for _, m := range list {
		if m.Track == track {
			out = append(out, m)
		}
	}
	return out
}

// count wants so many annotations on a track.
func count(t *testing.T, list []mark, track string, want int) {
	t.Helper()
	if got := len(on(list, track)); got != want {
		t.Errorf("%d annotations on %s, want %d", got, track, want)
	}
}

// heard wants words with at most so many in a hundred wrong.
func heard(t *testing.T, list []mark, truth string, percent int) {
	t.Helper()
	var said []string
	for _, m := range on(list, "speech") {
		said = append(said, m.Text)
	}
	if wrong, words := speechtest.WordErrors(truth, strings.Join(said, " ")); wrong*100 > words*percent {
		t.Errorf("%d of %d words wrong, want at most %d %%: %q of %q", wrong, words, percent, said, truth)
	}
}

// unspoken wants no word, and at most so many milliseconds taken for speech.
func unspoken(t *testing.T, list []mark, most int64) {
	t.Helper()
	if n := words(list); n != 0 {
		t.Errorf("%d words where nobody speaks: %+v", n, on(list, "speech"))
	}
	sum := int64(0)
	for _, m := range on(list, "sound") {
		if m.Label == "speech" {
			sum += m.EndMS - m.StartMS
		}
	}
	if sum > most {
		t.Errorf("%d ms are taken for speech, want at most %d", sum, most)
	}
}

// raw writes 16 kHz sound where ffmpeg can read it, and the arguments that say what it is.
func rawSound(t *testing.T, pcm []int16) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sound.raw")
	body := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		body = binary.LittleEndian.AppendUint16(body, uint16(v))
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"-f", "s16le", "-ar", "16000", "-ac", "1", "-i", path}
}

// prompt is twelve seconds of a real voice, and what it says.
func prompt(t *testing.T) ([]int16, string) {
	t.Helper()
	return speechtest.Joined(speechtest.Prompts(t, "en", "conf-getpin", "vm-sorry", "agent-alreadyon"), 0.6)
}

func spokenAs(name string, args ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		pcm, _ := prompt(t)
		return made(t, name, append(rawSound(t, pcm), args...)...)
	}
}

func says(percent int) func(*testing.T, []mark) {
	return func(t *testing.T, list []mark) {
		_, truth := prompt(t)
		heard(t, list, truth, percent)
	}
}

func oddSounds() []odd {
	return []odd{
		{"silence", func(t *testing.T) string {
			return made(t, "silence.wav", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "12")
		}, func(t *testing.T, list []mark) {
			unspoken(t, list, 0)
			if all := on(list, "sound"); len(all) != 1 || all[0].Label != "silence" || all[0].EndMS-all[0].StartMS < 11_900 {
				t.Errorf("twelve seconds of silence are told as %+v", all)
			}
		}},
		{"music only", func(t *testing.T) string {
			return made(t, "music.flac", "-t", "25", "-i", filepath.Join(sidecartest.Cache(t), "samples", "music-lunar-land.flac"))
		}, func(t *testing.T, list []mark) { unspoken(t, list, 1000) }},
		{"8 kHz phone", spokenAs("phone.wav", "-af", "highpass=f=300,lowpass=f=3400", "-ar", "8000", "-c:a", "pcm_mulaw"), says(10)},
		{"six channels", spokenAs("six.flac", "-af", "pan=5.1|FL=0*c0|FR=0*c0|FC=c0|LFE=0*c0|BL=0*c0|BR=0*c0", "-ar", "48000"), says(10)},
		{"clipped", spokenAs("clipped.wav", "-af", "volume=30dB"), says(25)},
	}
}

// drawn writes a picture.
func drawn(t *testing.T, name string, img image.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	body := visiontest.PNG(t, img)
	if strings.HasSuffix(name, ".jpg") {
		body = visiontest.JPEG(t, img, 90)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// filmed shows a picture for some seconds.
func filmed(t *testing.T, name string, img image.Image, seconds string) string {
	t.Helper()
	return made(t, name, "-loop", "1", "-framerate", "25", "-t", seconds, "-i", drawn(t, "still.png", img), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
}

func synthetic(name, source string, args ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		return made(t, name, append(append([]string{"-f", "lavfi", "-i", source}, args...), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")...)
	}
}

// head is the astronaut's head as a square of a side, and where the face lies in it as a share of the side.
func head(t *testing.T, side int) *image.RGBA {
	t.Helper()
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	photo := visiontest.Photo(t, "astronaut.png", 512, 512)
	xdraw.CatmullRom.Scale(out, out.Bounds(), photo, image.Rect(100, 20, 340, 260), draw.Src, nil)
	return out
}

func mirrored(img *image.RGBA) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.SetRGBA(b.Dx()-1-x, y, img.RGBAAt(x, y))
		}
	}
	return out
}

func put(on *image.RGBA, img image.Image, x, y int) {
	draw.Draw(on, img.Bounds().Add(image.Pt(x, y)), img, image.Point{}, draw.Src)
}

// wallText is one of forty lines of a wall of text.
func wallText(n int) string {
	return fmt.Sprintf("%s of the harbour rules: keep clear of the northern quay", []string{"First", "Second", "Third", "Fourth", "Fifth"}[n%5])
}

func oddPictures() []odd {
	return []odd{
		{"one frame", synthetic("one frame.mp4", "testsrc2=size=320x180:rate=25", "-frames:v", "1"), func(t *testing.T, list []mark) {
			count(t, list, "shot", 1)
			count(t, list, "keyframe", 1)
		}},
		{"all black", synthetic("black.mp4", "color=black:size=320x180:rate=25:duration=3"), func(t *testing.T, list []mark) {
			for track, n := range map[string]int{"shot": 1, "text": 0, "face": 0, "object": 0, "moderation": 0} {
				count(t, list, track, n)
			}
			if c := on(list, "colour"); len(c) == 0 || c[0].Label != "black" && c[0].Text != "black" {
				t.Errorf("the colours of black are %+v", c)
			}
		}},
		{"strobe", synthetic("strobe.mp4", "color=black:size=320x180:rate=25:duration=4,geq=lum='if(lt(mod(N,4),2),16,235)':cb=128:cr=128"), func(t *testing.T, list []mark) {
			count(t, list, "shot", 1)
			count(t, list, "text", 0)
		}},
		{"vertical", func(t *testing.T) string {
			img := visiontest.Flat(360, 640, color.RGBA{70, 80, 90, 255})
			put(img, head(t, 240), 60, 330)
			return filmed(t, "vertical.mp4", img, "2")
		}, func(t *testing.T, list []mark) {
			count(t, list, "shot", 1)
			near(t, on(list, "face"), [][2]float64{{(60 + 0.53*240) / 360, (330 + 0.44*240) / 640}})
		}},
		{"animated GIF", func(t *testing.T) string {
			a, b := drawn(t, "a.png", visiontest.Photo(t, "cat.png", 240, 180)), drawn(t, "b.png", visiontest.Photo(t, "rocket.jpg", 240, 180))
			return made(t, "moving.gif", "-loop", "1", "-t", "2", "-framerate", "10", "-i", a, "-loop", "1", "-t", "2", "-framerate", "10", "-i", b,
				"-filter_complex", "[0][1]concat=n=2:v=1:a=0,split[x][y];[x]palettegen[p];[y][p]paletteuse")
		}, func(t *testing.T, list []mark) { // a picture as others: what it shows first
			count(t, list, "shot", 0)
			if l := on(list, "label"); len(l) == 0 || !strings.Contains(l[0].Text, "cat") {
				t.Errorf("a cat that becomes a rocket is told as %+v", l)
			}
		}},
		{"a face of 12 pixels", func(t *testing.T) string {
			img := visiontest.Photo(t, "home.jpg", 640, 360)
			put(img, head(t, 27), 400, 200) // of which the face is 12 wide
			return drawn(t, "small face.png", img)
		}, func(t *testing.T, list []mark) { count(t, list, "face", 0) }},
		{"twins", func(t *testing.T) string {
			img := visiontest.Flat(800, 400, color.RGBA{70, 80, 90, 255})
			put(img, head(t, 300), 60, 50)
			put(img, mirrored(head(t, 300)), 440, 50)
			return drawn(t, "twins.png", img)
		}, func(t *testing.T, list []mark) {
			near(t, on(list, "face"), [][2]float64{{(60 + 0.53*300) / 800, (50 + 0.44*300) / 400}, {(440 + 0.47*300) / 800, (50 + 0.44*300) / 400}})
		}},
		{"mirrored text", func(t *testing.T) string {
			img := visiontest.Flat(640, 200, color.RGBA{20, 24, 60, 255})
			visiontest.Write(t, img, "Bridge closed", 60, 110, 56)
			return drawn(t, "mirrored.png", mirrored(img))
		}, func(t *testing.T, list []mark) {
			for _, m := range on(list, "text") {
				if low := strings.ToLower(m.Text); strings.Contains(low, "bridge") || strings.Contains(low, "closed") {
					t.Errorf("mirrored letters are read as if they were not: %q", m.Text)
				}
			}
		}},
		{"a wall of text", func(t *testing.T) string {
			img := visiontest.Flat(1280, 1300, color.RGBA{20, 24, 60, 255})
			for n := range 40 {
				visiontest.Write(t, img, wallText(n), 40, 40+n*31, 22)
			}
			return drawn(t, "wall.png", img)
		}, wallRead},
		{"8K", func(t *testing.T) string {
			return drawn(t, "large.jpg", visiontest.Photo(t, "cat.png", 7680, 4320))
		}, func(t *testing.T, list []mark) {
			if l := on(list, "label"); len(l) == 0 || !strings.Contains(l[0].Text, "cat") {
				t.Errorf("a cat of 33 million pixels is told as %+v", l)
			}
		}},
	}
}

// near wants exactly one face about each place, in fractions of the picture.
func near(t *testing.T, faces []mark, want [][2]float64) {
	t.Helper()
	if len(faces) != len(want) {
		t.Errorf("%d faces, want %d", len(faces), len(want))
	}
	for _, w := range want {
		n := 0
		for _, f := range faces {
			if f.Box != nil && math.Abs(f.Box.X+f.Box.W/2-w[0]) < f.Box.W/3 && math.Abs(f.Box.Y+f.Box.H/2-w[1]) < f.Box.H/3 {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d faces about %v, want one", n, w)
		}
	}
}

// wallRead wants each line of the wall once, with at most one word in twenty wrong.
func wallRead(t *testing.T, list []mark) {
	lines := on(list, "text")
	var truth, read []string
	for n := range 40 {
		truth = append(truth, wallText(n))
	}
	for _, m := range lines {
		read = append(read, m.Text)
	}
	if wrong, words := speechtest.WordErrors(strings.Join(truth, " "), strings.Join(read, " ")); wrong*20 > words || len(lines) < 38 || len(lines) > 44 {
		t.Errorf("%d lines, %d of %d words wrong", len(lines), wrong, words)
	}
}

// TestTwinsAreTwoPeople holds, with the comparison of faces turned on, that two faces in one picture are never grouped,
// however alike they are.
func TestTwinsAreTwoPeople(t *testing.T) {
	minds(t, allModels...)
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	if err := s.JSON(t.Context(), http.MethodPut, "/v1/settings/biometrics", map[string]any{"enabled": true, "basis": "consent", "document": "a test with a picture in the public domain"}, nil); err != nil {
		t.Fatal(err)
	}
	var twins odd
	for _, o := range oddPictures() {
		if o.name == "twins" {
			twins = o
		}
	}
	raw, err := os.ReadFile(twins.file(t))
	if err != nil {
		t.Fatal(err)
	}
	a := upload(t, s, "twins.png", raw)
	ended(t, s, a.job, patience)
	analyze(t, s, a.asset, "missing")
	complain(t, "twins", understood(t, s, a.asset, patience))
	var faces struct {
		Items []struct {
			ID     string `json:"id"`
			Person string `json:"person"`
			Group  string `json:"group"`
		} `json:"items"`
	}
	answer := ask(t, s, http.MethodGet, "/v1/assets/"+a.asset+"/faces", nil)
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+a.asset+"/faces", nil, &faces); err != nil {
		t.Fatal(err)
	}
	if len(faces.Items) != 2 || faces.Items[0].Person+faces.Items[0].Group == faces.Items[1].Person+faces.Items[1].Group {
		t.Errorf("twins: %s", answer.body)
	}
}
