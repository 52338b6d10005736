package analysis_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/trust/access"
)

const crashDir = "SHOWREEL_TEST_CRASH_DIR"

// logged notes every finished look and listen in a file, which outlives the process.
type logged struct {
	*eyes
	file string
}

func note(file, line string) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, line); err != nil {
		panic(err)
	}
}

func (l *logged) Objects(ctx context.Context, p [][]byte) ([][]vision.Object, error) {
	time.Sleep(150 * time.Millisecond)
	out, err := l.eyes.Objects(ctx, p)
	note(l.file, fmt.Sprintf("objects %x", sha256.Sum256(bytes.Join(p, nil))))
	return out, err
}

func slowly(file string) func(*analysis.Deps) {
	return func(d *analysis.Deps) {
		d.Speech, d.Vision = speech.New(&ears{pause: 150 * time.Millisecond}), vision.New(&logged{&eyes{}, file})
		d.Width = 1
	}
}

// TestCrashChild is not a test of its own: it is the process that TestKilledAnalysisEndsTheSame kills.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("only runs as the child of TestKilledAnalysisEndsTheSame")
	}
	s := open(t, dir, slowly(filepath.Join(dir, "looks")))
	ref := s.film(t, 140)
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
	must(t, err)
	fmt.Printf("\nasset %s\n", ref.Asset)
	for range 3_000 { // half a minute and more: whoever waits for a piece that never comes is not left waiting
		o, err := s.Analysis(system(t), ref.Asset, 1)
		must(t, err)
		for _, st := range o.Abilities {
			fmt.Printf("\n%s %d\n", st.Ability, st.PiecesDone)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestKilledAnalysisEndsTheSame(t *testing.T) {
	calm := open(t, t.TempDir(), nil)
	ref := calm.film(t, 140)
	_, err := calm.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
	must(t, err)
	calm.ended(t, ref)
	want := calm.timeline(t, ref)
	calm.stop()
	if len(onTrack(want, media.TrackSpeech)) != 105 {
		t.Fatalf("%d utterances undisturbed", len(onTrack(want, media.TrackSpeech)))
	}
	for _, at := range []string{"sound 1", "speech 1", "objects 2", "text 3"} {
		t.Run(at, func(t *testing.T) {
			dir := t.TempDir()
			asset := killAt(t, dir, at)
			s := open(t, dir, slowly(filepath.Join(dir, "looks")))
			ref := media.Ref{Tenant: "main", Asset: asset, Version: 1}
			s.ended(t, ref)
			if diff := cmp.Diff(want, s.timeline(t, ref)); diff != "" {
				t.Error("the timeline differs from the undisturbed one:", diff)
			}
			s.stop()
			raw, err := os.ReadFile(filepath.Join(dir, "looks"))
			must(t, err)
			seen := map[string]int{}
			again := 0
			for line := range strings.Lines(string(raw)) {
				if seen[line]++; seen[line] > 1 {
					again++
				}
			}
			// Only the piece that the kill cut off may be looked at twice.
			if again > 1 || len(seen) != 3 {
				t.Errorf("%d pieces looked at, %d of them again", len(seen), again)
			}
		})
	}
}

// killAt runs the child until an ability has done as many pieces as at says, or more, and kills it without warning.
func killAt(t *testing.T, dir, at string) (asset string) {
	t.Helper()
	ability, count, _ := strings.Cut(at, " ")
	want, err := strconv.Atoi(count)
	must(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$", "-test.v")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	hit := false
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 2 {
			continue
		}
		if f[0] == "asset" {
			asset = f[1]
		}
		if pieces, err := strconv.Atoi(f[1]); err == nil && f[0] == ability && pieces >= want {
			hit = true
			break
		}
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	if asset == "" || !hit {
		t.Fatalf("the child never said %q", at)
	}
	return asset
}
