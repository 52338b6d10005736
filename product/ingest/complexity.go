package ingest

import (
	"context"
	"math"
	"slices"
	"time"

	"showreel/engine/flow"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
)

// A film's complexity is sampled before its ladder is settled: three stretches at 360p, and at half that size because
// the step between the two tells how bits grow with the picture. A rung whose rate lies within rungStep of the one below
// gives viewers no choice worth its storage (the convex hull idea of Netflix's per-title encoding, reduced to one probe).
const (
	sampleWindows = 3
	sampleWindow  = 4 * media.Second
	sampleShare   = 14                // at most a fourteenth of the film: 3.3 CPU-s for 12 s of 1080p24 beside a ladder of 1.5 CPU-s a second is 2 %
	sampleAbove   = 10 * media.Second // shorter films are made sooner than sampled
	sampleClass   = 360
	rungStep      = 1.25
)

// sampling plans the probe; nil where it could change nothing.
func sampling(t Template, p transcode.Plan) *transcode.Sampling {
	length := p.Rate.At(p.Frames)
	if t.Video == nil || t.Video.FixedLadder || len(p.Rungs) < 3 || length < sampleAbove {
		return nil
	}
	window := min(sampleWindow, length/(sampleWindows*sampleShare))
	s := &transcode.Sampling{Windows: sampleWindows, WindowFrames: max(2, p.Rate.Frames(window))}
	top := p.Rungs[0]
	w, h, _ := fit(top.Width, top.Height, sampleClass)
	for n, name := range []string{"sample", "sample-half"} {
		w, h = even(w>>n), even(h>>n)
		s.Sizes = append(s.Sizes, transcode.Rung{Name: name, Width: w, Height: h, Codec: "avc",
			Preset: top.Preset, Profile: top.Profile, CRF: top.CRF})
		if top.Codec != "avc" {
			s.Sizes[n].Preset, s.Sizes[n].Profile = "veryfast", ""
		}
	}
	return s
}

// containerBits is what a frame costs in CMAF whatever it shows: its entry in the fragment's run.
const containerBits = 12 * 8

// predict estimates the average rate of a rung in kbit/s from the two sampled sizes: bits grow as a power of the area,
// separately for key frames and for the rest, and stop at the rung's cap.
func predict(p transcode.Plan, r transcode.Rung, c []transcode.Complexity) float64 {
	grow := func(bits func(transcode.Complexity) float64) float64 {
		large, small := c[0], c[1]
		areas := math.Log(float64(large.Width*large.Height) / float64(small.Width*small.Height))
		power := 0.0
		if areas > 0 && bits(small) > 0 && bits(large) > 0 {
			power = min(max(math.Log(bits(large)/bits(small))/areas, 0), 1.5)
		}
		return bits(large) * math.Pow(float64(r.Width*r.Height)/float64(large.Width*large.Height), power)
	}
	key := grow(func(c transcode.Complexity) float64 { return c.KeyBits })
	other := grow(func(c transcode.Complexity) float64 { return c.FrameBits })
	gop := float64(max(p.GOPFrames, 1))
	kbps := p.Rate.FPS() * ((key+(gop-1)*other)/gop + containerBits) / 1000
	if r.MaxKbps > 0 {
		kbps = min(kbps, float64(r.MaxKbps))
	}
	return kbps
}

// Prune drops each rung whose rate, with the sound that every viewer loads beside it, lies within a quarter of the next
// kept one below. The lowest stays for the slowest line, and the highest too: dropping it would take sharpness from
// everybody and save nobody a bit. Without two samples the plan stays as it is.
func Prune(p transcode.Plan, c []transcode.Complexity) transcode.Plan {
	if len(c) < 2 || len(p.Rungs) < 3 {
		return p
	}
	sound := 0.0
	for _, a := range p.Audios {
		if a.Default {
			sound = float64(a.Kbps)
		}
	}
	rungs := slices.Clone(p.Rungs)
	slices.SortStableFunc(rungs, func(a, b transcode.Rung) int { return a.Width*a.Height - b.Width*b.Height })
	kept := []string{rungs[0].Name, rungs[len(rungs)-1].Name}
	below := predict(p, rungs[0], c) + sound
	for _, r := range rungs[1 : len(rungs)-1] {
		if rate := predict(p, r, c) + sound; rate >= rungStep*below {
			kept, below = append(kept, r.Name), rate
		}
	}
	p.Rungs = slices.DeleteFunc(slices.Clone(p.Rungs), func(r transcode.Rung) bool { return !slices.Contains(kept, r.Name) })
	return p
}

