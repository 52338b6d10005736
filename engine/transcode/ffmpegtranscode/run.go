package ffmpegtranscode

import (
	"context"

	"showreel/engine/transcode"
	"showreel/fault"
)

// Run implements transcode.Driver.
func (d *Driver) Run(ctx context.Context, p transcode.Plan, t transcode.Task, env transcode.Env) (transcode.Result, error) {
	w := &work{d: d, plan: p, task: t, env: env, b: builder{flavour: d.flavour, plan: p, source: env.Source, limits: d.limits}}
	steps := map[string]func(context.Context) (transcode.Result, error){
		transcode.KindProxy: w.proxy, transcode.KindPoster: w.poster, transcode.KindChunk: w.chunk, transcode.KindAudio: w.audio,
		transcode.KindSpeech: w.speech, transcode.KindSubtitle: w.subtitle, transcode.KindImage: w.image,
		transcode.KindComplexity: w.complexity, transcode.KindCheck: w.check, transcode.KindBoundaries: w.boundaries,
		transcode.KindRedact: w.redact, transcode.KindLook: w.look,
	}
	step, ok := steps[t.Kind]
	if !ok {
		return transcode.Result{}, fault.Say("transcode.run", t.ID, fault.Unsupported, "task-kind", "The task kind %q is unknown to this version.", t.Kind)
	}
	res, err := step(ctx)
	res.CPUms = w.cpuMS
	if err != nil {
		return res, err
	}
	return res, nil
}
