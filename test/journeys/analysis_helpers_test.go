package journeys_test

import (
	"math/rand/v2"
	"os"
	"strings"
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
	complain(t, "undisturbed", understood(t, s, r.asset, 4*time.Minute))
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
		u = understood(t, s, r.asset, 2*time.Minute)
		all := true
		for _, a := range u.Abilities {
			if a.State != "done" {
				all = false
				lost[a.Ability]++
				a.said(t, "helper-died", "helper-unreachable", "helper-failed")
			}
		}
		if all && kills < 50 { // from the beginning
			analyze(t, s, r.asset, "all")
		}
	}
	understood(t, s, r.asset, 2*time.Minute)
	analyze(t, s, r.asset, "missing")
	complain(t, "afterwards", understood(t, s, r.asset, 4*time.Minute))
	if diff := cmp.Diff(want, timeline(t, s, r.asset)); diff != "" {
		t.Errorf("after %d kills the annotations differ:\n%s", kills, diff)
	}
	if kills < 50 {
		t.Errorf("only %d kills", kills)
	}
	t.Logf("%d kills; abilities that were said to have failed meanwhile: %v", kills, lost)
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
	u := understood(t, s, r.asset, 4*time.Minute)
	failed := 0
	for _, a := range u.Abilities {
		if a.State != "done" {
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
	complain(t, "with enough memory", understood(t, s, r.asset, 4*time.Minute))
	if diff := cmp.Diff(want, timeline(t, s, r.asset)); diff != "" {
		t.Errorf("the annotations differ:\n%s", diff)
	}
}
