package child

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"showreel/fault"
)

const op = "child.run"

// drainDelay is how long the pipes may stay open after the program has ended.
const drainDelay = 2 * time.Second

// The reasons for which Run itself ends a program.
var (
	errStalled = errors.New("no progress")
	errWall    = errors.New("out of time")
)

// run is one execution.
type run struct {
	spec Spec
	tail tail
	cmd  *exec.Cmd
	proc *Process
	res  Result
}

// do runs on one locked thread from fork to reap: Pdeathsig is sent when the *thread* that forked ends, not the
// process, so a thread that the Go runtime retires would kill a healthy child (golang.org/issue/27505).
func (r *run) do(ctx context.Context) (Result, error) {
	if err := ctx.Err(); err != nil {
		return r.res, fault.E(op, r.name(), fault.Canceled, context.Cause(ctx))
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	if err := r.start(); err != nil {
		return r.res, err
	}
	stop := r.watch(ctx)
	r.proc.awaitExit()
	r.proc.end() // whatever else is in its group ends with it, while its id is still ours
	err := r.cmd.Wait()
	cause := stop()
	r.account()
	return r.res, r.verdict(cause, err)
}

// start forks, with as much isolation as the system permits, and sets the limits.
func (r *run) start() error {
	path, err := exec.LookPath(r.spec.Path)
	if err != nil {
		return missing(r.name(), err)
	}
	held := false
	for _, iso := range r.isolations() {
		r.cmd = r.command(path, iso)
		err = r.cmd.Start()
		if err == nil {
			r.res.Isolated, held = iso.network, iso.held
			break
		}
		if iso == (isolation{}) || !notPermitted(err) {
			return r.startError(err)
		}
	}
	if r.spec.NoNetwork && !r.res.Isolated {
		r.res.Notes = append(r.res.Notes, "it could have used the network: this system permits no network namespace")
	}
	r.proc.pid = r.cmd.Process.Pid
	err = limit(r.proc.pid, r.spec)
	if held {
		err = errors.Join(err, release(r.proc.pid))
	}
	if err != nil {
		r.proc.awaitKilled(r.cmd)
		return fault.E(op, r.name(), fault.Internal, err)
	}
	if r.spec.OnStart != nil {
		r.spec.OnStart(r.proc)
	}
	return nil
}

// command builds one attempt. An exec.Cmd cannot be started twice.
func (r *run) command(path string, iso isolation) *exec.Cmd {
	s := r.spec
	c := exec.Command(path, s.Args...)
	c.Dir, c.Stdin = s.Dir, s.Stdin
	c.Env = s.Env
	if c.Env == nil {
		c.Env = minimalEnv()
	}
	if s.Stdout != nil {
		c.Stdout = r.touching(s.Stdout)
	}
	c.Stderr = r.touching(&r.tail)
	if s.Stderr != nil {
		c.Stderr = r.touching(io.MultiWriter(&r.tail, s.Stderr))
	}
	c.WaitDelay = drainDelay
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	iso.apply(c.SysProcAttr)
	if s.UID != 0 || s.GID != 0 {
		r.credential(c.SysProcAttr)
	}
	return c
}

// credential drops to another user where we may, and says so where we may not: only root can, and limiting another
// user's process needs CAP_SYS_RESOURCE, without which a limit is worth more than another user.
func (r *run) credential(a *syscall.SysProcAttr) {
	if os.Geteuid() == 0 && mayLimitOthers() {
		a.Credential = &syscall.Credential{Uid: r.spec.UID, Gid: r.spec.GID}
		return
	}
	const note = "it ran as our own user: only root with CAP_SYS_RESOURCE may choose another"
	if !slices.Contains(r.res.Notes, note) {
		r.res.Notes = append(r.res.Notes, note)
	}
}

// watch ends the program on cancel, stall or time-out. The returned function stops watching and gives the reason, nil
// if the program ended by itself.
func (r *run) watch(ctx context.Context) func() error {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	var ended sync.WaitGroup
	var reason error
	ended.Go(func() {
		select {
		case <-done:
		case <-ctx.Done():
			reason = context.Cause(ctx)
			r.proc.stop(r.spec.Grace)
		}
	})
	if r.spec.StallAfter > 0 || r.spec.Wall > 0 {
		ended.Go(func() { r.clock(done, cancel) })
	}
	return func() error {
		close(done)
		ended.Wait()
		cancel(nil)
		return reason
	}
}

// clock watches the stall and wall limits.
func (r *run) clock(done <-chan struct{}, cancel context.CancelCauseFunc) {
	began := time.Now()
	for {
		next := 24 * time.Hour
		if s := r.spec.StallAfter; s > 0 {
			next = s - r.proc.idle()
			if next <= 0 {
				cancel(errStalled)
				return
			}
		}
		if w := r.spec.Wall; w > 0 {
			left := w - time.Since(began)
			if left <= 0 {
				cancel(errWall)
				return
			}
			next = min(next, left)
		}
		select {
		case <-done:
			return
		case <-time.After(next):
		}
	}
}

// account fills the result from the reaped process.
func (r *run) account() {
	r.res.StderrTail = r.tail.String()
	st := r.cmd.ProcessState
	if st == nil {
		r.res.Exit = -1
		return
	}
	r.res.Exit = st.ExitCode()
	r.res.CPU = st.UserTime() + st.SystemTime()
	if u, ok := st.SysUsage().(*syscall.Rusage); ok {
		r.res.MaxRSSKB = u.Maxrss
	}
	if w, ok := st.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		r.res.Signal = w.Signal().String()
	}
}

