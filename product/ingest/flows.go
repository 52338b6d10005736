package ingest

import (
	"context"
	"errors"
	"time"

	"showreel/engine/flow"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/library"
)

// Flows registers the room's workflows. Call it before the engine is launched.
func (s *Service) Flows(e *flow.Engine) {
	flow.Register(e, flowIngest, s.ingest)
	flow.Register(e, flowPull, s.pull)
}

// outcome is what the workflow gives back.
type outcome struct {
	Kind       media.Kind `json:"kind"`
	Renditions int        `json:"renditions"`
}

// planned is a plan with its pieces of work, the ones people wait for first.
type planned struct {
	Plan   transcode.Plan `json:"plan"`
	Policy string         `json:"policy,omitempty"`
	Review bool           `json:"review,omitempty"`
	Items  []item         `json:"items"`
}

// item is one piece of work: a task of the plan, or the storing of the original.
type item struct {
	transcode.Task
}

// kindSeal is the item that stores the original, encrypted, in the raw store.
const kindSeal = "seal"

func (i item) preview() bool {
	return i.Kind == transcode.KindProxy || i.Kind == transcode.KindPoster
}

// shortMS is the CPU time up to which a piece of work may overtake: a picture, a short sound.
const shortMS = 4000

// short reports work that is over in seconds, such as a picture among films.
func (i item) short() bool { return i.EstCPUms > 0 && i.EstCPUms <= shortMS }

// workWidth is how many items of a job may wait for a lease at once; the budget decides which run.
const workWidth = 32

// stepRetries is how often a step is done again when it fails in a way that may pass.
const stepRetries = 2

// ingest is the workflow from a received file to a published asset.
func (s *Service) ingest(c flow.Ctx, in start) (outcome, error) {
	w := work{s: s, in: in}
	out, err := w.stages(c)
	s.board.close(in.Job)
	s.ladders.Delete(in.Job)
	s.space.forget(in.Job)
	if err != nil && c.Err() == nil && fault.CodeOf(err) != codeEnded {
		if recordErr := s.failed(context.WithoutCancel(c), in, err); recordErr != nil {
			return out, errors.Join(err, recordErr)
		}
	}
	if err != nil && c.Err() != nil {
		s.cutOff(context.WithoutCancel(c), in)
	}
	return out, err
}

// cutOff cleans up after a run that was interrupted: where a person ended the job, perhaps at another process, its
// working files go. Otherwise they stay for the next try.
func (s *Service) cutOff(ctx context.Context, in start) {
	row, err := loadJob(ctx, s.deps.DB.Read(), in.Tenant, in.Job)
	if err == nil && row.State.Final() && row.State != Done {
		err = s.keepOriginal(ctx, in)
	}
	if err == nil && row.State.Final() || fault.Is(err, fault.NotFound) {
		err = s.wipe(in.Job)
	}
	if err != nil {
		s.deps.Log.WarnContext(ctx, "working files were left behind", "job", in.Job, "err", err)
	}
}

// work is one run of the workflow.
type work struct {
	s  *Service
	in start
}

// step does a durable step as the system of the job's tenant.
func step[T any](c flow.Ctx, w work, name string, fn func(context.Context) (T, error)) (T, error) {
	return flow.Do(c, name, func(ctx context.Context) (T, error) {
		return timed(ctx, w, name, fn)
	}, flow.WithRetry(stepRetries, time.Second))
}

func (w work) stages(c flow.Ctx) (outcome, error) {
	info, err := step(c, w, StageProbe, w.probe)
	if err != nil {
		return outcome{}, err
	}
	switch info.Kind {
	case media.Text:
		return w.text(c, info)
	case media.Image:
		return w.picture(c, info)
	}
	plan, err := step(c, w, StagePlan, func(ctx context.Context) (planned, error) { return w.plan(ctx, info) })
	if err != nil {
		return outcome{}, err
	}
	keys, err := w.produce(c, plan)
	if err != nil {
		return outcome{}, err
	}
	if plan, keys, err = w.withoutProbe(c, plan, keys); err != nil {
		return outcome{}, err
	}
	made, err := w.stitch(c, plan, keys)
	if err != nil {
		return outcome{}, err
	}
	files, err := step(c, w, "assemble", func(ctx context.Context) ([]rendition, error) { return w.assemble(ctx, plan, keys) })
	if err != nil {
		return outcome{}, err
	}
	made = append(made, files...)
	proof, err := step(c, w, StageVerify, func(ctx context.Context) (verified, error) { return w.verify(ctx, plan, made) })
	if err != nil {
		return outcome{}, err
	}
	if err := w.judge(c, plan, keys, made, proof); err != nil {
		return outcome{}, err
	}
	if _, err := step(c, w, StagePublish, func(ctx context.Context) (bool, error) { return true, w.publish(ctx, plan, keys, made) }); err != nil {
		return outcome{}, err
	}
	_, err = step(c, w, "clean", func(ctx context.Context) (bool, error) { return true, w.s.wipe(w.in.Job) })
	return outcome{Kind: info.Kind, Renditions: len(made)}, err
}

