package journeys_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showreel/test/world"
)

// added is a line of `showreel add --json`.
type added struct {
	Asset         string      `json:"asset"`
	Job           string      `json:"job"`
	Kind          string      `json:"kind"`
	State         string      `json:"state"`
	PlayableAfter float64     `json:"playable_after_s"`
	ReadyAfter    float64     `json:"ready_after_s"`
	Renditions    []rendition `json:"renditions"`
	Findings      []struct {
		Check    string `json:"check"`
		Severity string `json:"severity"`
	} `json:"findings"`
	Error *struct {
		Code string `json:"code"`
		Text string `json:"text"`
	} `json:"error"`
}

type rendition struct {
	Name   string `json:"name"`
	Role   string `json:"role"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	SHA256 string `json:"sha256"`
}

type grant struct {
	HLS      string `json:"hls"`
	DASH     string `json:"dash"`
	Poster   string `json:"poster"`
	Thumbs   string `json:"thumbs"`
	Waveform string `json:"waveform"`
	Embed    string `json:"embed"`
	Download []struct {
		Height int    `json:"height"`
		URL    string `json:"url"`
	} `json:"download"`
	DurationMS int64 `json:"durationMs"`
}

// add runs `showreel add --wait --json` and returns the lines; a failed item is no error here.
func add(t *testing.T, where []string, files ...string) []added {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	out, errs, err := world.Run(ctx, append(append(append([]string{"add"}, files...), "--wait", "--json"), where...)...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var all []added
	for line := range strings.Lines(out) {
		var a added
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("add printed %q: %v", line, err)
		}
		all = append(all, a)
	}
	if len(all) == 0 {
		t.Fatalf("add printed nothing: %s", errs)
	}
	return all
}

func at(s *world.Server) []string { return []string{"--server", s.URL, "--key", s.Key} }

func play(t *testing.T, s *world.Server, asset string) grant {
	t.Helper()
	var g grant
	if err := s.JSON(t.Context(), http.MethodPost, "/v1/assets/"+asset+"/play", map[string]any{}, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// get fetches a path without credentials, as a player does.
func get(t *testing.T, url string, want int) []byte {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != want {
		t.Fatalf("%s: %s, want %d: %.300s", url, res.Status, want, body)
	}
	return body
}

// probe asks ffprobe for the streams of an address or file.
func probe(t *testing.T, src string, extra ...string) (out struct {
	Streams []struct {
		Type     string `json:"codec_type"`
		Codec    string `json:"codec_name"`
		Width    int    `json:"width"`
		Height   int    `json:"height"`
		Frames   string `json:"nb_read_frames"`
		Duration string `json:"duration"`
	} `json:"streams"`
	Format struct {
		Duration string `json:"duration"`
	} `json:"format"`
}) {
	t.Helper()
	args := append(append([]string{"-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json"}, extra...), src)
	raw, err := exec.CommandContext(t.Context(), "ffprobe", args...).Output()
	if err != nil {
		t.Fatalf("ffprobe %s: %v %s", src, err, stderr(err))
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func stderr(err error) []byte {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}

func TestFilmFromUploadToPlayer(t *testing.T) {
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	film := world.ClipT(t, "a film – مرحبا 🎬.mp4", "640x360", "25", 5)
	got := add(t, at(s), film)[0]
	if got.Error != nil || got.State != "ready" || got.Kind != "video" {
		t.Fatalf("%+v", got)
	}
	if got.PlayableAfter <= 0 || got.ReadyAfter < got.PlayableAfter {
		t.Errorf("playable after %g s, ready after %g s", got.PlayableAfter, got.ReadyAfter)
	}
	heights := map[int]bool{}
	for _, r := range got.Renditions {
		if r.Role == "rung" {
			heights[r.Height] = true
		}
	}
	if !heights[360] || heights[720] {
		t.Errorf("rungs %v: want 360, and none above the source", heights)
	}
	g := play(t, s, got.Asset)
	master := string(get(t, s.URL+g.HLS, 200))
	for _, want := range []string{"#EXTM3U", "CODECS=", "FRAME-RATE=25", "AVERAGE-BANDWIDTH=", "#EXT-X-I-FRAME-STREAM-INF"} {
		if !strings.Contains(master, want) {
			t.Errorf("the master playlist lacks %s:\n%s", want, master)
		}
	}
	// One stream at a time: ffprobe ends a DASH presentation with its shortest representation, the trick-play one.
	for _, url := range []string{s.URL + g.HLS, s.URL + g.DASH} {
		v, a := probe(t, url, "-select_streams", "v:0").Streams, probe(t, url, "-select_streams", "a:0").Streams
		if len(v) == 0 || v[0].Frames != "125" || v[0].Height != 360 {
			t.Errorf("%s: %+v, want 125 frames at 360", url, v)
		}
		if len(a) == 0 || a[0].Codec != "aac" {
			t.Errorf("%s: sound %+v", url, a)
		}
	}
	if len(get(t, s.URL+g.Poster, 200)) < 500 || !strings.HasPrefix(string(get(t, s.URL+g.Thumbs, 200)), "WEBVTT") || !json.Valid(get(t, s.URL+g.Waveform, 200)) {
		t.Error("poster, thumbnails or waveform are not what they should be")
	}
	if len(g.Download) == 0 {
		t.Fatal("no download is offered")
	}
	file := filepath.Join(t.TempDir(), "download.mp4")
	if err := os.WriteFile(file, get(t, s.URL+g.Download[0].URL, 200), 0o600); err != nil {
		t.Fatal(err)
	}
	if p := probe(t, file); len(p.Streams) != 2 || p.Streams[0].Frames != "125" {
		t.Errorf("the download has %+v", p.Streams)
	}
	if out, _, err := world.Run(t.Context(), append([]string{"doctor", "--quick", "--playback"}, at(s)...)...); err != nil || !strings.Contains(out, "Chromium showed a frame") {
		t.Errorf("doctor --playback: %v\n%s", err, out)
	}
	trashAndRestore(t, s, got.Asset, g)
	if out, errs, err := world.Run(t.Context(), append([]string{"verify", "audit"}, at(s)...)...); err != nil {
		t.Errorf("verify audit: %v %s%s", err, out, errs)
	}
	if out, errs, err := world.Run(t.Context(), append([]string{"verify", "blobs"}, at(s)...)...); err != nil {
		t.Errorf("verify blobs: %v %s%s", err, out, errs)
	}
}

func trashAndRestore(t *testing.T, s *world.Server, asset string, g grant) {
	t.Helper()
	if _, errs, err := world.Run(t.Context(), append([]string{"trash", asset}, at(s)...)...); err != nil {
		t.Fatal(errs)
	}
	res, err := http.Get(s.URL + g.HLS)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode < 400 {
		t.Errorf("what is in the trash still plays: %s", res.Status)
	}
	if _, errs, err := world.Run(t.Context(), append([]string{"trash", "--restore", asset}, at(s)...)...); err != nil {
		t.Fatal(errs)
	}
	get(t, s.URL+g.HLS, 200)
}

func TestHeadlessOnAFolder(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	film := world.ClipT(t, "film.mp4", "320x180", "24", 2)
	got := add(t, []string{"--data", data}, film)[0]
	if got.Error != nil || got.State != "ready" || len(got.Renditions) == 0 {
		t.Fatalf("%+v", got)
	}
	out, errs, err := world.Run(t.Context(), "list", "--json", "--data", data)
	if err != nil || strings.Count(out, "\n") != 1 || !strings.Contains(out, got.Asset) {
		t.Fatalf("list: %v %s %s", err, out, errs)
	}
	again := add(t, []string{"--data", data}, film)[0]
	if again.Asset != got.Asset {
		t.Errorf("the same bytes became another asset: %+v", again)
	}
}

func TestKinds(t *testing.T) {
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	dir := t.TempDir()
	make := func(name string, args ...string) string {
		path := filepath.Join(dir, name)
		if out, err := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-y", "-v", "error"}, args...), path)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return path
	}
	picture := make("picture.png", "-f", "lavfi", "-i", "testsrc2=size=801x601", "-frames:v", "1")
	sound := make("sound.wav", "-f", "lavfi", "-i", "sine=frequency=330:duration=3")
	rotated := make("rotated.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-metadata:s:v", "rotate=90", "-pix_fmt", "yuv420p")
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte("Rushes of day 3: the bridge at dawn.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{picture: "image", sound: "audio", rotated: "video", text: "text"}
	for _, file := range []string{picture, sound, rotated, text} {
		got := add(t, at(s), file)[0]
		if got.Error != nil || got.State != "ready" || got.Kind != want[file] {
			t.Errorf("%s: %+v", filepath.Base(file), got)
		}
	}
}

func TestBadInputGetsASentence(t *testing.T) {
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	dir := t.TempDir()
	good, err := os.ReadFile(world.ClipT(t, "good.mp4", "320x180", "25", 2))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{
		"empty.mp4":                {},
		"text.mp4":                 []byte(strings.Repeat("this is no film\n", 50)),
		"truncated.mp4":            good[:len(good)/2],
		"playlist.m3u8":            []byte("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
		"playlist-in-disguise.mp4": []byte("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
		"concat.mp4":               []byte("ffconcat version 1.0\nfile /etc/passwd\n"),
		"zeros.mov":                make([]byte, 64<<10),
		"noise.mkv":                []byte(strings.Repeat("\x1a\x45\xdf\xa3\x00\xff\x13", 900)),
	}
	for name, body := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		got := add(t, at(s), path)[0]
		if got.Kind == "text" && got.Error == nil && strings.HasSuffix(name, ".m3u8") {
			continue // a playlist kept as text is honest
		}
		if got.Error == nil || got.Error.Text == "" || got.Error.Code == "" || got.Error.Code == "internal" {
			t.Errorf("%s was taken or has no sentence: %+v %+v", name, got, got.Error)
		}
		for _, r := range got.Renditions {
			t.Errorf("%s: %s was published", name, r.Name)
		}
	}
}

// TestDoctorFindsEverything has the models and the program that runs them where `make test` brought them.
func TestDoctorFindsEverything(t *testing.T) {
	program, cache := os.Getenv("SHOWREEL_AI"), os.Getenv("SHOWREEL_CACHE")
	if program != "" {
		t.Setenv("SHOWREEL_AI_PROGRAM", program)
		t.Setenv("SHOWREEL_AI_NATIVE", filepath.Join(cache, "native"))
		t.Setenv("SHOWREEL_MODELS_DIR", filepath.Join(cache, "models"))
	}
	out, errs, err := world.Run(t.Context(), "doctor", "--quick", "--data", filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	for line := range strings.Lines(out) {
		ours := program != "" || !strings.Contains(line, "analysis")
		if ours && (strings.Contains(line, "missing") || strings.Contains(line, "degraded")) {
			t.Errorf("doctor finds fault: %s", line)
		}
	}
}

func TestTwoProcessesOnOneFolder(t *testing.T) {
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	if out, errs, err := world.Run(t.Context(), "list", "--data", s.Data); err != nil {
		t.Errorf("the command line did not find the running server: %v %s%s", err, out, errs)
	}
	_, errs, err := world.Run(t.Context(), "serve", "--data", s.Data, "--listen", "127.0.0.1:0")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(errs, "Another Showreel process") {
		t.Errorf("a second server: %v %s", err, errs)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v\n%s", err, s.Log())
	}
}

// show renders any value for messages.
func show(v any) string { return fmt.Sprintf("%+v", v) }
