package analysis

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"showreel/engine/flow"
	"showreel/engine/meter"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/budget"
	"showreel/platform/sqldb"
	"showreel/product/library"
)

// flowAnalysis is the workflow's name, which is stored with every run.
const flowAnalysis = "analysis"

// Flows registers the room's workflow. Call it before the engine is launched.
func (s *Service) Flows(e *flow.Engine) {
	flow.Register(e, flowAnalysis, s.analyse)
	flow.Register(e, flowRedaction, s.hide)
	flow.Register(e, flowPublish, s.publishRedaction)
}

// start is the input of a run.
type start struct {
	Run  string     `json:"run"`
	Ref  media.Ref  `json:"ref"`
	Kind media.Kind `json:"kind"`
	Lane string     `json:"lane"`
}

// piece is the work of one step: at most five minutes of sound or 64 pictures of one ability.
type piece struct {
	Ability string      `json:"ability"`
	N       int         `json:"n"`
	Range   media.Range `json:"range"`
	Seconds []int64     `json:"seconds,omitempty"` // of the pictures
	Last    bool        `json:"last,omitempty"`    // nothing overlaps its end
}

// problem is a fault as a step's result: one ability's failure does not end the run.
type problem struct {
	Kind fault.Kind `json:"kind"`
	Code string     `json:"code"`
	Text string     `json:"text"`
}

func problemOf(err error) *problem {
	return &problem{Kind: fault.KindOf(err), Code: fault.CodeOf(err), Text: fault.TextOf(err)}
}

// stepRetries is how often a step is done again when our own stores fail in a way that may pass. A helper that died was
// asked twice already.
const stepRetries = 2

// analyse is the workflow: rounds until nothing more is asked for. Each round takes what waits, stage by stage: cut every
// ability's work, do the pieces, join each ability's results.
func (s *Service) analyse(c flow.Ctx, in start) (int, error) {
	t := &target{s: s, ref: in.Ref, kind: in.Kind, run: in.Run, lane: in.Lane}
	rounds, err := s.rounds(c, t)
	if err != nil && c.Err() == nil {
		if ended := s.end(asSystem(context.WithoutCancel(c), in.Ref.Tenant), in.Ref, in.Run, runFailed, err); ended != nil {
			return rounds, errors.Join(err, ended)
		}
	}
	return rounds, err
}

func (s *Service) rounds(c flow.Ctx, t *target) (int, error) {
	for n := 0; ; n++ {
		todo, err := step(c, t, "take", func(ctx context.Context) ([]string, error) { return s.take(ctx, t) })
		if err != nil || len(todo) == 0 {
			return n, err
		}
		for _, stage := range stages(todo) {
			if err := s.stage(c, t, stage); err != nil {
				return n, err
			}
		}
	}
}

// step does a durable step as the system of the asset's tenant.
func step[T any](c flow.Ctx, t *target, name string, fn func(context.Context) (T, error)) (T, error) {
	return flow.Do(c, name, func(ctx context.Context) (T, error) { return fn(asSystem(ctx, t.ref.Tenant)) }, flow.WithRetry(stepRetries, time.Second))
}

// stages groups abilities by stage, in order.
func stages(names []string) [][]string {
	var out [][]string
	last := -1
	for _, a := range everything() {
		for _, name := range names {
			if ability, _ := ofKey(name); ability != a.Name {
				continue
			}
			if a.Stage != last {
				out, last = append(out, nil), a.Stage
			}
			out[len(out)-1] = append(out[len(out)-1], name)
		}
	}
	return out
}

// keysOf lists the keys of standings in the order of their turns: abilities, each with its models beside by name.
func keysOf(stand map[string]Standing) []string {
	var out []string
	keys := slices.Sorted(maps.Keys(stand))
	for _, a := range everything() {
		for _, key := range keys {
			if ability, _ := ofKey(key); ability == a.Name {
				out = append(out, key)
			}
		}
	}
	return out
}

