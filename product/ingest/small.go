package ingest

import (
	"context"
	"encoding/json"
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

// traceFile holds what the decoder measured of every frame, among a version's working files.
const traceFile = "trace.json"

type trace struct {
	Rate   media.Rate        `json:"rate"`
	Scores []transcode.Score `json:"scores"`
}

// keepTrace leaves the trace of a version for those that look for shots more closely.
func (w work) keepTrace(ctx context.Context, p transcode.Plan, scores []transcode.Score) error {
	if len(scores) == 0 {
		return nil
	}
	slices.SortFunc(scores, func(a, b transcode.Score) int { return int(a.Frame - b.Frame) })
	raw, err := json.Marshal(trace{p.Rate, scores})
	if err != nil {
		return fault.E("ingest.trace", w.in.Asset, fault.Internal, err)
	}
	return w.putBytes(ctx, w.workingKey(traceFile), raw)
}

// Trace gives what the decoder measured of every frame of a version, in order, and the frames' rate. Where it is gone the
// original is decoded again. fault.NotFound where it has no moving picture.
func (s *Service) Trace(ctx context.Context, ref media.Ref) (media.Rate, []transcode.Score, error) {
	w := work{s: s, in: start{Tenant: ref.Tenant, Asset: ref.Asset, Version: ref.Version}}
	raw, err := s.readAll(ctx, w.workingKey(traceFile))
	if fault.Is(err, fault.NotFound) {
		if err = s.Redecode(ctx, ref); err == nil {
			raw, err = s.readAll(ctx, w.workingKey(traceFile))
		}
	}
	if err != nil {
		return media.Rate{}, nil, err
	}
	var t trace
	if err := json.Unmarshal(raw, &t); err != nil {
		return media.Rate{}, nil, fault.E("ingest.trace", ref.Asset, fault.Corrupt, err)
	}
	return t.Rate, t.Scores, nil
}

// Small leaves the small frames (transcode.SmallWidth × SmallHeight RGB at transcode.SmallRate) of each range of a version
// among its working files, as small/FIRST.rgb, FIRST being the number of the first frame. Kinds as of Redecode.
func (s *Service) Small(ctx context.Context, ref media.Ref, ranges []media.Range) error {
	return s.reading(ctx, ref, func(ctx context.Context, w work, v media.Info, source string) error {
		t, err := s.template(ctx, ref.Tenant, "", 0)
		if err != nil {
			return err
		}
		whole, err := Plan(t, v)
		if err != nil {
			return err
		}
		plan := transcode.Plan{Info: v, Rate: whole.Rate, Picture: transcode.Picture{Deinterlace: whole.Picture.Deinterlace}, Boundaries: ranges}
		tasks, err := s.deps.Transcode.Split(plan, w.in.SHA256)
		if err != nil {
			return err
		}
		for _, task := range tasks {
			if err := w.small(ctx, plan, task, source); err != nil {
				return err
			}
		}
		return nil
	})
}

// small does one stretch and stores it.
func (w work) small(ctx context.Context, plan transcode.Plan, task transcode.Task, source string) error {
	lease, err := w.s.deps.Budget.Lease(ctx, budget.Ask{Lane: budget.Normal, Tenant: w.in.Tenant, Key: "small/" + w.in.Job, Why: "small frames of " + w.in.Name, Cores: task.Cores, MemMB: task.MemMB})
	if err != nil {
		return err
	}
	defer lease.Release()
	dir := filepath.Join(w.s.jobDir(w.in.Job), "work", task.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return blob.FileFault("ingest.small", w.in.Asset, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the folder goes at the end anyway
	result, err := w.s.deps.Transcode.Run(ctx, plan, task, transcode.Env{Source: source, WorkDir: dir})
	if err != nil {
		return err
	}
	for _, f := range result.Files {
		if _, err := w.s.deps.Blobs.Processed.PutFile(ctx, w.workingKey(f.Name), f.Path, blob.PutOptions{Size: -1, SHA256: f.SHA256}); err != nil {
			return err
		}
	}
	return nil
}

// reading has the original of a version as a file while fn works in a folder of its own. fault.Unavailable where it is gone.
func (s *Service) reading(ctx context.Context, ref media.Ref, fn func(ctx context.Context, w work, info media.Info, source string) error) error {
	ctx = asSystem(ctx, ref.Tenant)
	v, err := s.deps.Library.Version(ctx, ref)
	if err != nil {
		return err
	}
	if v.Info.Kind != media.Video && v.Info.Kind != media.Audio {
		return fault.Say("ingest.redecode", ref.Asset, fault.Unsupported, "nothing-to-decode", "Only films and sounds have working pictures and sound.")
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
	return fn(ctx, w, v.Info, source)
}
