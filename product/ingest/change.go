package ingest

import (
	"context"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// change reads a job, lets fn alter it and writes it with job.changed, all in one transaction; with runs in it too. A
// race with another writer is run again. fn may refuse with an error.
func (s *Service) change(ctx context.Context, tenant, id string, fn func(j *Job) error, with ...func(tx *sqldb.Tx, j Job) error) (Job, error) {
	const op = "ingest.job"
	for range 20 {
		var saved bool
		var out Job
		err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
			row, err := loadJob(ctx, tx, tenant, id)
			if err != nil {
				return err
			}
			if err := fn(&row.Job); err != nil {
				return err
			}
			if saved, err = saveJob(ctx, tx, row); err != nil || !saved {
				return err
			}
			out = row.Job
			for _, w := range with {
				if err := w(tx, row.Job); err != nil {
					return err
				}
			}
			return s.deps.Outbox.Write(ctx, tx, row.Tenant, "job.changed", id, summary(row.Job))
		})
		if err != nil {
			return Job{}, fault.E(op, id, "", err)
		}
		if saved {
			s.board.saw(out)
			return out, nil
		}
	}
	return Job{}, fault.Say(op, id, fault.Conflict, "job-busy", "The job changes too quickly just now; try again.")
}

// codeEnded is the code of a step that found its job ended.
const codeEnded = "job-ended"

// stage marks that the job has reached a stage. It is called at the beginning of a step, so a job that ended meanwhile
// (cancelled) is left as it is.
func (s *Service) stage(ctx context.Context, in start, stage string) error {
	_, err := s.change(ctx, in.Tenant, in.Job, func(j *Job) error {
		if j.State.Final() {
			return fault.Say("ingest.stage", j.ID, fault.Canceled, codeEnded, "The job has ended.")
		}
		if j.StartedMS == 0 {
			j.StartedMS = j.from(s.deps.Now())
		}
		if j.Wanted != wantPaused {
			j.State, j.WaitsFor = Running, ""
		}
		j.advance(stage, 0)
		return nil
	})
	return err
}