// take lists what waits in the run. Where nothing does, it ends the run in the same transaction, so that whoever asks
// next begins another.
func (s *Service) take(ctx context.Context, t *target) ([]string, error) {
	var out []string
	err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		out = nil
		run, ok, err := lockRun(ctx, tx, t.run)
		if err != nil || !ok || run.State != runOpen {
			return err
		}
		stand, err := standings(ctx, tx, t.ref)
		if err != nil {
			return err
		}
		for _, name := range keysOf(stand) {
			if st := stand[name]; st.Run == t.run && !st.State.Over() && st.State != Absent {
				out = append(out, name)
			}
		}
		if len(out) > 0 {
			return nil
		}
		if err := closeRun(ctx, tx, t.run, runDone); err != nil {
			return err
		}
		return s.event(ctx, tx, t.ref, "asset.analysed", map[string]any{"version": t.ref.Version, "run": t.run, "state": runDone})
	})
	return out, err
}

// cutting is what the cut step gives: the pieces of those abilities that can work.
type cutting struct {
	Pieces []piece  `json:"pieces"`
	Able   []string `json:"able"`
}

func (s *Service) stage(c flow.Ctx, t *target, abilities []string) error {
	cut, err := step(c, t, "cut", func(ctx context.Context) (cutting, error) { return s.cut(ctx, t, abilities) })
	if err != nil {
		return err
	}
	problems, err := flow.Each(c, "piece", s.deps.Width, cut.Pieces, func(ctx context.Context, p piece) (*problem, error) {
		return s.piece(asSystem(ctx, t.ref.Tenant), t, p)
	}, flow.WithRetry(stepRetries, time.Second))
	if err != nil {
		return err
	}
	for _, name := range cut.Able {
		var mine []piece
		var why *problem
		for n, p := range cut.Pieces {
			if p.Ability == name {
				mine = append(mine, p)
				if problems[n] != nil && why == nil {
					why = problems[n]
				}
			}
		}
		if _, err := step(c, t, "join "+name, func(ctx context.Context) (bool, error) { return true, s.join(ctx, t, name, mine, why) }); err != nil {
			return err
		}
	}
	return nil
}

// cut asks each ability's engine whether it can work and cuts its work into pieces. What cannot says why in its state.
func (s *Service) cut(ctx context.Context, t *target, abilities []string) (cutting, error) {
	out := cutting{Pieces: []piece{}, Able: []string{}}
	v, err := s.deps.Library.Version(ctx, t.ref)
	if err != nil {
		return out, err
	}
	sounds := v.Info.Main("audio") != nil // a silent film has been listened to at once
	for _, name := range abilities {
		w := s.workOf(name)
		model, err := w.ready(ctx)
		var pieces []piece
		if err == nil && (w.On != onSound || sounds) {
			pieces, err = again(ctx, func() ([]piece, error) { return w.cut(ctx, t) })
		}
		if ctx.Err() != nil {
			return out, fault.E("analysis.cut", t.ref.Asset, fault.Canceled, context.Cause(ctx))
		}
		st := Standing{Ability: name, State: Running, Run: t.run, Model: model, Pieces: len(pieces), StartedMS: sqldb.NowMS()}
		if err != nil {
			st.fail(problemOf(err))
		} else {
			out.Able = append(out.Able, name)
			for n := range pieces {
				pieces[n].Ability, pieces[n].N = name, n
			}
			out.Pieces = append(out.Pieces, pieces...)
		}
		if err := s.stand(ctx, t, st); err != nil {
			return out, err
		}
	}
	return out, nil
}

// again does fn once more where a media tool that it ran was killed: what kills one in passing costs one retry, as with the
// helpers, and a file that kills it every time is said.
func again[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	out, err := fn()
	if fault.CodeOf(err) == "child-killed" && ctx.Err() == nil {
		return fn()
	}
	return out, err
}

// fail ends an ability by a problem: unavailable where something is missing, failed otherwise. A helper that ended is a
// failure: what ends it may be the file.
func (st *Standing) fail(p *problem) {
	st.State, st.Code, st.Text, st.EndedMS = Failed, p.Code, p.Text, sqldb.NowMS()
	if p.Kind == fault.Unavailable && p.Code != "helper-died" {
		st.State = Unavailable
	}
}