// verdict turns the end of the program into an error, or nil.
func (r *run) verdict(cause, err error) error {
	switch {
	case errors.Is(cause, errStalled):
		return r.say(fault.Unavailable, "child-stalled", "%s made no progress for %s and was ended.", r.name(), r.spec.StallAfter)
	case errors.Is(cause, errWall):
		return r.say(fault.TooLarge, "child-wall", "%s took longer than %s and was ended.", r.name(), r.spec.Wall)
	case cause != nil:
		return fault.E(op, r.name(), fault.Canceled, cause)
	case err == nil || errors.Is(err, exec.ErrWaitDelay) && r.res.Exit == 0:
		return nil
	}
	st, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !st.Signaled() {
		if r.res.Exit > 0 {
			return r.say(fault.Internal, "child-exit", "%s failed with exit code %d: %s", r.name(), r.res.Exit, r.lastWords())
		}
		return fault.E(op, r.name(), fault.Internal, err)
	}
	switch sig := st.Signal(); {
	case sig == unix.SIGXCPU, sig == unix.SIGKILL && r.spec.CPUSeconds > 0 && r.res.CPU >= time.Duration(r.spec.CPUSeconds)*time.Second:
		return r.say(fault.TooLarge, "child-cpu-limit", "%s used more than %d s of processor time and was ended.", r.name(), r.spec.CPUSeconds)
	case sig == unix.SIGXFSZ:
		return r.say(fault.TooLarge, "child-file-limit", "%s wrote a file larger than %d MB and was ended.", r.name(), r.spec.FileMB)
	case sig == unix.SIGKILL:
		return r.say(fault.Full, "child-killed", "The system killed %s, most likely for lack of memory; give it more or run less at once.", r.name())
	default:
		return r.say(fault.Internal, "child-signal", "%s crashed (%s): %s", r.name(), sig, r.lastWords())
	}
}

func (r *run) say(kind fault.Kind, code, text string, args ...any) error {
	return fault.Say(op, r.name(), kind, code, text, args...)
}

func (r *run) name() string { return filepath.Base(r.spec.Path) }

// lastWords is the last line of stderr, or a plain phrase.
func (r *run) lastWords() string {
	if line := r.tail.lastLine(); line != "" {
		return line
	}
	return "it said nothing"
}

// startError names why a program could not be started.
func (r *run) startError(err error) error {
	if errors.Is(err, fs.ErrNotExist) && r.spec.Dir != "" {
		if _, serr := os.Stat(r.spec.Dir); serr != nil {
			return fault.E(op, r.name(), fault.Internal, serr)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOEXEC):
		return missing(r.name(), err)
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fault.E(op, r.name(), fault.Full, err)
	}
	return fault.E(op, r.name(), fault.Internal, err)
}

func missing(name string, err error) error {
	return &fault.Error{Op: op, Subject: name, Kind: fault.Unavailable, Code: "child-missing", Err: err,
		Text: name + " cannot be run here; install it, or set its path in the configuration."}
}

// minimalEnv is what a program gets when the caller names nothing.
func minimalEnv() []string {
	path := os.Getenv("PATH")
	if path == "" {
		path = "/usr/local/bin:/usr/bin:/bin"
	}
	return []string{"PATH=" + path, "LC_ALL=C.UTF-8", "HOME=/nonexistent"}
}
