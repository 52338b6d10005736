package journeys_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/test/world"
)

// shared is what the processes of one installation share: a database, a bucket and the keys.
type shared struct {
	db     string
	bucket string
	keys   string
	s3     *minio.Client
	server *url.URL // of SHOWREEL_TEST_S3
}

// newShared makes an empty database and bucket. Without the servers of SHOWREEL_TEST_POSTGRES and SHOWREEL_TEST_S3 the
// test is skipped, and with SHOWREEL_TEST_FULL=1 it fails.
func newShared(t *testing.T) *shared {
	t.Helper()
	sh := &shared{db: sqldbtest.PostgresURL(t), keys: filepath.Join(t.TempDir(), "keys")}
	var err error
	if sh.server, err = url.Parse(os.Getenv("SHOWREEL_TEST_S3")); err != nil {
		t.Fatal(err)
	}
	if sh.server.Host == "" {
		if os.Getenv("SHOWREEL_TEST_FULL") == "1" {
			t.Fatal("SHOWREEL_TEST_S3 is not set; start a server with test/engines/versitygw.sh")
		}
		t.Skip("SHOWREEL_TEST_S3 is not set")
	}
	secret, _ := sh.server.User.Password()
	sh.s3, err = minio.New(sh.server.Host, &minio.Options{Creds: credentials.NewStaticV4(sh.server.User.Username(), secret, "")})
	if err != nil {
		t.Fatal(err)
	}
	sh.bucket = "j" + strings.ReplaceAll(sqldb.NewID(), "-", "")
	if err := sh.s3.MakeBucket(t.Context(), sh.bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return sh
}

func (sh *shared) blob(bucket, prefix string) string {
	return fmt.Sprintf("s3://%s@%s/%s?endpoint=http://%s", sh.server.User, bucket, prefix, sh.server.Host)
}

// config writes a configuration file and returns the flag that names it. Each setting is "key: value", later ones win.
func (sh *shared) config(t *testing.T, settings ...string) string {
	t.Helper()
	all := map[string]string{"db": sh.db, "keys": "file:" + sh.keys, "seal": "auto",
		"blob.raw": sh.blob(sh.bucket, "raw"), "blob.processed": sh.blob(sh.bucket, "processed"), "blob.generated": sh.blob(sh.bucket, "generated")}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, ": ")
		all[key] = value
	}
	return writeConfig(t, all)
}

// writeConfig writes settings by their dotted keys; an empty value leaves a key out.
func writeConfig(t *testing.T, settings map[string]string) string {
	t.Helper()
	tree := map[string]any{}
	for key, value := range settings {
		if value == "" {
			continue
		}
		var v any = value
		if json.Valid([]byte(value)) {
			v = json.RawMessage(value)
		}
		if group, leaf, nested := strings.Cut(key, "."); nested {
			inner, ok := tree[group].(map[string]any)
			if !ok {
				inner = map[string]any{}
				tree[group] = inner
			}
			inner[leaf] = v
			continue
		}
		tree[key] = v
	}
	raw, err := json.Marshal(tree) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "showreel.yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return "--config=" + path
}