// stand writes an ability's state, unless the run is no longer open.
func (s *Service) stand(ctx context.Context, t *target, st Standing) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		run, ok, err := lockRun(ctx, tx, t.run)
		if err != nil || !ok || run.State != runOpen {
			return err
		}
		if err := putStanding(ctx, tx, t.ref, st); err != nil {
			return err
		}
		return s.event(ctx, tx, t.ref, "asset.analysing", map[string]any{"version": t.ref.Version, "run": t.run, "ability": st.Ability, "state": st.State, "text": st.Text})
	})
}

// piece does one piece under its lease and keeps its result. A problem of the engine or the content is a result; our own
// stores' errors are errors.
func (s *Service) piece(ctx context.Context, t *target, p piece) (*problem, error) {
	if _, ok, err := t.kept(ctx, p); err != nil || ok {
		return nil, err
	}
	w := s.workOf(p.Ability)
	lease, err := s.deps.Budget.Lease(ctx, budget.Ask{Lane: t.budgetLane(w.Stage), Tenant: t.ref.Tenant, Key: t.run + "/" + p.Ability,
		Why: "analysis: " + w.Title, Priority: max(0, 60-10*w.Stage), Cores: 1, MemMB: w.MemMB})
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	begun := time.Now()
	var f found
	cpu := spent(ctx, func(ctx context.Context) {
		f, err = again(ctx, func() (found, error) { return w.do(ctx, t, p) })
	})
	if f.CPUMS = max(f.CPUMS, cpu.Milliseconds()); ctx.Err() != nil {
		return nil, fault.E("analysis.piece", t.ref.Asset, fault.Canceled, context.Cause(ctx))
	}
	if err != nil {
		s.deps.Log.WarnContext(ctx, "a piece of an analysis failed", "asset", t.ref.Asset, "ability", p.Ability, "piece", p.N, "err", err)
		return problemOf(err), nil
	}
	f.Piece = p
	if err := t.keep(ctx, p, f); err != nil {
		return nil, err
	}
	if w.show != nil && s.showsEarly(ctx, t, w, f) {
		err := s.deps.Library.PutResults(ctx, t.ref, library.Results{Track: w.Tracks[0], Source: p.Ability, Run: t.run, Within: &p.Range, List: w.show(f)})
		if err != nil {
			return nil, err
		}
	}
	wall := time.Since(begun).Milliseconds()
	if s.deps.Costs != nil {
		s.deps.Costs.Cost(ctx, meter.Cost{Tenant: t.ref.Tenant, Subject: t.ref.Asset, Step: "analysis." + p.Ability, CPUMS: f.CPUMS, WallMS: wall, Count: 1})
	}
	return nil, countPiece(ctx, s.deps.DB, t.ref, p.Ability, t.run, f.CPUMS, wall)
}

// budgetLane puts the words of a fresh original before its ladder, and everything else beside or behind it.
func (t *target) budgetLane(stage int) string {
	switch {
	case t.lane == LaneBatch:
		return budget.Batch
	case stage <= 1:
		return budget.Interactive
	}
	return budget.Normal
}

// join makes annotations of what the pieces found and writes them with the ability's state in one transaction.
func (s *Service) join(ctx context.Context, t *target, name string, pieces []piece, why *problem) error {
	w := s.workOf(name)
	stand, err := standings(ctx, s.deps.DB.Read(), t.ref)
	if err != nil {
		return fault.E("analysis.join", t.ref.Asset, "", err)
	}
	if st := stand[name]; st.Run != t.run || st.State.Over() { // written already, or ended by a person
		return errors.Join(s.settled(ctx, t, name), t.drop(ctx, pieces))
	}
	var tracks map[media.Track][]media.Annotation
	var took cost
	if why == nil {
		begun := time.Now()
		took.cpu = spent(ctx, func(ctx context.Context) { tracks, err = s.joined(ctx, t, w, pieces) })
		if took.wall = time.Since(begun); err != nil {
			if ctx.Err() != nil {
				return err
			}
			why = problemOf(err)
		}
	}
	if err := s.record(ctx, t, w, len(pieces), tracks, why, took); err != nil {
		return err
	}
	return errors.Join(s.settled(ctx, t, name), t.drop(ctx, pieces))
}

