package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// sampleFilm is Big Buck Bunny, 30 s of 1080p24 with 5.1 sound, as the sample library stores it. "" and a loud line when
// this machine does not have it.
func sampleFilm(b *bench) string {
	dir := os.Getenv("SHOWREEL_CACHE")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = "/root"
		}
		dir = filepath.Join(home, ".cache", "showreel")
	}
	path := filepath.Join(dir, "samples", "big-buck-bunny-30s.mp4")
	if _, err := os.Stat(path); err != nil {
		b.say("SKIPPED: everything of %s that needs a film: %s is missing. `make run` fetches the sample library.", b.area, path)
		return ""
	}
	return path
}

// cutFilm makes so many seconds of a 24 fps film, repeated as often as needed and shown at fps, without encoding anything: at
// 30 fps the same pictures follow one another faster. The pictures are repeated without the sound, which is a little longer
// than they are.
func cutFilm(ctx context.Context, film, path string, fps, seconds int) error {
	silent, repeated := path+".silent.mp4", path+".repeated.mp4"
	defer os.Remove(silent)
	defer os.Remove(repeated)
	if err := ffmpeg(ctx, "-i", film, "-map", "0:v", "-c", "copy", silent); err != nil {
		return err
	}
	if err := ffmpeg(ctx, "-stream_loop", "-1", "-i", silent, "-frames:v", fmt.Sprint(fps*seconds), "-c", "copy", repeated); err != nil {
		return err
	}
	faster := fmt.Sprintf("setts=pts=PTS*24/%d:dts=DTS*24/%d", fps, fps)
	return ffmpeg(ctx, "-i", repeated, "-stream_loop", "-1", "-t", fmt.Sprint(seconds), "-i", film, "-map", "0:v", "-map", "1:a", "-c", "copy", "-bsf:v", faster, "-movflags", "+faststart", path)
}

// ffmpeg runs one command and waits.
func ffmpeg(ctx context.Context, args ...string) error {
	_, err := ffmpegOut(ctx, args...)
	return err
}

// ffmpegOut returns what a command writes to standard output.
func ffmpegOut(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-nostdin", "-hide_banner", "-loglevel", "error", "-y"}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("ffmpeg %s: %w: %s", strings.Join(args, " "), err, said.String())
	}
	return out.Bytes(), nil
}

// sha256File is the hex sha256 of a file.
func sha256File(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// usage is processor time, user and system.
type usage struct {
	own      time.Duration // of this process
	children time.Duration // of the children it has waited for
	wall     time.Duration
}

func (u usage) cpu() time.Duration { return u.own + u.children }

// spent is what fn costs. Nothing else may run in this process meanwhile.
func spent(fn func() error) (usage, error) {
	before, began := clocks(), time.Now()
	err := fn()
	after := clocks()
	return usage{own: after.own - before.own, children: after.children - before.children, wall: time.Since(began)}, err
}

func clocks() (u usage) {
	of := func(who int) time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err != nil {
			panic("bench: getrusage: " + err.Error()) // both constants are valid everywhere
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	u.own, u.children = of(syscall.RUSAGE_SELF), of(syscall.RUSAGE_CHILDREN)
	return u
}
