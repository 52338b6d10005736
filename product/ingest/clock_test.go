package ingest_test

import (
	"sync/atomic"
	"testing"
	"time"

	"showreel/product/ingest"
)

// TestClockJumpsDisturbNothing steps the wall clock forth and back by hours while a film comes in. Sweeps run at every
// step: nothing that the job needs may expire.
func TestClockJumpsDisturbNothing(t *testing.T) {
	var ahead atomic.Int64
	s := open(t, t.TempDir(), func(d *ingest.Deps) {
		d.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	if _, err := s.PutTemplate(as(t), short(t)); err != nil {
		t.Fatal(err)
	}
	rec := s.add(t, film4s(t), ingest.Incoming{Template: "short"})
	created := time.Now().UnixMilli()
	steps := []time.Duration{-7 * time.Hour, 40 * time.Hour, -3 * time.Hour, 0, 90 * 24 * time.Hour, -26 * time.Hour}
	at, rows, lastProgress := 0, 0, 0.0
	j := s.until(t, rec.Job, func(j ingest.Job) bool {
		ahead.Store(int64(steps[at%len(steps)]))
		at++
		if _, err := s.SweepChunks(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := s.rows(t)
		// A job that has ended in the meantime has no more use for its chunks.
		if after, err := s.Job(as(t), rec.Job); err != nil || now < rows && !after.State.Final() {
			t.Errorf("%d of %d finished chunks of a running job are left: %v", now, rows, err)
		}
		rows = max(rows, now)
		if j.EstimateMS < 0 || j.EstimateMS > time.Hour.Milliseconds() {
			t.Errorf("the estimate is %d ms", j.EstimateMS)
		}
		if j.Progress < lastProgress-0.002 { // what is on record trails what is told live by less
			t.Errorf("progress went from %.3f to %.3f", lastProgress, j.Progress)
		}
		lastProgress = j.Progress
		return j.State.Final() || j.State == ingest.Held
	})
	if j.State != ingest.Done {
		t.Fatalf("job %+v", j.Error)
	}
	if at < 3 || rows == 0 {
		t.Fatalf("the clock stepped %d times over %d chunks", at, rows)
	}
	if j.CreatedMS < created-time.Minute.Milliseconds() || j.StartedMS < j.CreatedMS || j.PlayableMS < j.StartedMS || j.EndedMS < j.PlayableMS {
		t.Errorf("times run back: created %d, started %d, playable %d, ended %d", j.CreatedMS, j.StartedMS, j.PlayableMS, j.EndedMS)
	}
}

// TestStepBackAtTheEnd is a clock that is set back once, after the job began.
func TestStepBackAtTheEnd(t *testing.T) {
	var ahead atomic.Int64
	s := open(t, t.TempDir(), func(d *ingest.Deps) {
		d.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	rec := s.add(t, film2s(t), ingest.Incoming{})
	ahead.Store(-int64(5 * time.Hour))
	j := s.ended(t, rec.Job)
	if j.State != ingest.Done || j.EndedMS < j.CreatedMS || j.StartedMS < j.CreatedMS {
		t.Errorf("%s: created %d, started %d, ended %d", j.State, j.CreatedMS, j.StartedMS, j.EndedMS)
	}
}
