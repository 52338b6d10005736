package child

import (
	"errors"
	"io"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a running child, given to Spec.OnStart.
type Process struct {
	pid     int
	born    time.Time
	touched atomic.Int64 // since born, in nanoseconds of the monotonic clock

	mu     sync.Mutex
	reaped bool // its id may belong to somebody else now
	gone   chan struct{}
}

func newProcess() *Process {
	return &Process{born: time.Now(), gone: make(chan struct{})}
}

// PID is the process id, which is also the id of its group.
func (p *Process) PID() int { return p.pid }

// Touch says that there is progress, and so puts StallAfter off.
func (p *Process) Touch() { p.touched.Store(int64(time.Since(p.born))) }

func (p *Process) idle() time.Duration {
	return time.Since(p.born) - time.Duration(p.touched.Load())
}

// awaitExit returns when the leader has ended and leaves it unreaped, so that nothing else can have its id yet.
func (p *Process) awaitExit() {
	for {
		err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// end kills what is left of the group and closes the door for later signals.
func (p *Process) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return
	}
	_ = unix.Kill(-p.pid, unix.SIGKILL)
	p.reaped = true
	close(p.gone)
}

// stop ends the group: politely first where there is grace.
func (p *Process) stop(grace time.Duration) {
	if grace > 0 {
		p.signal(unix.SIGTERM)
		select {
		case <-p.gone:
			return
		case <-time.After(grace):
		}
	}
	p.signal(unix.SIGKILL)
}

// signal sends to the group as long as its id is ours.
func (p *Process) signal(sig unix.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = unix.Kill(-p.pid, sig)
	}
}

// awaitKilled ends a process whose limits could not be set.
func (p *Process) awaitKilled(c *exec.Cmd) {
	p.signal(unix.SIGKILL)
	p.awaitExit()
	p.end()
	_ = c.Wait()
}

// touching is a writer that counts what passes as progress.
func (r *run) touching(w io.Writer) io.Writer { return &toucher{run: r, to: w} }

type toucher struct {
	run *run
	to  io.Writer
}

func (t *toucher) Write(b []byte) (int, error) {
	t.run.proc.Touch()
	return t.to.Write(b)
}
