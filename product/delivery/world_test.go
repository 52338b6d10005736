package delivery_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"showreel/engine/blob"
	"showreel/engine/blob/fileblob"
	"showreel/engine/drm"
	"showreel/engine/drm/localdrm"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/cmaf/cmaftest"
	"showreel/platform/httpd"
	"showreel/platform/httpd/httpdtest"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/delivery"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// world is delivery over real parts, with one film in the library.
type world struct {
	*delivery.Service
	library *library.Service
	blobs   blob.Stores
	reads   *atomic.Int64 // of the processed store
	server  *httptest.Server
	asset   library.Asset
	index   cmaf.Index
	now     *atomic.Int64 // ms
	geo     *geo
	who     *access.Who
	opts    delivery.Deps
}

type geo struct{ country string }

func (g *geo) Country(netip.Addr) string { return g.country }

// counted counts the reads of a driver.
type counted struct {
	blob.Driver
	reads *atomic.Int64
}

func (c counted) OpenRange(ctx context.Context, key string, off, n int64) (io.ReadCloser, blob.Info, error) {
	c.reads.Add(1)
	return c.Driver.OpenRange(ctx, key, off, n)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func schemas() []sqldb.Schema {
	return []sqldb.Schema{outbox.Schema(), audit.Schema(), access.Schema(), localdrm.Schema(), library.Schema(), delivery.Schema()}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, sqldbtest.SQLite(t, schemas()...), delivery.Cache{})
}

func newWorldOn(t testing.TB, db *sqldb.DB, cache delivery.Cache) *world {
	t.Helper()
	driver, err := filekeys.Open(t.TempDir())
	must(t, err)
	ring := keys.New(driver)
	log := audit.New(db, ring)
	w := &world{now: &atomic.Int64{}, reads: &atomic.Int64{}, geo: &geo{}, who: &access.Who{Tenant: "main", ID: "u-editor", Kind: access.KindUser, Roles: []string{access.RoleEditor}}}
	w.now.Store(time.Now().UnixMilli())
	acc, err := access.New(access.Deps{DB: db, Audit: log, Cost: access.PasswordCost{MemoryKiB: 64, Passes: 1, Lanes: 1}, Rooms: []string{"library", "delivery"}})
	must(t, err)
	t.Cleanup(acc.Close)
	w.library = library.New(library.Deps{DB: db, Outbox: outbox.New(db), Access: acc, Audit: log})
	for _, s := range []**blob.Store{&w.blobs.Raw, &w.blobs.Processed, &w.blobs.Generated} {
		d, err := fileblob.Open(t.TempDir())
		must(t, err)
		*s = blob.New(counted{d, w.reads}, "test")
	}
	w.opts = delivery.Deps{DB: db, Keys: ring, Library: w.library, Access: acc, Blobs: w.blobs, DRM: drm.New(localdrm.New(db, ring)), Geo: w.geo,
		Page: fstest.MapFS{"embed.html": {Data: []byte("<!doctype html><title>player</title>")}}, Cache: cache,
		Now: func() time.Time { return time.UnixMilli(w.now.Load()) }}
	w.Service, err = delivery.New(w.opts)
	must(t, err)
	w.library.AlsoForget(w.Forget)
	srv := httpd.New(httpd.Config{Guard: httpdtest.Guard{With: func(ctx context.Context) context.Context { return access.With(ctx, *w.who) }},
		Principal: func(context.Context) (string, string) { return "main", "tester" }})
	w.Routes(srv)
	w.server = httptest.NewServer(srv)
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) ctx(t testing.TB) context.Context {
	return access.With(t.Context(), access.System("main"))
}

func (w *world) put(t testing.TB, key string, b []byte) (blob.Info, string) {
	t.Helper()
	sum := sha256.Sum256(b)
	info, err := w.blobs.Processed.Put(w.ctx(t), key, bytes.NewReader(b), blob.PutOptions{Size: int64(len(b))})
	must(t, err)
	return info, hex.EncodeToString(sum[:])
}

