package child_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showreel/fault"
	"showreel/platform/child"
)

// TestMain lets the test binary play the parent that dies.
func TestMain(m *testing.M) {
	if pidFile := os.Getenv("CHILD_TEST_PARENT"); pidFile != "" {
		orphanMaker(pidFile)
	}
	goleak.VerifyTestMain(m)
}

// orphanMaker starts a long child and waits to be killed.
func orphanMaker(pidFile string) {
	_, err := child.Run(context.Background(), child.Spec{Path: "sleep", Args: []string{"600"}, OnStart: func(p *child.Process) {
		_ = os.WriteFile(pidFile+".tmp", []byte(strconv.Itoa(p.PID())), 0o600)
		_ = os.Rename(pidFile+".tmp", pidFile)
	}})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func sh(script string) child.Spec { return child.Spec{Path: "sh", Args: []string{"-c", script}} }

func TestRunGivesOutputAndAccounts(t *testing.T) {
	var out, errs bytes.Buffer
	s := sh(`echo hello; echo warned >&2; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done`)
	s.Stdout, s.Stderr = &out, &errs
	res, err := child.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != "hello\n" || errs.String() != "warned\n" || res.StderrTail != "warned\n" {
		t.Fatalf("stdout %q, stderr %q, tail %q", out.String(), errs.String(), res.StderrTail)
	}
	if res.Exit != 0 || res.Signal != "" || res.CPU <= 0 || res.MaxRSSKB <= 0 {
		t.Fatalf("account: %+v", res)
	}
}

func TestRunFeedsStdin(t *testing.T) {
	var out bytes.Buffer
	_, err := child.Run(t.Context(), child.Spec{Path: "cat", Stdin: strings.NewReader("bytes"), Stdout: &out})
	if err != nil || out.String() != "bytes" {
		t.Fatalf("%q, %v", out.String(), err)
	}
}

func TestTheServersSecretsStayAtHome(t *testing.T) {
	t.Setenv("SHOWREEL_SECRET", "s3cret")
	var out bytes.Buffer
	if _, err := child.Run(t.Context(), child.Spec{Path: "env", Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "s3cret") || !strings.Contains(out.String(), "PATH=") {
		t.Fatalf("environment of the child:\n%s", out.String())
	}
}

func TestBadEnds(t *testing.T) {
	stalled := sh("sleep 60")
	stalled.StallAfter = 80 * time.Millisecond
	wall := sh("while :; do echo on; sleep 0.01; done")
	wall.Wall, wall.StallAfter = 150*time.Millisecond, time.Minute
	cpu := sh("while :; do :; done")
	cpu.CPUSeconds = 1
	file := sh("exec dd if=/dev/zero of=big bs=1M count=3")
	file.FileMB, file.Dir = 1, t.TempDir()
	tests := map[string]struct {
		spec child.Spec
		kind fault.Kind
		code string
		text string
	}{
		"missing program":  {child.Spec{Path: "no-such-program"}, fault.Unavailable, "child-missing", "install it"},
		"not a program":    {child.Spec{Path: "/etc/passwd"}, fault.Unavailable, "child-missing", "install it"},
		"missing folder":   {child.Spec{Path: "true", Dir: "/no/such/dir"}, fault.Internal, "internal", ""},
		"exit code":        {sh("echo one; echo the reason >&2; exit 3"), fault.Internal, "child-exit", "exit code 3: the reason"},
		"silent exit code": {sh("exit 1"), fault.Internal, "child-exit", "it said nothing"},
		"crash":            {sh("kill -SEGV $$"), fault.Internal, "child-signal", "crashed"},
		"killed outside":   {sh("kill -KILL $$"), fault.Full, "child-killed", "memory"},
		"stall":            {stalled, fault.Unavailable, "child-stalled", "no progress"},
		"wall":             {wall, fault.TooLarge, "child-wall", "longer"},
		"processor time":   {cpu, fault.TooLarge, "child-cpu-limit", "processor time"},
		"file size":        {file, fault.TooLarge, "child-file-limit", "1 MB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := child.Run(t.Context(), tt.spec)
			if !fault.Is(err, tt.kind) || fault.CodeOf(err) != tt.code || !strings.Contains(fault.TextOf(err), tt.text) {
				t.Fatalf("got %v (kind %s, code %s)", err, fault.KindOf(err), fault.CodeOf(err))
			}
		})
	}
}

func TestMemoryLimitHolds(t *testing.T) {
	s := sh(`exec dd if=/dev/zero of=/dev/null bs=200M count=1`)
	s.MemMB = 64
	res, err := child.Run(t.Context(), s)
	if !fault.Is(err, fault.Internal) || res.MaxRSSKB > 64<<10 {
		t.Fatalf("200 MB under a limit of 64 MB: %v, %d KB", err, res.MaxRSSKB)
	}
}

func TestNiceness(t *testing.T) {
	var out bytes.Buffer
	s := sh("nice")
	s.Nice, s.Stdout = 7, &out
	if _, err := child.Run(t.Context(), s); err != nil || strings.TrimSpace(out.String()) != "7" {
		t.Fatalf("%q, %v", out.String(), err)
	}
}

func TestTouchPutsTheStallOff(t *testing.T) {
	s := sh("sleep 0.5")
	s.StallAfter = 200 * time.Millisecond
	s.OnStart = func(p *child.Process) {
		go func() {
			for range 8 {
				time.Sleep(50 * time.Millisecond)
				p.Touch()
			}
		}()
	}
	if _, err := child.Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestCancelKillsTheWholeGroupAtOnce(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "grandchild")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("a person pressed cancel")
	go func() {
		for !exists(pidFile) {
			time.Sleep(time.Millisecond)
		}
		cancel(why)
	}()
	began := time.Now()
	_, err := child.Run(ctx, sh(fmt.Sprintf(`(sleep 600 & echo $! > %[1]s.tmp; mv %[1]s.tmp %[1]s; wait)`, pidFile)))
	if !fault.Is(err, fault.Canceled) || !errors.Is(err, why) {
		t.Fatalf("got %v", err)
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Fatalf("took %s", d)
	}
	expectGone(t, pidFile)
}

func TestGraceLetsItFinish(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	s := sh(`trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done`)
	s.Stdout, s.Grace = &out, 5*time.Second
	s.OnStart = func(*child.Process) { time.AfterFunc(200*time.Millisecond, cancel) }
	_, err := child.Run(ctx, s)
	if !fault.Is(err, fault.Canceled) || out.String() != "up\nbye\n" {
		t.Fatalf("%q, %v", out.String(), err)
	}
}

func TestLeftoversDieWithTheLeader(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "left")
	began := time.Now()
	if _, err := child.Run(t.Context(), sh(fmt.Sprintf("sleep 600 & echo $! > %s", pidFile))); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(began); d > time.Second {
		t.Fatalf("waited %s for a background process", d)
	}
	expectGone(t, pidFile)
}

