package ingest

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"showreel/engine/blob"
	"showreel/engine/flow"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb"
	"showreel/product/library"
)

// verify proves of every track what a player relies on before anybody may see it: it has all frames, its time runs from
// zero without holes, and its last segment decodes (the transcoder has decoded samples of every chunk for SSIM). What is
// wrong here is a defect of ours and ends the job; what the source is to blame for is returned in words for the gate.
func (w work) verify(ctx context.Context, plan planned, made []rendition) ([]string, error) {
	if err := w.s.stage(ctx, w.in, StageVerify); err != nil {
		return nil, err
	}
	chunked := plan.Plan.Frames > int64(plan.Plan.ChunkFrames)
	for _, r := range made {
		if r.TrackKey == "" {
			continue
		}
		t, err := w.trackOf(ctx, r.TrackKey)
		if err != nil {
			return nil, err
		}
		if err := whole(plan.Plan, t); err != nil {
			return nil, err
		}
		if chunked && t.Kind == cmaf.KindVideo {
			if err := w.decodes(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// whole compares the track with the plan.
func whole(p transcode.Plan, t cmaf.Track) error {
	bad := func(format string, args ...any) error {
		return fault.Say("ingest.verify", t.Name, fault.Internal, "verify-failed", "The result did not pass its check: %s. Retry the job.", fmt.Sprintf(format, args...))
	}
	if len(t.Segments) == 0 || len(t.Init) == 0 {
		return bad("%s is empty", t.Name)
	}
	for n := 1; n < len(t.Segments); n++ {
		if gap := t.Segments[n].Start - t.Segments[n-1].End(); gap < -1 || gap > 1 {
			return bad("%s has a hole before segment %d", t.Name, n+1)
		}
	}
	if t.Kind != cmaf.KindVideo {
		return nil
	}
	if got := p.Rate.Frames(t.Duration()); got < p.Frames-1 || got > p.Frames+1 {
		return bad("%s has %d frames where %d were planned", t.Name, got, p.Frames)
	}
	return nil
}

// decodes decodes a picture of the last segment.
func (w work) decodes(ctx context.Context, t cmaf.Track) error {
	dir := filepath.Join(w.s.jobDir(w.in.Job), "verify-"+t.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return blob.FileFault("ingest.verify", t.Name, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the job's folder goes at the end anyway
	path := filepath.Join(dir, "last.mp4")
	if err := w.cut(ctx, t, len(t.Segments)-1, path); err != nil {
		return err
	}
	info, err := w.s.deps.Transcode.Probe(ctx, path)
	if err != nil {
		return err
	}
	rate := info.Main("video").Rate
	if !rate.Known() {
		rate = media.Rate{Num: 25, Den: 1}
	}
	p := transcode.Plan{Info: info, Poster: true, Rate: rate, Frames: 1, GOPFrames: 1, ChunkFrames: 1}
	tasks, err := w.s.deps.Transcode.Split(p, w.in.SHA256)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if task.Kind != transcode.KindPoster {
			continue
		}
		if _, err := w.s.deps.Transcode.Run(ctx, p, task, transcode.Env{Source: path, WorkDir: filepath.Join(dir, "out")}); err != nil {
			return fault.E("ingest.verify", t.Name, fault.Internal, err)
		}
	}
	return nil
}

// cut writes one segment as a file of its own.
func (w work) cut(ctx context.Context, t cmaf.Track, n int, path string) error {
	seg := t.Segments[n]
	r, err := w.s.deps.Blobs.Processed.OpenRange(ctx, t.Parts[seg.Part].Key, seg.Offset, seg.Size)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return blob.FileFault("ingest.verify", t.Name, err)
	}
	defer f.Close()
	if _, err := f.Write(t.Init); err != nil {
		return blob.FileFault("ingest.verify", t.Name, err)
	}
	if _, err := io.Copy(f, r); err != nil {
		return blob.FileFault("ingest.verify", t.Name, err)
	}
	return blob.FileFault("ingest.verify", t.Name, f.Close())
}

// decision is what a person says about a held job.
type decision struct {
	By string `json:"by"`
}

// topicRelease is the signal a held job waits for.
const topicRelease = "release"

// judge asks the gate, and while it blocks, holds the job until a person releases it.
func (w work) judge(c flow.Ctx, plan planned, keys []string, made []rendition, damage []string) error {
	blocked, err := step(c, w, StageQuality, func(ctx context.Context) ([]string, error) {
		if err := w.s.stage(ctx, w.in, StageQuality); err != nil {
			return nil, err
		}
		if w.s.deps.Gate == nil {
			return nil, nil
		}
		ev, err := w.evidence(ctx, plan, keys, made, damage)
		if err != nil {
			return nil, err
		}
		return w.s.deps.Gate.Inspect(ctx, w.in.ref(), plan.Policy, w.in.Job, ev)
	})
	if err != nil {
		return err
	}
	if plan.Review && len(blocked) == 0 {
		blocked = []string{"The template asks for a person to look at it before it is published."}
	}
	if len(blocked) == 0 {
		return nil
	}
	if _, err := step(c, w, "hold", func(ctx context.Context) (bool, error) { return true, w.hold(ctx, blocked) }); err != nil {
		return err
	}
	_, _, err = flow.Await[decision](c, topicRelease, 0)
	return err
}

// hold writes that the job waits for a person and why.
func (w work) hold(ctx context.Context, blocked []string) error {
	reason := blocked[0]
	if len(blocked) > 1 {
		reason = fmt.Sprintf("%s And %d more.", reason, len(blocked)-1)
	}
	w.s.space.forget(w.in.Job) // everything is written
	cause := fault.Say("ingest.gate", w.in.Asset, fault.Conflict, "quality-gate", "It waits for a person: %s", reason)
	_, err := w.s.change(ctx, w.in.Tenant, w.in.Job, func(j *Job) error {
		j.State, j.WaitsFor, j.EstimateMS = Held, "a person: "+reason, 0
		return nil
	}, func(tx *sqldb.Tx, _ Job) error {
		return w.s.deps.Library.InTx(tx).SetState(ctx, w.in.ref(), library.Held, cause)
	})
	return err
}

// evidence gathers what was measured.
func (w work) evidence(ctx context.Context, plan planned, keys []string, made []rendition, damage []string) (Evidence, error) {
	m, err := w.measured(ctx, plan, keys)
	if err != nil {
		return Evidence{}, err
	}
	ev := Evidence{Plan: plan.Plan, Spans: m.spans, Loudness: m.loudness, SSIM: m.ssim, Metric: m.metric, Damage: append(damage, m.warnings...), Captions: map[string]string{}}
	if ev.Index, err = w.composeIndex(ctx, plan, made); err != nil {
		return Evidence{}, err
	}
	if ev.Stills, err = w.stills(ctx, plan, keys); err != nil {
		return Evidence{}, err
	}
	for _, r := range made {
		if r.Role != "subtitle" {
			continue
		}
		data, err := w.s.readAll(ctx, r.Key)
		if err != nil {
			return Evidence{}, err
		}
		ev.Captions[r.Name] = string(data)
	}
	return ev, nil
}

// measures are the numbers of all tasks, joined.
type measures struct {
	scores   []transcode.Score
	spans    []transcode.Span
	loudness map[string]transcode.Loudness
	ssim     map[string]float64
	metric   string
	warnings []string
	wav      string
}

// measured joins what the tasks measured: spans over chunk edges, SSIM weighted by frames.
func (w work) measured(ctx context.Context, plan planned, keys []string) (measures, error) {
	m := measures{loudness: map[string]transcode.Loudness{}, ssim: map[string]float64{}}
	var byChunk, others [][]transcode.Span
	frames := map[string]float64{}
	for n, it := range plan.Items {
		if it.Kind == kindSeal {
			continue
		}
		row, err := w.chunkOf(ctx, keys[n])
		if err != nil {
			return m, err
		}
		r := row.Result
		m.scores = append(m.scores, r.Scores...)
		m.warnings = append(m.warnings, r.Warnings...)
		if it.Kind == transcode.KindChunk {
			byChunk = append(byChunk, r.Spans)
		} else if len(r.Spans) > 0 && len(others) == 0 {
			others = append(others, r.Spans) // silence of the first sound that measured it
		}
		if r.Loudness != nil {
			m.loudness[it.Name] = *r.Loudness
		}
		for rung, v := range r.SSIM {
			m.ssim[rung] += v * float64(max(it.Frames, 1))
			frames[rung] += float64(max(it.Frames, 1))
			m.metric = r.Metric
		}
	}
	for rung := range m.ssim {
		m.ssim[rung] /= frames[rung]
	}
	m.spans = append(transcode.MergeSpans(byChunk), transcode.MergeSpans(others)...)
	return m, nil
}
