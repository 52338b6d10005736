package journeys_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showreel/test/world"
)

// stranger asks without any credential, as a player does.
func stranger(t *testing.T, s *world.Server, path string, headers ...string) answer {
	t.Helper()
	return ask(t, s, http.MethodGet, path, nil, append([]string{"Authorization", ""}, headers...)...)
}

func TestPlayingLinksThatAreRefused(t *testing.T) {
	t.Parallel()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	film := func(name, size string) arrived {
		body := ffmpeg(t, name, "-f", "lavfi", "-i", "testsrc2=size="+size+":rate=25:duration=1", "-pix_fmt", "yuv420p")
		a := upload(t, s, name, body)
		cameTo(t, s, name, a, wanted{kind: "video"}, time.Minute)
		return a
	}
	one, two := film("one.mp4", "160x90"), film("two.mp4", "176x144")
	var short, locked grantToken
	for into, body := range map[*grantToken]map[string]any{&short: {"ttlSeconds": 1}, &locked: {"drm": "cenc", "network": "203.0.113.0/24"}} {
		if err := s.JSON(t.Context(), http.MethodPost, "/v1/assets/"+one.asset+"/play", body, into); err != nil {
			t.Fatal(err)
		}
	}
	expires := time.Now().Add(10*time.Second + 200*time.Millisecond) // the shortest life of a link
	if a := stranger(t, s, short.HLS); a.status != http.StatusOK {
		t.Fatalf("a fresh link: %d %s", a.status, a.body)
	}
	stranger(t, s, locked.HLS).refused(t, "from another network", http.StatusForbidden, "other-network")

	tampered(t, s, short)
	for what, path := range map[string]string{
		"another film":           strings.Replace(short.HLS, one.asset, two.asset, 1),
		"another film, segments": strings.Replace(strings.Replace(short.HLS, one.asset, two.asset, 1), "master.m3u8", "v90-avc/1.m4s", 1),
		"another film, download": strings.Replace(strings.Replace(short.HLS, one.asset, two.asset, 1), "master.m3u8", "dl/90.mp4", 1),
		"another version":        strings.Replace(short.HLS, "/1/master", "/2/master", 1),
	} {
		stranger(t, s, path).refused(t, what, http.StatusForbidden, "other-asset")
	}
	base := strings.TrimSuffix(short.HLS, "master.m3u8")
	rung := rungOf(t, s, one.asset)
	for _, path := range []string{"nothing.m3u8", rung + "/999.m4s", rung + "/-1.m4s", rung + "/1e3.m4s", rung + "/99999999999999999999.m4s", "nothing/init.mp4", "dl/9999.mp4",
		"%2e%2e/%2e%2e/keys", "..%2f..%2fkeys", "key/" + strings.Repeat("0", 32), "idx/1.json", strings.Repeat("x", 5000)} {
		if a := stranger(t, s, base+path); a.status != http.StatusNotFound && a.status != http.StatusForbidden {
			t.Errorf("%.40s: %d %.200s", path, a.status, a.body)
		} else {
			a.refused(t, path, a.status, a.code())
		}
	}
	ranges(t, s, short, rung)
	time.Sleep(time.Until(expires))
	for _, path := range []string{short.HLS, short.DASH, base + rung + "/init.mp4", base + rung + "/0.m4s", base + "poster.jpg", short.play(one.asset)} {
		stranger(t, s, path).refused(t, "expired: "+path[len(path)-12:], http.StatusGone, "expired-token")
	}
}

// grantToken is an answer of play with its token.
type grantToken struct {
	grant
	Token string `json:"token"`
}

func (g grantToken) play(asset string) string { return "/v/" + g.Token + "/" + asset + "/play.json" }

// rungOf names a rendition of the picture.
func rungOf(t *testing.T, s *world.Server, asset string) string {
	t.Helper()
	var list struct {
		Items []rendition `json:"items"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/renditions", nil, &list); err != nil {
		t.Fatal(err)
	}
	for _, r := range list.Items {
		if r.Role == "rung" {
			return r.Name
		}
	}
	t.Fatalf("no rung among %+v", list.Items)
	return ""
}

// tampered changes the token in every place a forger would.
func tampered(t *testing.T, s *world.Server, g grantToken) {
	t.Helper()
	part := strings.Split(g.Token, ".")
	claims, err := base64.RawURLEncoding.DecodeString(part[0])
	if err != nil || len(part) != 3 {
		t.Fatalf("the token has %d parts: %v", len(part), err)
	}
	longer := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), `"e":1`, `"e":9`, 1)))
	flip := func(s string, at int) string {
		b := []byte(s)
		b[at] = map[bool]byte{true: 'B', false: 'A'}[b[at] == 'A']
		return string(b)
	}
	forged := []string{longer + "." + part[1] + "." + part[2], part[0] + "." + part[1] + ".", part[0] + ".." + part[2], part[0] + ".nokey." + part[2],
		part[0], "x", "null", ".", "..", strings.Repeat("A", 3000), g.Token + "=", strings.ToUpper(g.Token)}
	for at := 0; at < len(part[0]); at += max(1, len(part[0])/7) {
		forged = append(forged, flip(part[0], at)+"."+part[1]+"."+part[2])
	}
	for at := range part[2] {
		forged = append(forged, part[0]+"."+part[1]+"."+flip(part[2], at))
	}
	for n, token := range forged {
		path := strings.Replace(g.HLS, g.Token, token, 1)
		a := stranger(t, s, path)
		if token == "." || token == ".." { // no path for a token any more
			if a.status == http.StatusOK && strings.Contains(string(a.body), "#EXTM3U") {
				t.Errorf("%s plays", path)
			}
			continue
		}
		a.refused(t, fmt.Sprintf("forged token %d", n), http.StatusForbidden, "bad-token")
	}
}

// ranges asks a segment and a download for parts that they do not have.
func ranges(t *testing.T, s *world.Server, g grantToken, rung string) {
	t.Helper()
	if len(g.Download) == 0 {
		t.Fatal("no download is offered")
	}
	for _, path := range []string{g.Download[0].URL, strings.Replace(g.HLS, "master.m3u8", rung+"/0.m4s", 1), g.HLS} {
		whole := stranger(t, s, path)
		if whole.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, whole.status, whole.body)
		}
		size := len(whole.body)
		for _, beyond := range []string{fmt.Sprintf("bytes=%d-", size), fmt.Sprintf("bytes=%d-%d", size, size+9), "bytes=99999999999999999999-", "bytes=-0"} {
			a := stranger(t, s, path, "Range", beyond)
			a.refused(t, beyond, http.StatusRequestedRangeNotSatisfiable, "range-not-satisfiable")
			if got, want := a.header.Get("Content-Range"), fmt.Sprintf("bytes */%d", size); got != want {
				t.Errorf("%s: Content-Range %q, want %q", beyond, got, want)
			}
		}
		for _, ignored := range []string{"bytes=9-1", "bytes=a-b", "bytes", "lines=1-2", "bytes=" + strings.Repeat("0-0,", 5000), "bytes=--1", "bytes=1"} {
			if a := stranger(t, s, path, "Range", ignored); a.status != http.StatusOK || string(a.body) != string(whole.body) {
				t.Errorf("%.20s: %d, %d bytes, want the whole of %d", ignored, a.status, len(a.body), size)
			}
		}
		if a := stranger(t, s, path, "Range", fmt.Sprintf("bytes=%d-%d", size-3, size+100)); a.status != http.StatusPartialContent || string(a.body) != string(whole.body[size-3:]) {
			t.Errorf("a range over the end: %d %d bytes", a.status, len(a.body))
		}
	}
}