func TestNoNetwork(t *testing.T) {
	var out bytes.Buffer
	res, err := child.Run(t.Context(), child.Spec{Path: "cat", Args: []string{"/proc/net/dev"}, Stdout: &out, NoNetwork: true})
	if err != nil {
		t.Fatal(err)
	}
	if !res.Isolated {
		if len(res.Notes) == 0 {
			t.Fatal("not isolated, and does not say so")
		}
		t.Skipf("this system permits no network namespace: %v", res.Notes)
	}
	if n := strings.Count(out.String(), ":"); n != 1 || !strings.Contains(out.String(), "lo:") {
		t.Fatalf("interfaces seen by the child:\n%s", out.String())
	}
}

func TestProbeAgreesWithRun(t *testing.T) {
	a, err := child.Probe(t.Context())
	if err != nil || a.Text == "" {
		t.Fatalf("%+v, %v", a, err)
	}
	res, err := child.Run(t.Context(), child.Spec{Path: "true", NoNetwork: true})
	if err != nil || res.Isolated != a.NoNetwork {
		t.Fatalf("probe %+v, run %+v, %v", a, res, err)
	}
}

func TestRunsAsAnotherUser(t *testing.T) {
	var out bytes.Buffer
	res, err := child.Run(t.Context(), child.Spec{Path: "id", Args: []string{"-u"}, Stdout: &out, UID: 65534, GID: 65534, NoNetwork: true, Dir: "/"})
	if err != nil {
		t.Fatal(err)
	}
	other := strings.TrimSpace(out.String()) == "65534"
	said := slices.ContainsFunc(res.Notes, func(n string) bool { return strings.Contains(n, "our own user") })
	if other == said {
		t.Fatalf("ran as %q and says %q", out.String(), res.Notes)
	}
}

func TestDeathOfTheParentKillsTheChild(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "child")
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "CHILD_TEST_PARENT="+pidFile)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = parent.Process.Kill() }()
	for deadline := time.Now().Add(10 * time.Second); !exists(pidFile); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the parent never started its child")
		}
	}
	if err := parent.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	expectGone(t, pidFile)
}

// A thread that ends must not take the child with it: goroutines that end while locked destroy their threads.
func TestChildSurvivesTheDeathOfThreads(t *testing.T) {
	done := make(chan error, 8)
	for range cap(done) {
		go func() {
			_, err := child.Run(t.Context(), sh("sleep 0.3"))
			done <- err
		}()
	}
	for range 50 {
		go func() {
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			time.Sleep(time.Millisecond)
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func TestLongStderrKeepsItsEnd(t *testing.T) {
	res, err := child.Run(t.Context(), sh(`i=0; while [ $i -lt 4000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 9`))
	if err == nil || len(res.StderrTail) > 8<<10 || !strings.HasSuffix(res.StderrTail, "line 3999\n") || !strings.HasPrefix(res.StderrTail, "line ") {
		t.Fatalf("%v, %d bytes", err, len(res.StderrTail))
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// expectGone waits until the process named in the file is dead (or a zombie that init has not collected yet).
func expectGone(t *testing.T, pidFile string) {
	t.Helper()
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(string(b))
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %s still lives: %s", pid, stat)
		}
	}
}
