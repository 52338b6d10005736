package ingest

import (
	"context"

	"showreel/engine/flow"
	"showreel/engine/transcode"
	"showreel/media"
)

func proxyName(name string) bool {
	return name == transcode.ProxyAudio || len(name) > 6 && name[len(name)-6:] == "-proxy"
}

// picture is the short flow of images: every rendition is a task; the smallest serves as poster.
func (w work) picture(c flow.Ctx, info media.Info) (outcome, error) {
	plan, err := step(c, w, StagePlan, func(ctx context.Context) (planned, error) { return w.plan(ctx, info) })
	if err != nil {
		return outcome{}, err
	}
	keys, err := w.produce(c, plan)
	if err != nil {
		return outcome{}, err
	}
	made, err := step(c, w, StagePublish, func(ctx context.Context) (int, error) { return w.publishPicture(ctx, plan, keys) })
	if err != nil {
		return outcome{}, err
	}
	_, err = step(c, w, "clean", func(ctx context.Context) (bool, error) { return true, w.s.wipe(w.in.Job) })
	return outcome{Kind: info.Kind, Renditions: made}, err
}

func (w work) publishPicture(ctx context.Context, plan planned, keys []string) (int, error) {
	if err := w.s.stage(ctx, w.in, StagePublish); err != nil {
		return 0, err
	}
	var made []rendition
	poster := kept{}
	for n, it := range plan.Items {
		if it.Kind == kindSeal {
			continue
		}
		row, err := w.chunkOf(ctx, keys[n])
		if err != nil {
			return 0, err
		}
		for _, f := range row.Files {
			format := formatOf(plan.Plan, it.Name)
			r, err := w.place(ctx, f, f.Name+map[string]string{"jpeg": ".jpg", "webp": ".webp"}[format], rendition{Name: f.Name, Role: "image", Codec: format})
			if err != nil {
				return 0, err
			}
			made = append(made, r)
			if format == "jpeg" && (poster.Key == "" || better(f, poster)) {
				poster = f
			}
		}
	}
	if poster.Key != "" {
		r, err := w.place(ctx, poster, "poster.jpg", rendition{Name: "poster", Role: "poster", Codec: "jpeg"})
		if err != nil {
			return 0, err
		}
		made = append(made, r)
	}
	return len(made), w.appear(ctx, made, nil)
}

// posterWidth is what a grid and a page want.
const posterWidth = 1280

// better prefers the smallest picture that is large enough to be a poster, else the largest.
func better(a, b kept) bool {
	if a.Width >= posterWidth && b.Width >= posterWidth {
		return a.Width < b.Width
	}
	return a.Width > b.Width
}

func formatOf(p transcode.Plan, name string) string {
	for _, i := range p.Images {
		if i.Name == name {
			return i.Format
		}
	}
	return ""
}

// text is the short flow of text: the original is stored; captions that came on their own become WebVTT as well.
func (w work) text(c flow.Ctx, info media.Info) (outcome, error) {
	plan := planned{Plan: transcode.Plan{Info: info, Subtitles: planTextFile(info)}}
	if len(plan.Plan.Subtitles) > 0 {
		tasks, err := step(c, w, StagePlan, func(context.Context) ([]transcode.Task, error) {
			return w.s.deps.Transcode.Split(plan.Plan, w.in.SHA256)
		})
		if err != nil {
			return outcome{}, err
		}
		for _, t := range tasks {
			plan.Items = append(plan.Items, item{t})
		}
	}
	plan.Items = append(plan.Items, sealItem(w.in.Bytes))
	keys, err := w.produce(c, plan)
	if err != nil {
		return outcome{}, err
	}
	made, err := step(c, w, StagePublish, func(ctx context.Context) (int, error) { return w.publishText(ctx, plan, keys) })
	if err != nil {
		return outcome{}, err
	}
	_, err = step(c, w, "clean", func(ctx context.Context) (bool, error) { return true, w.s.wipe(w.in.Job) })
	return outcome{Kind: media.Text, Renditions: made}, err
}

func (w work) publishText(ctx context.Context, plan planned, keys []string) (int, error) {
	if err := w.s.stage(ctx, w.in, StagePublish); err != nil {
		return 0, err
	}
	made, err := w.assemble(ctx, plan, keys)
	if err != nil {
		return 0, err
	}
	return len(made), w.appear(ctx, made, nil)
}

func sealItem(bytes int64) item {
	return item{transcode.Task{ID: kindSeal, Kind: kindSeal, Cores: 0.5, MemMB: 64, EstCPUms: 1 + bytes>>20}}
}
