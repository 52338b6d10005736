package dbosflow

import (
	"context"
	"encoding/json"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"showreel/engine/flow"
	"showreel/fault"
	"showreel/platform/sqldb"
)

// Restart implements flow.Driver. A cancelled run is resumed as it stands, for nothing was recorded after the cancel. A
// failed one is rewound to the step that failed, and what its siblings have finished is carried over beside the record,
// which DBOS can only keep up to one place.
func (d *Driver) Restart(ctx context.Context, key string) error {
	const op = "dbosflow.restart"
	s, err := d.status(key, false)
	if err != nil {
		return err
	}
	switch s.Status {
	case dbos.WorkflowStatusCancelled, dbos.WorkflowStatusMaxRecoveryAttemptsExceeded:
		if _, err := dbos.ResumeWorkflow[string](d.ctx, key, dbos.WithResumeQueue(queueName)); err != nil {
			return wrap(op, key, err)
		}
		return nil
	case dbos.WorkflowStatusError:
		return d.rewind(ctx, key)
	}
	return fault.Say(op, key, fault.Conflict, "flow-not-stopped", "Only a failed or cancelled run can be restarted.")
}

// Forget implements flow.Driver.
func (d *Driver) Forget(_ context.Context, key string) error {
	d.dropCarry(key)
	if err := dbos.DeleteWorkflows(d.ctx, []string{key}); err != nil {
		return wrap("dbosflow.forget", key, err)
	}
	return nil
}

func (d *Driver) rewind(ctx context.Context, key string) error {
	const op = "dbosflow.restart"
	s, err := d.status(key, true)
	if err != nil {
		return err
	}
	failure := failureOf(s)
	records, err := d.records(key)
	if err != nil {
		return err
	}
	start, carry := flow.Cut(records, failure.Step)
	if err := d.saveCarry(ctx, key, carry, failure.Code == codeChanged); err != nil {
		return err
	}
	_, err = dbos.RewindWorkflow[string](d.ctx, key, dbos.WithRewindStartStep(uint(start)),
		dbos.WithRewindQueue(queueName), dbos.WithRewindApplicationVersion(appVersion))
	if err != nil {
		return wrap(op, key, err)
	}
	return nil
}

// records reads the steps of a run.
func (d *Driver) records(key string) ([]flow.StepRecord, error) {
	const op = "dbosflow.restart"
	steps, err := dbos.GetWorkflowSteps(d.ctx, key, dbos.WithStepsLoadOutput(true))
	if err != nil {
		return nil, wrap(op, key, err)
	}
	out := make([]flow.StepRecord, 0, len(steps))
	for _, s := range steps {
		text := ""
		if s.Error == nil {
			if text, err = listed(s.Output); err != nil {
				text = "" // an internal record of DBOS, whose value is not ours
			}
		}
		out = append(out, flow.StepRecord{ID: s.StepID, Path: s.StepName, OK: s.Error == nil, Output: json.RawMessage(text)})
	}
	return out, nil
}

func (d *Driver) saveCarry(ctx context.Context, key string, carry []flow.StepRecord, fresh bool) error {
	return d.db.Write(ctx, func(tx *sqldb.Tx) error {
		if fresh {
			if _, err := tx.ExecContext(ctx, `DELETE FROM showreel_flow_carry WHERE run = $1`, key); err != nil {
				return err
			}
		}
		for _, s := range carry {
			_, err := tx.ExecContext(ctx, `INSERT INTO showreel_flow_carry (run, path, output) VALUES ($1, $2, $3)
				ON CONFLICT (run, path) DO UPDATE SET output = excluded.output`, key, s.Path, string(s.Output))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Driver) loadCarry(ctx context.Context, key string) (map[string]json.RawMessage, error) {
	rows, err := d.db.Read().QueryContext(ctx, `SELECT path, output FROM showreel_flow_carry WHERE run = $1`, key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var carry map[string]json.RawMessage
	for rows.Next() {
		var path, output string
		if err := rows.Scan(&path, &output); err != nil {
			return nil, err
		}
		if carry == nil {
			carry = map[string]json.RawMessage{}
		}
		carry[path] = json.RawMessage(output)
	}
	return carry, rows.Err()
}

// dropCarry tidies up after a run that needs it no more. Rows that stay do no harm.
func (d *Driver) dropCarry(key string) {
	ctx := context.WithoutCancel(d.ctx)
	err := d.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM showreel_flow_carry WHERE run = $1`, key)
		return err
	})
	if err != nil {
		d.opt.Log.Warn("results carried over a restart were not removed", "key", key, "error", err)
	}
}
