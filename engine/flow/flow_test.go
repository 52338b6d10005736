package flow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"showreel/engine/flow"
	"showreel/fault"
)

func TestSavedFaultKeepsWhatMatters(t *testing.T) {
	in := fmt.Errorf("outer: %w", &fault.Error{Op: "x", Subject: "s", Kind: fault.Limited, Code: "slow-down", Text: "Wait a minute.", After: time.Minute, Err: errors.New("cause")})
	s, ok := flow.Thaw(flow.Freeze(in))
	if !ok {
		t.Fatal("does not thaw")
	}
	err := s.Err()
	if fault.KindOf(err) != fault.Limited || fault.CodeOf(err) != "slow-down" || fault.TextOf(err) != "Wait a minute." || fault.AfterOf(err) != time.Minute || !strings.Contains(err.Error(), "cause") {
		t.Fatalf("came back as %v", err)
	}
	if n := strings.Count(fmt.Sprintf("%v", err), "Wait a minute."); n != 1 {
		t.Errorf("it tells its sentence %d times: %v", n, err)
	}
	if again, _ := flow.Thaw(flow.Freeze(err)); again.Detail != s.Detail {
		t.Errorf("saved twice it grew: %q", again.Detail)
	}
	long, _ := flow.Thaw(flow.Freeze(errors.New(strings.Repeat("é", 1<<20))))
	if len(long.Detail) > 5<<10 || long.Kind != fault.Internal || strings.Contains(long.Text, "é") {
		t.Fatalf("a long plain error: %d bytes, %q", len(long.Detail), long.Text)
	}
}

// Freezing what came back changes nothing, so a first execution and a repeat see the same error.
func FuzzThaw(f *testing.F) {
	f.Add(flow.Freeze(fault.Say("op", "s", fault.Corrupt, "code", "Text.")))
	f.Add("showreel-fault:{}")
	f.Add("an error of somebody else")
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := flow.Thaw(text)
		if !ok {
			return
		}
		again, ok := flow.Thaw(s.Freeze())
		if !ok {
			t.Fatalf("%q does not thaw twice", text)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestCut(t *testing.T) {
	rec := func(id int, path string, ok bool) flow.StepRecord {
		return flow.StepRecord{ID: id, Path: path, OK: ok, Output: json.RawMessage(path)}
	}
	tests := map[string]struct {
		steps   []flow.StepRecord
		culprit string
		start   int
		carry   []string
	}{
		"nothing recorded":         {nil, "a", 0, nil},
		"a step":                   {[]flow.StepRecord{rec(0, "a", true), rec(1, "b", false), rec(2, "report", true)}, "b", 1, nil},
		"the flow itself":          {[]flow.StepRecord{rec(0, "a", true), rec(4, "verify", true)}, "", 4, nil},
		"an item":                  {[]flow.StepRecord{rec(0, "a", true), rec(1, "e[0]", true), rec(2, "e[1]", false), rec(3, "e[2]", true), rec(4, "e[3]", false), rec(5, "e[4]", true), rec(6, "report", true)}, "e[1]", 2, []string{"e[2]", "e[4]"}},
		"an item after a skipped":  {[]flow.StepRecord{rec(1, "e[0]", false), rec(2, "e[1]", false), rec(3, "e[2]", true)}, "e[1]", 1, []string{"e[2]"}},
		"an item after a gap":      {[]flow.StepRecord{rec(1, "e[0]", true), rec(3, "e[2]", true), rec(4, "e[3]", false)}, "e[3]", 2, []string{"e[2]"}},
		"an earlier handled error": {[]flow.StepRecord{rec(0, "optional", false), rec(1, "b", false)}, "b", 1, nil},
		"another group":            {[]flow.StepRecord{rec(0, "e[0]", true), rec(1, "e#2[0]", false), rec(2, "e#2[1]", true)}, "e#2[0]", 1, []string{"e#2[1]"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			start, carry := flow.Cut(tt.steps, tt.culprit)
			var paths []string
			for _, s := range carry {
				paths = append(paths, s.Path)
			}
			if start != tt.start || !cmp.Equal(paths, tt.carry) {
				t.Fatalf("start %d, carry %v; want %d, %v", start, paths, tt.start, tt.carry)
			}
		})
	}
}

// Of the items of a failed group, every finished one is kept, below the cut or carried, and no unfinished one is.
func TestCutLosesNoItem(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		first := rapid.IntRange(0, 3).Draw(r, "first")
		oks := rapid.SliceOfN(rapid.Bool(), 1, 30).Draw(r, "ok")
		culprit := rapid.IntRange(0, len(oks)-1).Draw(r, "culprit")
		oks[culprit] = false
		var steps []flow.StepRecord
		for i := range first {
			steps = append(steps, flow.StepRecord{ID: i, Path: fmt.Sprint("s", i), OK: true})
		}
		missing := map[int]bool{} // items that were cut off left no record
		for i, ok := range oks {
			if i != culprit && rapid.IntRange(0, 9).Draw(r, "missing") == 0 {
				missing[i] = true
				continue
			}
			steps = append(steps, flow.StepRecord{ID: first + i, Path: fmt.Sprintf("e[%d]", i), OK: ok})
		}
		start, carry := flow.Cut(steps, fmt.Sprintf("e[%d]", culprit))
		carried := map[int]bool{}
		for _, s := range carry {
			if s.ID <= start || !s.OK {
				r.Fatalf("carries %+v over a cut at %d", s, start)
			}
			carried[s.ID] = true
		}
		for i, ok := range oks {
			id := first + i
			kept := id < start || carried[id]
			if ok && !missing[i] && !kept {
				r.Fatalf("finished item %d is lost: cut at %d", i, start)
			}
			if kept && (!ok || missing[i]) {
				r.Fatalf("unfinished item %d is kept", i)
			}
		}
	})
}

func TestMistakesOfTheProgramPanic(t *testing.T) {
	nop := func(flow.Ctx, int) (int, error) { return 0, nil }
	for name, do := range map[string]func(e *flow.Engine){
		"twice":   func(e *flow.Engine) { flow.Register(e, "f", nop); flow.Register(e, "f", nop) },
		"no name": func(e *flow.Engine) { flow.Register(e, "", nop) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			do(flow.New(nil, nil))
		})
	}
}
