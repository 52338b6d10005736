package ingest

import (
	"context"
	"errors"
	"fmt"

	"showreel/fault"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// wantPaused is what a person asked of a job, kept in its row so that every process and every restart obeys.
const wantPaused = "paused"

// control checks access for one job and returns it.
func (s *Service) control(ctx context.Context, id string) (access.Who, Job, error) {
	who, err := s.may(ctx, "job:control", access.Resource{Kind: "job", ID: id})
	if err != nil {
		return who, Job{}, err
	}
	row, err := loadJob(ctx, s.deps.DB.Read(), who.Tenant, id)
	return who, row.Job, err
}

// command changes a job on a person's word and writes it into the audit.
func (s *Service) command(ctx context.Context, id, action string, fn func(j *Job) error, with ...func(*sqldb.Tx, Job) error) (Job, error) {
	who, _, err := s.control(ctx, id)
	if err != nil {
		return Job{}, err
	}
	with = append(with, func(tx *sqldb.Tx, _ Job) error {
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: action, Subject: id})
	})
	return s.change(ctx, who.Tenant, id, fn, with...)
}

func notNow(j *Job, what string) error {
	return fault.Say("ingest.job", j.ID, fault.Conflict, "job-state", "A job that is %s cannot be %s.", j.State, what)
}

// Pause stops a job's running tasks and starts no more until Resume. Finished tasks stay. fault.Conflict "job-state"
// when it has ended.
func (s *Service) Pause(ctx context.Context, id string) (Job, error) {
	j, err := s.command(ctx, id, "job:pause", func(j *Job) error {
		if j.State.Final() || j.State == Held {
			return notNow(j, "paused")
		}
		j.Wanted, j.State, j.WaitsFor, j.EstimateMS = wantPaused, Paused, "somebody to resume it", 0
		return nil
	})
	if err == nil {
		s.deps.Budget.Pause(leasePrefix(id))
		s.board.stop(id, errPaused)
	}
	return j, err
}

// Resume lets a paused job go on. fault.Conflict when it is not paused.
func (s *Service) Resume(ctx context.Context, id string) (Job, error) {
	j, err := s.command(ctx, id, "job:resume", func(j *Job) error {
		if j.Wanted != wantPaused {
			return notNow(j, "resumed")
		}
		j.Wanted, j.State, j.WaitsFor = "", Waiting, "its turn"
		return nil
	})
	if err == nil {
		s.deps.Budget.Resume(leasePrefix(id))
	}
	return j, err
}

// Cancel ends a job; its running tasks are killed, its working files removed, the original stays. fault.Conflict when it
// has ended.
func (s *Service) Cancel(ctx context.Context, id string) (Job, error) {
	cause := fault.Say("ingest.cancel", id, fault.Canceled, "cancelled", "The job was cancelled. Retry it to go on from its finished parts.")
	j, err := s.command(ctx, id, "job:cancel", func(j *Job) error {
		if j.State.Final() {
			return notNow(j, "cancelled")
		}
		j.fail(cause, j.from(s.deps.Now()))
		j.State, j.Wanted = Cancelled, ""
		return nil
	}, func(tx *sqldb.Tx, j Job) error {
		err := s.deps.Library.InTx(tx).SetState(asSystem(ctx, j.Tenant), j.Ref(), library.Failed, cause)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return j, err
	}
	if err := s.deps.Flow.Cancel(ctx, id); err != nil && !fault.Is(err, fault.NotFound) {
		return j, err
	}
	s.tidy(ctx, j)
	return j, nil
}

// tidy lets go of everything a job held in this process.
func (s *Service) tidy(ctx context.Context, j Job) {
	s.board.stop(j.ID, context.Canceled)
	s.board.close(j.ID)
	s.space.forget(j.ID)
	s.deps.Budget.Resume(leasePrefix(j.ID))
	s.withdraw(ctx, j.Ref())
	asset, err := s.deps.Library.Version(asSystem(ctx, j.Tenant), j.Ref())
	if err != nil {
		return // purged meanwhile: the sweeper of working folders takes the rest
	}
	if err := s.keepOriginal(ctx, start{Job: j.ID, Tenant: j.Tenant, SHA256: asset.SHA256, Bytes: asset.Bytes}); err != nil {
		s.deps.Log.WarnContext(ctx, "the original of a cancelled job could not be stored yet", "job", j.ID, "err", err)
		return
	}
	if err := s.wipe(j.ID); err != nil {
		s.deps.Log.WarnContext(ctx, "working files were left behind", "job", j.ID, "err", err)
	}
}

// Retry lets a failed or cancelled job go on from its finished parts. fault.Conflict otherwise.
func (s *Service) Retry(ctx context.Context, id string) (Job, error) {
	j, err := s.command(ctx, id, "job:retry", func(j *Job) error {
		if j.State != Failed && j.State != Cancelled {
			return notNow(j, "retried")
		}
		j.State, j.WaitsFor, j.Error, j.EndedMS, j.Wanted = Queued, "its turn", nil, 0, ""
		j.Attempt++
		return nil
	}, func(tx *sqldb.Tx, j Job) error {
		return s.deps.Library.InTx(tx).SetState(asSystem(ctx, j.Tenant), j.Ref(), library.Processing, nil)
	})
	if err != nil {
		return j, err
	}
	return j, s.deps.Flow.Restart(ctx, id)
}

// Release publishes a held job. fault.Conflict "quality-gate" while findings block it; waive them first.
func (s *Service) Release(ctx context.Context, id string) (Job, error) {
	who, j, err := s.control(ctx, id)
	if err != nil {
		return Job{}, err
	}
	if j.State != Held {
		return Job{}, notNow(&j, "released")
	}
	if s.deps.Gate != nil {
		blocked, err := s.deps.Gate.Blocked(asSystem(ctx, j.Tenant), j.Ref())
		if err != nil {
			return Job{}, err
		}
		if len(blocked) > 0 {
			return Job{}, fault.Say("ingest.release", id, fault.Conflict, "quality-gate", "%d findings block it. Waive each with a reason, or send a better file. The first: %s", len(blocked), blocked[0])
		}
	}
	return s.release(ctx, who, id)
}

func (s *Service) release(ctx context.Context, who access.Who, id string) (Job, error) {
	j, err := s.change(ctx, who.Tenant, id, func(j *Job) error {
		if j.State != Held {
			return notNow(j, "released")
		}
		j.State, j.WaitsFor = Running, ""
		return nil
	}, func(tx *sqldb.Tx, j Job) error {
		err := s.deps.Library.InTx(tx).SetState(asSystem(ctx, j.Tenant), j.Ref(), library.Processing, nil)
		if err != nil {
			return err
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "job:release", Subject: id})
	})
	if err != nil {
		return j, err
	}
	return j, s.deps.Flow.Signal(ctx, id, topicRelease, decision{By: who.ID})
}

