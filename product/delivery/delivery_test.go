package delivery_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/delivery"
	"showreel/product/library"
	"showreel/trust/access"
)

func decode(t *testing.T, url string) int {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-xerror", "-i", url, "-map", "0:v:0", "-f", "framemd5", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", url, err, out)
	}
	return strings.Count(string(out), "\n0,")
}

func TestPlayPath(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	res := w.do(t, http.MethodPost, "/v1/assets/"+w.asset.ID+"/play", `{}`, "Content-Type", "application/json")
	var p delivery.Play
	if err := json.Unmarshal(res.body, &p); err != nil || res.status != 200 {
		t.Fatalf("%d %s", res.status, res.body)
	}
	if res.header.Get("Cache-Control") != "no-store" || p.DurationMS != 4000 || p.Growing || p.ClearKey != nil {
		t.Errorf("%+v %v", p, res.header)
	}
	for _, url := range []string{p.HLS, p.DASH} {
		if n := decode(t, w.server.URL+url); n != 96 {
			t.Errorf("%s: %d frames", url, n)
		}
	}
	for path, want := range map[string]string{p.Poster: "JPEG", p.Thumbs: "WEBVTT", p.Waveform: "{", strings.Replace(p.Thumbs, "thumbs.vtt", "sprite/0.jpg", 1): "SPRITE",
		p.Embed: "<!doctype", p.Captions[0].URL: "WEBVTT",
		"/v1/assets/" + w.asset.ID + "/poster.jpg": "JPEG", "/v1/assets/" + w.asset.ID + "/sprite/0.jpg": "SPRITE", "/v1/assets/" + w.asset.ID + "/thumbs.vtt": "WEBVTT"} {
		if a := w.get(t, path, 200); !bytes.HasPrefix(a.body, []byte(want)) {
			t.Errorf("%s: %.40s", path, a.body)
		}
	}
	a := w.get(t, "/v1/assets/"+w.asset.ID+"/original", 200)
	if string(a.body) != "the original bytes of the film" || !strings.Contains(a.header.Get("Content-Disposition"), "filename*=UTF-8''Der%20Film%20%C3%BC.mp4") {
		t.Errorf("%s %v", a.body, a.header)
	}
	seg := w.get(t, strings.Replace(p.HLS, "master.m3u8", "v720-avc/0.m4s", 1), 200)
	if !strings.Contains(seg.header.Get("Cache-Control"), "immutable") || seg.header.Get("Access-Control-Allow-Origin") != "*" || seg.header.Get("ETag") == "" {
		t.Errorf("%v", seg.header)
	}
	again := w.get(t, strings.Replace(p.HLS, "master.m3u8", "v720-avc/0.m4s", 1), 304, "If-None-Match", seg.header.Get("ETag"))
	if len(again.body) != 0 {
		t.Error("304 with a body")
	}
	var from delivery.Play
	if err := json.Unmarshal(w.get(t, "/v/"+p.Token+"/"+w.asset.ID+"/play.json", 200).body, &from); err != nil || from.HLS != p.HLS || from.Title != "The film" {
		t.Errorf("%v %+v", err, from)
	}
	base := strings.TrimSuffix(p.HLS, "master.m3u8")
	for _, bad := range []string{"x.m3u8", "v720-avc/99.m4s", "v720-avc/-1.m4s", "v720-avc/01.m4s", "v1080/index.m3u8", "../../../etc/passwd", "t-de/init.mp4", "key/" + strings.Repeat("0", 32), "dl/1.mp4", "index.json", ""} {
		if a := w.do(t, http.MethodGet, base+bad, ""); a.status != 404 && a.status != 301 && a.status != 307 {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
	if a := w.do(t, http.MethodOptions, base+"v720-avc/0.m4s", "", "Origin", "https://other.example", "Access-Control-Request-Headers", "range"); a.status != 204 || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Range") {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
}

func TestDownloadIsOneFile(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	p := w.play(t, delivery.PlayRequest{})
	if len(p.Download) != 2 || p.Download[0].Height != 720 {
		t.Fatalf("%+v", p.Download)
	}
	if n := decode(t, w.server.URL+p.Download[1].URL); n != 96 {
		t.Errorf("%d frames", n)
	}
	whole := w.get(t, p.Download[0].URL, 200)
	piece := w.get(t, p.Download[0].URL, 206, "Range", "bytes=100-5099")
	if !bytes.Equal(piece.body, whole.body[100:5100]) {
		t.Error("a range of the download is wrong")
	}
	for _, in := range []delivery.PlayRequest{{DRM: "cenc"}, {Clip: &delivery.Clip{StartMS: 0, EndMS: 1000}}} {
		q := w.play(t, in)
		if len(q.Download) != 0 {
			t.Errorf("%+v offers downloads", in)
		}
		w.get(t, strings.Replace(p.Download[0].URL, p.Token, q.Token, 1), 403)
	}
	w.who.Roles = []string{access.RoleViewer}
	if q := w.play(t, delivery.PlayRequest{}); len(q.Download) != 0 {
		t.Error("a viewer may download")
	}
}

func TestTokensThatMustNotWork(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	p := w.play(t, delivery.PlayRequest{TTLSeconds: 600})
	path := func(token, asset string) string { return "/v/" + token + "/" + asset + "/1/master.m3u8" }
	w.get(t, path(p.Token, w.asset.ID), 200)
	code := func(a answer) string {
		var x struct{ Type string }
		if err := json.Unmarshal(a.body, &x); err != nil {
			t.Fatalf("%s", a.body)
		}
		return x.Type
	}
	for i := range p.Token {
		c := p.Token[i]
		next := byte('A')
		if c == 'A' {
			next = 'B'
		}
		tampered := p.Token[:i] + string(next) + p.Token[i+1:]
		if a := w.do(t, http.MethodGet, path(tampered, w.asset.ID), ""); a.status != 403 || code(a) != "/problems/bad-token" {
			t.Fatalf("byte %d changed: %d %s", i, a.status, a.body)
		}
	}
	for _, bad := range []string{"x", "..", "a.b.c", strings.Repeat("a", 3000), p.Token + "A", p.Token[1:]} {
		if a := w.do(t, http.MethodGet, "/v/"+bad+"/"+w.asset.ID+"/1/master.m3u8", ""); a.status == 200 {
			t.Errorf("token %.20q plays", bad)
		}
	}
	if a := w.get(t, path(p.Token, "other"), 403); code(a) != "/problems/other-asset" {
		t.Errorf("%s", a.body)
	}
	w.get(t, strings.Replace(path(p.Token, w.asset.ID), "/1/", "/2/", 1), 403)
	w.now.Add(601_000)
	if a := w.get(t, path(p.Token, w.asset.ID), 410); code(a) != "/problems/expired-token" {
		t.Errorf("%s", a.body)
	}
	q := w.play(t, delivery.PlayRequest{})
	must(t, w.RotateTokens(w.ctx(t), time.Hour))
	w.get(t, path(q.Token, w.asset.ID), 200)
	if r := w.play(t, delivery.PlayRequest{}); strings.Split(r.Token, ".")[1] == strings.Split(q.Token, ".")[1] {
		t.Error("rotation kept the signing key")
	}
	must(t, w.RotateTokens(w.ctx(t), 0))
	w.now.Add(4_000_000)
	if a := w.get(t, path(q.Token, w.asset.ID), 410); code(a) != "/problems/expired-token" {
		t.Errorf("%s", a.body)
	}
	if err := w.RotateTokens(access.With(t.Context(), *w.who), 0); !fault.Is(err, fault.Denied) {
		t.Errorf("an editor rotates: %v", err)
	}
}

func TestTokenPlaces(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	near := w.play(t, delivery.PlayRequest{Network: "127.0.0.1/24"})
	w.get(t, near.HLS, 200)
	far := w.play(t, delivery.PlayRequest{Network: "203.0.113.0/24"})
	w.get(t, far.HLS, 403)
	here := w.play(t, delivery.PlayRequest{Countries: []string{"de", "br"}})
	for country, want := range map[string]int{"DE": 200, "FR": 403, "": 403} {
		w.geo.country = country
		w.get(t, here.HLS, want)
		w.get(t, strings.Replace(here.HLS, "master.m3u8", "v90-avc/0.m4s", 1), want)
	}
}

func TestRightsAreCheckedAtMintManifestAndKey(t *testing.T) {
	now := time.Now().UnixMilli()
	w := newWorld(t).film(t, library.Rights{Territories: []string{"DE"}, ToMS: now + 3_600_000})
	mint := func() (p delivery.Play, code string) {
		a := w.do(t, http.MethodPost, "/v1/assets/"+w.asset.ID+"/play", `{"drm":"cenc"}`, "Content-Type", "application/json")
		var x struct{ Type string }
		must(t, json.Unmarshal(a.body, &x))
		must(t, json.Unmarshal(a.body, &p))
		return p, x.Type
	}
	if _, code := mint(); code != "/problems/outside-territory" {
		t.Errorf("an unknown country: %s", code)
	}
	w.geo.country = "FR"
	if _, code := mint(); code != "/problems/outside-territory" {
		t.Errorf("another country: %s", code)
	}
	w.geo.country = "DE"
	p, _ := mint()
	key := ""
	for kid := range p.ClearKey.Keys {
		key = strings.Replace(p.HLS, "master.m3u8", "key/"+kid, 1)
	}
	w.get(t, p.HLS, 200)
	w.get(t, key, 200)
	w.geo.country = ""
	w.get(t, p.HLS, 403)
	w.get(t, p.DASH, 403)
	w.get(t, key, 403)
	w.geo.country = "DE"
	w.now.Store(now + 3_600_001)
	w.get(t, p.HLS, 403)
	w.get(t, key, 403)
	w.get(t, "/v1/assets/"+w.asset.ID+"/original", 403)
	w.now.Store(now)
	_, err := w.library.Trash(w.ctx(t), w.asset.ID)
	must(t, err)
	w.get(t, p.HLS, 410)
}

func TestClearKeyLicenceAndRawKeys(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	p := w.play(t, delivery.PlayRequest{DRM: "cbcs"})
	if len(p.ClearKey.Keys) != 3 {
		t.Fatalf("sd, hd and audio have keys of their own: %d", len(p.ClearKey.Keys))
	}
	low := w.play(t, delivery.PlayRequest{DRM: "cbcs", MaxHeight: 100})
	if len(low.ClearKey.Keys) != 2 {
		t.Errorf("a low token opens %d keys", len(low.ClearKey.Keys))
	}
	var kids []string
	hd := ""
	for kid, key := range p.ClearKey.Keys {
		raw, err := hex.DecodeString(kid)
		must(t, err)
		kids = append(kids, base64.RawURLEncoding.EncodeToString(raw))
		if got := w.get(t, strings.Replace(p.HLS, "master.m3u8", "key/"+kid, 1), 200); hex.EncodeToString(got.body) != key || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("raw key %x", got.body)
		}
		if low.ClearKey.Keys[kid] == "" {
			hd = kid
			w.get(t, strings.Replace(low.HLS, "master.m3u8", "key/"+kid, 1), 403)
		}
	}
	body, _ := json.Marshal(map[string]any{"kids": kids, "type": "temporary"})
	a := w.do(t, http.MethodPost, p.ClearKey.Licence, string(body), "Content-Type", "application/json")
	var x struct {
		Keys []struct{ Kty, Kid, K string }
		Type string
	}
	if err := json.Unmarshal(a.body, &x); err != nil || a.status != 200 || len(x.Keys) != 3 || x.Type != "temporary" || x.Keys[0].Kty != "oct" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	raw, _ := hex.DecodeString(hd)
	only, _ := json.Marshal(map[string]any{"kids": []string{base64.RawURLEncoding.EncodeToString(raw)}})
	for request, want := range map[string]int{"": 400, "{}": 400, `{"kids":["x"]}`: 400, string(only): 403} {
		if a := w.do(t, http.MethodPost, low.ClearKey.Licence, request); a.status != want {
			t.Errorf("licence for %q: %d %s", request, a.status, a.body)
		}
	}
	if a := w.get(t, strings.Replace(p.HLS, "master.m3u8", "v720-avc/index.m3u8", 1), 200); !strings.Contains(string(a.body), `METHOD=SAMPLE-AES,URI="../key/`+hd) {
		t.Errorf("%s", a.body)
	}
	status := 0
	for range 200 {
		if status = w.do(t, http.MethodGet, strings.Replace(p.HLS, "master.m3u8", "key/"+hd, 1), "").status; status == 429 {
			break
		}
	}
	if status != 429 {
		t.Error("keys are not limited")
	}
	plain := w.play(t, delivery.PlayRequest{})
	w.get(t, strings.Replace(plain.HLS, "master.m3u8", "key/"+hd, 1), 404)
}

func TestEncryptedTokenNeverGivesClearBytes(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	clear := w.play(t, delivery.PlayRequest{})
	for _, scheme := range []string{"cenc", "cbcs"} {
		p := w.play(t, delivery.PlayRequest{DRM: scheme})
		for _, name := range []string{"v90-avc/0.m4s", "v720-avc/1.m4s", "a-en-aac/0.m4s", "v720-avc/i1.m4s"} {
			a := w.get(t, strings.Replace(clear.HLS, "master.m3u8", name, 1), 200).body
			b := w.get(t, strings.Replace(p.HLS, "master.m3u8", name, 1), 200).body
			if bytes.Contains(b, a[len(a)-64:]) && scheme == "cenc" || bytes.Equal(a, b) {
				t.Errorf("%s %s is clear", scheme, name)
			}
		}
		if a := w.get(t, strings.Replace(p.HLS, "master.m3u8", "v90-avc/init.mp4", 1), 200); !bytes.Contains(a.body, []byte("tenc")) || !bytes.Contains(a.body, []byte(scheme)) {
			t.Errorf("%s init", scheme)
		}
	}
}

func TestClip(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	p := w.play(t, delivery.PlayRequest{Clip: &delivery.Clip{StartMS: 2500, EndMS: 3000}})
	if p.DurationMS != 2000 || p.ClipFromMS != 2000 {
		t.Errorf("%+v", p)
	}
	if n := decode(t, w.server.URL+p.HLS); n != 48 {
		t.Errorf("%d frames", n)
	}
	w.get(t, strings.Replace(p.HLS, "master.m3u8", "v90-avc/0.m4s", 1), 404)
	if a := w.get(t, p.Thumbs, 200); !strings.HasPrefix(string(a.body), "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nsprite/0.jpg#xywh=1,0") {
		t.Errorf("%s", a.body)
	}
	if _, err := w.Play(access.With(t.Context(), *w.who), w.asset.ID, delivery.PlayRequest{Clip: &delivery.Clip{StartMS: 9000, EndMS: 9500}}); fault.CodeOf(err) != "clip-range" {
		t.Errorf("%v", err)
	}
}

func TestGrowingManifestGrows(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	full := w.index.Tracks[0].Segments
	w.index.StartedMS = w.now.Load()
	w.index.Tracks = w.index.Tracks[:1]
	w.index.Tracks[0].Complete, w.index.Tracks[0].Segments = false, full[:1]
	w.saveIndex(t)
	p := w.play(t, delivery.PlayRequest{})
	list := strings.Replace(p.HLS, "master.m3u8", "v90-avc/index.m3u8", 1)
	a := w.get(t, list, 200)
	if !p.Growing || strings.Count(string(a.body), "EXTINF") != 1 || strings.Contains(string(a.body), "ENDLIST") || a.header.Get("Cache-Control") != "public, max-age=1" {
		t.Fatalf("%+v\n%s", p, a.body)
	}
	w.index.Tracks[0].Complete, w.index.Tracks[0].Segments = true, full
	w.saveIndex(t)
	time.Sleep(300 * time.Millisecond) // the index is believed for a quarter of a second
	if a = w.get(t, list, 200); strings.Count(string(a.body), "EXTINF") != 2 || !strings.Contains(string(a.body), "ENDLIST") {
		t.Fatalf("%s", a.body)
	}
}

func TestHeldVersionsAreForThoseWhoWorkOnThem(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	ctx := w.ctx(t)
	_, err := w.library.AddVersion(ctx, w.asset.ID, library.VersionIn{SHA256: strings.Repeat("a", 64), Key: "main/src/aa/" + strings.Repeat("a", 64), Name: "b.mp4", Bytes: 1})
	must(t, err)
	must(t, w.library.SetState(ctx, w.asset.At(2), library.Held, nil))
	b, err := w.index.Encode()
	must(t, err)
	w.put(t, "main/idx/"+w.asset.ID+"/2.json", b)
	w.play(t, delivery.PlayRequest{Version: 2})
	w.who.Roles = []string{access.RoleViewer}
	if _, err := w.Play(access.With(t.Context(), *w.who), w.asset.ID, delivery.PlayRequest{Version: 2}); !fault.Is(err, fault.Denied) {
		t.Errorf("a viewer plays a held version: %v", err)
	}
	if p := w.play(t, delivery.PlayRequest{}); p.Version != 1 {
		t.Errorf("the published version is 1, not %d", p.Version)
	}
	w.who.Tenant = "other"
	if _, err := w.Play(access.With(t.Context(), *w.who), w.asset.ID, delivery.PlayRequest{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("another tenant: %v", err)
	}
}

func TestPicturesOfWhatIsHeldAreForThoseWhoWorkOnIt(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	ctx := w.ctx(t)
	held, err := w.library.Create(ctx, library.NewAsset{Name: "held.mp4", Original: &library.VersionIn{SHA256: strings.Repeat("b", 64), Key: "main/src/bb/" + strings.Repeat("b", 64), Name: "held.mp4", Bytes: 1}})
	must(t, err)
	must(t, w.library.SetState(ctx, held.At(1), library.Held, nil))
	poster := "/v1/assets/" + held.ID + "/poster.jpg"
	w.get(t, poster, 404) // it has none, but an editor may ask
	w.who.Roles = []string{access.RoleViewer}
	w.get(t, poster, 403)
	w.get(t, "/v1/assets/"+w.asset.ID+"/poster.jpg", 200)
}

func TestCacheCoalescesAndSpills(t *testing.T) {
	dir := t.TempDir()
	w := newWorldOn(t, sqldbtest.SQLite(t, schemas()...), delivery.Cache{MemoryMB: 1, Dir: dir, DiskMB: 16}).film(t, library.Rights{})
	p := w.play(t, delivery.PlayRequest{})
	seg := strings.Replace(p.HLS, "master.m3u8", "v720-avc/0.m4s", 1)
	before := w.reads.Load()
	var wg sync.WaitGroup
	bodies := make([][]byte, 20)
	for i := range bodies {
		wg.Go(func() { bodies[i] = w.do(t, http.MethodGet, seg, "").body })
	}
	wg.Wait()
	if n := w.reads.Load() - before; n > 2 {
		t.Errorf("20 viewers of one segment read the store %d times", n)
	}
	for _, b := range bodies {
		if !bytes.Equal(b, bodies[0]) || len(b) == 0 {
			t.Fatal("viewers got different bytes")
		}
	}
	w.get(t, strings.Replace(seg, "v720-avc/0", "v90-avc/0", 1), 200) // pushes the block to disk
	w.get(t, strings.Replace(seg, "v720-avc/0", "a-en-aac/0", 1), 200)
	before = w.reads.Load()
	if b := w.get(t, seg, 200).body; !bytes.Equal(b, bodies[0]) {
		t.Error("the disk cache gave other bytes")
	}
	if w.reads.Load() != before {
		t.Error("a spilled block is read from the store again")
	}
}

func TestTokenKeysOnEveryDatabase(t *testing.T) {
	sqldbtest.Each(t, schemas(), func(t *testing.T, db *sqldb.DB) {
		w := newWorldOn(t, db, delivery.Cache{}).film(t, library.Rights{})
		p := w.play(t, delivery.PlayRequest{DRM: "cenc"})
		w.get(t, p.HLS, 200)
		other, err := delivery.New(w.opts)
		must(t, err)
		if _, err := other.Play(access.With(t.Context(), *w.who), w.asset.ID, delivery.PlayRequest{}); err != nil {
			t.Error(err)
		}
		_, err = w.library.Trash(w.ctx(t), w.asset.ID)
		must(t, err)
		must(t, w.library.Purge(w.ctx(t), w.asset.ID))
		var n int
		must(t, db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM drm_keys`).Scan(&n))
		if n != 0 {
			t.Errorf("%d content keys of a purged film remain", n)
		}
	})
}
