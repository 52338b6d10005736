package dbosflow

import (
	"context"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"showreel/platform/sqldb"
)

const (
	beatEvery   = time.Second
	orphanAfter = 3 * time.Second // a run of our own that nobody executes is taken up again
	forgetDead  = 24 * time.Hour  // a heartbeat so old is of a worker that will not come back
)

// sweeper is the heart and the eyes of a worker. Every second it writes its heartbeat, ends executions whose run has been
// cancelled or taken over elsewhere, and takes up runs whose worker is dead or that this process has lost.
type sweeper struct {
	d       *Driver
	cancel  context.CancelFunc
	done    sync.WaitGroup
	orphans map[string]time.Time // runs without an executor, since when
}

func (s *sweeper) init(d *Driver) {
	s.d, s.cancel, s.orphans = d, func() {}, map[string]time.Time{}
}

func (s *sweeper) start() {
	ctx, cancel := context.WithCancel(s.d.ctx)
	s.cancel = cancel
	s.done.Go(func() { s.loop(ctx) })
}

func (s *sweeper) stop() {
	s.cancel()
	s.done.Wait()
}

func (s *sweeper) loop(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, duty := range []func(context.Context) error{s.beat, s.endLost, s.takeOver} {
			if err := duty(ctx); err != nil && ctx.Err() == nil {
				s.d.opt.Log.Warn("the workflow sweeper failed and tries again", "error", err)
			}
		}
	}
}

// beat says that this worker lives. SQLite has one process and needs no heart.
func (s *sweeper) beat(ctx context.Context) error {
	if s.d.db.Dialect() == sqldb.SQLite {
		return nil
	}
	return s.d.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO showreel_flow_workers (id, seen_ms) VALUES ($1, `+nowMS+`)
			ON CONFLICT (id) DO UPDATE SET seen_ms = excluded.seen_ms`, dbos.GetExecutorID(s.d.ctx))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM showreel_flow_workers WHERE seen_ms < `+nowMS+` - $1`, forgetDead.Milliseconds())
		return err
	})
}

// nowMS is the clock of the database, so that the workers' clocks need not agree.
const nowMS = `(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT`

// leave takes the heartbeat away at an orderly end: what is left of our runs may be taken over at once.
func (s *sweeper) leave(ctx context.Context) {
	if s.d.db.Dialect() == sqldb.SQLite {
		return
	}
	err := s.d.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM showreel_flow_workers WHERE id = $1`, dbos.GetExecutorID(s.d.ctx))
		return err
	})
	if err != nil {
		s.d.opt.Log.Warn("the workflow worker could not sign off; the others wait for its heart to stop", "error", err)
	}
}

// endLost interrupts executions whose run is no longer ours.
func (s *sweeper) endLost(context.Context) error {
	mine := s.d.executions()
	if len(mine) == 0 {
		return nil
	}
	keys := make([]string, 0, len(mine))
	for key := range mine {
		keys = append(keys, key)
	}
	rows, err := dbos.ListWorkflows(s.d.ctx, dbos.WithFilterWorkflowIDs(keys...), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	me := dbos.GetExecutorID(s.d.ctx)
	for _, row := range rows {
		switch {
		case row.Status == dbos.WorkflowStatusCancelled:
			mine[row.ID].interrupt(errCancelled)
		case row.Status != dbos.WorkflowStatusPending || row.ExecutorID != me:
			mine[row.ID].interrupt(errTakenOver)
		}
	}
	return nil
}

// takeOver puts runs back into the queue that nobody executes.
func (s *sweeper) takeOver(ctx context.Context) error {
	alive, err := s.alive(ctx)
	if err != nil {
		return err
	}
	rows, err := dbos.ListWorkflows(s.d.ctx, dbos.WithFilterStatus(dbos.WorkflowStatusPending), dbos.WithFilterName(workflowName),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	me, mine := dbos.GetExecutorID(s.d.ctx), s.d.executions()
	seen := map[string]time.Time{}
	for _, row := range rows {
		if _, ok := mine[row.ID]; ok && row.ExecutorID == me {
			continue
		}
		if row.ExecutorID == me {
			since, ok := s.orphans[row.ID]
			if !ok {
				since = time.Now()
			}
			if time.Since(since) < orphanAfter {
				seen[row.ID] = since
				continue
			}
		} else if alive[row.ExecutorID] {
			continue
		}
		if err := s.requeue(row); err != nil {
			return err
		}
	}
	s.orphans = seen
	return nil
}

// requeue looks once more, for another worker may have been faster. Losing that race costs a repeated step, no more.
func (s *sweeper) requeue(row dbos.WorkflowStatus) error {
	now, err := s.d.status(row.ID, false)
	if err != nil {
		return err
	}
	if now.Status != dbos.WorkflowStatusPending || now.ExecutorID != row.ExecutorID || !now.StartedAt.Equal(row.StartedAt) {
		return nil
	}
	s.d.opt.Log.Info("taking up a workflow whose worker has stopped", "key", row.ID, "worker", row.ExecutorID)
	_, err = dbos.ResumeWorkflow[string](s.d.ctx, row.ID, dbos.WithResumeQueue(queueName))
	return err
}

// alive lists the workers whose heart beats.
func (s *sweeper) alive(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	if s.d.db.Dialect() == sqldb.SQLite {
		return out, nil
	}
	rows, err := s.d.db.Read().QueryContext(ctx, `SELECT id FROM showreel_flow_workers WHERE seen_ms > `+nowMS+` - $1`, s.d.opt.DeadAfter.Milliseconds())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, rows.Err()
}

// executions is a copy of what this process executes.
func (d *Driver) executions() map[string]*execution {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make(map[string]*execution, len(d.runs))
	for key, x := range d.runs {
		out[key] = x
	}
	return out
}
