package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/outbox"
	"showreel/platform/run"
	"showreel/platform/sqldb"
)

// sweepEvery is how often leftovers are looked for.
const sweepEvery = time.Minute

// Run does the room's background work until ctx ends: progress, watch folders, released jobs, leftovers.
func (s *Service) Run(ctx context.Context) error {
	if err := s.wipeLeftovers(ctx, 0); err != nil {
		s.deps.Log.WarnContext(ctx, "old working files were left behind", "err", err)
	}
	var group sync.WaitGroup
	group.Go(func() { s.board.run(ctx) })
	group.Go(func() { s.sweepLoop(ctx) })
	for _, w := range s.deps.Watch {
		group.Go(func() { s.watch(ctx, w) })
	}
	// Apart from the other consumer: a full store that takes no captions must not hold up released jobs. Its end is ctx's.
	group.Go(func() {
		_ = s.deps.Outbox.Consume(ctx, "ingest captions", []string{"annotations.written"}, func(ctx context.Context, e outbox.Event) error { return s.edited(ctx, e) })
	})
	err := s.deps.Outbox.Consume(ctx, "ingest", []string{"finding.waived"}, func(ctx context.Context, e outbox.Event) error { return s.waived(ctx, e) })
	group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (s *Service) sweepLoop(ctx context.Context) {
	for {
		for _, sweep := range []func(context.Context) error{s.sweepUploads, s.reconcile, func(ctx context.Context) error {
			_, err := s.sweepChunks(ctx, s.deps.Limits.ChunkKeep)
			return err
		}, func(ctx context.Context) error { return s.wipeLeftovers(ctx, unknownKeep) }} {
			if err := sweep(ctx); err != nil && ctx.Err() == nil {
				s.deps.Log.WarnContext(ctx, "a sweep of ingest did not finish; it is tried again", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(sweepEvery):
		}
	}
}

// unknownKeep is how long the working files of a job that is not in the table stay while the server runs: the file of an
// arrival lies there before its job is written.
const unknownKeep = 24 * time.Hour

// wipeLeftovers removes working files that no unfinished job owns, and half-copied arrivals: those of before a crash, and
// those of jobs that another process has finished. What belongs to no job at all goes when it is older than unknown.
func (s *Service) wipeLeftovers(ctx context.Context, unknown time.Duration) error {
	entries, err := os.ReadDir(s.jobsDir())
	if err != nil {
		return fault.E("ingest.wipe", "", "", err)
	}
	var errs []error
	for _, e := range entries {
		if s.board.has(e.Name()) {
			continue
		}
		row, err := loadJob(ctx, s.deps.DB.Read(), "", e.Name())
		switch {
		case fault.Is(err, fault.NotFound) && !olderThan(e, unknown):
			continue
		case err == nil && !row.State.Final():
			continue
		case err == nil && row.State != Done:
			in, err := s.startOf(ctx, row.Job)
			if err == nil {
				err = s.keepOriginal(ctx, in)
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
		case err != nil && !fault.Is(err, fault.NotFound):
			errs = append(errs, err)
			continue
		}
		errs = append(errs, s.wipe(e.Name()))
	}
	arrivals, err := os.ReadDir(s.arrivalDir())
	errs = append(errs, err)
	for _, e := range arrivals {
		if info, err := e.Info(); err == nil && s.deps.Now().Sub(info.ModTime()) > time.Hour {
			errs = append(errs, os.Remove(filepath.Join(s.arrivalDir(), e.Name())))
		}
	}
	return errors.Join(errs...)
}

// olderThan reports whether a folder's entries have not changed for d.
func olderThan(e os.DirEntry, d time.Duration) bool {
	info, err := e.Info()
	return err == nil && time.Since(info.ModTime()) >= d
}

// startOf rebuilds what names a job's original.
func (s *Service) startOf(ctx context.Context, j Job) (start, error) {
	v, err := s.deps.Library.Version(asSystem(ctx, j.Tenant), j.Ref())
	return start{Job: j.ID, Tenant: j.Tenant, Asset: j.Asset, Version: j.Version, SHA256: v.SHA256, Bytes: v.Bytes}, err
}

// Forget removes what the room keeps about an asset, in the transaction that purges it. Working files go with the next
// sweep, files of renditions with the library's.
func (s *Service) Forget(ctx context.Context, tx *sqldb.Tx, ref media.Ref) error {
	jobs, err := listJobs(ctx, tx, ref.Tenant, JobQuery{Asset: ref.Asset, Limit: 1000})
	if err != nil {
		return fault.E("ingest.forget", ref.Asset, "", err)
	}
	if err := forgetAsset(ctx, tx, ref.Tenant, ref.Asset); err != nil {
		return fault.E("ingest.forget", ref.Asset, "", err)
	}
	tx.OnCommit(func() {
		for _, j := range jobs {
			s.letGo(context.WithoutCancel(ctx), j)
		}
	})
	return nil
}

// letGo ends the work of a purged asset.
func (s *Service) letGo(ctx context.Context, j Job) {
	if !j.State.Final() {
		if err := s.deps.Flow.Cancel(ctx, j.ID); err != nil && !fault.Is(err, fault.NotFound) {
			s.deps.Log.WarnContext(ctx, "the job of a purged asset could not be ended", "job", j.ID, "err", err)
		}
	}
	s.board.close(j.ID)
	s.space.forget(j.ID)
	if err := s.wipe(j.ID); err != nil {
		s.deps.Log.WarnContext(ctx, "working files were left behind", "job", j.ID, "err", err)
	}
}

// Erase removes a person from what the room keeps: their name on unfinished uploads. Files they brought belong to the
// tenant and stay.
func (s *Service) Erase(ctx context.Context, subject string) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE ingest_uploads SET owner='' WHERE owner=$1`, subject)
		return err
	})
}

// AbilityTranscoding is the name of the ability that only a process with jobs needs.
const AbilityTranscoding = "transcoding"

// Abilities says what the room can do on this machine, for doctor.
func (s *Service) Abilities(context.Context) []run.Ability {
	caps := s.deps.Transcode.Caps()
	out := []run.Ability{{Name: AbilityTranscoding, State: run.OK, Text: fmt.Sprintf("%s %s", caps.Name, caps.Version)}}
	if caps.Version == "" || !caps.Encoders["libx264"] {
		out[0] = run.Ability{Name: AbilityTranscoding, State: run.Missing, Text: "ffmpeg with libx264 was not found; install ffmpeg."}
	}
	free := s.space.free()
	disk := run.Ability{Name: "working space", State: run.OK, Text: size(max(free, 0)) + " may be used for incoming files."}
	switch {
	case free <= 0:
		disk.State, disk.Text = run.Missing, "The disk of the working folder is full; uploads are refused until space is freed."
	case free < 5<<30:
		disk.State = run.Degraded
	}
	out = append(out, disk)
	if s.deps.Pull == nil {
		out = append(out, run.Ability{Name: "pulls", State: run.Missing, Text: "Fetching from addresses is switched off."})
	}
	for _, w := range s.deps.Watch {
		a := run.Ability{Name: "watch folder", State: run.OK, Text: w.Path}
		if _, err := os.ReadDir(w.Path); err != nil {
			a.State, a.Text = run.Missing, w.Path+" cannot be read; create it or correct watch in the configuration."
		}
		out = append(out, a)
	}
	return out
}
