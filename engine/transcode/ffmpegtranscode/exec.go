package ffmpegtranscode

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/platform/child"
)

// work is one task being run.
type work struct {
	d     *Driver
	b     builder
	plan  transcode.Plan
	task  transcode.Task
	env   transcode.Env
	cpuMS int64
	done  int64 // frames told so far
}

// errStalled ends a child that makes no frame any more.
var errStalled = errors.New("no new frame")

// quietWall bounds a run that reports nothing: a picture, a key frame, captions read out of a large file.
const quietWall = 30 * time.Minute

// quiet is the standard output of a run that reports nothing.
type quiet struct{}

func (quiet) Write(b []byte) (int, error) { return len(b), nil }

// ffmpeg runs one command in the task's folder. stdout nil means that the command reports progress there.
func (w *work) ffmpeg(ctx context.Context, args []string, stdout io.Writer) error {
	return w.fed(ctx, args, nil, stdout)
}

// fed is ffmpeg with something to read as pipe:0. stdin must not block for longer than a stall may take.
func (w *work) fed(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	beat := newHeartbeat()
	wall, watched := time.Duration(0), true
	if _, mute := stdout.(quiet); mute {
		wall, watched = quietWall, false
	} else if stdout == nil {
		stdout = &progress{beat: beat, report: w.advance}
	} else {
		stdout = io.MultiWriter(beat, stdout)
	}
	stop := make(chan struct{})
	defer close(stop)
	if watched {
		go beat.watch(stop, w.d.limits.StallAfter, func() { cancel(errStalled) })
	}

	mem := w.task.MemMB*3 + 1024
	res, err := child.Run(ctx, child.Spec{
		Path: w.d.ffmpeg, Args: args, Dir: w.env.WorkDir, Stdin: stdin, Stdout: stdout, MemMB: mem, FileMB: w.d.limits.FileMB, Nice: w.d.nice, NoNetwork: true, Wall: wall,
	})
	w.cpuMS += res.CPU.Milliseconds()
	if err == nil {
		return nil
	}
	return w.explain(ctx, err, res.StderrTail)
}

// advance passes progress on; a further run over frames that are done, such as the comparison, never takes it back.
func (w *work) advance(p transcode.Progress) {
	if p.Frames >= w.done {
		w.done = p.Frames
		w.env.Progress(p)
	}
}

func (w *work) explain(ctx context.Context, err error, said string) error {
	const op = "transcode.run"
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		return &fault.Error{Op: op, Subject: w.task.ID, Kind: fault.Unavailable, Code: "stalled", Err: err, Text: "The transcoder made no new frame for a long time and was stopped. It is tried again."}
	case fault.Is(err, fault.Canceled):
		return err
	case fault.CodeOf(err) == "child-missing":
		return fault.Say(op, w.task.ID, fault.Unavailable, "ffmpeg-missing", "ffmpeg is not installed; install it or set transcode.ffmpeg to its path.")
	case strings.Contains(said, "No space left on device"):
		return &fault.Error{Op: op, Subject: w.task.ID, Kind: fault.Full, Code: "disk-full", Err: err, Text: "The disk is full. Free some space; the job goes on."}
	case fault.Is(err, fault.Full), fault.Is(err, fault.TooLarge):
		return err
	case damaged(said):
		return w.damage(err)
	}
	return fault.E(op, w.task.ID, fault.Internal, fmt.Errorf("%w; it said: %s", err, keepLast(said, 2000)))
}

func (w *work) damage(err error) error {
	return &fault.Error{Op: "transcode.run", Subject: w.task.ID, Kind: fault.Corrupt, Code: "source-damaged", Err: err,
		Text: "The source is damaged and does not decode. Upload it again from a good copy."}
}

// damaged reads the ways in which ffmpeg says that the input is at fault.
func damaged(said string) bool {
	for _, s := range []string{"Invalid data found when processing input", "Error while decoding", "error while decoding", "corrupt", "Invalid NAL unit", "moov atom not found", "Output file is empty", "Conversion failed", "Cannot determine format of input stream", "no frame"} {
		if strings.Contains(said, s) {
			return true
		}
	}
	return false
}

// heartbeat knows when the last frame came, by the monotonic clock: a step of the wall clock stalls nothing.
type heartbeat struct {
	born time.Time
	last atomic.Int64 // nanoseconds since born
}

func newHeartbeat() *heartbeat { return &heartbeat{born: time.Now()} }

func (h *heartbeat) touch() { h.last.Store(int64(time.Since(h.born))) }

// Write counts any output as life.
func (h *heartbeat) Write(b []byte) (int, error) {
	h.touch()
	return len(b), nil
}

func (h *heartbeat) watch(stop <-chan struct{}, after time.Duration, dead func()) {
	tick := time.NewTicker(max(after/20, 5*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			if int64(time.Since(h.born))-h.last.Load() > int64(after) {
				dead()
				return
			}
		}
	}
}

// progress reads -progress key=value lines. ffmpeg goes on writing them when it is stuck, so only new frames, time or bytes
// count as life.
type progress struct {
	beat   *heartbeat
	report func(transcode.Progress)
	rest   []byte
	frame  int64
	speed  float64
	seen   string
}

// Write implements io.Writer.
func (p *progress) Write(b []byte) (int, error) {
	p.rest = append(p.rest, b...)
	for {
		i := bytes.IndexByte(p.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		p.line(string(p.rest[:i]))
		p.rest = p.rest[i+1:]
	}
}

func (p *progress) line(s string) {
	key, value, _ := strings.Cut(s, "=")
	value = strings.TrimSpace(value)
	switch key {
	case "frame":
		p.frame = max(p.frame, number(value))
	case "speed":
		p.speed = float(strings.TrimSuffix(value, "x"))
	case "progress":
		p.report(transcode.Progress{Frames: p.frame, Speed: p.speed})
	}
	if key == "frame" || key == "out_time_us" || key == "total_size" {
		if now := key + value; value != "N/A" && !strings.Contains(p.seen, now+";") {
			p.beat.touch()
			p.seen = keepLast(p.seen+now+";", 400)
		}
	}
}

func keepLast(s string, n int) string {
	if len(s) > n {
		return s[len(s)-n:]
	}
	return s
}

// file describes a finished output, synced to disk.
func (w *work) file(name, path, role string) (transcode.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return transcode.File{}, fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return transcode.File{}, fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	return transcode.File{Name: name, Path: path, Role: role, Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

func (w *work) path(name string) string { return filepath.Join(w.env.WorkDir, name) }