// The probe runs beside the preview, so that nobody waits longer for a first picture; only chunks wait for what it says.

// settled returns the plan with the rungs that the probe left; ok is false while the probe is not over.
func (w work) settled(ctx context.Context, plan planned) (settled planned, ok bool, err error) {
	at := probeOf(plan)
	if at < 0 {
		return plan, true, nil
	}
	if known, ok := w.s.ladders.Load(w.in.Job); ok {
		return known.(planned), true, nil
	}
	row, ok, err := findChunk(ctx, w.s.deps.DB, w.in.Tenant, plan.Items[at].Key)
	if err != nil || !ok {
		return plan, false, err
	}
	plan.Plan = Prune(plan.Plan, row.Result.Complexity)
	plan.Plan.Sampling = nil
	if plan, err = w.itemize(plan); err != nil {
		return plan, false, err
	}
	w.s.ladders.Store(w.in.Job, plan)
	return plan, true, nil
}

func probeOf(plan planned) int {
	return slices.IndexFunc(plan.Items, func(it item) bool { return it.Kind == transcode.KindComplexity })
}

// probeAsk is how often a chunk looks whether the probe, here or on another machine, is over.
const probeAsk = 250 * time.Millisecond

// await gives a chunk its task in the settled plan, as soon as there is one.
func (w work) await(ctx context.Context, plan planned, it item) (planned, item, error) {
	if it.Kind != transcode.KindChunk {
		return plan, it, nil
	}
	for {
		settled, ok, err := w.settled(ctx, plan)
		if err != nil {
			return plan, it, err
		}
		if ok {
			at := slices.IndexFunc(settled.Items, func(x item) bool { return x.ID == it.ID })
			if at < 0 {
				return plan, it, fault.Say("ingest.ladder", it.ID, fault.Internal, "plan-changed", "The plan of this job has changed; process the asset again.")
			}
			return settled, settled.Items[at], nil
		}
		select {
		case <-ctx.Done():
			return plan, it, fault.E("ingest.ladder", it.ID, fault.Canceled, context.Cause(ctx))
		case <-time.After(probeAsk):
		}
	}
}

// unsampled notes of a film that cannot be sampled that every rung is made; a probe never fails a job.
func (w work) unsampled(ctx context.Context, it item, cause error) error {
	w.s.deps.Log.WarnContext(ctx, "the film's complexity could not be sampled; every rung is made", "job", w.in.Job, "err", cause)
	w.s.board.finished(w.in.Job, it.ID, false, 0)
	return putChunks(ctx, w.s.deps.DB, w.in.Tenant, w.usedMS(), []chunk{{Key: it.Key, Kind: it.Kind}})
}

// withoutProbe is the settled plan with the keys of its items, once everything is made.
func (w work) withoutProbe(c flow.Ctx, plan planned, keys []string) (planned, []string, error) {
	at := probeOf(plan)
	if at < 0 {
		return plan, keys, nil
	}
	settled, err := step(c, w, "ladder", func(ctx context.Context) (planned, error) {
		settled, ok, err := w.settled(ctx, plan)
		if err == nil && !ok {
			err = fault.Say("ingest.ladder", w.in.Job, fault.Unavailable, "chunk-gone", "A finished part of this job is no longer there; process the asset again.")
		}
		return settled, err
	})
	return settled, slices.Delete(slices.Clone(keys), at, at+1), err
}