// produce does all items, each at most once in the life of the job.
func (w work) produce(c flow.Ctx, plan planned) ([]string, error) {
	keys, err := flow.Each(c, "work", workWidth, plan.Items, func(ctx context.Context, it item) (string, error) {
		return timed(ctx, w, it.Kind, func(ctx context.Context) (string, error) { return w.item(ctx, plan, it) })
	}, flow.WithRetry(stepRetries, 2*time.Second))
	return keys, err
}

// probe reads what the file is and stores it with the version.
func (w work) probe(ctx context.Context) (media.Info, error) {
	if err := w.s.stage(ctx, w.in, StageProbe); err != nil {
		return media.Info{}, err
	}
	path, err := w.source(ctx)
	if err != nil {
		return media.Info{}, err
	}
	info, err := w.s.deps.Transcode.ProbeAs(ctx, path, w.in.Name)
	if err != nil {
		return media.Info{}, err
	}
	tellClosedCaptions(&info)
	_, err = w.s.change(ctx, w.in.Tenant, w.in.Job, func(j *Job) error {
		if j.Kind != string(info.Kind) {
			j.Kind, j.Stages = string(info.Kind), newStages(info.Kind)
			j.advance(StageProbe, 1)
		}
		return nil
	}, func(tx *sqldb.Tx, j Job) error {
		lib := w.s.deps.Library.InTx(tx)
		if err := lib.SetInfo(ctx, w.in.ref(), info); err != nil {
			return err
		}
		if err := lib.SetState(ctx, w.in.ref(), library.Processing, nil); err != nil {
			return err
		}
		return w.s.deps.Outbox.Write(ctx, tx, w.in.Tenant, "asset.probed", w.in.Asset, map[string]any{
			"version": w.in.Version, "kind": info.Kind, "durationMs": info.Duration.MS(), "format": info.Format})
	})
	return info, err
}

// plan applies the template and cuts the plan into items.
func (w work) plan(ctx context.Context, info media.Info) (planned, error) {
	if err := w.s.stage(ctx, w.in, StagePlan); err != nil {
		return planned{}, err
	}
	t, err := w.s.template(ctx, w.in.Tenant, w.in.Template, w.in.TemplateVersion)
	if err != nil {
		return planned{}, err
	}
	p, err := Plan(t, info)
	if err != nil {
		return planned{}, err
	}
	p.Sampling = sampling(t, p)
	return w.itemize(planned{Plan: p, Policy: t.Policy, Review: t.Review})
}

// itemize cuts the plan into items.
func (w work) itemize(out planned) (planned, error) {
	tasks, err := w.s.deps.Transcode.Split(out.Plan, w.in.SHA256)
	if err != nil {
		return planned{}, err
	}
	out.Items = nil
	for _, task := range tasks {
		out.Items = append(out.Items, item{task})
	}
	out.Items = append(out.Items, sealItem(w.in.Bytes))
	return out, nil
}

// failed records why the job ended: the row, the asset and the event in one transaction. The original stays.
func (s *Service) failed(ctx context.Context, in start, cause error) error {
	ctx = asSystem(ctx, in.Tenant)
	s.deps.Log.WarnContext(ctx, "job failed", "job", in.Job, "asset", in.Asset, "err", cause)
	if err := s.keepOriginal(ctx, in); err != nil {
		s.deps.Log.WarnContext(ctx, "the original of a failed job could not be stored yet", "job", in.Job, "err", err)
	} else if err := s.wipe(in.Job); err != nil {
		s.deps.Log.WarnContext(ctx, "working files were left behind", "job", in.Job, "err", err)
	}
	s.withdraw(ctx, in.ref())
	_, err := s.change(ctx, in.Tenant, in.Job, func(j *Job) error {
		if j.State == Cancelled || j.State == Done {
			return errUnchanged
		}
		j.fail(cause, j.from(s.deps.Now()))
		return nil
	}, func(tx *sqldb.Tx, j Job) error {
		if err := s.deps.Library.InTx(tx).SetState(ctx, in.ref(), library.Failed, cause); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		return s.deps.Outbox.Write(ctx, tx, in.Tenant, "asset.failed", in.Asset, map[string]any{
			"version": in.Version, "job": in.Job, "code": j.Error.Code, "text": j.Error.Text})
	})
	if errors.Is(err, errUnchanged) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// withdraw takes a preview back that never became a film: nothing stays half published.
func (s *Service) withdraw(ctx context.Context, ref media.Ref) {
	v, err := s.deps.Library.Version(asSystem(ctx, ref.Tenant), ref)
	if err == nil && v.State == library.Ready {
		return
	}
	if err := s.deps.Blobs.Processed.Delete(ctx, indexKey(ref)); err != nil {
		s.deps.Log.WarnContext(ctx, "the preview of an unfinished asset was left behind", "asset", ref.Asset, "err", err)
	}
}
