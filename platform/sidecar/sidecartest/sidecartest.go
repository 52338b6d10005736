// Package sidecartest starts the real helper program for the suites of ports that reach it over the wire. It holds no
// test of its own.
package sidecartest

import (
	"os"
	"path/filepath"
	"testing"

	"showreel/platform/sidecar"
)

// Cache is the folder of models and native libraries that set-up fills.
func Cache(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SHOWREEL_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "showreel")
}

// Need skips where a file that set-up brings is missing, and fails where SHOWREEL_TEST_FULL says that nothing may be.
func Need(t *testing.T, paths ...string) {
	t.Helper()
	if testing.Short() && !full() {
		t.Skip("models are not loaded in short tests")
	}
	Inputs(t, paths...)
}

func full() bool { return os.Getenv("SHOWREEL_TEST_FULL") == "1" }

// Inputs is Need for files that cost nothing to use: short tests have them too.
func Inputs(t *testing.T, paths ...string) {
	t.Helper()
	for _, p := range paths {
		switch _, err := os.Stat(p); {
		case err == nil:
		case full():
			t.Fatalf("%s is missing: make setup native models build bring it", p)
		default:
			t.Skipf("%s is missing: make native models build bring it", p)
		}
	}
}

// Program returns a client that starts the real program in a role, and ends it with the test. Models are those the role
// cannot do without, by id.
func Program(t *testing.T, role string, models ...string) *sidecar.Client {
	t.Helper()
	return sidecar.New(open(t, role, models...))
}

// open prepares the real program in a role; it ends with the test.
func open(t *testing.T, role string, models ...string) *sidecar.Local {
	t.Helper()
	program := os.Getenv("SHOWREEL_AI")
	if program == "" {
		program = filepath.Join("..", "..", "..", "bin", "showreel-ai")
	}
	program, err := filepath.Abs(program)
	if err != nil {
		t.Fatal(err)
	}
	cache := Cache(t)
	needs := []string{program, filepath.Join(cache, "native")}
	for _, m := range models {
		needs = append(needs, filepath.Join(cache, "models", m))
	}
	Need(t, needs...)
	dir, err := os.MkdirTemp("", "ai") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	local := sidecar.NewLocal(sidecar.LocalOptions{Name: role, Path: program, Dir: dir, Args: []string{"serve", "--roles", role,
		"--models", filepath.Join(cache, "models"), "--native", filepath.Join(cache, "native"), "--listen", "unix:%SOCKET%", "--workers", "2"}})
	t.Cleanup(func() {
		if err := local.Close(); err != nil {
			t.Error(err)
		}
		if local.Running() {
			t.Error("the program still runs")
		}
	})
	return local
}
