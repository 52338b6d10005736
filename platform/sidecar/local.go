package sidecar

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"showreel/fault"
	"showreel/platform/child"
)

// LocalOptions say how a helper is started here.
type LocalOptions struct {
	Name  string   // for people and logs: "speech"
	Path  string   // the program
	Args  []string // %SOCKET% in them is replaced by the socket's path
	Env   []string
	Dir   string        // absolute folder for the socket; created
	MemMB int64         // private memory; 0 is no limit
	Nice  int           //
	Idle  time.Duration // ended when nobody has asked for so long; 0 is never
	Start time.Duration // how long it may take until it answers; 0 is a minute
	Log   *slog.Logger
}

// Local is a helper that runs on this machine while it is needed.
type Local struct {
	o    LocalOptions
	http *http.Client
	told atomic.Bool // that the program is missing

	mu     sync.Mutex
	sock   string
	end    context.CancelFunc // of the running program, or nil
	ended  chan struct{}      // closed when it has ended
	why    error              // how it ended
	busy   int
	unload *time.Timer
	starts int
	closed bool
}

// NewLocal prepares a helper; nothing runs yet.
func NewLocal(o LocalOptions) *Local {
	if o.Start == 0 {
		o.Start = time.Minute
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l := &Local{o: o}
	l.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		l.mu.Lock()
		sock := l.sock
		l.mu.Unlock()
		var d net.Dialer
		return d.DialContext(ctx, "unix", sock)
	}}}
	return l
}

// Open implements Reach: it starts the program unless it runs and waits until it answers. Kinds: fault.Unavailable where
// it is missing or ends at once, with its last words.
func (l *Local) Open(ctx context.Context) (Way, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return Way{}, fault.Say("sidecar.open", l.o.Name, fault.Canceled, "", "The server is shutting down.")
	}
	if !l.runs() {
		if err := l.start(ctx); err != nil {
			return Way{}, err
		}
	}
	l.busy++
	if l.unload != nil {
		l.unload.Stop()
	}
	ended := l.ended
	return Way{Base: "http://helper", HTTP: l.http, Done: func(err error) { l.done(ended, err) }}, nil
}

func (l *Local) runs() bool {
	if l.end == nil {
		return false
	}
	select {
	case <-l.ended:
		return false
	default:
		return true
	}
}

// start runs the program and waits for its first answer. l.mu is held, so that two callers start one program.
func (l *Local) start(ctx context.Context) error {
	if err := os.MkdirAll(l.o.Dir, 0o700); err != nil {
		return fault.E("sidecar.start", l.o.Name, "", err)
	}
	l.http.CloseIdleConnections() // of one that has ended
	l.starts++
	l.sock = filepath.Join(l.o.Dir, fmt.Sprintf("%s-%d-%d.sock", l.o.Name, os.Getpid(), l.starts))
	args := make([]string, len(l.o.Args))
	for n, a := range l.o.Args {
		args[n] = strings.ReplaceAll(a, "%SOCKET%", l.sock)
	}
	run, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	l.end, l.ended, l.why = cancel, ended, nil
	go func() {
		_, err := child.Run(run, child.Spec{Path: l.o.Path, Args: args, Env: l.o.Env, MemMB: l.o.MemMB, Nice: l.o.Nice, NoNetwork: true, Grace: 2 * time.Second})
		switch missing := fault.CodeOf(err) == "child-missing"; {
		case run.Err() != nil:
		case !missing:
			l.o.Log.Warn("a helper program ended", "helper", l.o.Name, "err", err)
		case !l.told.Swap(true): // each call that needs it is told; the log says it once
			l.o.Log.Warn("a helper program is missing", "helper", l.o.Name, "err", err)
		}
		l.why = err // published by close(ended)
		_ = os.Remove(l.sock)
		close(ended)
	}()
	return l.awaitReady(ctx, ended)
}

func (l *Local) awaitReady(ctx context.Context, ended chan struct{}) error {
	deadline := time.NewTimer(l.o.Start)
	defer deadline.Stop()
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		if c, err := net.Dial("unix", l.sock); err == nil {
			return c.Close()
		}
		select {
		case <-ended:
			return l.failed(l.why)
		case <-deadline.C:
			l.end()
			return l.failed(fmt.Errorf("it did not answer within %s", l.o.Start))
		case <-ctx.Done():
			l.end()
			return fault.E("sidecar.start", l.o.Name, fault.Canceled, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

func (l *Local) failed(err error) error {
	if code := fault.CodeOf(err); code == "child-missing" {
		return fault.Say("sidecar.start", l.o.Name, fault.Unavailable, "helper-missing", "The program %s is missing; build or install it beside the server.", filepath.Base(l.o.Path))
	}
	return &fault.Error{Op: "sidecar.start", Subject: l.o.Name, Kind: fault.Unavailable, Code: "helper-failed", Err: err,
		Text: "The helper program for " + l.o.Name + " does not start: " + fault.TextOf(err)}
}

// done counts a finished call and lets the program go when it is idle for long.
func (l *Local) done(ended chan struct{}, err error) {
	if code := fault.CodeOf(err); code == "helper-died" || code == "helper-unreachable" {
		select { // give the reaper a moment, so that the retry starts a fresh one
		case <-ended:
		case <-time.After(2 * time.Second):
		}
		l.http.CloseIdleConnections()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy--
	if l.o.Idle > 0 && l.busy == 0 && !l.closed {
		l.unload = time.AfterFunc(l.o.Idle, l.rest)
	}
}

// rest ends an idle program.
func (l *Local) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy == 0 && l.runs() {
		l.stop()
	}
}

// stop ends the program and waits for it. l.mu is held.
func (l *Local) stop() {
	l.end()
	<-l.ended
	l.end = nil
	l.http.CloseIdleConnections()
}

// Running reports whether the program runs now.
func (l *Local) Running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.runs()
}

// Close ends the program.
func (l *Local) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.unload != nil {
		l.unload.Stop()
	}
	if l.runs() {
		l.stop()
	}
	return nil
}
