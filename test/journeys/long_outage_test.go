package journeys_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"showreel/test/world"
)

// started adds a film without waiting for it.
func started(t *testing.T, s *world.Server, film string) added {
	t.Helper()
	out, errs, err := world.Run(t.Context(), append([]string{"add", film, "--json"}, at(s)...)...)
	if err != nil {
		t.Fatal(errs)
	}
	var a added
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestPostgresIsAwayForLong cuts the database's power in the middle of a job for longer than anything retries. The
// process stays, says that it is not ready and why, and afterwards ends the job and tells of it.
func TestPostgresIsAwayForLong(t *testing.T) {
	t.Parallel()
	database, address := world.PostgresT(t)
	told := &receiver{}
	listens := httptest.NewServer(told)
	defer listens.Close()
	hooks, err := json.Marshal([]map[string]any{{"url": listens.URL, "secret": webhookSecret, "events": []string{"asset.published"}}})
	if err != nil {
		t.Fatal(err)
	}
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"), writeConfig(t, map[string]string{"db": address, "notify.webhooks": string(hooks), "pull.allowPrivate": "true"}))
	a := started(t, s, world.ClipT(t, "film.mp4", "640x360", "25", 10))
	underway(t, s, a.Job)

	database.Halt(t)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Second) {
		if !s.Running() {
			t.Fatalf("the server ended: %v", s.Stop())
		}
		ready := ask(t, s, http.MethodGet, "/readyz", nil)
		if ready.status != http.StatusServiceUnavailable || !strings.Contains(string(ready.body), "cannot be reached") {
			t.Errorf("readyz: %d %s", ready.status, ready.body)
		}
		if well := ask(t, s, http.MethodGet, "/healthz", nil); well.status != http.StatusOK {
			t.Errorf("healthz: %d", well.status)
		}
	}
	database.Resume(t)
	j := ended(t, s, a.Job, time.Minute)
	if j.State != "done" {
		t.Fatalf("the job is %s: %s", j.State, show(j.Error))
	}
	plays(t, s.URL, play(t, s, a.Asset), "250")
	if m := told.await(t, a.Asset); m.Name != "asset.published" {
		t.Errorf("told of %s", m.Name)
	}
	if ready := ask(t, s, http.MethodGet, "/readyz", nil); ready.status != http.StatusOK {
		t.Errorf("readyz: %d %s", ready.status, ready.body)
	}
	for _, consumer := range []string{"consumer=ingest ", `consumer="notify log" `} { // a cause that changes, as from refused to starting, is told
		if n := strings.Count(s.Log(), "the store of events does not answer its consumer\" "+consumer) + strings.Count(s.Log(), "the store of events does not answer its consumer "+consumer); n < 1 || n > 3 {
			t.Errorf("%stells of the outage %d times", consumer, n)
		}
	}
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// TestStorageIsAwayForAWhile kills the S3 server in the middle of a job and starts it again 20 s later: the job says
// what it waits for, nothing of it is published meanwhile, and it ends right without anybody's doing.
func TestStorageIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	storage := world.S3T(t)
	sh := &shared{bucket: "outage", server: &url.URL{Host: storage.Host, User: url.UserPassword("test", "test")}}
	client, err := minio.New(storage.Host, &minio.Options{Creds: credentials.NewStaticV4("test", "test", "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), sh.bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, store := range []string{"raw", "processed", "generated"} {
		settings["blob."+store] = sh.blob(sh.bucket, store)
	}
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"), writeConfig(t, settings))
	a := started(t, s, world.ClipT(t, "film.mp4", "640x360", "25", 12))
	underway(t, s, a.Job)

	storage.Halt(t)
	said := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var j job
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/jobs/"+a.Job, nil, &j); err != nil {
			t.Fatal(err)
		}
		if j.State == "failed" {
			t.Fatalf("the job failed: %s", show(j.Error))
		}
		if j.State == "waiting" && j.WaitsFor != "" {
			said = j.WaitsFor
		}
		var asset struct{ Published int }
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+a.Asset, nil, &asset); err != nil || asset.Published != 0 {
			t.Errorf("version %d is published, %v", asset.Published, err)
		}
	}
	storage.Resume(t)
	j := ended(t, s, a.Job, 2*time.Minute)
	if j.State != "done" {
		t.Fatalf("the job is %s: %s", j.State, show(j.Error))
	}
	if !strings.Contains(said, "the S3 storage, which does not answer") {
		t.Errorf("the job said that it waited for %q", said)
	}
	plays(t, s.URL, play(t, s, a.Asset), "300")
	proven(t, s)
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