// original reads the one object below raw/.
func (sh *shared) original(t *testing.T) []byte {
	t.Helper()
	var found []byte
	for o := range sh.s3.ListObjectsIter(t.Context(), sh.bucket, minio.ListObjectsOptions{Prefix: "raw/main/src/", Recursive: true}) {
		if o.Err != nil || found != nil {
			t.Fatalf("more than one original, or %v", o.Err)
		}
		r, err := sh.s3.GetObject(t.Context(), sh.bucket, o.Key, minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if found, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// plays reads every frame and the sound over HLS and DASH at a server.
func plays(t *testing.T, base string, g grant, frames string) {
	t.Helper()
	for _, path := range []string{g.HLS, g.DASH} {
		v, a := probe(t, base+path, "-select_streams", "v:0").Streams, probe(t, base+path, "-select_streams", "a:0").Streams
		if len(v) == 0 || v[0].Frames != frames {
			t.Errorf("%s: %+v, want %s frames", path, v, frames)
		}
		if len(a) == 0 || a[0].Codec != "aac" {
			t.Errorf("%s: sound %+v", path, a)
		}
	}
}

// proven runs `showreel verify` over the audit and every stored file.
func proven(t *testing.T, s *world.Server) {
	t.Helper()
	for _, what := range []string{"audit", "blobs"} {
		if out, errs, err := world.Run(t.Context(), append([]string{"verify", what}, at(s)...)...); err != nil {
			t.Errorf("verify %s: %v %s%s", what, err, out, errs)
		}
	}
}

// TestOneProcessOnPostgresAndS3 is the whole journey of a film on the engines of a larger installation.
func TestOneProcessOnPostgresAndS3(t *testing.T) {
	for _, seal := range []string{"off", "on"} {
		t.Run("seal "+seal, func(t *testing.T) {
			sh := newShared(t)
			film := world.ClipT(t, "film.mp4", "320x180", "25", 3)
			s := world.StartT(t, filepath.Join(t.TempDir(), "data"), sh.config(t, "seal: "+seal))
			got := add(t, at(s), film)[0]
			if got.Error != nil || got.State != "ready" {
				t.Fatalf("%+v %+v", got, got.Error)
			}
			t.Logf("playable after %g s, ready after %g s", got.PlayableAfter, got.ReadyAfter)
			plays(t, s.URL, play(t, s, got.Asset), "75")
			plain, err := os.ReadFile(film)
			if err != nil {
				t.Fatal(err)
			}
			stored := sh.original(t)
			if sealed := !bytes.Equal(stored, plain); sealed != (seal == "on") || bytes.Contains(stored, plain[1000:2000]) == sealed {
				t.Errorf("%d bytes of %d are stored, sealed is %t", len(stored), len(plain), sealed)
			}
			proven(t, s)
			if err := s.Stop(); err != nil {
				t.Errorf("stop: %v\n%s", err, s.Log())
			}
		})
	}
}

// startAll starts servers at once, as a rollout does: the first of them makes the tables.
func startAll(t *testing.T, sh *shared, targets ...string) []*world.Server {
	t.Helper()
	out := make([]*world.Server, len(targets))
	errs := make([]error, len(targets))
	flags := make([]string, len(targets))
	for i, target := range targets {
		settings := []string{"target: " + target}
		if target != "worker" { // it must get by without one
			settings = append(settings, "transcode.ffmpeg: /nowhere/ffmpeg", "transcode.ffprobe: /nowhere/ffprobe")
		}
		flags[i] = sh.config(t, settings...)
	}
	dir := t.TempDir()
	var group sync.WaitGroup
	for i, target := range targets {
		group.Go(func() { out[i], errs[i] = world.Start(t.Context(), filepath.Join(dir, target), flags[i]) })
	}
	group.Wait()
	for i, s := range out {
		if s != nil {
			t.Cleanup(func() { endT(t, targets[i], s) })
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return out
}

func endT(t *testing.T, name string, s *world.Server) {
	if s.Running() {
		s.Kill()
	}
	if t.Failed() {
		t.Logf("%s's log:\n%s", name, s.Log())
	}
}

// TestWorkersShareTheWork splits the product over processes that share Postgres and S3. One worker dies by SIGKILL in the
// middle of a job; another with a folder of its own ends it, with the original from S3; the edge plays it.
func TestWorkersShareTheWork(t *testing.T) {
	sh := newShared(t)
	film := world.ClipT(t, "film.mp4", "640x360", "25", 12)
	all := startAll(t, sh, "api", "worker", "edge")
	api, worker, edge := all[0], all[1], all[2]
	out, errs, err := world.Run(t.Context(), append([]string{"add", film, "--json"}, at(api)...)...)
	if err != nil {
		t.Fatal(errs)
	}
	var a added
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(api.Data, "tmp", "ingest", "jobs", "*")); err != nil || len(left) > 0 {
		t.Errorf("the api keeps files of a job that it does not do: %v %v", left, err)
	}
	underway(t, api, a.Job)
	worker.Kill()
	killed := time.Now()
	second := world.StartT(t, filepath.Join(t.TempDir(), "another"), sh.config(t, "target: worker"))
	j := waitJob(t, api, a.Job)
	t.Logf("ended %s after the kill", time.Since(killed).Round(time.Millisecond))

	g := play(t, api, j.Asset)
	plays(t, edge.URL, g, "300")
	for _, d := range g.Download {
		hash := sha256.Sum256(get(t, edge.URL+d.URL, 200))
		other := sha256.Sum256(get(t, api.URL+d.URL, 200))
		if hash != other {
			t.Errorf("%d: api and edge give other bytes: %s %s", d.Height, hex.EncodeToString(hash[:]), hex.EncodeToString(other[:]))
		}
	}
	proven(t, api)
	if left, err := filepath.Glob(filepath.Join(second.Data, "tmp", "ingest", "jobs", "*")); err != nil || len(left) > 0 {
		t.Errorf("working files are left: %v %v", left, err)
	}
	roles(t, api, second, edge)
	cancelledElsewhere(t, api, second)
	for _, s := range []*world.Server{second, edge, api} {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v\n%s", err, s.Log())
		}
	}
}

// underway waits until some of the job's pieces are done and others are not.
func underway(t *testing.T, s *world.Server, id string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var j struct {
			State string `json:"state"`
			Tasks struct{ Total, Done int }
		}
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/jobs/"+id, nil, &j); err != nil {
			t.Fatal(err)
		}
		if j.Tasks.Done > 0 && j.Tasks.Done < j.Tasks.Total {
			return
		}
		if j.State == "done" || j.State == "failed" {
			t.Fatalf("the job is %s already; the film is too short for this test", j.State)
		}
	}
	t.Fatal("no worker took the job")
}

// roles looks at what each process answers to.
func roles(t *testing.T, api, worker, edge *world.Server) {
	t.Helper()
	for _, s := range []*world.Server{api, worker, edge} {
		get(t, s.URL+"/readyz", 200)
		var report struct {
			Well      bool
			Abilities []struct{ Name, State, Text string }
		}
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/doctor", nil, &report); err != nil || !report.Well {
			t.Errorf("doctor: %+v, %v", report, err)
		}
	}
	for _, c := range []struct {
		s    *world.Server
		path string
		want int
	}{{api, "/v1/jobs", 200}, {api, "/v1/assets", 200}, {edge, "/v1/jobs", 404}, {edge, "/v1/assets", 404}, {worker, "/v1/assets", 404}} {
		res, err := c.s.Do(t.Context(), http.MethodGet, c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s answers %s, want %d", c.path, res.Status, c.want)
		}
	}
}

