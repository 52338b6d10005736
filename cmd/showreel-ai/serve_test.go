//go:build cgo

package main_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showreel/engine/speech/remotespeech"
	"showreel/fault"
	"showreel/platform/sidecar"
)

// build compiles the program once for all tests of the package.
func build(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "showreel-ai")
	cmd := exec.Command("go", "build", "-o", out, ".")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

func TestProgram(t *testing.T) {
	program := build(t)
	t.Run("Arguments", func(t *testing.T) { arguments(t, program) })
	t.Run("NothingInstalled", func(t *testing.T) { nothingInstalled(t, program) })
}

func arguments(t *testing.T, program string) {
	weak := filepath.Join(t.TempDir(), "weak")
	if err := os.WriteFile(weak, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"", "usage"},
		{"dance", "usage"},
		{"serve --roles speech --listen unix:x", "--models"},
		{"serve --roles speech --models m --native n", "--listen"},
		{"serve --roles speech --models m --native n --listen udp:x", "--listen"},
		{"serve --roles speech --models m --native n --listen tcp:127.0.0.1:0", "--token-file"},
		{"serve --roles poetry --models m --native n --listen unix:x", "this program plays"},
		{"serve --roles speech --models m --native n --listen unix:x --workers 0", "--workers"},
		{"serve --roles speech --models m --native n --listen unix:x rest", "not an option"},
		{"serve --roles speech --models m --native n --listen tcp:127.0.0.1:0 --token-file " + weak, "16 characters"},
	} {
		out, err := exec.Command(program, strings.Fields(c.args)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%q: %v, %s", c.args, err, out)
		}
	}
	if out, err := exec.Command(program, "version").Output(); err != nil || !strings.HasPrefix(string(out), "showreel-ai ") {
		t.Errorf("version: %s, %v", out, err)
	}
}

// nothingInstalled serves over TCP without any model: health needs no token, calls do, and the caps say what is missing.
func nothingInstalled(t *testing.T, program string) {
	dir := t.TempDir()
	const secret = "a-secret-of-some-length"
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := free(t)
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "serve", "--roles", "speech", "--models", dir, "--native", dir, "--listen", "tcp:"+address, "--token-file", filepath.Join(dir, "token"))
	var log bytes.Buffer
	cmd.Stderr, cmd.Cancel = &log, func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop()
		if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("it ended with %v: %s", err, &log)
		}
	}()
	healthy(t, address)
	for token, kind := range map[string]fault.Kind{"": fault.Denied, "another-secret-of-length": fault.Denied} {
		if _, err := remotespeech.New(client(t, token, address)).Caps(t.Context()); !fault.Is(err, kind) {
			t.Errorf("token %q: %v", token, err)
		}
	}
	d := remotespeech.New(client(t, secret, address))
	c, err := d.Caps(t.Context())
	if err != nil || c.Transcribe != "" || c.Missing["transcribe"] == "" || c.Missing["activity"] == "" || c.Missing["voices"] == "" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := d.Activity(t.Context(), make([]int16, 16000)); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.TextOf(err), "make native") {
		t.Errorf("activity: %v", err)
	}
	if _, err := client(t, secret, address).Call(t.Context(), "/v1/voice/voices", nil, nil, nil); fault.CodeOf(err) != "helper-role" {
		t.Errorf("another role: %v", err)
	}
}

func client(t *testing.T, token, address string) *sidecar.Client {
	t.Helper()
	r, err := sidecar.NewRemote(token, "http://"+address)
	if err != nil {
		t.Fatal(err)
	}
	return sidecar.New(r)
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func healthy(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get("http://" + address + "/healthz")
		if err == nil {
			raw, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(string(raw), "ok ") {
				t.Fatalf("%d %s %v", res.StatusCode, raw, err)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