// waived releases the jobs of an asset whose last blocking finding was waived, unless the template wants a person to
// look anyway.
func (s *Service) waived(ctx context.Context, e outbox.Event) error {
	ctx = asSystem(ctx, e.Tenant)
	jobs, err := listJobs(ctx, s.deps.DB.Read(), e.Tenant, JobQuery{State: Held, Asset: e.Subject, Limit: 100})
	if err != nil || s.deps.Gate == nil {
		return err
	}
	for _, j := range jobs {
		blocked, err := s.deps.Gate.Blocked(ctx, j.Ref())
		if err != nil {
			return err
		}
		t, err := s.template(ctx, j.Tenant, j.Template, j.TemplateVersion)
		if err != nil || len(blocked) > 0 || t.Review {
			continue
		}
		if _, err := s.release(ctx, access.System(e.Tenant), j.ID); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

// Rank changes a job's lane and priority; nil keeps. Waiting tasks move at once. fault.Invalid, fault.Conflict when it
// has ended.
func (s *Service) Rank(ctx context.Context, id string, lane *string, priority *int) (Job, error) {
	if lane != nil && !validLane(*lane) {
		return Job{}, fault.Say("ingest.job", id, fault.Invalid, "bad-lane", "The lane must be interactive, normal or batch.")
	}
	if priority != nil && (*priority < 0 || *priority > 100) {
		return Job{}, fault.Say("ingest.job", id, fault.Invalid, "bad-priority", "The priority must be 0 to 100.")
	}
	j, err := s.command(ctx, id, "job:prioritise", func(j *Job) error {
		if j.State.Final() {
			return notNow(j, "moved")
		}
		if lane != nil {
			j.Lane = *lane
		}
		if priority != nil {
			j.Priority = *priority
		}
		return nil
	})
	if err == nil {
		s.deps.Budget.Change(leasePrefix(id), j.Lane, j.Priority)
	}
	return j, err
}

// Reprocess makes a new version of an asset from its newest original with another template. Addresses of the old version
// stay true, and what it had remains. fault.Conflict "busy" while a job works on the asset.
func (s *Service) Reprocess(ctx context.Context, asset, template string) (Job, error) {
	who, err := s.may(ctx, "asset:process", access.Resource{Kind: "asset", ID: asset})
	if err != nil {
		return Job{}, err
	}
	t, err := s.template(ctx, who.Tenant, template, 0)
	if err != nil {
		return Job{}, err
	}
	a, err := s.deps.Library.Get(ctx, asset)
	if err != nil {
		return Job{}, err
	}
	busy, err := listJobs(ctx, s.deps.DB.Read(), who.Tenant, JobQuery{Asset: asset, Active: true, Limit: 1})
	if err != nil {
		return Job{}, fault.E("ingest.reprocess", asset, "", err)
	}
	if len(busy) > 0 {
		return Job{}, fault.Say("ingest.reprocess", asset, fault.Conflict, "busy", "A job works on it already; wait for it or cancel it.")
	}
	v, err := s.deps.Library.Version(ctx, a.Ref())
	if err != nil {
		return Job{}, err
	}
	job := s.newJob(who.Tenant, t, Arrival{Name: v.Name, Lane: LaneBatch})
	job.Kind, job.Stages = string(a.Kind), newStages(a.Kind)
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		next, err := s.deps.Library.InTx(tx).AddVersion(ctx, asset, library.VersionIn{SHA256: v.SHA256, Key: v.Key, Name: v.Name, Bytes: v.Bytes})
		if err != nil {
			return err
		}
		job.Asset, job.Version = asset, next.Number
		return s.begin(ctx, tx, job, v.SHA256, v.Bytes)
	})
	return job, err
}

// reconcile mends rows whose process died between the end of a flow and the row: the flow knows how it ended.
func (s *Service) reconcile(ctx context.Context) error {
	jobs, err := activeJobs(ctx, s.deps.DB.Read())
	if err != nil {
		return fault.E("ingest.reconcile", "", "", err)
	}
	for _, j := range jobs {
		st, err := s.deps.Flow.Status(ctx, j.ID)
		if err != nil {
			if fault.Is(err, fault.NotFound) {
				continue
			}
			return err
		}
		if st.Error == nil || st.State != "failed" {
			continue
		}
		in, err := s.startOf(ctx, j)
		if err != nil {
			return errors.Join(fmt.Errorf("job %s", j.ID), err)
		}
		if err := s.failed(ctx, in, st.Error.Err()); err != nil {
			return errors.Join(fmt.Errorf("job %s", j.ID), err)
		}
	}
	return nil
}
