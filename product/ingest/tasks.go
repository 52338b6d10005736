package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"showreel/engine/blob"
	"showreel/engine/meter"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/platform/budget"
)

// timed does fn as the system of the job's tenant and notes what it took.
func timed[T any](ctx context.Context, w work, name string, fn func(context.Context) (T, error)) (T, error) {
	ctx = asSystem(ctx, w.in.Tenant)
	begun := time.Now()
	out, err := fn(ctx)
	for fault.Is(err, fault.Full) && ctx.Err() == nil { // every step is safe to repeat
		if wait := w.awaitSpace(ctx); wait != nil {
			return out, wait
		}
		out, err = fn(ctx)
	}
	w.tellOutage(err)
	if w.s.deps.Costs != nil && err == nil {
		w.s.deps.Costs.Cost(ctx, meter.Cost{Tenant: w.in.Tenant, Subject: w.in.Asset, Step: "ingest." + name, WallMS: time.Since(begun).Milliseconds(), Count: 1})
	}
	return out, err
}

func (s *Service) jobDir(job string) string     { return filepath.Join(s.jobsDir(), job) }
func (s *Service) sourcePath(job string) string { return filepath.Join(s.jobDir(job), "source") }

// wipe removes a job's working files.
func (s *Service) wipe(job string) error {
	if err := os.RemoveAll(s.jobDir(job)); err != nil {
		return fault.E("ingest.clean", job, "", err)
	}
	return nil
}

// source returns the path of the original for the transcoder: the file as it was received, or fetched from the raw store
// where this machine does not have it.
func (w work) source(ctx context.Context) (string, error) {
	path := w.s.sourcePath(w.in.Job)
	if st, err := os.Stat(path); err == nil && st.Size() == w.in.Bytes {
		return path, nil
	}
	key := rawKey(w.in.Tenant, w.in.SHA256)
	if local, ok := w.s.deps.Blobs.Raw.Local(ctx, key); ok {
		return local, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", blob.FileFault("ingest.source", w.in.Name, err)
	}
	if err := w.s.deps.Blobs.Raw.Fetch(ctx, key, path); err != nil {
		if fault.Is(err, fault.NotFound) {
			return "", fault.Say("ingest.source", w.in.Name, fault.Unavailable, "original-missing", "The original file is not in the store; upload it again.")
		}
		return "", err
	}
	return path, nil
}

