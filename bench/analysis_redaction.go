package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"showreel/engine/speech/speechtest"
	"showreel/test/redaction"
	"showreel/test/world"
)

// benchRedaction hides what is planted in films and counts what is left, by pixels and by level: 4 films where it is quick,
// else all. `make deep` measures the same set in slices.
func benchRedaction(ctx context.Context, b *bench) error {
	models, native := filepath.Join(speechtest.Cache(), "models"), filepath.Join(speechtest.Cache(), "native")
	config := filepath.Join(b.dir, "redaction.yaml")
	text := fmt.Sprintf("models:\n  dir: %s\nai:\n  program: %s\n  native: %s\n", models, helperProgram(), native)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	server, err := world.Start(ctx, filepath.Join(b.dir, "redaction"), "--config", config)
	if err != nil {
		return err
	}
	defer server.Kill()
	speaks, end := redaction.Voices(helperProgram(), models, native, b.dir)
	defer end()
	s := redaction.Setup{Server: server, Dir: b.dir, Samples: filepath.Join(speechtest.Cache(), "samples"), Voice: speaks}
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	var cases []redaction.Case
	for _, c := range redaction.Cases() {
		if !b.quick || redaction.Ordinary(c) {
			cases = append(cases, c)
		}
	}
	var all []redaction.Outcome
	var broken error
	left := 0
	s.MeasureAll(ctx, cases, func(o redaction.Outcome, err error) {
		if err != nil {
			broken = errors.Join(broken, fmt.Errorf("%s: %w", o.Name, err))
			return
		}
		left += len(o.Left)
		all = append(all, o)
		b.say("  %s: missed %v, %d left, %d parts outside", o.Name, o.Missed, len(o.Left), len(o.Leaks))
	})
	var said []string
	for _, r := range redaction.Tally(all, "") {
		said = append(said, fmt.Sprintf("%s%s missed %d, partly %d of %d", r.Kind, map[bool]string{true: " (hard)"}[r.Hard], r.Missed, r.Partly, r.Of))
	}
	b.on = about{ability: "redaction", test: redaction.TestSet, synthetic: true}
	b.atMost("marked spans left in the output", float64(left), "spans", 0, "", fmt.Sprintf("%d films: %s", len(all), strings.Join(said, "; ")))
	return broken
}
