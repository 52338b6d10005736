package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"showreel/engine/blob"
	"showreel/engine/flow"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb"
	"showreel/product/library"
)

// verified is what the proof of the finished tracks left for the gate.
type verified struct {
	Damage []string              `json:"damage,omitempty"`
	Starts map[string]media.Time `json:"starts,omitempty"` // presentation time of each track's first picture or sound
}

// verifyWidth is how many tracks are decoded at once.
const verifyWidth = 2

// verify proves of every track what a player relies on before anybody may see it: it has all frames, its time runs from
// zero without holes, and its first and last segments decode to as many pictures as they should. What is wrong here is a
// defect of ours and ends the job.
func (w work) verify(ctx context.Context, plan planned, made []rendition) (verified, error) {
	out := verified{Starts: map[string]media.Time{}}
	if err := w.s.stage(ctx, w.in, StageVerify); err != nil {
		return out, err
	}
	var mu sync.Mutex
	group, decoding := errgroup.WithContext(ctx)
	group.SetLimit(verifyWidth)
	for _, r := range made {
		if r.TrackKey == "" {
			continue
		}
		t, err := w.trackOf(ctx, r.TrackKey)
		if err != nil {
			return out, errors.Join(err, group.Wait())
		}
		if err := whole(plan.Plan, t); err != nil {
			return out, errors.Join(err, group.Wait())
		}
		group.Go(func() error {
			start, err := w.ends(decoding, plan.Plan, t)
			mu.Lock()
			defer mu.Unlock()
			out.Starts[t.Name] = start
			return err
		})
	}
	return out, group.Wait()
}

// whole compares the track with the plan.
func whole(p transcode.Plan, t cmaf.Track) error {
	bad := func(format string, args ...any) error { return badResult(t.Name, format, args...) }
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

// ends decodes the first and the last segment of a track and returns when its first picture or sound is shown.
func (w work) ends(ctx context.Context, p transcode.Plan, t cmaf.Track) (media.Time, error) {
	shown, err := w.decodes(ctx, p, t, 0)
	if err == nil && len(t.Segments) > 1 {
		_, err = w.decodes(ctx, p, t, len(t.Segments)-1)
	}
	return media.FromTicks(shown.Start, int64(t.Timescale)), err
}

// decodes decodes one segment.
func (w work) decodes(ctx context.Context, p transcode.Plan, t cmaf.Track, n int) (cmaf.Shown, error) {
	var none cmaf.Shown
	dir := filepath.Join(w.s.jobDir(w.in.Job), fmt.Sprintf("verify-%s-%d", t.Name, n))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return none, blob.FileFault("ingest.verify", t.Name, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the job's folder goes at the end anyway
	path := filepath.Join(dir, "segment.mp4")
	if err := w.cut(ctx, t, n, path); err != nil {
		return none, err
	}
	shown, err := present(path)
	if err != nil {
		return none, err
	}
	length := media.FromTicks(t.Segments[n].Duration, int64(t.Timescale))
	check := transcode.Plan{Decode: true, Info: media.Info{Kind: media.Video, Format: "mov", Duration: length,
		Streams: []media.Stream{{Type: t.Kind, Width: t.Width, Height: t.Height, Rate: p.Rate, Nominal: p.Rate, Duration: length, SampleRate: t.SampleRate}}}}
	tasks, err := w.s.deps.Transcode.Split(check, w.in.SHA256)
	if err != nil {
		return none, err
	}
	for _, task := range tasks {
		res, err := w.s.deps.Transcode.Run(ctx, check, task, transcode.Env{Source: path, WorkDir: filepath.Join(dir, "out")})
		switch {
		case fault.Is(err, fault.Corrupt):
			return none, badResult(t.Name, "segment %d of %s does not decode", n+1, t.Name)
		case err != nil:
			return none, fault.E("ingest.verify", t.Name, "", err)
		case t.Kind == cmaf.KindVideo && res.Decoded != shown.Samples:
			return none, badResult(t.Name, "segment %d of %s gives %d pictures where %d are due", n+1, t.Name, res.Decoded, shown.Samples)
		}
		return shown, nil
	}
	return none, fault.Say("ingest.verify", t.Name, fault.Internal, "verify-failed", "The transcoder offers no check of finished segments. Update it and retry the job.")
}

func present(path string) (cmaf.Shown, error) {
	f, err := os.Open(path)
	if err != nil {
		return cmaf.Shown{}, blob.FileFault("ingest.verify", path, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return cmaf.Shown{}, blob.FileFault("ingest.verify", path, err)
	}
	return cmaf.Present(f, st.Size())
}

func badResult(track, format string, args ...any) error {
	return fault.Say("ingest.verify", track, fault.Internal, "verify-failed", "The result did not pass its check: %s. Retry the job.", fmt.Sprintf(format, args...))
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
func (w work) judge(c flow.Ctx, plan planned, keys []string, made []rendition, proof verified) error {
	blocked, err := step(c, w, StageQuality, func(ctx context.Context) ([]string, error) {
		if err := w.s.stage(ctx, w.in, StageQuality); err != nil {
			return nil, err
		}
		if w.s.deps.Gate == nil {
			return nil, nil
		}
		ev, err := w.evidence(ctx, plan, keys, made, proof)
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
func (w work) evidence(ctx context.Context, plan planned, keys []string, made []rendition, proof verified) (Evidence, error) {
	m, err := w.measured(ctx, plan, keys)
	if err != nil {
		return Evidence{}, err
	}
	ev := Evidence{Plan: plan.Plan, Spans: m.spans, Loudness: m.loudness, SSIM: m.ssim, Metric: m.metric, Damage: append(proof.Damage, m.warnings...), Starts: proof.Starts, Captions: map[string]string{}}
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
