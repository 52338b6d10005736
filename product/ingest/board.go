package ingest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/budget"
)

// boardEvery is how often live progress is written to the jobs table and told as job.changed.
const boardEvery = 500 * time.Millisecond

// errPaused is the cause that ends running tasks of a job that a person pauses.
var errPaused = errors.New("the job was paused")

// board holds what this process knows about the jobs it works on right now. The table has the rest; the two are joined
// twice a second. Lengths of time are measured by the monotonic clock, so a jump of the wall clock disturbs nothing.
type board struct {
	s    *Service
	mu   sync.Mutex
	jobs map[string]*live
}

// live is one job at work in this process.
type live struct {
	job     Job
	begun   time.Time // monotonic
	base    float64   // progress when it began here
	tasks   map[string]*liveTask
	stops   map[string]context.CancelCauseFunc
	lacks   string // what a task waits for that is no lease
	gone    string // the database or storage that is away
	preview map[string]bool
	total   int
	done    int
	cached  int
	workMS  int64
	cpuMS   int64
	dirty   bool
}

type liveTask struct {
	weight float64
	share  float64
	done   bool
}

func newBoard(s *Service) *board { return &board{s: s, jobs: map[string]*live{}} }

// attend begins to follow a job whose tasks are not known here: it is before its plan, or past them when this process began.
// A job that is followed already stays as it is.
func (b *board) attend(job Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.enter(job)
}

func (b *board) enter(job Job) *live {
	l := b.jobs[job.ID]
	if l == nil {
		l = &live{job: job, begun: time.Now(), base: job.Progress, tasks: map[string]*liveTask{}, stops: map[string]context.CancelCauseFunc{}, preview: map[string]bool{}}
		b.jobs[job.ID] = l
	}
	return l
}

// open begins to follow a job's tasks; done names those that earlier tries have finished. A second call for the same job
// changes nothing.
func (b *board) open(job Job, plan planned, done map[string]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.enter(job)
	if l.total > 0 {
		return
	}
	l.total, l.dirty = len(plan.Items), true
	for _, it := range plan.Items {
		t := &liveTask{weight: max(1, float64(it.EstCPUms))}
		if done[it.ID] {
			t.share, t.done = 1, true
			l.done++
		}
		l.tasks[it.ID] = t
		l.workMS += it.EstCPUms
		l.preview[it.ID] = it.preview()
	}
}

// follows reports whether the job's tasks are followed in this process.
func (b *board) follows(job string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.jobs[job]
	return l != nil && l.total > 0
}

// close stops following.
func (b *board) close(job string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.jobs, job)
}

// has reports whether the job is at work in this process.
func (b *board) has(job string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.jobs[job] != nil
}

// begin notes that a task runs and how to stop it; the returned context ends with errPaused when the job is paused.
func (b *board) begin(ctx context.Context, job, task string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.jobs[job]
	if l == nil {
		return ctx, func() { cancel(nil) }
	}
	l.stops[task] = cancel
	l.dirty = true
	return ctx, func() {
		cancel(nil)
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(l.stops, task)
		l.dirty = true
	}
}

// progress notes a task's share, 0..1.
func (b *board) progress(job, task string, share float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[job]; l != nil && l.tasks[task] != nil {
		l.tasks[task].share = min(max(share, 0), 1)
		l.dirty = true
	}
}

// finished notes that a task is done.
func (b *board) finished(job, task string, cached bool, cpuMS int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.jobs[job]
	if l == nil || l.tasks[task] == nil {
		return
	}
	t := l.tasks[task]
	if !t.done {
		l.done++
	}
	t.share, t.done, l.dirty = 1, true, true
	l.cpuMS += cpuMS
	if cached {
		l.cached++
	}
}

// lack notes what a task waits for besides a lease; "" ends it.
func (b *board) lack(job, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[job]; l != nil {
		l.lacks, l.dirty = reason, true
	}
}

// away notes that the database or the storage does not answer; "" ends it.
func (b *board) away(job, what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[job]; l != nil && l.gone != what {
		l.gone, l.dirty = what, true
	}
}

// tally gives a job that ends its counts.
func (b *board) tally(j *Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[j.ID]; l != nil && l.total > 0 {
		j.Tasks = Tasks{Total: l.total, Done: l.done, Cached: l.cached}
		j.WorkMS, j.CPUMS = l.workMS, max(j.CPUMS, l.cpuMS)
	}
}

// stop ends the running tasks of a job; they wait for their lease again.
func (b *board) stop(job string, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[job]; l != nil {
		for _, cancel := range l.stops {
			cancel(cause)
		}
	}
}

// saw takes over a row that was written.
func (b *board) saw(job Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[job.ID]; l != nil {
		l.job = job
	}
}

// fresh joins a row with what is known here, for readers.
func (b *board) fresh(job Job) Job {
	waiting := b.s.deps.Budget.Waiting()
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[job.ID]; l != nil && !job.State.Final() {
		l.draw(&job, waiting)
	}
	return job
}

