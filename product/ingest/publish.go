package ingest

import (
	"context"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb"
	"showreel/product/library"
)

// publish makes everything visible at once: the finished index is written, then rows, annotations, ledger, events and
// the job's end in one transaction. Before it nothing but the preview can be seen.
func (w work) publish(ctx context.Context, plan planned, keys []string, made []rendition) error {
	if err := w.s.stage(ctx, w.in, StagePublish); err != nil {
		return err
	}
	m, err := w.measured(ctx, plan, keys)
	if err != nil {
		return err
	}
	if err := w.keepTrace(ctx, plan.Plan, m.scores); err != nil {
		return err
	}
	final, err := w.composeIndex(ctx, plan, made)
	if err != nil {
		return err
	}
	err = w.s.editIndex(ctx, w.in.ref(), func(x *cmaf.Index) error {
		x.Tracks = append(final.Tracks, proxyTracks(*x, final)...)
		return nil
	})
	if err != nil {
		return err
	}
	return w.appear(ctx, made, func(lib *library.Service, tx *sqldb.Tx) error {
		if err := w.annotate(ctx, lib, plan, m); err != nil {
			return err
		}
		return w.s.deps.Outbox.Write(ctx, tx, w.in.Tenant, "asset.decoded", w.in.Asset, map[string]any{
			"version": w.in.Version, "wav": keyOf(made, "speech"), "frames": w.workingKey("frame/"), "frameCount": plan.Plan.Info.Duration.MS() / 1000})
	})
}

// proxyTracks keeps what players that began with the growing manifest hold, now complete.
func proxyTracks(x, final cmaf.Index) []cmaf.Track {
	var out []cmaf.Track
	for _, t := range x.Tracks {
		if t.Kind == cmaf.KindText || final.Track(t.Name) != nil || !proxyName(t.Name) {
			continue
		}
		t.Complete, t.Role, t.Default = true, cmaf.RoleProxy, false
		out = append(out, t)
	}
	return out
}

// appear writes the renditions, whatever more, the ledger, the state, the events and the job's end in one transaction.
func (w work) appear(ctx context.Context, made []rendition, more func(lib *library.Service, tx *sqldb.Tx) error) error {
	var version string
	caps := w.s.deps.Transcode.Caps()
	version = caps.Name + " " + caps.Version
	_, err := w.s.change(ctx, w.in.Tenant, w.in.Job, func(j *Job) error {
		if j.State == Done {
			return nil
		}
		now := j.from(w.s.deps.Now())
		if j.PlayableMS == 0 {
			j.PlayableMS = now
		}
		w.s.board.tally(j)
		j.finish(now)
		return nil
	}, func(tx *sqldb.Tx, j Job) error {
		lib := w.s.deps.Library.InTx(tx)
		if err := lib.PutRenditions(ctx, w.in.ref(), w.forLibrary(made, false)); err != nil {
			return err
		}
		if err := lib.Record(ctx, w.in.ref(), w.ledger(made, version)...); err != nil {
			return err
		}
		if more != nil {
			if err := more(lib, tx); err != nil {
				return err
			}
		}
		if err := lib.SetState(ctx, w.in.ref(), library.Ready, nil); err != nil {
			return err
		}
		return w.s.deps.Outbox.Write(ctx, tx, w.in.Tenant, "asset.published", w.in.Asset, map[string]any{
			"version": w.in.Version, "job": j.ID, "kind": j.Kind, "renditions": len(made)})
	})
	return err
}

// forLibrary turns renditions into the library's.
func (w work) forLibrary(made []rendition, growing bool) []library.Rendition {
	state := library.RenditionReady
	if growing {
		state = library.RenditionGrowing
	}
	var out []library.Rendition
	for _, r := range made {
		out = append(out, library.Rendition{Name: r.Name, Role: r.Role, Codec: r.Codec, Width: r.Width, Height: r.Height, Kbps: r.Kbps,
			Lang: r.Lang, Title: r.Title, Key: r.Key, Bytes: r.Bytes, SHA256: r.SHA256, State: state, Meta: r.Meta})
	}
	return out
}

