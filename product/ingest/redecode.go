package ingest

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/budget"
	"showreel/platform/sqldb"
)

// Redecode leaves the 16 kHz sound and one picture a second of a version under its working keys again, from its
// original, without encoding anything. It is for the process that does jobs. Kinds: fault.Unavailable where the original
// is gone, fault.Unsupported for what neither moves nor sounds.
func (s *Service) Redecode(ctx context.Context, ref media.Ref) error {
	ctx = asSystem(ctx, ref.Tenant)
	v, err := s.deps.Library.Version(ctx, ref)
	if err != nil {
		return err
	}
	if v.Info.Kind != media.Video && v.Info.Kind != media.Audio {
		return fault.Say("ingest.redecode", ref.Asset, fault.Unsupported, "nothing-to-decode", "Only films and sounds have working pictures and sound.")
	}
	t, err := s.template(ctx, ref.Tenant, "", 0)
	if err != nil {
		return err
	}
	plan, err := Plan(t, v.Info)
	if err != nil {
		return err
	}
	plan = onlyDecoding(plan)
	tasks, err := s.deps.Transcode.Split(plan, v.SHA256)
	if err != nil {
		return err
	}
	id := sqldb.NewID()
	w := work{s: s, in: start{Job: id, Tenant: ref.Tenant, Asset: ref.Asset, Version: ref.Version, SHA256: v.SHA256, Bytes: v.Bytes, Name: v.Name}}
	if err := os.MkdirAll(s.jobDir(id), 0o700); err != nil {
		return blob.FileFault("ingest.redecode", ref.Asset, err)
	}
	defer func() { _ = s.wipe(id) }() // a leftover goes with the next sweep
	source, err := w.source(ctx)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if task.Kind == transcode.KindChunk || task.Kind == transcode.KindSpeech {
			if err := w.decodeOnly(ctx, plan, task, source); err != nil {
				return err
			}
		}
	}
	return nil
}

// onlyDecoding leaves of a plan what the working files need: the speech copy, and the pictures of one second each, which
// come with the smallest rung's chunks.
func onlyDecoding(p transcode.Plan) transcode.Plan {
	if len(p.Rungs) > 0 {
		p.Rungs = []transcode.Rung{slices.MinFunc(p.Rungs, func(a, b transcode.Rung) int { return a.Width*a.Height - b.Width*b.Height })}
	}
	p.Analysis = transcode.Analysis{FramesWidth: p.Analysis.FramesWidth}
	p.Proxy, p.Poster, p.Sampling, p.Subtitles, p.Images, p.WaveformPPS, p.Speech = nil, false, nil, nil, nil, 0, true
	return p
}

// decodeOnly runs a task without its rungs and stores its working files.
func (w work) decodeOnly(ctx context.Context, plan transcode.Plan, task transcode.Task, source string) error {
	for _, o := range task.Outputs {
		task.Skip = append(task.Skip, o.Name)
	}
	lease, err := w.s.deps.Budget.Lease(ctx, budget.Ask{Lane: budget.Normal, Tenant: w.in.Tenant, Key: "redecode/" + w.in.Job, Why: "reading " + w.in.Name + " again for analysis",
		Cores: task.Cores, MemMB: task.MemMB})
	if err != nil {
		return err
	}
	defer lease.Release()
	dir := filepath.Join(w.s.jobDir(w.in.Job), "work", task.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return blob.FileFault("ingest.redecode", w.in.Asset, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the folder goes at the end anyway
	result, err := w.s.deps.Transcode.Run(ctx, plan, task, transcode.Env{Source: source, WorkDir: dir})
	if err != nil {
		return err
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
			return err
		}
	}
	return nil
}
