package journeys_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"showreel/test/world"
)

// sick stands before an S3 server and answers 503 while it is told to.
type sick struct {
	through http.Handler
	ill     atomic.Bool
	refused atomic.Int64
}

// ServeHTTP keeps the Host header, for the signature covers it.
func (p *sick) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.ill.Load() {
		p.refused.Add(1)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`))
		return
	}
	p.through.ServeHTTP(w, r)
}

// behindSick starts a server whose blobs lie in an S3 storage that can be made ill.
func behindSick(t *testing.T, sh *shared, db string) (*world.Server, *sick) {
	t.Helper()
	proxy := &sick{through: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", sh.server.Host, r.In.Host
	}}}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	settings := map[string]string{"db": db}
	for _, store := range []string{"raw", "processed", "generated"} {
		settings["blob."+store] = strings.Replace(sh.blob(sh.bucket, store), "endpoint=http://"+sh.server.Host, "endpoint="+front.URL, 1)
	}
	return world.StartT(t, filepath.Join(t.TempDir(), "data"), writeConfig(t, settings)), proxy
}

// While the S3 storage refuses everything, what was received is kept, every answer says what is wrong, and the work goes on
// by itself once the storage is back.
func TestStorageThatAnswers503(t *testing.T) {
	t.Parallel()
	sh := newShared(t)
	s, storage := behindSick(t, sh, "")
	one, two := filmOf(t, "one.mp4", "160x90"), filmOf(t, "two.mp4", "176x144")
	first := upload(t, s, "one.mp4", one)
	cameTo(t, s, "one.mp4", first, wanted{kind: "video"}, time.Minute)

	storage.ill.Store(true)
	second := upload(t, s, "two.mp4", two)
	ask(t, s, http.MethodGet, "/v1/assets/"+first.asset+"/original", nil).refused(t, "an original", http.StatusServiceUnavailable, "s3-unavailable")
	if a := ask(t, s, http.MethodGet, "/v1/assets/"+second.asset+"/poster.jpg", nil); a.status != http.StatusNotFound {
		a.refused(t, "a poster", http.StatusServiceUnavailable, "s3-unavailable")
	}
	if a := ask(t, s, http.MethodGet, "/healthz", nil); a.status != http.StatusOK {
		t.Errorf("the server itself is well, and says %d", a.status)
	}
	for end := time.Now().Add(30 * time.Second); !strings.Contains(s.Log(), "step waits for the S3 storage"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the log does not say that the job waits")
		}
	}
	time.Sleep(10 * time.Second) // longer than the tries of a step
	var j jobOf
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/jobs/"+second.job, nil, &j); err != nil || j.over() {
		t.Errorf("the job is %s, %v: %s", j.State, err, show(j.Error))
	}
	var asset struct{ Published int }
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+second.asset, nil, &asset); err != nil || asset.Published != 0 {
		t.Errorf("version %d is published, %v", asset.Published, err)
	}
	storage.ill.Store(false)
	cameTo(t, s, "two.mp4", second, wanted{kind: "video"}, time.Minute)
	if out, errs, err := world.Run(t.Context(), append([]string{"verify", "blobs"}, at(s)...)...); err != nil {
		t.Errorf("verify blobs: %v %s%s", err, out, errs)
	}
}

// Where several machines share the work, an upload ends only when its original is stored. Refused, it goes on from where
// it stands: sending nothing more finishes it.
func TestUploadIntoStorageThatAnswers503(t *testing.T) {
	t.Parallel()
	sh := newShared(t)
	s, storage := behindSick(t, sh, sh.db)
	film := filmOf(t, "film.mp4", "160x90")
	storage.ill.Store(true)
	location, _ := begin(t, s, len(film), metadata("filename", "film.mp4"))
	send(t, s, location, 0, film).refused(t, "an upload whose original cannot be stored", http.StatusServiceUnavailable, "s3-unavailable")
	if n := assets(t, s); n != 0 {
		t.Errorf("%d assets are shown", n)
	}
	send(t, s, location, len(film), nil).refused(t, "going on too early", http.StatusServiceUnavailable, "s3-unavailable")
	storage.ill.Store(false)
	a := ask(t, s, http.MethodHead, location, nil, "Tus-Resumable", "1.0.0")
	if a.status != http.StatusOK || a.header.Get("Upload-Offset") != a.header.Get("Upload-Length") {
		t.Fatalf("the received bytes were not kept: %d %v", a.status, a.header)
	}
	a = send(t, s, location, len(film), nil)
	if a.status != http.StatusNoContent || a.header.Get("Showreel-Asset") == "" {
		t.Fatalf("finishing the upload: %d %v %s", a.status, a.header, a.body)
	}
	cameTo(t, s, "film.mp4", arrived{a.header.Get("Showreel-Asset"), a.header.Get("Showreel-Job"), shaOf(film)}, wanted{kind: "video"}, time.Minute)
}

// filmOf makes the bytes of a film of one second.
func filmOf(t *testing.T, name, size string) []byte {
	t.Helper()
	body, err := os.ReadFile(world.ClipT(t, name, size, "25", 1))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A webhook's path is often its secret: a receiver that hangs or refuses must not put it into the log.
func TestWebhookAddressesStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer refuses.Close()
	hooks := `[{"url":"` + refuses.URL + `/services/T0/hunter2","secret":"` + webhookSecret + `"}]`
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"), writeConfig(t, map[string]string{"notify.webhooks": hooks, "pull.allowPrivate": "true"}))
	a := upload(t, s, "notes.txt", []byte("a note"))
	cameTo(t, s, "notes.txt", a, wanted{kind: "text"}, time.Minute)
	select {
	case <-asked:
	case <-time.After(10 * time.Second):
		t.Fatal("the receiver was never called")
	}
	for end := time.Now().Add(5 * time.Second); !strings.Contains(s.Log(), "notification delayed"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the log does not tell of the refused message")
		}
	}
	for _, secret := range []string{"hunter2", webhookSecret} {
		if strings.Contains(s.Log(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
}
