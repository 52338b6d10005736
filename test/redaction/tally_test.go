package redaction_test

import (
	"path/filepath"
	"testing"

	"showreel/test/redaction"
)

// TestTally counts what was missed, by family and by how hard it was made; a case that was measured again counts once.
func TestTally(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	hard, easy := redaction.Case{}, redaction.Case{}
	for _, c := range redaction.Cases() {
		if c.Family == redaction.Face && c.Hard {
			hard = c
		} else if c.Family == redaction.Face {
			easy = c
		}
	}
	for _, o := range []redaction.Outcome{{Case: hard, Missed: true, Models: []string{"m 1"}}, {Case: easy, Missed: true}, {Case: easy, Leaks: []string{"x"}, Models: []string{"m 1"}}} {
		must(t, redaction.Append(path, o))
	}
	all, err := redaction.Outcomes(path)
	must(t, err)
	rates := redaction.Tally(all, "2026-01-02")
	if len(rates) != 2 || rates[0].Hard || rates[0].Missed != 0 || rates[0].Partly != 1 || rates[0].Of != 1 || !rates[1].Hard || rates[1].Missed != 1 || rates[1].Models != "m 1" || !rates[1].Synthetic {
		t.Errorf("%+v", rates)
	}
	if n := len(redaction.Cases()); n < 50 {
		t.Errorf("%d cases", n)
	}
}
