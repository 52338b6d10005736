package world

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// within fails the test when fn has not returned after 10 s.
func within(t *testing.T, what string, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		fn()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s hangs", what)
	}
}

func TestEndingTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and starts the server")
	}
	s := StartT(t, filepath.Join(t.TempDir(), "killed"))
	s.Kill()
	if s.Running() {
		t.Error("a killed server counts as running")
	}
	within(t, "Kill after Kill", s.Kill)
	within(t, "Stop after Kill", func() {
		if s.Stop() == nil {
			t.Error("the killed server is said to have ended well")
		}
	})
	s = StartT(t, filepath.Join(t.TempDir(), "stopped"))
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	within(t, "Stop after Stop", func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	within(t, "Kill after Stop", s.Kill)
}

func TestCleanRemovesTheBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the server")
	}
	bin, err := Binary()
	if err != nil {
		t.Fatal(err)
	}
	if err := Clean(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(bin)); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", filepath.Dir(bin), err)
	}
}

func TestSweepLeavesWhatIsUsed(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	make := func(name string, age time.Time) string {
		path := filepath.Join(dir, binPrefix+name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, age, age); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dead, used, fresh := make("dead", old), make("used", old), make("fresh", time.Now())
	lock, err := os.Open(used)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := sweep(dir); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{dead: false, used: true, fresh: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
}
