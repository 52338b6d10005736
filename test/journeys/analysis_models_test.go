package journeys_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/vision/visiontest"
	"showreel/test/world"
)

// ownModels is a folder of models of which all are links to the installed ones.
func ownModels(t *testing.T, cache string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "models")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join(cache, "models", "[a-z]*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if err := os.Symlink(m, filepath.Join(dir, filepath.Base(m))); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SHOWREEL_MODELS_DIR", dir)
	return dir
}

// spoil puts other bytes in the place of a model's file.
func spoil(t *testing.T, cache, dir, id, file string, change func([]byte) []byte) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(cache, "models", id, file))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, id)
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(cache, "models", id))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, file), change(raw), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestModelsThatAreNotWhatTheyShouldBe gives the program a model of another kind and other tensor shapes, one cut off, and
// one with some bytes changed: each is told by its checksum, the abilities that need it say what to do, the others are done,
// and with the right files the rest follows without a restart.
func TestModelsThatAreNotWhatTheyShouldBe(t *testing.T) {
	cache := minds(t, allModels...)
	dir := ownModels(t, cache)
	other, err := os.ReadFile(filepath.Join(cache, "models", "blazeface-back", "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	spoil(t, cache, dir, "nanodet", "model.onnx", func([]byte) []byte { return other })
	spoil(t, cache, dir, "open-nsfw", "model.onnx", func(b []byte) []byte { return b[:len(b)/3] })
	spoil(t, cache, dir, "faceres", "model.onnx", func(b []byte) []byte { // a few weights: only the checksum tells
		for n := range 64 {
			b[len(b)/2+n] ^= 0x40
		}
		return b
	})
	out, _, err := world.Run(t.Context(), "models", "verify", "nanodet", "open-nsfw", "faceres", "silero-vad", "--json")
	if err == nil {
		t.Error("verify finds nothing wrong")
	}
	got := map[string]string{}
	for line := range strings.Lines(out) {
		var c struct{ Model, State, Why string }
		if json.Unmarshal([]byte(line), &c) == nil && c.Model != "" {
			got[c.Model] = c.State
		}
	}
	if diff := cmp.Diff(map[string]string{"nanodet": "damaged", "open-nsfw": "damaged", "faceres": "damaged", "silero-vad": "ready"}, got); diff != "" {
		t.Errorf("verify:\n%s\n%s", diff, out)
	}
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	asset := pictureSent(t, s)
	analyze(t, s, asset, "missing")
	u := understood(t, s, asset, patience)
	for _, a := range u.Abilities {
		if bad := a.Ability == "objects" || a.Ability == "moderation"; bad {
			if a.State != "failed" && a.State != "unavailable" || !sentence(a.Text) || !strings.Contains(a.Text, "nstall") {
				t.Errorf("%s is %s by %q: %q", a.Ability, a.State, a.Code, a.Text)
			}
		} else if a.State != "done" && a.State != "" {
			t.Errorf("%s is %s by %q: %q", a.Ability, a.State, a.Code, a.Text)
		}
	}
	for _, id := range []string{"nanodet", "open-nsfw", "faceres"} {
		if err := os.RemoveAll(filepath.Join(dir, id)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(cache, "models", id), filepath.Join(dir, id)); err != nil {
			t.Fatal(err)
		}
	}
	analyze(t, s, asset, "missing")
	complain(t, "with the right files", understood(t, s, asset, patience))
	if len(marks(t, s, asset, "object")) == 0 {
		t.Error("nothing is found with the right model")
	}
}

func pictureSent(t *testing.T, s *world.Server) string {
	t.Helper()
	a := upload(t, s, "coffee.png", visiontest.Sample(t, "coffee.png"))
	if j := ended(t, s, a.job, patience); j.State != "done" {
		t.Fatalf("the job is %s: %s", j.State, show(j.Error))
	}
	return a.asset
}

// TestTwoAnalysesOfOneAsset asks eight times at once for different parts of the same: they meet in one run, and nothing is
// found twice.
func TestTwoAnalysesOfOneAsset(t *testing.T) {
	minds(t, allModels...)
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	asset := pictureSent(t, s)
	analyze(t, s, asset, "missing")
	complain(t, "alone", understood(t, s, asset, patience))
	want := timeline(t, s, asset)
	runs := make([]string, 8)
	var all sync.WaitGroup
	for n := range runs {
		all.Go(func() {
			var only []string
			if n%2 == 1 {
				only = []string{"labels", "objects", "text"}
			}
			var u understanding
			if err := s.JSON(t.Context(), http.MethodPost, "/v1/assets/"+asset+"/analysis", map[string]any{"mode": "all", "only": only}, &u); err != nil {
				t.Error(err)
			} else if u.Run != nil {
				runs[n] = u.Run.ID
			}
		})
	}
	all.Wait()
	u := understood(t, s, asset, patience)
	complain(t, "together", u)
	for _, id := range runs {
		if id != u.Run.ID {
			t.Errorf("runs %v, want one", runs)
			break
		}
	}
	if diff := cmp.Diff(want, timeline(t, s, asset)); diff != "" {
		t.Errorf("eight requests at once find something else than one:\n%s", diff)
	}
}

// TestModelTakenInOnAFullDisk takes a model in with less room than it needs, is killed while it does, and does it again.
func TestModelTakenInOnAFullDisk(t *testing.T) {
	cache := minds(t, "nanodet")
	dir := filepath.Join(t.TempDir(), "models")
	file := filepath.Join(cache, "models", "nanodet", "model.onnx")
	bin, err := world.Binary()
	if err != nil {
		t.Fatal(err)
	}
	add := fmt.Sprintf("%s models add nanodet %s --dir %s", bin, file, dir)
	said, err := exec.CommandContext(t.Context(), "sh", "-c", "ulimit -f 8000; exec "+add).CombinedOutput() // 4 MB of 15
	if err == nil || len(said) < 20 || strings.Contains(string(said), "panic") {
		t.Errorf("room for a third of it: %v %s", err, said)
	}
	state := func() string {
		out, errs, err := world.Run(t.Context(), "models", "verify", "nanodet", "--dir", dir, "--json")
		var c struct{ State string }
		if json.Unmarshal([]byte(out), &c) != nil {
			t.Errorf("%v %s %s", err, out, errs)
		}
		return c.State
	}
	if got := state(); got == "ready" || got == "own" {
		t.Errorf("a third of a model counts as %s", got)
	}
	for n := range 5 { // killed after some milliseconds, at other points each time
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "exec "+add)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+25*n) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed, or had ended
		if got := state(); got == "damaged" {
			t.Errorf("killed after %d ms it left a damaged model", 20+25*n)
		}
	}
	if said, err := exec.CommandContext(t.Context(), "sh", "-c", "exec "+add).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, said)
	}
	if got := state(); got != "own" {
		t.Errorf("with room it is %s", got)
	}
}
