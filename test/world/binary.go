package world

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binPrefix begins the names of folders that hold a built server.
const binPrefix = "showreel-bin-"

// unclaimed is how old an unlocked folder is before it counts as left behind.
const unclaimed = time.Minute

// built is this process's server: a folder of its own, so that nothing changes under tests that run, locked for as long as
// the process lives.
var built struct {
	mu   sync.Mutex
	dir  string
	lock *os.File
}

// Binary returns the path of the server, which is built by the first call of a process.
func Binary() (string, error) {
	built.mu.Lock()
	defer built.mu.Unlock()
	if built.dir != "" {
		return filepath.Join(built.dir, "showreel"), nil
	}
	if err := sweep(os.TempDir()); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", binPrefix)
	if err != nil {
		return "", err
	}
	lock, err := os.Open(dir)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	bin := filepath.Join(dir, "showreel")
	if err == nil {
		err = build(bin)
	}
	if err != nil {
		return "", errors.Join(err, lock.Close(), os.RemoveAll(dir))
	}
	built.dir, built.lock = dir, lock
	return bin, nil
}

func build(bin string) error {
	cmd := exec.Command("go", "build", "-mod=readonly", "-ldflags", "-s -w", "-o", bin, "./cmd/showreel")
	cmd.Dir = Root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// Clean removes the built server. A later Binary builds it again.
func Clean() error {
	built.mu.Lock()
	defer built.mu.Unlock()
	if built.dir == "" {
		return nil
	}
	err := errors.Join(os.RemoveAll(built.dir), built.lock.Close())
	built.dir, built.lock = "", nil
	return err
}

// Main runs a package's tests, cleans up and returns the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	if err := Clean(); err != nil {
		fmt.Fprintln(os.Stderr, "world:", err)
		return max(code, 1)
	}
	return code
}

// sweep removes what processes left behind in dir that were killed: folders that nobody has locked.
func sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, binPrefix+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		f, err := os.Open(path)
		if err != nil {
			continue // gone meanwhile, or another user's
		}
		st, err := f.Stat()
		if err == nil && time.Since(st.ModTime()) > unclaimed && syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			err = os.RemoveAll(path)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
