package ingest_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/budget"
	"showreel/product/ingest"
	"showreel/product/library"
)

// busy takes every core, so that jobs must wait.
func (s *stack) busy(t *testing.T) *budget.Lease {
	t.Helper()
	l, err := s.budget.Lease(t.Context(), budget.Ask{Lane: budget.Live, Key: "test", Why: "something else", Cores: 2})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPauseResumeAndWhatItWaitsFor(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	lease := s.busy(t)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	j := s.until(t, rec.Job, func(j ingest.Job) bool { return j.State == ingest.Waiting })
	if !strings.Contains(j.WaitsFor, "something else") {
		t.Errorf("it waits for %q", j.WaitsFor)
	}
	if _, err := s.Pause(as(t), rec.Job); err != nil {
		t.Fatal(err)
	}
	lease.Release()
	time.Sleep(700 * time.Millisecond)
	if j, _ = s.Job(as(t), rec.Job); j.State != ingest.Paused || j.Tasks.Done != 0 {
		t.Errorf("a paused job is %s with %d tasks done", j.State, j.Tasks.Done)
	}
	batch, first := "interactive", 99
	if j, err := s.Rank(as(t), rec.Job, &batch, &first); err != nil || j.Priority != 99 {
		t.Errorf("rank: %+v %v", j, err)
	}
	if _, err := s.Resume(as(t), rec.Job); err != nil {
		t.Fatal(err)
	}
	if j = s.ended(t, rec.Job); j.State != ingest.Done || j.Lane != "interactive" {
		t.Errorf("job %+v %+v", j, j.Error)
	}
	if _, err := s.Resume(as(t), rec.Job); fault.CodeOf(err) != "job-state" {
		t.Errorf("resuming a finished job: %v", err)
	}
}

func TestPauseLastsOverARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	s.busy(t)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	s.until(t, rec.Job, func(j ingest.Job) bool { return j.State == ingest.Waiting })
	if _, err := s.Pause(as(t), rec.Job); err != nil {
		t.Fatal(err)
	}
	s.stop()
	s = open(t, dir, nil)
	time.Sleep(time.Second)
	if j, err := s.Job(as(t), rec.Job); err != nil || j.State != ingest.Paused {
		t.Fatalf("after the restart it is %s, %v", j.State, err)
	}
	if _, err := s.Resume(as(t), rec.Job); err != nil {
		t.Fatal(err)
	}
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Errorf("job %+v", j.Error)
	}
}

func TestCancelAndRetry(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	lease := s.busy(t)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	s.until(t, rec.Job, func(j ingest.Job) bool { return j.State == ingest.Waiting })
	j, err := s.Cancel(as(t), rec.Job)
	if err != nil || j.State != ingest.Cancelled || j.Error.Code != "cancelled" {
		t.Fatalf("cancel: %+v %v", j, err)
	}
	lease.Release()
	if _, err := s.blobs.Raw.Stat(t.Context(), "main/src/"+rec.SHA256[:2]+"/"+rec.SHA256); err != nil {
		t.Errorf("the original was not kept: %v", err)
	}
	if _, err := s.Retry(as(t), rec.Job); err != nil {
		t.Fatal(err)
	}
	j = s.until(t, rec.Job, func(j ingest.Job) bool { return j.State == ingest.Done || j.State == ingest.Failed })
	if j.State != ingest.Done || j.Attempt != 2 {
		t.Errorf("retried: %+v %+v", j, j.Error)
	}
	a, err := s.lib.Get(as(t), rec.Asset)
	if err != nil || a.State != library.Ready {
		t.Errorf("asset %+v %v", a, err)
	}
}

// strict is a gate that blocks until it is told otherwise.
type strict struct {
	mu      sync.Mutex
	blocked []string
	seen    ingest.Evidence
}

func (g *strict) Inspect(_ context.Context, _ media.Ref, _, _ string, ev ingest.Evidence) ([]string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = ev
	return g.blocked, nil
}

func (g *strict) Blocked(context.Context, media.Ref) ([]string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.blocked, nil
}

func (*strict) Captions(context.Context, media.Ref, string, string, string) error { return nil }

func TestTheGateHoldsAJob(t *testing.T) {
	gate := &strict{blocked: []string{"The picture is black for 3.0 s."}}
	s := open(t, t.TempDir(), func(d *ingest.Deps) { d.Gate = gate })
	rec := s.add(t, film2s(t), ingest.Incoming{})
	j := s.ended(t, rec.Job)
	if j.State != ingest.Held || !strings.Contains(j.WaitsFor, "black") {
		t.Fatalf("job %+v", j)
	}
	a, err := s.lib.Get(as(t), rec.Asset)
	if err != nil || a.State != library.Held || a.Published != 0 {
		t.Errorf("asset %+v %v", a, err)
	}
	if _, err := s.Release(as(t), rec.Job); fault.CodeOf(err) != "quality-gate" {
		t.Errorf("releasing against the gate: %v", err)
	}
	gate.mu.Lock()
	ev := gate.seen
	gate.blocked = nil
	gate.mu.Unlock()
	if len(ev.SSIM) == 0 || len(ev.Loudness) == 0 || len(ev.Stills) == 0 || len(ev.Index.Tracks) == 0 {
		t.Errorf("evidence: ssim %v, loudness %d, stills %d, tracks %d", ev.SSIM, len(ev.Loudness), len(ev.Stills), len(ev.Index.Tracks))
	}
	if _, err := s.Release(as(t), rec.Job); err != nil {
		t.Fatal(err)
	}
	j = s.until(t, rec.Job, func(j ingest.Job) bool { return j.State.Final() })
	if j.State != ingest.Done {
		t.Errorf("released: %+v %+v", j, j.Error)
	}
}

func TestFullDisk(t *testing.T) {
	s := open(t, t.TempDir(), func(d *ingest.Deps) { d.Limits.ReserveBytes = 1 << 60 })
	_, err := s.AddFile(as(t), film2s(t), ingest.Incoming{})
	if fault.KindOf(err) != fault.Full || !strings.Contains(fault.TextOf(err), "disk space") {
		t.Errorf("a full disk: %v", err)
	}
	jobs, err := s.Jobs(as(t), ingest.JobQuery{})
	if err != nil || len(jobs) != 0 {
		t.Errorf("something was begun: %v %v", jobs, err)
	}
}

func TestTenantsSeeNothingOfEachOther(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	path := film2s(t)
	mine := s.add(t, path, ingest.Incoming{})
	s.ended(t, mine.Job)
	other := tenant(t, "other")
	if _, err := s.Job(other, mine.Job); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another tenant reads the job: %v", err)
	}
	if _, err := s.Cancel(other, mine.Job); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another tenant cancels the job: %v", err)
	}
	theirs, err := s.AddFile(other, path, ingest.Incoming{})
	if err != nil || theirs.Duplicate || theirs.Asset == mine.Asset {
		t.Errorf("duplicates must not cross tenants: %+v %v", theirs, err)
	}
}
