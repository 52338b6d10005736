package ingest_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"showreel/engine/blob"
	"showreel/engine/blob/fileblob"
	"showreel/engine/flow"
	"showreel/engine/flow/dbosflow"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/platform/budget"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/product/ingest"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// stack is the room on real engines in one process.
type stack struct {
	*ingest.Service
	db     *sqldb.DB
	lib    *library.Service
	blobs  blob.Stores
	flow   *flow.Engine
	budget *budget.Budget
	events *outbox.Outbox
	dir    string
	stop   func()
}

var schemas = []sqldb.Schema{outbox.Schema(), audit.Schema(), access.Schema(), library.Schema(), flow.Schema(), ingest.Schema()}

// open starts the room over the folder; what an earlier one left there goes on.
func open(t *testing.T, dir string, change func(*ingest.Deps)) *stack {
	t.Helper()
	return openOn(t, dir, "sqlite:"+filepath.Join(dir, "showreel.db"), "sqlite:"+filepath.Join(dir, "flow.db"), change)
}

func openOn(t *testing.T, dir, dbURL, flowURL string, change func(*ingest.Deps)) *stack {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := sqldb.Open(ctx, dbURL)
	must(err)
	for _, s := range schemas {
		must(db.Migrate(ctx, s))
	}
	store := func(name string) *blob.Store {
		d, err := fileblob.Open(filepath.Join(dir, "blobs", name))
		must(err)
		return blob.New(d, name)
	}
	keyDriver, err := filekeys.Open(filepath.Join(dir, "keys"))
	must(err)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	trail := audit.New(db, keys.New(keyDriver))
	acc, err := access.New(access.Deps{DB: db, Audit: trail})
	must(err)
	events := outbox.New(db)
	lib := library.New(library.Deps{DB: db, Outbox: events, Access: acc, Audit: trail})
	driver, err := dbosflow.Open(ctx, dbosflow.Options{URL: flowURL, Log: log})
	must(err)
	engine := flow.New(driver, db, flow.WithLog(log))
	coder, err := ffmpegtranscode.New(ctx, ffmpegtranscode.Config{})
	must(err)
	deps := ingest.Deps{DB: db, Outbox: events, Blobs: blob.Stores{Raw: store("raw"), Processed: store("processed"), Generated: store("generated")},
		Flow: engine, Budget: budget.New(budget.Limits{Cores: 2}), Transcode: transcode.New(coder), Library: lib, Access: acc, Audit: trail,
		Pull: http.DefaultClient, Dir: filepath.Join(dir, "tmp"), Log: log, Limits: ingest.Limits{ReserveBytes: 1}}
	if change != nil {
		change(&deps)
	}
	s, err := ingest.New(deps)
	must(err)
	s.Flows(engine)
	lib.AlsoForget(s.Forget)
	must(engine.Launch(ctx))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	st := &stack{Service: s, db: db, lib: lib, blobs: deps.Blobs, flow: engine, budget: deps.Budget, events: events, dir: dir}
	stopped := false
	st.stop = func() {
		if stopped {
			return
		}
		stopped = true
		closing, free := context.WithTimeout(context.Background(), 20*time.Second)
		defer free()
		if err := engine.Close(closing); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		acc.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(st.stop)
	return st
}

// as is the context of an editor of the main tenant.
func as(t *testing.T) context.Context {
	return access.With(t.Context(), access.Who{Tenant: access.MainTenant, ID: "u1", Name: "Ada", Kind: access.KindUser, Roles: []string{access.RoleAdmin}})
}

// clip makes a small film once per test binary run: a test picture and a tone.
func clip(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-v", "error", "-nostdin", "-y"}, args...), path)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return path
}

func film2s(t *testing.T) string {
	return clip(t, "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=2", "-f", "lavfi", "-i", "sine=440:d=2:r=48000",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "24", "-c:a", "aac", "-shortest")
}

// ended waits until the job has ended or waits for a person.
func (s *stack) ended(t *testing.T, id string) ingest.Job {
	t.Helper()
	return s.until(t, id, func(j ingest.Job) bool { return j.State.Final() || j.State == ingest.Held })
}

func (s *stack) until(t *testing.T, id string, is func(ingest.Job) bool) ingest.Job {
	t.Helper()
	var j ingest.Job
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var err error
		if j, err = s.Job(as(t), id); err != nil {
			t.Fatal(err)
		}
		if is(j) {
			return j
		}
	}
	st, err := s.flow.Status(t.Context(), id)
	t.Fatalf("the job is still %s at %s: %s; flow %+v %v, its error %+v", j.State, j.Stage, j.WaitsFor, st, err, st.Error)
	return j
}

// tenant is the context of an administrator of another tenant.
func tenant(t *testing.T, name string) context.Context {
	return access.With(t.Context(), access.Who{Tenant: name, ID: "u2", Name: "Eve", Kind: access.KindUser, Roles: []string{access.RoleAdmin}})
}
