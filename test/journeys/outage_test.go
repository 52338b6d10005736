package journeys_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"showreel/platform/sqldb"
	"showreel/test/world"
)

// TestPostgresBreaksOff ends every connection to the database again and again while a film comes in, as a restart or a
// fail-over of Postgres does. The server stays, and the job ends right.
func TestPostgresBreaksOff(t *testing.T) {
	sh := newShared(t)
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"), sh.config(t))
	out, errs, err := world.Run(t.Context(), append([]string{"add", world.ClipT(t, "film.mp4", "640x360", "25", 6), "--json"}, at(s)...)...)
	if err != nil {
		t.Fatal(errs)
	}
	var a added
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	admin, err := sqldb.Open(t.Context(), sh.db)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	broken := 0
	for range 6 {
		time.Sleep(400 * time.Millisecond)
		var n int
		err := admin.Read().QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		broken += n
	}
	t.Logf("%d connections were ended", broken)
	var j job
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && j.State != "done"; time.Sleep(100 * time.Millisecond) {
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/jobs/"+a.Job, nil, &j); err != nil {
			t.Error(err) // who only reads sees nothing of it
		}
		if j.State == "failed" {
			break
		}
	}
	if j.State != "done" {
		t.Fatalf("the job is %s: %s", j.State, show(j.Error))
	}
	t.Logf("ready after %d ms", j.EndedMS-j.CreatedMS)
	plays(t, s.URL, play(t, s, j.Asset), "150")
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