// record writes an ability's annotations and its state. A track that is not among the results is left alone.
func (s *Service) record(ctx context.Context, t *target, w work, pieces int, tracks map[media.Track][]media.Annotation, why *problem, took cost) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		run, ok, err := lockRun(ctx, tx, t.run)
		if err != nil || !ok || run.State != runOpen {
			return err
		}
		stand, err := standings(ctx, tx, t.ref)
		if err != nil {
			return err
		}
		st := stand[w.Name]
		st.Ability = w.Name
		st.CPUMS, st.WallMS = st.CPUMS+took.cpu.Milliseconds(), st.WallMS+took.wall.Milliseconds()
		if why != nil {
			st.fail(why)
		} else {
			if st.Model = modelOf(tracks, st.Model); len(w.Tracks) > 0 {
				if err := s.setAside(ctx, tx, t.ref, w, st.Model, stand); err != nil {
					return err
				}
			}
			st.State, st.EndedMS, st.Found, st.PiecesDone = Done, sqldb.NowMS(), 0, pieces
			for _, track := range w.Tracks {
				notes, ok := tracks[track]
				if !ok {
					continue
				}
				st.Found += len(notes)
				if err := s.deps.Library.InTx(tx).PutResults(ctx, t.ref, library.Results{Track: track, Source: sourceOf(w.Name, track), Run: t.run, List: notes}); err != nil {
					return err
				}
			}
		}
		if err := putStanding(ctx, tx, t.ref, st); err != nil {
			return err
		}
		return s.event(ctx, tx, t.ref, "asset.analysing", map[string]any{"version": t.ref.Version, "run": t.run, "ability": w.Name, "state": st.State, "text": st.Text})
	})
}

// cost is what joining took.
type cost struct{ cpu, wall time.Duration }

// modelOf is the model that results name, where they name one.
func modelOf(tracks map[media.Track][]media.Annotation, ready string) string {
	names := map[string]bool{}
	for _, list := range tracks {
		for _, a := range list {
			names[a.Model] = true
		}
	}
	if len(names) != 1 {
		return ready
	}
	for name := range names {
		return name
	}
	return ready
}

// showsEarly reports whether a piece's results may show before the others are there: not where another model's show, which
// stay whole until all of the new ones take their place.
func (s *Service) showsEarly(ctx context.Context, t *target, w work, f found) bool {
	was, err := s.deps.Library.ResultsOf(ctx, t.ref, w.Tracks[0], w.Name)
	return err == nil && !slices.ContainsFunc(was, func(a media.Annotation) bool { return a.Model != f.Model })
}

// sourceOf names whose results are replaced: the ability's own. Shots refine those that the decoder wrote, and speakers
// put their names on what was said.
func sourceOf(ability string, track media.Track) string {
	switch {
	case track == media.TrackShot:
		return ""
	case track == media.TrackSpeech && !strings.Contains(ability, besideMark):
		return Speech
	}
	return ability
}

func (s *Service) joined(ctx context.Context, t *target, w work, pieces []piece) (map[media.Track][]media.Annotation, error) {
	all := make([]found, len(pieces))
	for n, p := range pieces {
		f, ok, err := t.kept(ctx, p)
		if err == nil && !ok {
			err = fault.Say("analysis.join", t.ref.Asset, fault.Unavailable, "piece-gone", "A finished part of the analysis is no longer there; analyse again.")
		}
		if err != nil {
			return nil, err
		}
		all[n] = f
	}
	return w.finish(ctx, t, all)
}

// end closes a run: what was waiting or running in it is failed or cancelled, with the reason.
func (s *Service) end(ctx context.Context, ref media.Ref, id, state string, cause error) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		run, ok, err := lockRun(ctx, tx, id)
		if err != nil || !ok || run.State != runOpen {
			return err
		}
		stand, err := standings(ctx, tx, ref)
		if err != nil {
			return err
		}
		for _, st := range stand {
			if st.Run != id || st.State.Over() {
				continue
			}
			st.fail(problemOf(cause))
			if state == runCancelled {
				st.State = Cancelled
			}
			if err := putStanding(ctx, tx, ref, st); err != nil {
				return err
			}
		}
		if err := closeRun(ctx, tx, id, state); err != nil {
			return err
		}
		return s.event(ctx, tx, ref, "asset.analysed", map[string]any{"version": ref.Version, "run": id, "state": state})
	})
}
