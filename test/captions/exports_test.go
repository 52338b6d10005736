package captions_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/test/world"
)

// cue is a caption as the API lists it.
type cue struct {
	StartMS int64  `json:"startMs"`
	EndMS   int64  `json:"endMs"`
	Text    string `json:"text"`
	Label   string `json:"label"`
}

func cuesOf(t *testing.T, s *world.Server, asset, label string) (out []cue) {
	t.Helper()
	var page struct{ Items []cue }
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/annotations?track=caption&limit=500", nil, &page); err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Items {
		if c.Label == label {
			out = append(out, c)
		}
	}
	return out
}

func TestTranscriptsGoOutAndComeBack(t *testing.T) {
	s, prompts := serve(t)
	en := filepath.Join(prompts, "en")
	asset := upload(t, s, film(t, "hello.mp4", filepath.Join(en, "agent-alreadyon.wav"), filepath.Join(en, "vm-sorry.wav"), filepath.Join(en, "conf-getpin.wav"), filepath.Join(en, "demo-congrats.wav")), "--only", "speech,speakers")
	dir := t.TempDir()
	files := map[string][]byte{}
	for _, format := range []string{"srt", "vtt", "ttml", "ass", "txt", "json"} {
		file := filepath.Join(dir, "said."+format)
		cli(t, s, "transcript", asset, "--format", format, "-o", file)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files[format] = b
		res, err := s.Do(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/transcript?format="+format, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, res); got != string(b) {
			t.Errorf("%s: the API gives %q, the command line %q", format, got, b)
		}
	}
	said := words(t, files)
	want, err := transcode.ReadCaptions("said.vtt", files["vtt"])
	if err != nil || len(want.Cues) < 3 {
		t.Fatal(err, want)
	}
	for _, format := range []string{"srt", "vtt", "ttml", "ass"} {
		cli(t, s, "captions", "add", asset, filepath.Join(dir, "said."+format), "--lang", "en-GB")
		back := cuesOf(t, s, asset, "t-en-gb-person")
		if len(back) != len(want.Cues) {
			t.Errorf("%s: %d of %d cues come back", format, len(back), len(want.Cues))
			continue
		}
		text := ""
		for n, c := range back {
			if off := c.StartMS - want.Cues[n].Range.Start.MS(); off > 10 || off < -10 {
				t.Errorf("%s: cue %d comes back %d ms off", format, n, off)
			}
			if c.Text != want.Cues[n].Text {
				t.Errorf("%s: cue %d is %q, was %q", format, n, c.Text, want.Cues[n].Text)
			}
			text += " " + c.Text
		}
		if bare(text) != said {
			t.Errorf("%s says %q, the transcript %q", format, bare(text), said)
		}
	}
	aligned(t, s, asset, want)
}

// words are what a transcript says, by its JSON; its text says the same.
func words(t *testing.T, files map[string][]byte) string {
	t.Helper()
	var tr struct {
		Lang       string   `json:"lang"`
		Languages  []string `json:"languages"`
		Utterances []struct{ Text string }
	}
	if err := json.Unmarshal(files["json"], &tr); err != nil || tr.Lang != "en" || len(tr.Languages) != 1 {
		t.Fatalf("%v %+v", err, tr)
	}
	said := ""
	for _, u := range tr.Utterances {
		said += " " + u.Text
	}
	text := regexp.MustCompile(`(?m)^S\d+: `).ReplaceAllString(string(files["txt"]), "") // who speaks stands before a turn
	if bare(said) == "" || bare(said) != bare(text) {
		t.Errorf("JSON says %q, text %q", bare(said), bare(text))
	}
	return bare(said)
}

func bare(text string) string {
	return strings.Join(regexp.MustCompile(`[\pL\pN']+`).FindAllString(strings.ToLower(text), -1), " ")
}

// aligned brings a person's captions 2.4 s late, is told so, and aligns them.
func aligned(t *testing.T, s *world.Server, asset string, truth transcode.Captions) {
	t.Helper()
	late := transcode.Captions{Cues: append([]transcode.Cue(nil), truth.Cues...)}
	for n := range late.Cues {
		late.Cues[n].Text = strings.ToUpper(late.Cues[n].Text) // a person's way of writing stays
	}
	late.Shift(2400 * media.Millisecond)
	file := filepath.Join(t.TempDir(), "late.vtt")
	if err := os.WriteFile(file, late.WebVTT(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := cli(t, s, "captions", "add", asset, file, "--lang", "en-GB"); !strings.Contains(out, "2.4 s late") {
		t.Errorf("adding says %q", out)
	}
	if out := cli(t, s, "captions", "timing", asset, "en-GB"); !strings.Contains(out, "2.4 s late") {
		t.Errorf("timing says %q", out)
	}
	cli(t, s, "captions", "align", asset, "en-GB")
	for n, c := range cuesOf(t, s, asset, "t-en-gb-person") {
		if off := c.StartMS - truth.Cues[n].Range.Start.MS(); off > 100 || off < -100 || c.Text != late.Cues[n].Text {
			t.Errorf("cue %d is %d ms off and says %q", n, off, c.Text)
		}
	}
	if out := cli(t, s, "captions", "timing", asset, "en-GB"); !strings.Contains(out, "fit the sound") {
		t.Errorf("afterwards timing says %q", out)
	}
	var p stream
	first := fmt.Sprintf("00:00:%02d.%03d", truth.Cues[0].Range.Start.MS()/1000, truth.Cues[0].Range.Start.MS()%1000)
	comes(t, "the aligned captions in the player", func() bool {
		p = play(t, s, asset)
		return len(p.Captions) == 1 && strings.Contains(get(t, s, p.Captions[0].URL), first)
	})
}

func TestFrenchIsTranslatedOnRequest(t *testing.T) {
	s, prompts := serve(t)
	fr := filepath.Join(prompts, "fr")
	asset := upload(t, s, film(t, "bonjour.mp4", filepath.Join(fr, "agent-alreadyon.wav"), filepath.Join(fr, "conf-getpin.wav")), "--only", "speech", "--translate")
	var p stream
	comes(t, "both tracks", func() bool { p = play(t, s, asset); return len(p.Captions) == 2 })
	master := get(t, s, p.HLS)
	for _, want := range []string{
		`NAME="Français (automatic)",LANGUAGE="fr",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog"`,
		`NAME="English (machine translation)",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=NO,FORCED=NO,URI=`,
	} {
		if !strings.Contains(master, want) {
			t.Errorf("the playlist lacks %s\n%s", want, master)
		}
	}
	english, french := cli(t, s, "transcript", asset, "--translation"), cli(t, s, "transcript", asset)
	if !has(bare(english), "number") || has(bare(french), "number") || !has(bare(french), "agent") {
		t.Errorf("French: %s\nEnglish: %s", french, english)
	}
	var renditions struct {
		Items []struct {
			Name, Title string
			Meta        map[string]any
		}
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/renditions", nil, &renditions); err != nil {
		t.Fatal(err)
	}
	said := false
	for _, r := range renditions.Items {
		said = said || r.Name == "t-en-translated" && strings.HasPrefix(fmt.Sprint(r.Meta["machine"]), "whisper-base") && r.Meta["translated"] == true
	}
	if !said {
		t.Errorf("no rendition says which model translated: %+v", renditions.Items)
	}
	res, err := s.Do(t.Context(), http.MethodPost, "/v1/assets/"+asset+"/translation", map[string]any{"to": "de"})
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, res); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "no-language-server") {
		t.Errorf("into German: %s %s", res.Status, text)
	}
}