// film makes a published film of 4 s with two rungs, sound, captions and pictures.
func (w *world) film(t testing.TB, rights library.Rights) *world {
	t.Helper()
	ctx := w.ctx(t)
	original := []byte("the original bytes of the film")
	sum := sha256.Sum256(original)
	sha := hex.EncodeToString(sum[:])
	key := "main/src/" + sha[:2] + "/" + sha
	_, err := w.blobs.Raw.Put(ctx, key, bytes.NewReader(original), blob.PutOptions{Size: int64(len(original))})
	must(t, err)
	w.asset, err = w.library.Create(ctx, library.NewAsset{Kind: media.Video, Name: "Der Film ü.mp4", Title: "The film", Rights: rights,
		Original: &library.VersionIn{SHA256: sha, Key: key, Name: "Der Film ü.mp4", Bytes: int64(len(original))}})
	must(t, err)
	w.track(t, "v90-avc", cmaftest.Video{Width: 160, Height: 90, FPS: 24, GOP: 48, Seconds: 4}.Make(t))
	w.track(t, "v720-avc", cmaftest.Video{Width: 1280, Height: 720, FPS: 24, GOP: 48, Seconds: 4, Extra: []string{"-crf", "35"}}.Make(t))
	w.track(t, "a-en-aac", cmaftest.Audio(t, 440, 4))
	w.index.Tracks[2].Lang, w.index.Tracks[2].Default = "en", true
	vtt := []byte("WEBVTT\n\n00:02.500 --> 00:03.500\nWelt\n")
	info, sha := w.put(t, w.folder()+"t-de.vtt", vtt)
	w.index.Tracks = append(w.index.Tracks, cmaf.Track{Name: "t-de", Kind: cmaf.KindText, Lang: "de", Complete: true,
		Parts: []cmaf.Part{{Key: w.folder() + "t-de.vtt", Size: info.Size, SHA256: sha}}})
	w.saveIndex(t)
	for _, p := range []struct{ name, role, body string }{
		{"poster.jpg", "poster", "JPEG"}, {"thumbs.vtt", "thumbs", "WEBVTT\n\n00:00.000 --> 00:02.000\nsprite/0.jpg#xywh=0,0,1,1\n\n00:02.000 --> 00:04.000\nsprite/0.jpg#xywh=1,0,1,1\n"},
		{"waveform.json", "waveform", `{"pps":1,"peaks":[1]}`}, {"sprite/0.jpg", "sprite", "SPRITE"},
	} {
		w.put(t, w.folder()+p.name, []byte(p.body))
		must(t, w.library.PutRendition(ctx, w.asset.Ref(), library.Rendition{Name: strings.ReplaceAll(p.name, "/", "-"), Role: p.role, Key: w.folder() + p.name, State: library.RenditionReady}))
	}
	must(t, w.library.SetState(ctx, w.asset.Ref(), library.Ready, nil))
	return w
}

func (w *world) folder() string { return "main/r/" + w.asset.ID + "/1/" }

func (w *world) track(t testing.TB, name string, b []byte) {
	t.Helper()
	tr, err := cmaf.Scan(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	key := w.folder() + name + ".cmf"
	info, sha := w.put(t, key, b)
	tr.Name, tr.Parts[0] = name, cmaf.Part{Key: key, Size: info.Size, SHA256: sha}
	w.index.Tracks = append(w.index.Tracks, tr)
}

func (w *world) saveIndex(t testing.TB) {
	t.Helper()
	w.index.Finish()
	b, err := w.index.Encode()
	must(t, err)
	w.put(t, "main/idx/"+w.asset.ID+"/1.json", b)
}

func (w *world) play(t testing.TB, in delivery.PlayRequest) delivery.Play {
	t.Helper()
	p, err := w.Play(access.With(t.Context(), *w.who), w.asset.ID, in)
	must(t, err)
	return p
}

// answer is a response read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (w *world) do(t testing.TB, method, path string, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	must(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return answer{res.StatusCode, res.Header, b}
}

func (w *world) get(t testing.TB, path string, want int, header ...string) answer {
	t.Helper()
	a := w.do(t, http.MethodGet, path, "", header...)
	if a.status != want {
		t.Fatalf("GET %s: %d, want %d\n%.300s", path, a.status, want, a.body)
	}
	return a
}
