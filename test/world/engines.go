package world

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Engine is a database or storage server of one test, on a loopback port that it keeps when it is started again.
type Engine struct {
	Host string // address and port
	halt func() error
	run  func() error
}

// Halt ends the engine as a power cut would; what it had acknowledged stays.
func (e *Engine) Halt(t testing.TB) {
	t.Helper()
	if err := e.halt(); err != nil {
		t.Fatal(err)
	}
}

// Resume starts the engine again on its data and waits until it answers.
func (e *Engine) Resume(t testing.TB) {
	t.Helper()
	if err := e.run(); err != nil {
		t.Fatal(err)
	}
}

// PostgresT starts a PostgreSQL of the test's own and returns the address of its database. Where none is installed the
// test is skipped, and with SHOWREEL_TEST_FULL=1 it fails.
func PostgresT(t testing.TB) (*Engine, string) {
	t.Helper()
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is right
	if len(bins) == 0 {
		missing(t, "PostgreSQL is not installed; test/engines/postgres.sh does it")
	}
	dir, port := engineDir(t), freePort(t)
	url, err := script("postgres.sh", "start", dir, port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = script("postgres.sh", "stop", dir, port) }) // it may be down already
	e := &Engine{Host: "127.0.0.1:" + port}
	e.halt = func() error { return end(filepath.Join(dir, "pg", "postmaster.pid"), syscall.SIGQUIT) } // its immediate shutdown
	e.run = func() error {
		cmd := exec.Command(filepath.Join(bins[len(bins)-1], "pg_ctl"), "-D", filepath.Join(dir, "pg"), "-w", "-l", filepath.Join(dir, "log"),
			"-o", "-p "+port+" -c listen_addresses=127.0.0.1 -c unix_socket_directories="+dir, "start")
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		_, err := run(cmd)
		return err
	}
	return e, strings.TrimSpace(url)
}

// S3T starts an S3 server of the test's own. Where none is installed the test is skipped, and with SHOWREEL_TEST_FULL=1 it
// fails.
func S3T(t testing.TB) *Engine {
	t.Helper()
	bin := filepath.Join(os.Getenv("SHOWREEL_CACHE"), "bin")
	if _, err := os.Stat(filepath.Join(bin, "versitygw")); err != nil {
		missing(t, "versitygw is not in SHOWREEL_CACHE/bin; test/engines/versitygw.sh installs it")
	}
	dir, port := engineDir(t), freePort(t)
	e := &Engine{Host: "127.0.0.1:" + port}
	e.run = func() error { _, err := script("versitygw.sh", "start", bin, dir, port); return err }
	e.halt = func() error { return end(filepath.Join(dir, "pid"), syscall.SIGKILL) }
	e.Resume(t)
	t.Cleanup(func() { _, _ = script("versitygw.sh", "stop", dir) }) // it may be down already
	return e
}

// nobody is the user that test/engines/postgres.sh runs PostgreSQL as where the tests run as root.
const nobody = 65534

// end signals the process whose number a file begins with, and waits until it is gone.
func end(pidFile string, how syscall.Signal) error {
	raw, err := os.ReadFile(pidFile)
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, how); err != nil {
		return err
	}
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if state(pid) == "" || state(pid) == "Z" {
			return nil
		}
	}
	return fmt.Errorf("process %d does not end", pid)
}

// state is a process's state letter of proc(5), "" where there is no such process.
func state(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	return rest[:min(1, len(rest))]
}

func missing(t testing.TB, text string) {
	t.Helper()
	if os.Getenv("SHOWREEL_TEST_FULL") == "1" {
		t.Fatal(text)
	}
	t.Skip(text)
}

// engineDir is a folder that another user may enter: PostgreSQL refuses to run as root.
func engineDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "showreel-engine-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "e")
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// script runs one of test/engines.
func script(name string, args ...string) (string, error) {
	return run(exec.Command("bash", append([]string{filepath.Join(Root(), "test", "engines", name)}, args...)...))
}

// run runs a command and returns what it says, through a file: what the command leaves running keeps its output open.
func run(cmd *exec.Cmd) (string, error) {
	out, err := os.CreateTemp("", "showreel-script-")
	if err != nil {
		return "", err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	runErr := cmd.Run()
	said, err := os.ReadFile(out.Name())
	if err != nil {
		return "", err
	}
	if runErr != nil {
		return "", fmt.Errorf("%v: %w: %s", cmd.Args, runErr, said)
	}
	return string(said), nil
}
