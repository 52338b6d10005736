package journeys_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/platform/sqldb"
	"showreel/test/world"
)

// rehearsal is a film that was taken in by a server without the analysis; every run of a test begins with a copy of its
// data folder.
type rehearsal struct {
	seed  string
	asset string
}

func rehearse(t *testing.T, film string) rehearsal {
	t.Helper()
	t.Setenv("SHOWREEL_ROOMS_ANALYSIS", "false")
	r := rehearsal{seed: filepath.Join(t.TempDir(), "seed")}
	s := world.StartT(t, r.seed)
	a := add(t, at(s), film)[0]
	if a.Error != nil || a.State != "ready" {
		t.Fatalf("%+v", a)
	}
	r.asset = a.Asset
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHOWREEL_ROOMS_ANALYSIS", "true")
	t.Setenv("SHOWREEL_LOG_LEVEL", "debug")
	t.Setenv("SHOWREEL_LOG_FORMAT", "json")
	return r
}

func (r rehearsal) copied(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", r.seed, data).CombinedOutput(); err != nil { // with its modes
		t.Fatalf("%v: %s", err, out)
	}
	return data
}

// step names a step of a run.
type step struct{ run, name string }

// journal reads which steps of analyses are on record in the data folder of a server that does not run.
func journal(t *testing.T, data string) map[step]bool {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(data, "flow.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no journal in %s: %v", data, err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(dir, "flow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Read().QueryContext(t.Context(), `SELECT workflow_uuid, function_name FROM operation_outputs WHERE workflow_uuid LIKE 'analysis/%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[step]bool{}
	for rows.Next() {
		var s step
		if err := rows.Scan(&s.run, &s.name); err != nil {
			t.Fatal(err)
		}
		out[s] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// begun counts the steps of analyses that a server began, by its log.
func begun(t *testing.T, log string) map[step]int {
	t.Helper()
	out := map[step]int{}
	for line := range strings.Lines(log) {
		var l struct{ Msg, Flow, Key, Step string }
		if json.Unmarshal([]byte(line), &l) == nil && l.Msg == "a step begins" && l.Flow == "analysis" {
			out[step{l.Key, l.Step}]++
		}
	}
	return out
}

// children lists a process's children of a name.
func children(t *testing.T, parent int, names ...string) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range stats {
		raw, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		text := string(raw)
		open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
		rest := strings.Fields(text[end+1:])
		if rest[1] != strconv.Itoa(parent) || rest[0] == "Z" {
			continue
		}
		for _, n := range names {
			if text[open+1:end] == n {
				pid, _ := strconv.Atoi(strings.TrimSpace(text[:open]))
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// TestKilledAnalysis ends the server, and now and then a program that it runs, with SIGKILL while a film is understood by
// the real models: the annotations are those of an undisturbed run in the end, and no step that was on record is done again.
// 3 kills of servers, or SHOWREEL_TEST_KILLS.
func TestKilledAnalysis(t *testing.T) {
	minds(t, allModels...)
	r := rehearse(t, excerpt(t, 18, min(12, 2*kills(t))))
	calm := world.StartT(t, r.copied(t))
	began := time.Now()
	analyze(t, calm, r.asset, "missing")
	want := understood(t, calm, r.asset, patience)
	whole := time.Since(began)
	complain(t, "undisturbed", want)
	notes := timeline(t, calm, r.asset)
	if words(marks(t, calm, r.asset)) < 8 {
		t.Errorf("undisturbed it says %+v", marks(t, calm, r.asset, "speech"))
	}
	steps := len(begun(t, calm.Log()))
	if err := calm.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Logf("undisturbed: %d annotations, %d steps, %s", len(notes), steps, whole.Round(time.Millisecond))
	wanted, k := kills(t), &killing{rehearsal: r, whole: whole, steps: steps}
	for k.servers < wanted {
		per := min(4, wanted-k.servers)
		t.Run(fmt.Sprintf("from kill %d", k.servers), func(t *testing.T) {
			got, u := k.run(t, per)
			if diff := cmp.Diff(notes, got); diff != "" {
				t.Errorf("the annotations differ from those of the undisturbed run:\n%s", diff)
			}
			for n := range want.Abilities {
				a, b := want.Abilities[n], u.Abilities[n]
				if a != b {
					t.Errorf("ability: %+v\nundisturbed: %+v", b, a)
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills of servers, %d of programs that they ran: %d steps begun more often than once, none of them on record", k.servers, k.programs, k.again)
}

// killing is what several runs have in common.
type killing struct {
	rehearsal
	whole    time.Duration // of an undisturbed run
	steps    int           // of an undisturbed run
	servers  int           // kills
	programs int
	again    int // steps begun more than once
}

// run understands the film while up to n servers are killed, and returns what is known in the end.
func (k *killing) run(t *testing.T, n int) ([]string, understanding) {
	data := k.copied(t)
	s := world.StartT(t, data)
	analyze(t, s, k.asset, "missing")
	all, recorded, programs := map[step]int{}, map[step]bool{}, 0
	life := func() {
		for st, count := range begun(t, s.Log()) {
			all[st] += count
			if recorded[st] {
				t.Errorf("the step %s was on record and is done again", st.name)
			}
			if count > 1 {
				t.Errorf("one server began the step %s %d times", st.name, count)
			}
		}
	}
	for range n {
		pause := rand.N(k.whole / time.Duration(n))
		if programs == 0 && rand.N(2) == 0 || k.servers == 1 { // one program a run: a piece that loses two in turn is said to have failed
			time.Sleep(pause / 2)
			if kids := children(t, s.Pid(), "showreel-ai", "ffmpeg"); len(kids) > 0 && syscall.Kill(kids[rand.N(len(kids))], syscall.SIGKILL) == nil {
				programs++
			}
			time.Sleep(pause / 2)
		} else {
			time.Sleep(pause)
		}
		if analysisOf(t, s, k.asset).over() {
			break
		}
		s.Kill()
		k.servers++
		life()
		recorded = journal(t, data)
		s = world.StartT(t, data)
	}
	u := understood(t, s, k.asset, patience)
	life()
	again := 0
	for _, count := range all {
		again += count - 1
	}
	k.again, k.programs = k.again+again, k.programs+programs
	// A kill cuts off the pieces at work, one a processor, or the step between them.
	if len(all) != k.steps || again > 4*n {
		t.Errorf("%d steps, undisturbed %d; %d were begun again after %d kills", len(all), k.steps, again, n)
	}
	notes := timeline(t, s, k.asset)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	noPieces(t, data)
	return notes, u
}

// noPieces looks for results of pieces, which are gone once they are joined.
func noPieces(t *testing.T, data string) {
	t.Helper()
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(path, "/analysis/") && filepath.Base(path) != "features.json" && strings.HasSuffix(path, ".json") {
			t.Errorf("a piece is left: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
