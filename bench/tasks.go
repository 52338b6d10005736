package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"showreel/engine/transcode"
)

// benchTasks runs the tasks of a film's whole ladder one after the other and says what each kind costs. Nothing waits
// and nothing runs beside them, so the sum says what idle cores could reach.
func benchTasks(ctx context.Context, b *bench) error {
	film := sampleFilm(b)
	if film == "" {
		return nil
	}
	seconds := 60
	if b.quick {
		seconds = 10
	}
	long := filepath.Join(b.dir, "tasks.mp4")
	if err := cutFilm(ctx, film, long, 24, seconds); err != nil {
		return err
	}
	l, err := newLadder(ctx, b, long)
	if err != nil {
		return err
	}
	tasks, err := l.svc.Split(l.plan, l.sha)
	if err != nil {
		return err
	}
	spends, sum := map[string]float64{}, 0.0
	for _, t := range tasks {
		use, err := spent(func() error {
			res, err := l.svc.Run(ctx, l.plan, t, transcode.Env{Source: long, WorkDir: filepath.Join(b.dir, "tasks", t.ID),
				Emit: func(context.Context, transcode.Part) error { return nil }})
			if res.Loudness != nil {
				l.b.say("%s: %.1f LUFS, %.1f dBTP, %s", t.Name, res.Loudness.IntegratedLUFS, res.Loudness.TruePeakDBTP, res.Loudness.Method)
			}
			return err
		})
		if err != nil {
			return err
		}
		cpu := use.cpu().Seconds()
		name := t.Kind
		if t.Kind == transcode.KindAudio {
			name += " " + t.Name
		}
		spends[name] += cpu
		sum += cpu
		b.say("%s: %.2f CPU-s, %.1f s", t.ID, cpu, use.wall.Seconds())
	}
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(spends)) {
		notes = append(notes, fmt.Sprintf("%s %.1f", name, spends[name]))
	}
	// Two cores at 0.9 x real time have 2/0.9 CPU-seconds for a second of film.
	b.atMost("tasks of the whole ladder, CPU", sum/float64(seconds), "CPU-s/s", 2/0.9, "two cores at 0.9 x real time",
		fmt.Sprintf("%d s of 1080p24: %.1f CPU-s: %s", seconds, sum, strings.Join(notes, ", ")))
	return nil
}
