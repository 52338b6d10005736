package journeys_test

import (
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/test/world"
)

// undisturbed is what a film comes to when nothing happens.
func (r rehearsal) undisturbed(t *testing.T) (data string, notes []string) {
	t.Helper()
	data = r.copied(t)
	s := world.StartT(t, data)
	analyze(t, s, r.asset, "missing")
	complain(t, "undisturbed", understood(t, s, r.asset, patience))
	notes = timeline(t, s, r.asset)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	return data, notes
}

// said holds what an ability says that did not end well: it was a helper, and this is in words.
func (a standing) said(t *testing.T, codes ...string) {
	t.Helper()
	known := false
	for _, c := range codes {
		known = known || a.Code == c
	}
	if !known || !sentence(a.Text) || a.State != "failed" && a.State != "unavailable" {
		t.Errorf("%s is %s by %q: %q", a.Ability, a.State, a.Code, a.Text)
	}
}

// TestProgramsKilledFiftyTimes kills the programs that run the models again and again while a film is understood. What
// that costs is said in words; what is asked for again afterwards comes to the same as without any of it. It takes minutes, so
// that only the long tests run it.
func TestProgramsKilledFiftyTimes(t *testing.T) {
	if os.Getenv("SHOWREEL_TEST_DEEP") != "1" {
		t.Skip("SHOWREEL_TEST_DEEP=1 runs it")
	}
	minds(t, allModels...)
	r := rehearse(t, excerpt(t, 18, 8))
	_, want := r.undisturbed(t)
	s := world.StartT(t, r.copied(t))
	kills, lost := 0, map[string]int{}
	for deadline := time.Now().Add(5 * time.Minute); kills < 50 && time.Now().Before(deadline); {
		u := analyze(t, s, r.asset, "missing")
		for !u.over() && kills < 50 {
			time.Sleep(time.Duration(200+rand.N(1800)) * time.Millisecond)
			if kids := children(t, s.Pid(), "showreel-ai"); len(kids) > 0 && syscall.Kill(kids[rand.N(len(kids))], syscall.SIGKILL) == nil {
				kills++
			}
			u = analysisOf(t, s, r.asset)
		}
		u = understood(t, s, r.asset, patience)
		all := true
		for _, a := range u.Abilities {
			if a.State != "done" && a.State != "" {
				all = false
				lost[a.Ability]++
				a.said(t, "helper-died", "helper-unreachable", "helper-failed", "no-labels")
			}
		}
		if all && kills < 50 { // from the beginning
			analyze(t, s, r.asset, "all")
		}
	}
	understood(t, s, r.asset, patience)
	analyze(t, s, r.asset, "missing")
	complain(t, "afterwards", understood(t, s, r.asset, patience))
	if diff := cmp.Diff(want, timeline(t, s, r.asset)); diff != "" {
		t.Errorf("after %d kills the annotations differ:\n%s", kills, diff)
	}
	if kills < 50 {
		t.Errorf("only %d kills", kills)
	}
	t.Logf("%d kills; abilities that were said to have failed meanwhile: %v", kills, lost)
}

// elsewhere starts the program on a TCP address, as on another machine, and returns its URL and how to kill it.
func elsewhere(t *testing.T, cache, token string) (url string, kill func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Getenv("SHOWREEL_AI_PROGRAM"), "serve", "--roles", "speech,vision,language", "--models", filepath.Join(cache, "models"),
		"--native", filepath.Join(cache, "native"), "--listen", "tcp:"+address, "--token-file", file, "--workers", "1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	t.Cleanup(kill)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if res, err := http.Get("http://" + address + "/healthz"); err == nil {
			_ = res.Body.Close()
			return "http://" + address, kill
		}
	}
	t.Fatal("the program does not answer")
	return "", nil
}

// TestPoolOfProgramsLosesOne understands a film with two programs on other addresses, of which one is killed on the way: the
// annotations are those that a program of this machine gives, and nothing fails.
func TestPoolOfProgramsLosesOne(t *testing.T) {
	if os.Getenv("SHOWREEL_TEST_DEEP") != "1" {
		t.Skip("SHOWREEL_TEST_DEEP=1 runs it")
	}
	cache := minds(t, allModels...)
	r := rehearse(t, excerpt(t, 18, 6))
	_, want := r.undisturbed(t)
	const token = "the token of the pool, which is long enough"
	stays, _ := elsewhere(t, cache, token)
	goes, kill := elsewhere(t, cache, token)
	t.Setenv("SHOWREEL_AI_URL", "["+goes+", "+stays+"]")
	t.Setenv("SHOWREEL_AI_TOKEN", token)
	s := world.StartT(t, r.copied(t))
	for u := analyze(t, s, r.asset, "missing"); u.of("speech").State != "done"; u = analysisOf(t, s, r.asset) {
		if u.over() {
			t.Fatalf("it ended early: %+v", u)
		}
		time.Sleep(20 * time.Millisecond)
	}
	kill()
	complain(t, "with one of two", understood(t, s, r.asset, patience))
	if kids := children(t, s.Pid(), "showreel-ai"); len(kids) != 0 {
		t.Errorf("%d programs run here, although others are named", len(kids))
	}
	if diff := cmp.Diff(want, timeline(t, s, r.asset)); diff != "" {
		t.Errorf("the annotations differ:\n%s", diff)
	}
}

// TestMemoryCapOfPrograms gives the programs too little memory for their models: each ability that needs one says so, the
// others are done, and with enough memory the rest follows.
func TestMemoryCapOfPrograms(t *testing.T) {
	if os.Getenv("SHOWREEL_TEST_DEEP") != "1" {
		t.Skip("SHOWREEL_TEST_DEEP=1 runs it")
	}
	minds(t, allModels...)
	r := rehearse(t, excerpt(t, 18, 6))
	_, want := r.undisturbed(t)
	data := r.copied(t)
	t.Setenv("SHOWREEL_AI_MEMORY_MB", "256")
	s := world.StartT(t, data)
	analyze(t, s, r.asset, "missing")
	u := understood(t, s, r.asset, patience)
	failed := 0
	for _, a := range u.Abilities {
		if a.State != "done" && a.State != "" {
			failed++
			if !sentence(a.Text) {
				t.Errorf("%s is %s by %q: %q", a.Ability, a.State, a.Code, a.Text)
			}
		}
	}
	if failed == 0 || u.of("picture").State != "done" {
		t.Errorf("under 256 MB %d of %d abilities failed, and what needs no model is %s", failed, len(u.Abilities), u.of("picture").State)
	}
	if died := strings.Count(s.Log(), "a helper program ended"); died > 2*failed+2 {
		t.Errorf("programs ended %d times for %d abilities that failed; each is asked twice at most", died, failed)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHOWREEL_AI_MEMORY_MB", "0")
	s = world.StartT(t, data)
	analyze(t, s, r.asset, "missing")
	complain(t, "with enough memory", understood(t, s, r.asset, patience))
	if diff := cmp.Diff(want, timeline(t, s, r.asset)); diff != "" {
		t.Errorf("the annotations differ:\n%s", diff)
	}
}
