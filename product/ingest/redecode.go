package ingest

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/budget"
)

// Redecode leaves the 16 kHz sound, one picture a second and the trace of a version under its working keys again, from
// its original, without encoding anything. It is for the process that does jobs. Kinds: fault.Unavailable where the original
// is gone, fault.Unsupported for what neither moves nor sounds.
func (s *Service) Redecode(ctx context.Context, ref media.Ref) error {
	return s.reading(ctx, ref, func(ctx context.Context, w work, info media.Info, source string) error {
		t, err := s.template(ctx, ref.Tenant, "", 0)
		if err != nil {
			return err
		}
		plan, err := Plan(t, info)
		if err != nil {
			return err
		}
		plan = onlyDecoding(plan)
		tasks, err := s.deps.Transcode.Split(plan, w.in.SHA256)
		if err != nil {
			return err
		}
		var scores []transcode.Score
		for _, task := range tasks {
			if task.Kind == transcode.KindChunk || task.Kind == transcode.KindSpeech {
				more, err := w.decodeOnly(ctx, plan, task, source)
				if err != nil {
					return err
				}
				scores = append(scores, more...)
			}
		}
		return w.keepTrace(ctx, plan, scores)
	})
}

// onlyDecoding leaves of a plan what the working files need: the speech copy, and the pictures of one second each and
// the trace of every frame, which come with the smallest rung's chunks.
func onlyDecoding(p transcode.Plan) transcode.Plan {
	if len(p.Rungs) > 0 {
		p.Rungs = []transcode.Rung{slices.MinFunc(p.Rungs, func(a, b transcode.Rung) int { return a.Width*a.Height - b.Width*b.Height })}
	}
	p.Analysis = transcode.Analysis{FramesWidth: p.Analysis.FramesWidth, Shots: p.Analysis.Shots}
	p.Proxy, p.Poster, p.Sampling, p.Subtitles, p.Images, p.WaveformPPS, p.Speech = nil, false, nil, nil, nil, 0, true
	return p
}

// decodeOnly runs a task without its rungs, stores its working files and returns what it measured of every frame.
func (w work) decodeOnly(ctx context.Context, plan transcode.Plan, task transcode.Task, source string) ([]transcode.Score, error) {
	for _, o := range task.Outputs {
		task.Skip = append(task.Skip, o.Name)
	}
	lease, err := w.s.deps.Budget.Lease(ctx, budget.Ask{Lane: budget.Normal, Tenant: w.in.Tenant, Key: "redecode/" + w.in.Job, Why: "reading " + w.in.Name + " again for analysis",
		Cores: task.Cores, MemMB: task.MemMB})
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	dir := filepath.Join(w.s.jobDir(w.in.Job), "work", task.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, blob.FileFault("ingest.redecode", w.in.Asset, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the folder goes at the end anyway
	result, err := w.s.deps.Transcode.Run(ctx, plan, task, transcode.Env{Source: source, WorkDir: dir})
	if err != nil {
		return nil, err
	}
	for _, f := range result.Files {
		if f.Role != transcode.RoleFrame && f.Role != transcode.RoleWAV {
			continue
		}
		name, _, ok := destination(plan, item{task}, kept{File: f})
		if !ok {
			continue
		}
		if _, err := w.s.deps.Blobs.Processed.PutFile(ctx, w.workingKey(name), f.Path, blob.PutOptions{Size: -1, SHA256: f.SHA256}); err != nil {
			return nil, err
		}
	}
	return result.Scores, nil
}
