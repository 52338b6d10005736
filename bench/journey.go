package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"showreel/engine/transcode"
	"showreel/platform/budget"
	"showreel/product/ingest"
	"showreel/test/world"
)

// benchFirstFrame uploads a film to the real server while a browser waits for it: the first frame comes from a manifest
// that still grows, and then the whole ladder is waited for.
func benchFirstFrame(ctx context.Context, b *bench, film string) error {
	length, real, note := 60, 0.9, ""
	if b.quick {
		// The preview is made for films from eight seconds on, so the quick film is longer here; what is fixed weighs more.
		length, real, note = 10, 0.6, "; quick target for a short film"
	}
	path := filepath.Join(b.dir, "first.mp4")
	if err := cutFilm(ctx, film, path, 24, length); err != nil {
		return err
	}
	s, stop, err := serve(ctx, filepath.Join(b.dir, "first"))
	if err != nil {
		return err
	}
	defer stop()
	eye, err := openEye(ctx, b)
	if err != nil {
		return err
	}
	up, err := upload(ctx, s, path, "first.mp4")
	if err != nil {
		return err
	}
	if eye != nil {
		f, err := eye.look(s, up.asset)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, s.Log())
		}
		if !f.Growing {
			note += "; the manifest was complete already"
		}
		b.atMost("first frame in Chromium after the upload", time.UnixMilli(int64(f.FrameMS)).Sub(up.end).Seconds(), "s", 4, "limit",
			fmt.Sprintf("%dx%d, growing: %v, playing link after %.2f s", f.Width, f.Height, f.Growing, time.UnixMilli(f.LinkMS).Sub(up.end).Seconds()))
	}
	j, at, err := waitJob(ctx, s, up.job, isDone)
	if err != nil {
		return err
	}
	took := at.Sub(up.end)
	b.atLeast("whole ladder, 1080p24", float64(length)/took.Seconds(), "x real time", real, fmt.Sprintf("%d cores", runtime.NumCPU()),
		fmt.Sprintf("%d s of film ready after %.1f s with %.1f CPU-s of tasks, a browser beside it at first%s", length, took.Seconds(), float64(j.CPUMS)/1000, note))
	if b.quick {
		return nil
	}
	thirty := filepath.Join(b.dir, "thirty.mp4")
	if err := cutFilm(ctx, film, thirty, 30, length); err != nil {
		return err
	}
	_, j, took, err = ready(ctx, s, thirty, "thirty.mp4")
	if err != nil {
		return err
	}
	b.atLeast("whole ladder, 1080p30", float64(length)/took.Seconds(), "x real time", 0, fmt.Sprintf("%d cores", runtime.NumCPU()),
		fmt.Sprintf("printed, no target: the same pictures, %d s ready after %.1f s with %.1f CPU-s of tasks", length, took.Seconds(), float64(j.CPUMS)/1000))
	return stop()
}

// eye is a browser that waits for a film.
type eye struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// frame is what it saw; times are UTC milliseconds.
type frame struct {
	Ready   bool    `json:"ready"`
	Growing bool    `json:"growing"`
	LinkMS  int64   `json:"linkMs"`
	FrameMS float64 `json:"frameMs"`
	Width   int     `json:"width"`
	Height  int     `json:"height"`
}

// openEye starts Chromium; nil and a loud line when it cannot be had.
func openEye(ctx context.Context, b *bench) (*eye, error) {
	dir := filepath.Join(world.Root(), "test", "browser")
	for _, program := range []string{"node", "npm", "chromium"} {
		if _, err := exec.LookPath(program); err != nil {
			b.say("SKIPPED: first frame in Chromium: %s is not installed. `make test` installs it.", program)
			return nil, nil
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "playwright-core")); err != nil {
		npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts")
		npm.Dir = dir
		if out, err := npm.CombinedOutput(); err != nil {
			b.say("SKIPPED: first frame in Chromium: its driver cannot be had: %v: %s", err, out)
			return nil, nil
		}
	}
	e := &eye{cmd: exec.CommandContext(ctx, "node", "firstframe.mjs")}
	e.cmd.Dir, e.cmd.Stderr = dir, b.log
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if e.in, err = e.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	e.out = bufio.NewScanner(out)
	f, err := e.next()
	if err == nil && !f.Ready {
		err = errors.New("the browser did not start")
	}
	return e, err
}

