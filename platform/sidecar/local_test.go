package sidecar_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showreel/fault"
	"showreel/platform/sidecar"
)

// TestMain lets the test binary play the helper program.
func TestMain(m *testing.M) {
	if sock := os.Getenv("SIDECAR_TEST_SOCKET_DIR"); sock != "" && len(os.Args) > 1 {
		helper(os.Args[len(os.Args)-1], sock)
	}
	goleak.VerifyTestMain(m)
}

// helper answers /pid, /die (kills itself as long as the counter file says so), /slow, /eat (takes so many MB) and /nap.
func helper(sock, dir string) {
	mux := http.NewServeMux()
	sidecar.Handle(mux, "/pid", func(context.Context, json.RawMessage, [][]byte) (sidecar.Answer, error) {
		return sidecar.Answer{Head: os.Getpid()}, nil
	})
	sidecar.Handle(mux, "/die", func(_ context.Context, head json.RawMessage, _ [][]byte) (sidecar.Answer, error) {
		var times int
		if err := json.Unmarshal(head, &times); err != nil {
			return sidecar.Answer{}, err
		}
		file := filepath.Join(dir, "deaths")
		raw, _ := os.ReadFile(file)
		n, _ := strconv.Atoi(string(raw))
		if n < times {
			_ = os.WriteFile(file, []byte(strconv.Itoa(n+1)), 0o600)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return sidecar.Answer{Head: n}, nil
	})
	sidecar.Handle(mux, "/slow", func(ctx context.Context, _ json.RawMessage, _ [][]byte) (sidecar.Answer, error) {
		<-ctx.Done()
		_ = os.WriteFile(filepath.Join(dir, "stopped"), nil, 0o600)
		return sidecar.Answer{}, fault.E("slow", "", fault.Canceled, ctx.Err())
	})
	sidecar.Handle(mux, "/eat", func(_ context.Context, head json.RawMessage, _ [][]byte) (sidecar.Answer, error) {
		var mb int
		if err := json.Unmarshal(head, &mb); err != nil {
			return sidecar.Answer{}, err
		}
		note(filepath.Join(dir, "meals"))
		food := bytes.Repeat([]byte{1}, mb<<20)
		return sidecar.Answer{Head: len(food) >> 20}, nil
	})
	sidecar.Handle(mux, "/nap", func(context.Context, json.RawMessage, [][]byte) (sidecar.Answer, error) {
		note(filepath.Join(dir, "naps"))
		time.Sleep(300 * time.Millisecond)
		return sidecar.Answer{Head: os.Getpid()}, nil
	})
	l, err := net.Listen("unix", sock)
	if err != nil {
		fmt.Fprintln(os.Stderr, "no socket:", err)
		os.Exit(1)
	}
	_ = http.Serve(l, mux)
	os.Exit(0)
}

// note adds a line to a file that outlives the helper.
func note(file string) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, os.Getpid()); err != nil {
		panic(err)
	}
}

// notes reads the process ids of a file's lines; a file that is not there has none.
func notes(t *testing.T, file string) (pids []int) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, line := range strings.Fields(string(raw)) {
		pid, err := strconv.Atoi(line)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

func local(t *testing.T, change func(*sidecar.LocalOptions)) (*sidecar.Client, *sidecar.Local, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sc") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	o := sidecar.LocalOptions{Name: "test", Path: os.Args[0], Args: []string{"%SOCKET%"}, Dir: dir, Start: 20 * time.Second, Env: append(os.Environ(), "SIDECAR_TEST_SOCKET_DIR="+dir)}
	if change != nil {
		change(&o)
	}
	l := sidecar.NewLocal(o)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return sidecar.New(l), l, dir
}

func TestKilledDuringACallCostsOneRetry(t *testing.T) {
	c, _, _ := local(t, nil)
	var deaths int
	if _, err := c.Call(t.Context(), "/die", 1, nil, &deaths); err != nil || deaths != 1 {
		t.Fatalf("after %d deaths: %v", deaths, err)
	}
}

func TestAlwaysDyingIsSaid(t *testing.T) {
	c, _, dir := local(t, nil)
	_, err := c.Call(t.Context(), "/die", 1000, nil, nil)
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "helper-died" || fault.TextOf(err) == "" {
		t.Fatalf("got %v", err)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "deaths")); err != nil || string(raw) != "2" {
		t.Errorf("it was asked %s times, %v", raw, err)
	}
	var pid int
	if _, err := c.Call(t.Context(), "/pid", nil, nil, &pid); err != nil || pid == 0 {
		t.Errorf("the next call: %v", err)
	}
}

func TestMissingProgramAndOneThatDoesNotStart(t *testing.T) {
	c, _, _ := local(t, func(o *sidecar.LocalOptions) { o.Path = filepath.Join(t.TempDir(), "nothing-here") })
	if _, err := c.Call(t.Context(), "/pid", nil, nil, nil); !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "helper-missing" {
		t.Errorf("missing: %v", err)
	}
	c, _, _ = local(t, func(o *sidecar.LocalOptions) { o.Args = []string{"/no/such/folder/x.sock"} })
	if _, err := c.Call(t.Context(), "/pid", nil, nil, nil); !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "helper-failed" {
		t.Errorf("not starting: %v", err)
	}
}

func TestTwoCallersStartOneProgram(t *testing.T) {
	c, _, _ := local(t, nil)
	var wait sync.WaitGroup
	pids := make([]int, 8)
	for n := range pids {
		wait.Go(func() {
			if _, err := c.Call(t.Context(), "/pid", nil, nil, &pids[n]); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, pid := range pids {
		if pid != pids[0] || pid == 0 {
			t.Fatalf("several programs: %v", pids)
		}
	}
}

func TestIdleProgramIsUnloadedAndComesBack(t *testing.T) {
	c, l, _ := local(t, func(o *sidecar.LocalOptions) { o.Idle = 100 * time.Millisecond })
	var before, after int
	if _, err := c.Call(t.Context(), "/pid", nil, nil, &before); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); l.Running(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it still runs")
		}
	}
	if _, err := c.Call(t.Context(), "/pid", nil, nil, &after); err != nil || after == before {
		t.Fatalf("pid %d then %d, %v", before, after, err)
	}
}

func TestCancelReachesTheHelper(t *testing.T) {
	c, _, dir := local(t, nil)
	if _, err := c.Call(t.Context(), "/pid", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if _, err := c.Call(ctx, "/slow", nil, nil, nil); !fault.Is(err, fault.Canceled) {
		t.Errorf("got %v", err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "stopped")); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the helper works on")
		}
	}
}

func TestClosedLocalRefuses(t *testing.T) {
	c, l, _ := local(t, nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(t.Context(), "/pid", nil, nil, nil); !fault.Is(err, fault.Canceled) {
		t.Errorf("got %v", err)
	}
}
