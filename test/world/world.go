// Package world runs the real binaries for whole-house tests and benchmarks: it builds showreel once, starts servers on loopback, kills
// them with -9, and speaks to them over HTTP. A program that uses it calls Clean at its end, tests by Main. It is not for unit tests.
package world

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Root is the repository.
var Root = sync.OnceValue(func() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		panic("world: no source path")
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
})

// Server is one running showreel.
type Server struct {
	Data  string
	URL   string
	Key   string // an administrator's key for this machine
	Setup string // the first administrator's link, "" when there is one already
	Ready time.Duration

	cmd  *exec.Cmd
	log  *syncBuffer
	done chan struct{} // closed once the process has been waited for
	end  error         // how it ended, valid once done is closed
}

// Start runs a server on the data folder and waits until it serves.
func Start(ctx context.Context, data string, flags ...string) (*Server, error) {
	bin, err := Binary()
	if err != nil {
		return nil, err
	}
	s := &Server{Data: data, log: &syncBuffer{}, done: make(chan struct{})}
	s.cmd = exec.Command(bin, append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, flags...)...)
	s.cmd.Stderr = s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // Pdeathsig follows the thread that started the child
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.end = s.cmd.Wait()
		}
		close(s.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if err := s.read(ctx, out); err != nil {
		s.Kill()
		return nil, fmt.Errorf("the server did not start: %w\n%s", err, s.log)
	}
	s.Ready = time.Since(began)
	return s, nil
}

// read takes the address and the set-up link from what the server prints, and the key from the file it leaves.
func (s *Server) read(ctx context.Context, out io.Reader) error {
	lines := make(chan string, 16)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			lines <- in.Text()
		}
	}()
	for s.URL == "" {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(30 * time.Second):
			return errors.New("nothing printed within 30 s")
		case line, ok := <-lines:
			if !ok {
				return errors.New("it ended")
			}
			if _, after, found := strings.Cut(line, " is at "); found {
				s.URL = strings.Replace(strings.TrimSpace(after), "localhost", "127.0.0.1", 1)
			}
		}
	}
	select {
	case line := <-lines:
		if strings.Contains(line, "first administrator") {
			s.Setup = strings.Replace(strings.TrimSpace(<-lines), "localhost", "127.0.0.1", 1)
		}
	case <-time.After(300 * time.Millisecond):
	}
	go func() {
		for range lines { // keep the pipe empty
		}
	}()
	raw, err := os.ReadFile(filepath.Join(s.Data, "local.json"))
	if err != nil {
		return err
	}
	var local struct{ Key string }
	if err := json.Unmarshal(raw, &local); err != nil {
		return err
	}
	s.Key = local.Key
	return nil
}

// Running reports whether the server has not ended.
func (s *Server) Running() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// Pid is the server's process id.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Log is what the server wrote to standard error so far.
func (s *Server) Log() string { return s.log.String() }

// Kill ends the server with SIGKILL, as a power cut would, and waits. A server that has ended stays so.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // os.ErrProcessDone where it has ended
	<-s.done
}

// Stop ends the server in good order and reports how it ended; of one that ended before, how it did then.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.done:
		return s.end
	case <-time.After(30 * time.Second):
		s.Kill()
		return errors.New("the server did not stop within 30 s")
	}
}

// Do sends a request with the administrator's key; body is JSON unless it is an io.Reader.
func (s *Server) Do(ctx context.Context, method, path string, body any, headers ...string) (*http.Response, error) {
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		r = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(raw)
		headers = append([]string{"Content-Type", "application/json"}, headers...)
	}
	if !strings.Contains(path, "://") {
		path = s.URL + path
	}
	req, err := http.NewRequestWithContext(ctx, method, path, r)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Key)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return http.DefaultClient.Do(req)
}

// JSON sends a request and decodes the answer; a status of 400 and above is an error with the body.
func (s *Server) JSON(ctx context.Context, method, path string, body, out any) error {
	res, err := s.Do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 400 {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, raw)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// Run runs the command line and returns its output; err is an *exec.ExitError for another exit code than 0.
func Run(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	bin, err := Binary()
	if err != nil {
		return "", "", err
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// StartT is Start for tests: the server ends with the test, and its log is printed when the test fails.
func StartT(t testing.TB, data string, flags ...string) *Server {
	t.Helper()
	s, err := Start(t.Context(), data, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.Running() {
			s.Kill()
		}
		if t.Failed() {
			t.Logf("server log:\n%s", s.Log())
		}
	})
	return s
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