// draw brings a job up to date.
func (l *live) draw(j *Job, waiting []budget.Wait) {
	if l.total > 0 {
		j.Tasks = Tasks{Total: l.total, Done: l.done, Cached: l.cached}
		j.WorkMS, j.CPUMS = l.workMS, max(j.CPUMS, l.cpuMS)
	}
	if j.Stage == StagePlan || j.Stage == StagePreview || j.Stage == StageTranscode {
		pre, preAll, rest, restAll := l.shares()
		if preAll > 0 && pre < preAll {
			j.advance(StagePreview, pre/preAll)
		} else if restAll > 0 {
			j.advance(StageTranscode, rest/restAll)
		}
		l.explain(j, waiting)
	} else if what := l.needs(); what != "" && j.State == Running {
		j.State, j.WaitsFor = Waiting, what
	} else if what == "" && j.State == Waiting {
		j.State, j.WaitsFor = Running, ""
	}
	if gone := time.Since(l.begun); j.Progress > l.base {
		j.EstimateMS = estimate(gone, (j.Progress-l.base)/max(1-l.base, 0.01)).Milliseconds()
	}
}

// needs is what the job waits for that is no lease, or "".
func (l *live) needs() string {
	if l.lacks != "" {
		return l.lacks
	}
	return l.gone
}

func (l *live) shares() (pre, preAll, rest, restAll float64) {
	for id, t := range l.tasks {
		if l.preview[id] {
			pre, preAll = pre+t.weight*t.share, preAll+t.weight
		} else {
			rest, restAll = rest+t.weight*t.share, restAll+t.weight
		}
	}
	return pre, preAll, rest, restAll
}

// explain says whether the job runs, and if not, what it waits for.
func (l *live) explain(j *Job, waiting []budget.Wait) {
	if j.State != Running && j.State != Waiting && j.State != Queued {
		return
	}
	if what := l.needs(); what != "" {
		j.State, j.WaitsFor = Waiting, what
		return
	}
	if len(l.stops) > 0 {
		j.State, j.WaitsFor = Running, ""
		return
	}
	for _, w := range waiting {
		if strings.HasPrefix(w.Ask.Key, leasePrefix(j.ID)) {
			j.State, j.WaitsFor = Waiting, w.Reason
			return
		}
	}
}

// flush writes what changed since the last time.
func (b *board) flush(ctx context.Context) {
	waiting := b.s.deps.Budget.Waiting()
	b.mu.Lock()
	var changed []string
	for id, l := range b.jobs {
		if l.dirty || l.job.State == Waiting {
			l.dirty = false
			changed = append(changed, id)
		}
	}
	b.mu.Unlock()
	for _, id := range changed {
		if err := b.write(ctx, id, waiting); err != nil && ctx.Err() == nil {
			b.s.deps.Log.WarnContext(ctx, "a job's progress could not be written", "job", id, "err", err)
		}
	}
}

func (b *board) write(ctx context.Context, id string, waiting []budget.Wait) error {
	var before Job
	_, err := b.s.change(ctx, "", id, func(j *Job) error {
		if j.State.Final() {
			return errUnchanged
		}
		before = *j
		before.Stages = append([]Stage(nil), j.Stages...)
		b.mu.Lock()
		defer b.mu.Unlock()
		l := b.jobs[id]
		if l == nil {
			return errUnchanged
		}
		l.draw(j, waiting)
		if sameRow(before, *j) {
			return errUnchanged
		}
		return nil
	})
	if errors.Is(err, errUnchanged) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// errUnchanged ends a change that would change nothing.
var errUnchanged = fault.Say("ingest.job", "", fault.Canceled, "unchanged", "Nothing changed.")

func sameRow(a, b Job) bool {
	return a.State == b.State && a.Stage == b.Stage && a.WaitsFor == b.WaitsFor && a.Tasks == b.Tasks && b.Progress-a.Progress < 0.002
}

// obey looks at what people asked of the jobs at work here, in this process or another.
func (b *board) obey(ctx context.Context) {
	b.mu.Lock()
	ids := make([]string, 0, len(b.jobs))
	for id := range b.jobs {
		ids = append(ids, id)
	}
	b.mu.Unlock()
	for _, id := range ids {
		row, err := loadJob(ctx, b.s.deps.DB.Read(), "", id)
		if err != nil {
			continue
		}
		if row.Wanted == wantPaused {
			b.s.deps.Budget.Pause(leasePrefix(id))
			b.stop(id, errPaused)
			continue
		}
		if b.s.deps.Budget.Paused(leasePrefix(id)) {
			b.s.deps.Budget.Resume(leasePrefix(id))
		}
		b.mu.Lock()
		l := b.jobs[id]
		moved := l != nil && (l.job.Lane != row.Lane || l.job.Priority != row.Priority)
		if moved {
			l.job.Lane, l.job.Priority = row.Lane, row.Priority
		}
		b.mu.Unlock()
		if moved {
			b.s.deps.Budget.Change(leasePrefix(id), row.Lane, row.Priority)
		}
	}
}

// run keeps the table up to date until ctx ends.
func (b *board) run(ctx context.Context) {
	tick := time.NewTicker(boardEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			b.flush(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			b.flush(ctx)
			b.obey(ctx)
		}
	}
}

// leasePrefix is the prefix of every lease key of a job.
func leasePrefix(job string) string { return "job/" + job + "/" }

// created is when a job at work here was created, in Unix milliseconds; 0 for others.
func (b *board) created(job string) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[job]; l != nil {
		return l.job.CreatedMS
	}
	return 0
}

// rank returns the lane and priority a job has now.
func (b *board) rank(job string) (lane string, priority int, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.jobs[job]; l != nil {
		return l.job.Lane, l.job.Priority, l.job.Name
	}
	return LaneNormal, 50, ""
}