// ledger says which output came from the original, by which tool and settings.
func (w work) ledger(made []rendition, tool string) []library.LedgerEntry {
	var out []library.LedgerEntry
	for _, r := range made {
		settings := map[string]any{"template": w.in.Template, "templateVersion": w.in.TemplateVersion}
		for k, v := range r.Meta {
			settings[k] = v
		}
		out = append(out, library.LedgerEntry{Output: r.Key, Inputs: []string{rawKey(w.in.Tenant, w.in.SHA256)}, Tool: tool, Settings: settings})
	}
	return out
}

func keyOf(made []rendition, name string) string {
	for _, r := range made {
		if r.Name == name {
			return r.Key
		}
	}
	return ""
}

// annotate writes what was seen while decoding onto the timeline.
func (w work) annotate(ctx context.Context, lib *library.Service, plan planned, m measures) error {
	caps := w.s.deps.Transcode.Caps()
	model := caps.Name + " " + caps.Version
	tracks := map[media.Track][]media.Annotation{}
	if plan.Plan.Analysis.Shots && plan.Plan.Frames > 0 {
		tracks[media.TrackShot] = shots(plan.Plan, m.scores, model)
	}
	for _, s := range m.spans {
		track, ok := map[string]media.Track{transcode.SpanBlack: media.TrackBlack, transcode.SpanFreeze: media.TrackFreeze, transcode.SpanSilence: media.TrackSilence}[s.Kind]
		if rng := (media.Range{Start: max(0, s.Start), End: s.End}); ok && !rng.Empty() {
			tracks[track] = append(tracks[track], media.Annotation{Range: rng, Label: s.Kind, Score: 1, Model: model})
		}
	}
	for _, c := range plan.Plan.Info.Chapters {
		tracks[media.TrackChapter] = append(tracks[media.TrackChapter], media.Annotation{Range: c.Range, Label: "chapter", Text: c.Title, Score: 1, Model: "source"})
	}
	tracks[media.TrackLoudness] = loudness(plan.Plan, m.loudness, model)
	for _, track := range []media.Track{media.TrackShot, media.TrackBlack, media.TrackFreeze, media.TrackSilence, media.TrackChapter, media.TrackLoudness} {
		if err := lib.PutAnnotations(ctx, w.in.ref(), track, w.in.Job, tracks[track]); err != nil {
			return err
		}
	}
	return nil
}

// shots cuts the timeline; the score is the strength of the cut at the start, 0..1.
func shots(p transcode.Plan, scores []transcode.Score, model string) []media.Annotation {
	strength := map[int64]float64{}
	for _, s := range scores {
		strength[s.Frame] = s.Value / 100
	}
	var out []media.Annotation
	for _, r := range transcode.Shots(scores, p.Rate, p.Frames) {
		out = append(out, media.Annotation{Range: r, Label: "shot", Score: min(1, strength[p.Rate.Frame(r.Start)]), Model: model})
	}
	return out
}

// mostLoudness bounds the loudness track: longer films get one value for several seconds.
const mostLoudness = 1800

// loudness draws the short-term loudness of the default sound, one value a second or more.
func loudness(p transcode.Plan, by map[string]transcode.Loudness, model string) []media.Annotation {
	var trace []float64
	for _, a := range p.Audios {
		if l, ok := by[a.Name]; ok && (a.Default || trace == nil) {
			trace = l.ShortTerm
		}
	}
	every := 1 + len(trace)/mostLoudness
	var out []media.Annotation
	for n := 0; n < len(trace); n += every {
		out = append(out, media.Annotation{Range: media.Range{Start: media.Time(n) * media.Second, End: media.Time(n+every) * media.Second},
			Label: "short-term", Score: trace[n], Model: model})
	}
	return out
}
