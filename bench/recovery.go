package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"showreel/test/world"
)

// benchRecovery kills the server with SIGKILL while it encodes and measures how long after the next start it encodes again.
func benchRecovery(ctx context.Context, b *bench, film string) error {
	path := filepath.Join(b.dir, "recovery.mp4")
	if err := cutFilm(ctx, film, path, 24, 30); err != nil {
		return err
	}
	data := filepath.Join(b.dir, "recovery")
	s, stop, err := serve(ctx, data)
	if err != nil {
		return err
	}
	defer func() { _ = stop() }() // the error that ends the bench is reported already
	up, err := upload(ctx, s, path, "recovery.mp4")
	if err != nil {
		return err
	}
	if err := encoding(ctx, s, up.job); err != nil {
		return err
	}
	rounds := 3
	if b.quick {
		rounds = 2
	}
	var took []float64
	for range rounds {
		time.Sleep(time.Second) // well inside the encoding
		stop = func() error { return nil }
		s.Kill()
		began := time.Now()
		if s, stop, err = serve(ctx, data); err != nil {
			return err
		}
		if err := encoding(ctx, s, up.job); err != nil {
			return err
		}
		took = append(took, time.Since(began).Seconds())
	}
	b.atMost("recovery after kill -9", quantile(took, 1), "s", 3, "limit",
		fmt.Sprintf("worst of %d, from the start of the process until ffmpeg works again: %s", rounds, listed(took)))
	return stop()
}

// encoding waits until an ffmpeg of the server works on the job, which its command line names.
func encoding(ctx context.Context, s *world.Server, id string) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		working, err := hasChild(s.Pid(), id)
		if err != nil || working {
			return err
		}
	}
	var j job
	if err := s.JSON(ctx, http.MethodGet, "/v1/jobs/"+id, nil, &j); err != nil {
		return err
	}
	return fmt.Errorf("nothing is encoded within a minute; the job is %s at %s\n%s", j.State, j.Stage, s.Log())
}

// hasChild reports whether a process has an ffmpeg with text in its command line as a child, as proc(5) tells: "pid (name)
// state parent …".
func hasChild(pid int, text string) (bool, error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return false, err
	}
	for _, path := range all {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, named, _ := strings.Cut(string(raw), "(")
		comm, rest, _ := strings.Cut(named, ") ")
		if f := strings.Fields(rest); comm != "ffmpeg" || len(f) < 2 || f[1] != fmt.Sprint(pid) {
			continue
		}
		if line, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline")); err == nil && strings.Contains(string(line), text) {
			return true, nil
		}
	}
	return false, nil
}