// seal stores the original. It is content-addressed: there already is as good.
func (s *Service) seal(ctx context.Context, tenant, sha, path string) error {
	_, err := s.deps.Blobs.Raw.PutFile(ctx, rawKey(tenant, sha), path, blob.PutOptions{Size: -1, SHA256: sha, IfAbsent: true})
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// keepOriginal stores the original of a job that failed before it was sealed.
func (s *Service) keepOriginal(ctx context.Context, in start) error {
	path := s.sourcePath(in.Job)
	if _, err := os.Stat(path); err != nil {
		return nil // sealed and wiped already, or never here
	}
	return s.seal(ctx, in.Tenant, in.SHA256, path)
}

// item does one item and returns the key of its finished result in the chunk ledger, "" for the original. It waits for
// a lease, for a person's pause and for disk space; a task that a pause ended is done again later.
func (w work) item(ctx context.Context, plan planned, it item) (string, error) {
	known, _, err := w.settled(ctx, plan)
	if err != nil {
		return "", err
	}
	if err := w.follow(ctx, known); err != nil {
		return "", err
	}
	if plan, it, err = w.await(ctx, plan, it); err != nil {
		return "", err
	}
	if it.Kind != kindSeal {
		if row, ok, err := findChunk(ctx, w.s.deps.DB, w.in.Tenant, it.Key); err != nil {
			return "", err
		} else if ok && w.holds(ctx, row) {
			w.s.board.finished(w.in.Job, it.ID, true, 0)
			if err := touchChunk(ctx, w.s.deps.DB, w.in.Tenant, w.usedMS(), it); err != nil {
				return "", err
			}
			return it.Key, w.after(ctx, plan, it, row)
		}
	}
	for {
		err := w.attempt(ctx, plan, it)
		switch {
		case err == nil:
			return it.Key, nil
		case ctx.Err() != nil:
			return "", err
		case errors.Is(err, errPaused):
			w.s.board.progress(w.in.Job, it.ID, 0)
		case fault.Is(err, fault.Full):
			if err := w.awaitSpace(ctx); err != nil {
				return "", err
			}
		case it.Kind == transcode.KindComplexity && !fault.Is(err, fault.Canceled):
			return it.Key, w.unsampled(ctx, it, err)
		default:
			return "", err
		}
	}
}

// follow lets the board know the job's items and promises its disk space, once per process.
func (w work) follow(ctx context.Context, plan planned) error {
	if w.s.board.follows(w.in.Job) {
		return nil
	}
	row, err := loadJob(ctx, w.s.deps.DB.Read(), w.in.Tenant, w.in.Job)
	if err != nil {
		return err
	}
	done, err := w.finished(ctx, plan)
	if err != nil {
		return err
	}
	w.s.board.open(row.Job, plan, done)
	if row.Wanted == wantPaused {
		w.s.deps.Budget.Pause(leasePrefix(w.in.Job))
	}
	return nil
}

// finished names the items that the ledger or the raw store already has.
func (w work) finished(ctx context.Context, plan planned) (map[string]bool, error) {
	out := map[string]bool{}
	for _, it := range plan.Items {
		if it.Kind == kindSeal {
			_, err := w.s.deps.Blobs.Raw.Stat(ctx, rawKey(w.in.Tenant, w.in.SHA256))
			out[it.ID] = err == nil
			continue
		}
		_, ok, err := findChunk(ctx, w.s.deps.DB, w.in.Tenant, it.Key)
		if err != nil {
			return nil, err
		}
		out[it.ID] = ok
	}
	return out, nil
}

// spaceAsk is how often a write to a full store is tried again.
const spaceAsk = 3 * time.Second

// awaitSpace waits until a write has a chance again. The working folder's disk can be asked; where it has room, a store
// on another disk is full, and all that can be done is to try again. People see that it waits, and for what, at every stage,
// also when this process has begun in the middle of the job.
func (w work) awaitSpace(ctx context.Context) error {
	const some = 64 << 20
	if !w.s.board.has(w.in.Job) {
		row, err := loadJob(ctx, w.s.deps.DB.Read(), w.in.Tenant, w.in.Job)
		if err != nil {
			return err
		}
		w.s.board.attend(row.Job)
	}
	if w.s.space.free() < some {
		return w.s.space.promise(ctx, w.in.Job, some, func(reason string) { w.s.board.lack(w.in.Job, reason) })
	}
	w.s.board.lack(w.in.Job, "disk space: a store is full; free some space there, it goes on by itself")
	defer w.s.board.lack(w.in.Job, "")
	select {
	case <-ctx.Done():
		return fault.E("ingest.space", w.in.Job, fault.Canceled, context.Cause(ctx))
	case <-time.After(spaceAsk):
		return nil
	}
}

// attempt leases, runs and stores one item.
func (w work) attempt(ctx context.Context, plan planned, it item) error {
	if it.Kind == transcode.KindChunk || it.Kind == transcode.KindProxy {
		if err := w.admit(ctx, plan); err != nil {
			return err
		}
	}
	lane, priority, name := w.s.board.rank(w.in.Job)
	if (it.preview() || it.short()) && lane != LaneBatch {
		lane = budget.Interactive // nobody waits for a picture behind a film
	}
	lease, err := w.s.deps.Budget.Lease(ctx, budget.Ask{Lane: lane, Tenant: w.in.Tenant, Key: leasePrefix(w.in.Job) + it.ID,
		Why: why(it, name), Priority: priority, Cores: it.Cores, MemMB: it.MemMB})
	if err != nil {
		return err
	}
	defer lease.Release()
	run, end := w.s.board.begin(ctx, w.in.Job, it.ID)
	defer end()
	err = w.run(run, plan, it, lease.Release)
	if err != nil && errors.Is(context.Cause(run), errPaused) {
		return errPaused
	}
	return err
}

func why(it item, name string) string {
	switch it.Kind {
	case transcode.KindProxy:
		return "preview of " + name
	case transcode.KindComplexity:
		return "sampling of " + name
	case transcode.KindPoster:
		return "poster of " + name
	case transcode.KindAudio, transcode.KindSpeech:
		return "sound of " + name
	case kindSeal:
		return "storing " + name
	}
	return "encoding " + name
}

// admit waits until the job's whole footprint fits on the disk, once per process.
func (w work) admit(ctx context.Context, plan planned) error {
	if w.s.space.has(w.in.Job) {
		return nil
	}
	return w.s.space.promise(ctx, w.in.Job, footprint(plan.Plan, 0), func(reason string) { w.s.board.lack(w.in.Job, reason) })
}

// run does the work of an item under its lease and stores the result: files first, then the ledger row. A result that a
// full or absent store does not take is not made again: it waits in the working folder, and the lease is given to others.
func (w work) run(ctx context.Context, plan planned, it item, release func()) error {
	source, err := w.source(ctx)
	if err != nil {
		return err
	}
	if it.Kind == kindSeal {
		if err := w.s.seal(ctx, w.in.Tenant, w.in.SHA256, source); err != nil {
			return err
		}
		w.s.board.finished(w.in.Job, it.ID, false, 0)
		return nil
	}
	dir := filepath.Join(w.s.jobDir(w.in.Job), "work", it.ID)
	if err := os.RemoveAll(dir); err != nil {
		return blob.FileFault("ingest.task", it.ID, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return blob.FileFault("ingest.task", it.ID, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the job's folder goes at the end anyway
	held, err := w.heldRungs(ctx, &it)
	if err != nil {
		return err
	}
	grow := w.grower(plan)
	result, err := w.s.deps.Transcode.Run(ctx, plan.Plan, it.Task, transcode.Env{Source: source, WorkDir: dir, Emit: grow.emit,
		Progress: func(p transcode.Progress) { w.s.board.progress(w.in.Job, it.ID, share(plan, it, p)) }})
	if err != nil {
		return err
	}
	row, err := w.keep(ctx, it, result, held)
	for began := time.Now(); err != nil && ctx.Err() == nil; {
		release()
		if err := w.awaitStore(ctx, err, began); err != nil {
			return err
		}
		row, err = w.keep(ctx, it, result, held)
	}
	w.tellOutage(err)
	if err != nil {
		return err
	}
	w.s.board.finished(w.in.Job, it.ID, false, result.CPUms)
	w.cost(ctx, it, result)
	return w.after(ctx, plan, it, row)
}

func (w work) cost(ctx context.Context, it item, r transcode.Result) {
	if w.s.deps.Costs == nil {
		return
	}
	var bytes int64
	for _, f := range r.Files {
		bytes += f.Bytes
	}
	w.s.deps.Costs.Cost(ctx, meter.Cost{Tenant: w.in.Tenant, Subject: w.in.Asset, Step: "transcode." + it.Kind, CPUMS: r.CPUms, Written: bytes, Count: 1})
}

func share(plan planned, it item, p transcode.Progress) float64 {
	frames := it.Frames
	if frames == 0 {
		frames = plan.Plan.Frames
	}
	if frames <= 0 {
		return 0
	}
	return float64(p.Frames) / float64(frames)
}