// cancelledElsewhere ends a job at the api; the worker stops and gives its disk back.
func cancelledElsewhere(t *testing.T, api, worker *world.Server) {
	t.Helper()
	out, errs, err := world.Run(t.Context(), append([]string{"add", world.ClipT(t, "long.mp4", "640x360", "30", 20), "--json"}, at(api)...)...)
	if err != nil {
		t.Fatal(errs)
	}
	var a added
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	underway(t, api, a.Job)
	if err := api.JSON(t.Context(), http.MethodPost, "/v1/jobs/"+a.Job+"/cancel", map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(worker.Data, "tmp", "ingest", "jobs", a.Job)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(end) {
			t.Errorf("the worker keeps %s of a cancelled job", dir)
			break
		}
	}
	var j job
	if err := api.JSON(t.Context(), http.MethodGet, "/v1/jobs/"+a.Job, nil, &j); err != nil || j.State != "cancelled" {
		t.Errorf("the job is %s, %v", j.State, err)
	}
}

// TestMisconfigurationInWords starts the product on engines that are not there, or not shared.
func TestMisconfigurationInWords(t *testing.T) {
	sh := newShared(t)
	other := t.TempDir()
	first := world.StartT(t, filepath.Join(t.TempDir(), "first"), sh.config(t)) // the keys in sh.keys are the database's from now on
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		command  string
		settings []string
		exit     int
		want     []string
	}{
		{"bucket is missing", "serve", []string{"blob.processed: " + sh.blob("nosuchbucket", "x")}, 5, []string{"blob.processed", "nosuchbucket", "does not exist", "create it"}},
		{"doctor on a missing bucket", "doctor", []string{"blob.raw: " + sh.blob("nosuchbucket", "x")}, 5, []string{"blob.raw", "nosuchbucket", "does not exist"}},
		{"S3 is down", "serve", []string{"blob.raw: s3://a:b@x/y?endpoint=http://127.0.0.1:1"}, 5, []string{"blob.raw", "cannot be reached"}},
		{"wrong S3 secret", "serve", []string{"blob.raw: s3://test:wrong-secret@" + sh.bucket + "/y?endpoint=http://" + sh.server.Host}, 5, []string{"blob.raw", "refuses these credentials"}},
		{"Postgres is down", "serve", []string{"db: postgres://somebody:hidden-word@127.0.0.1:1/media?sslmode=disable"}, 5, []string{"database", "127.0.0.1:1", "cannot be reached"}},
		{"no such database", "serve", []string{"db: " + strings.Replace(sh.db, "/t_", "/absent_", 1)}, 5, []string{"database", "does not exist"}},
		{"worker on SQLite", "serve", []string{"db: ", "target: worker"}, 2, []string{"target", "set db to postgres://"}},
		{"worker with stores of its own", "serve", []string{"blob.processed: ", "target: worker"}, 2, []string{"blob.processed", "must be set for target worker"}},
		{"keys of another installation", "serve", []string{"keys: file:" + other, "target: edge"}, 2, []string{other, "are not those"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			args := []string{c.command, "--data", filepath.Join(t.TempDir(), "data"), sh.config(t, c.settings...)}
			if c.command == "serve" {
				args = append(args, "--listen", "127.0.0.1:0")
			}
			_, errs, err := world.Run(ctx, args...)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != c.exit {
				t.Errorf("%v, want exit code %d", err, c.exit)
			}
			for _, want := range c.want {
				if !strings.Contains(errs, want) {
					t.Errorf("it does not say %q:\n%s", want, errs)
				}
			}
			for _, secret := range []string{"hidden-word", "wrong-secret", "*fault", "dial tcp"} {
				if strings.Contains(errs, secret) {
					t.Errorf("it says %q:\n%s", secret, errs)
				}
			}
			t.Log(strings.TrimSpace(errs))
		})
	}
}

// TestDoctorMissesABucket takes the bucket away under a running server.
func TestDoctorMissesABucket(t *testing.T) {
	sh := newShared(t)
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"), sh.config(t))
	if out, errs, err := world.Run(t.Context(), append([]string{"doctor", "--quick"}, at(s)...)...); err != nil {
		t.Fatalf("%v %s%s", err, out, errs)
	}
	if err := sh.s3.RemoveBucketWithOptions(t.Context(), sh.bucket, minio.RemoveBucketOptions{ForceDelete: true}); err != nil {
		t.Fatal(err)
	}
	out, errs, err := world.Run(t.Context(), append([]string{"doctor", "--quick"}, at(s)...)...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 5 || !strings.Contains(out, sh.bucket) || !strings.Contains(out, "does not exist") {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
}
