package ingest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"showreel/platform/cmaf"
	"showreel/product/ingest"
)

const crashDir = "SHOWREEL_TEST_CRASH_DIR"

// TestCrashChild is not a test of its own: it is the process that TestKilledIngestEndsTheSame kills.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("only runs as the child of TestKilledIngestEndsTheSame")
	}
	s := open(t, dir, nil)
	if _, err := s.PutTemplate(as(t), short(t)); err != nil {
		t.Fatal(err)
	}
	rec := s.add(t, os.Getenv("SHOWREEL_TEST_CRASH_FILM"), ingest.Incoming{Template: "short"})
	fmt.Printf("\njob %s asset %s\n", rec.Job, rec.Asset)
	for {
		j, err := s.Job(as(t), rec.Job)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("\nchunks %d %s\n", s.rows(t), j.State)
		time.Sleep(20 * time.Millisecond)
	}
}

// rows counts finished tasks in the chunk ledger.
func (s *stack) rows(t *testing.T) int {
	t.Helper()
	var n int
	if err := s.db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM ingest_chunks WHERE kind='chunk'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// made lists the ledger with the moment each row was written.
func (s *stack) made(t *testing.T) map[string]int64 {
	t.Helper()
	rows, err := s.db.Read().QueryContext(t.Context(), `SELECT chunk, created_ms FROM ingest_chunks`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var key string
		var at int64
		if err := rows.Scan(&key, &at); err != nil {
			t.Fatal(err)
		}
		out[key] = at
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// sums are the hashes of the ladder's files.
func sums(x cmaf.Index) map[string]string {
	out := map[string]string{}
	for _, t := range x.Tracks {
		if len(t.Parts) == 1 && t.Role != cmaf.RoleProxy {
			out[t.Name] = t.Parts[0].SHA256
		}
	}
	return out
}

func TestKilledIngestEndsTheSame(t *testing.T) {
	film := film4s(t)
	calm := open(t, t.TempDir(), nil)
	if _, err := calm.PutTemplate(as(t), short(t)); err != nil {
		t.Fatal(err)
	}
	rec := calm.add(t, film, ingest.Incoming{Template: "short"})
	if j := calm.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("undisturbed: %+v", j.Error)
	}
	want := sums(calm.index(t, rec.Asset, 1))
	calm.stop()

	for _, at := range []string{"chunks 0", "chunks 2", "chunks 4"} {
		t.Run(at, func(t *testing.T) {
			dir := t.TempDir()
			job, asset := killAt(t, dir, film, at)
			begun := time.Now()
			s := open(t, dir, nil)
			before := s.made(t)
			j := s.ended(t, job)
			if j.State != ingest.Done {
				t.Fatalf("after the kill: %+v", j.Error)
			}
			t.Logf("ended %v after the restart", time.Since(begun).Round(time.Millisecond))
			got := sums(s.index(t, asset, 1))
			for name, sum := range want {
				if got[name] != sum {
					t.Errorf("%s differs from the undisturbed run", name)
				}
			}
			after := s.made(t)
			for key, made := range before {
				if after[key] != made {
					t.Errorf("a finished chunk was made again")
				}
			}
		})
	}
}

// killAt runs the child until it says what is waited for, and kills it without warning.
func killAt(t *testing.T, dir, film, at string) (job, asset string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$", "-test.v")
	cmd.Env = append(os.Environ(), crashDir+"="+dir, "SHOWREEL_TEST_CRASH_FILM="+film)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		said = append(said, line)
		if f := strings.Fields(line); len(f) == 4 && f[0] == "job" {
			job, asset = f[1], f[3]
		}
		if job != "" && (strings.HasPrefix(line, at) || strings.HasSuffix(line, " done")) {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if job == "" {
		t.Fatalf("the child said:\n%s", strings.Join(said, "\n"))
	}
	return job, asset
}