func (e *eye) next() (f frame, err error) {
	if !e.out.Scan() {
		return f, errors.Join(errors.New("the browser ended without an answer"), e.cmd.Wait())
	}
	return f, json.Unmarshal(e.out.Bytes(), &f)
}

// look waits for the first frame of an asset and closes the browser.
func (e *eye) look(s *world.Server, asset string) (frame, error) {
	line, err := json.Marshal(map[string]string{"url": s.URL, "key": s.Key, "asset": asset})
	if err != nil {
		return frame{}, err
	}
	if _, err := e.in.Write(append(line, '\n')); err != nil {
		return frame{}, err
	}
	f, err := e.next()
	if err != nil {
		return f, err
	}
	return f, errors.Join(e.in.Close(), e.cmd.Wait())
}

// benchShortClip measures a clip so short that what the product adds to its tasks shows.
func benchShortClip(ctx context.Context, b *bench, film string) error {
	l, err := newLadder(ctx, b, film)
	if err != nil {
		return err
	}
	s, stop, err := serve(ctx, filepath.Join(b.dir, "short"))
	if err != nil {
		return err
	}
	defer stop()
	rounds := 5
	if b.quick {
		rounds = 3
	}
	var whole, alone, over []float64
	for round := range rounds {
		path := filepath.Join(b.dir, fmt.Sprintf("short-%d.mp4", round))
		// Each has other bytes, so that nothing of it is known already.
		if err := ffmpeg(ctx, "-i", film, "-t", "2", "-map", "0", "-c", "copy", "-metadata", fmt.Sprintf("comment=%d", round), path); err != nil {
			return err
		}
		_, _, took, err := ready(ctx, s, path, filepath.Base(path))
		if err != nil {
			return err
		}
		tasks, err := l.bare(ctx, path)
		if err != nil {
			return err
		}
		whole, alone, over = append(whole, took.Seconds()), append(alone, tasks.Seconds()), append(over, (took-tasks).Seconds())
	}
	b.atMost("2 s clip ready after the upload", median(whole), "s", 5, "limit", fmt.Sprintf("median of %d, fastest %.2f s", rounds, quantile(whole, 0)))
	b.atMost("Showreel's own time on it", median(over), "s", 0.3, "its tasks run bare",
		fmt.Sprintf("median of %d differences: %s; tasks alone %.2f s", rounds, listed(over), median(alone)))
	return stop()
}

func listed(v []float64) string {
	var out []string
	for _, x := range v {
		out = append(out, fmt.Sprintf("%.2f", x))
	}
	return strings.Join(out, ", ")
}

// bare probes a film and runs the tasks of its plan with the same leases and nothing around them.
func (l *ladder) bare(ctx context.Context, film string) (time.Duration, error) {
	sha, err := sha256File(film)
	if err != nil {
		return 0, err
	}
	t, err := webTemplate()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	info, err := l.svc.Probe(ctx, film)
	if err != nil {
		return 0, err
	}
	plan, err := ingest.Plan(t, info)
	if err != nil {
		return 0, err
	}
	tasks, err := l.svc.Split(plan, sha)
	if err != nil {
		return 0, err
	}
	cores := budget.New(budget.Limits{Cores: float64(runtime.NumCPU()), MemMB: 1 << 20})
	errs := make([]error, len(tasks))
	var wg sync.WaitGroup
	for i, task := range tasks {
		wg.Go(func() { errs[i] = l.leased(ctx, cores, plan, task, film) })
	}
	wg.Wait()
	return time.Since(began), errors.Join(errs...)
}

func (l *ladder) leased(ctx context.Context, cores *budget.Budget, p transcode.Plan, t transcode.Task, film string) error {
	lane := budget.Normal
	if t.Kind == transcode.KindPoster || t.Kind == transcode.KindProxy {
		lane = budget.Interactive
	}
	lease, err := cores.Lease(ctx, budget.Ask{Lane: lane, Tenant: "main", Key: t.ID, Priority: 50, Cores: t.Cores, MemMB: t.MemMB})
	if err != nil {
		return err
	}
	defer lease.Release()
	dir := filepath.Join(l.b.dir, "bare", filepath.Base(film), t.ID)
	_, err = l.svc.Run(ctx, p, t, transcode.Env{Source: film, WorkDir: dir})
	return err
}
