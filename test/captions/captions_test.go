package captions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"showreel/engine/transcode"
	"showreel/platform/sidecar/sidecartest"
	"showreel/test/world"
)

func TestMain(m *testing.M) { os.Exit(world.Main(m)) }

// serve starts a server with the real speech model.
func serve(t *testing.T) (*world.Server, string) {
	t.Helper()
	cache, program := sidecartest.Cache(t), os.Getenv("SHOWREEL_AI")
	if program == "" {
		program = filepath.Join(world.Root(), "bin", "showreel-ai")
	}
	sidecartest.Need(t, program, filepath.Join(cache, "native"), filepath.Join(cache, "models", "whisper-base"), filepath.Join(cache, "prompts", "en"), filepath.Join(cache, "prompts", "fr"))
	t.Setenv("SHOWREEL_AI_PROGRAM", program)
	t.Setenv("SHOWREEL_AI_NATIVE", filepath.Join(cache, "native"))
	t.Setenv("SHOWREEL_MODELS_DIR", filepath.Join(cache, "models"))
	return world.StartT(t, filepath.Join(t.TempDir(), "data")), filepath.Join(cache, "prompts")
}

// film joins recorded prompts, half a second apart, under moving pictures.
func film(t *testing.T, name string, prompts ...string) string {
	t.Helper()
	args := []string{"-y", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=120"}
	graph := ""
	for n, p := range prompts {
		args = append(args, "-i", p)
		graph += fmt.Sprintf("[%d:a]aresample=48000,adelay=500,apad=pad_dur=0.5[a%d];", n+1, n)
	}
	for n := range prompts {
		graph += fmt.Sprintf("[a%d]", n)
	}
	graph += fmt.Sprintf("concat=n=%d:v=0:a=1[a]", len(prompts))
	path := filepath.Join(t.TempDir(), name)
	args = append(args, "-filter_complex", graph, "-map", "0:v", "-map", "[a]", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", path)
	if out, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v %s", err, out)
	}
	return path
}

// cli runs the command line against a server.
func cli(t *testing.T, s *world.Server, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	out, errs, err := world.Run(ctx, append(args, "--server", s.URL, "--key", s.Key)...)
	if err != nil {
		t.Fatalf("showreel %s: %v %s%s", strings.Join(args, " "), err, out, errs)
	}
	return out
}

// upload takes a film in and asks for some abilities of it, and waits for both.
func upload(t *testing.T, s *world.Server, path string, flags ...string) string {
	t.Helper()
	var r struct {
		Asset string `json:"asset"`
	}
	if err := json.Unmarshal([]byte(cli(t, s, append([]string{"analyze", path, "--wait", "--json"}, flags...)...)), &r); err != nil || r.Asset == "" {
		t.Fatalf("analyze: %v", err)
	}
	return r.Asset
}

// stream is what a player of a film is given.
type stream struct {
	HLS      string `json:"hls"`
	DASH     string `json:"dash"`
	Captions []struct {
		Lang, Label, URL, Kind string
		Machine                bool
	} `json:"captions"`
}

func play(t *testing.T, s *world.Server, asset string) stream {
	t.Helper()
	var p stream
	if err := s.JSON(t.Context(), http.MethodPost, "/v1/assets/"+asset+"/play", map[string]any{}, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// get fetches an address as a player does.
func get(t *testing.T, s *world.Server, path string) string {
	t.Helper()
	res, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	b := body(t, res)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %.200s", path, res.Status, b)
	}
	return b
}

// body reads and closes an answer.
func body(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// comes waits until something holds.
func comes(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatal("it never came to this: " + what)
}

var (
	line = regexp.MustCompile(`(?m)^[^#\s].*$`)
	auto = regexp.MustCompile(`(?m)^#EXT-X-MEDIA:TYPE=SUBTITLES.*NAME="English \(automatic\)".*URI="([^"]+)"`)
)

// segments reads the captions of a playlist as a player does, all segments in order.
func segments(t *testing.T, s *world.Server, hls, uri string) (text string, names []string) {
	t.Helper()
	base := hls[:strings.LastIndex(hls, "/")+1]
	folder := base + uri[:strings.LastIndex(uri, "/")+1]
	for _, name := range line.FindAllString(get(t, s, base+uri), -1) {
		b := get(t, s, folder+name)
		if _, err := transcode.ReadCaptions(name, []byte(b)); err != nil && strings.Contains(b, "-->") {
			t.Errorf("%s is no WebVTT: %v\n%s", name, err, b)
		}
		text, names = text+b, append(names, folder+name)
	}
	return text, names
}

// has reports words of a text without case and punctuation.
func has(text, words string) bool {
	return strings.Contains(strings.Join(strings.Fields(strings.ToLower(text)), " "), words)
}

func TestSpeechComesToThePlayerAsCaptions(t *testing.T) {
	s, prompts := serve(t)
	en := filepath.Join(prompts, "en")
	asset := upload(t, s, film(t, "hello.mp4", filepath.Join(en, "agent-alreadyon.wav"), filepath.Join(en, "vm-sorry.wav"), filepath.Join(en, "conf-getpin.wav")), "--only", "speech")
	var p stream
	var master, uri string
	comes(t, "automatic captions in the playlist", func() bool {
		p = play(t, s, asset)
		master = get(t, s, p.HLS)
		if m := auto.FindStringSubmatch(master); m != nil {
			uri = m[1]
		}
		return uri != ""
	})
	if !strings.Contains(master, `LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog"`) {
		t.Error(master)
	}
	vtt, old := segments(t, s, p.HLS, uri)
	if !has(vtt, "agent") || !has(vtt, "number") || !strings.Contains(vtt, "-->") {
		t.Errorf("the captions say %s", vtt)
	}
	if len(p.Captions) != 1 || p.Captions[0].Label != "English (automatic)" || p.Captions[0].Kind != "captions" || !p.Captions[0].Machine || !has(get(t, s, p.Captions[0].URL), "agent") {
		t.Errorf("%+v", p.Captions)
	}
	demuxes(t, s, p)
	corrected(t, s, asset, p, uri, old)
	givesWay(t, s, asset)
	turnedOff(t, s, asset)
}

// demuxes has ffmpeg read the captions from both manifests, as an independent player would.
func demuxes(t *testing.T, s *world.Server, p stream) {
	t.Helper()
	for _, url := range []string{p.HLS, p.DASH} {
		out, err := exec.Command("ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "compact", s.URL+url).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "codec_type=video") {
			t.Errorf("ffprobe %s: %v %s", url, err, out)
		}
	}
	out, err := exec.Command("ffmpeg", "-v", "error", "-strict", "experimental", "-i", s.URL+p.HLS, "-map", "0:s:0", "-f", "srt", "-").CombinedOutput()
	if read, bad := transcode.ReadCaptions("a.srt", out); err != nil || bad != nil || len(read.Cues) < 2 || !has(string(out), "agent") {
		t.Errorf("ffmpeg reads from the playlist %v %v %s", err, bad, out)
	}
	mpd := get(t, s, p.DASH)
	set := regexp.MustCompile(`(?s)<AdaptationSet[^>]*contentType="text"[^>]*lang="en">\s*<Label>English \(automatic\)</Label>\s*<Role schemeIdUri="urn:mpeg:dash:role:2011" value="caption"/>.*?<BaseURL>([^<]+)</BaseURL>`).FindStringSubmatch(mpd)
	if set == nil {
		t.Fatal(mpd)
	}
	if vtt := get(t, s, p.DASH[:strings.LastIndex(p.DASH, "/")+1]+set[1]); !has(vtt, "agent") {
		t.Error(vtt)
	}
}

// corrected lets a person correct the transcript while a player holds the playlist of before.
func corrected(t *testing.T, s *world.Server, asset string, p stream, uri string, old []string) {
	t.Helper()
	var tr struct {
		Utterances []struct{ Annotation, Text string } `json:"utterances"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/transcript", nil, &tr); err != nil || len(tr.Utterances) == 0 {
		t.Fatal(err, tr)
	}
	u := tr.Utterances[0]
	if err := s.JSON(t.Context(), http.MethodPatch, "/v1/assets/"+asset+"/annotations/"+u.Annotation, map[string]any{"text": "Zebra " + u.Text}, nil); err != nil {
		t.Fatal(err)
	}
	var names []string
	comes(t, "the corrected captions", func() bool {
		var vtt string
		vtt, names = segments(t, s, p.HLS, uri)
		return has(vtt, "zebra")
	})
	if names[0] == old[0] {
		t.Error("caches would give the old captions: the segment's name is the same")
	}
	if !has(get(t, s, old[0]), "zebra") {
		t.Error("a player in the middle gets something else at the name that it holds")
	}
}

// givesWay adds a person's captions: they are offered in place of the machine's, which stays for those who hold it.
func givesWay(t *testing.T, s *world.Server, asset string) {
	t.Helper()
	srt := filepath.Join(t.TempDir(), "person.srt")
	if err := os.WriteFile(srt, []byte("1\n00:00:00,500 --> 00:00:04,000\nWritten by a person.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := play(t, s, asset)
	cli(t, s, "captions", "add", asset, srt, "--lang", "en")
	var p stream
	comes(t, "the person's captions", func() bool {
		p = play(t, s, asset)
		return len(p.Captions) == 1 && !p.Captions[0].Machine
	})
	if master := get(t, s, p.HLS); auto.MatchString(master) || !strings.Contains(master, "t-en-person/index.m3u8") {
		t.Error(master)
	}
	if vtt := get(t, s, p.Captions[0].URL); !has(vtt, "written by a person") || has(vtt, "zebra") {
		t.Errorf("the person's captions are %s", vtt)
	}
	if vtt := get(t, s, before.Captions[0].URL); !has(vtt, "zebra") {
		t.Errorf("who held the machine's has %s", vtt)
	}
	if err := s.JSON(t.Context(), http.MethodDelete, "/v1/assets/"+asset+"/captions/en", nil, nil); err != nil {
		t.Fatal(err)
	}
	comes(t, "the machine's again", func() bool { p = play(t, s, asset); return len(p.Captions) == 1 && p.Captions[0].Machine })
}

// turnedOff turns automatic captions off and on by the command line.
func turnedOff(t *testing.T, s *world.Server, asset string) {
	t.Helper()
	if out := cli(t, s, "captions", "auto", "off"); !strings.Contains(out, "(all others)  off") {
		t.Error(out)
	}
	comes(t, "no captions", func() bool { return len(play(t, s, asset).Captions) == 0 })
	cli(t, s, "captions", "auto", "on")
	comes(t, "captions again", func() bool { return len(play(t, s, asset).Captions) == 1 })
}
