package delivery_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"showreel/product/delivery"
	"showreel/product/library"
)

// browserCase is one line of test/browser/playback.mjs.
type browserCase struct {
	Name   string         `json:"name"`
	Page   string         `json:"page"`
	URL    string         `json:"url"`
	Player string         `json:"player"`
	DRM    map[string]any `json:"drm,omitempty"`
	Seek   float64        `json:"seek,omitempty"`
}

// TestBrowserPlayback plays HLS and DASH, clear and encrypted, with two players in Chromium.
func TestBrowserPlayback(t *testing.T) {
	script := browserScript(t)
	w := newWorld(t).film(t, library.Rights{})
	var cases []browserCase
	add := func(name, player string, p delivery.Play, url string, drm map[string]any) {
		cases = append(cases, browserCase{Name: name, Page: w.server.URL + p.Embed, URL: w.server.URL + url, Player: player, DRM: drm})
	}
	clear := w.play(t, delivery.PlayRequest{})
	add("clear hls", "shaka", clear, clear.HLS, nil)
	add("clear dash", "shaka", clear, clear.DASH, nil)
	add("clear hls.js", "hls", clear, clear.HLS, nil)
	add("clear hls on another site", "shaka", clear, clear.HLS, nil)
	cases[len(cases)-1].Page = "other"
	for _, scheme := range []string{"cenc", "cbcs"} {
		p := w.play(t, delivery.PlayRequest{DRM: scheme})
		add(scheme+" dash, keys", "shaka", p, p.DASH, map[string]any{"clearKeys": p.ClearKey.Keys})
		add(scheme+" dash, licence", "shaka", p, p.DASH, map[string]any{"servers": map[string]string{"org.w3.clearkey": w.server.URL + p.ClearKey.Licence}})
		add(scheme+" hls, key address", "shaka", p, p.HLS, nil)
	}
	clip := w.play(t, delivery.PlayRequest{Clip: &delivery.Clip{StartMS: 2000, EndMS: 4000}})
	add("clip", "shaka", clip, clip.HLS, nil)
	cases[len(cases)-1].Seek = 1.5
	for _, r := range playInBrowser(t, script, cases) {
		if r.Error != "" || len(r.Failed) > 0 {
			t.Errorf("%s: %s %v", r.Name, r.Error, r.Failed)
			continue
		}
		t.Logf("%s: first frame %d ms, buffered from %.3f, %d wide, %d of %d frames dropped", r.Name, r.FirstFrameMS, r.BufferedStart, r.Width, r.Dropped, r.Total)
		if r.BufferedStart != 0 || r.Width == 0 {
			t.Errorf("%s: buffered from %v in %d ranges, %d wide", r.Name, r.BufferedStart, r.Ranges, r.Width)
		}
	}
}

// browserScript finds Chromium, node and the players, which `npm ci` in test/browser brings.
func browserScript(t *testing.T) string {
	t.Helper()
	script, err := filepath.Abs("../../test/browser/playback.mjs")
	must(t, err)
	_, errNode := exec.LookPath("node")
	_, errBrowser := exec.LookPath("chromium")
	_, errShaka := os.Stat(filepath.Join(filepath.Dir(script), "node_modules", "shaka-player"))
	if errNode != nil || errBrowser != nil || errShaka != nil {
		if os.Getenv("SHOWREEL_TEST_FULL") == "1" {
			t.Fatalf("the browser test cannot run: node %v, chromium %v, players %v", errNode, errBrowser, errShaka)
		}
		t.Skip("needs node, chromium and `npm ci` in test/browser")
	}
	return script
}

// played is what the script measured.
type played struct {
	Name          string
	Error         string
	Failed        []string
	FirstFrameMS  int64
	BufferedStart float64
	Ranges        int
	Width         int
	Dropped       int
	Total         int
}

func playInBrowser(t *testing.T, script string, cases []browserCase) []played {
	t.Helper()
	in, err := json.Marshal(cases)
	must(t, err)
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Dir = filepath.Dir(script)
	cmd.Stdin = bytes.NewReader(in)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	var all []played
	for line := range strings.Lines(string(out)) {
		var p played
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, p)
	}
	if len(all) != len(cases) {
		t.Fatalf("%d of %d cases were played\n%s", len(all), len(cases), errs.String())
	}
	return all
}
