package analysis

import (
	"context"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// besideMark joins an ability and a model in the key of results that are kept beside those in use: "speech@whisper-small".
const besideMark = "@"

// comparable lists the abilities whose results can be kept by model. The others write what all models share: the registry of
// people, shots that everything else is cut by.
var comparableAbilities = []string{Speech, Labels, Objects, Text, Moderation}

// besideKey is the key of an ability's results by a model.
func besideKey(ability, model string) string { return ability + besideMark + model }

// ofKey is the ability and the model of a key; the model is "" for the results in use.
func ofKey(key string) (ability, model string) {
	ability, model, _ = strings.Cut(key, besideMark)
	return ability, model
}

// modelID is the id in a model's name: "whisper-base" of "whisper-base 1.0.0 q8_0".
func modelID(name string) string {
	id, _, _ := strings.Cut(name, " ")
	return strings.TrimSuffix(id, ",")
}

// workOf is what does an ability, or does it with another model beside.
func (s *Service) workOf(key string) work {
	ability, model := ofKey(key)
	if model == "" {
		return s.table[ability]
	}
	w := s.with(model).table[ability]
	w.Name, w.show = key, nil
	return w
}

// with is the room with another model in the place of the one in use.
func (s *Service) with(model string) *Service {
	other := &Service{deps: s.deps, people: s.people, model: model}
	if s.deps.Vision != nil {
		v, err := s.deps.Vision.With(model)
		if err != nil {
			other.refused = err
		} else {
			other.deps.Vision = v
		}
	}
	other.table = other.works()
	return other
}

// ModelResult is what one model found for an ability in a version.
type ModelResult struct {
	Ability string `json:"ability"`
	Model   string `json:"model" doc:"id and version"`
	Current bool   `json:"current" doc:"these show on the timeline; the others are kept for comparison"`
	State   State  `json:"state" enum:",waiting,running,done,failed,unavailable,cancelled"`
	Text    string `json:"text,omitempty" doc:"why it failed, or what is missing"`
	Found   int    `json:"found" doc:"annotations of machines, without those that people decided"`
	CPUMS   int64  `json:"cpuMs"`
	WallMS  int64  `json:"wallMs"`
	EndedMS int64  `json:"endedMs,omitempty"`

	key string
}

// Models lists the results of each model, by ability, those in use first. Version 0 is the newest.
func (s *Service) Models(ctx context.Context, asset string, version int) ([]ModelResult, error) {
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return nil, err
	}
	return s.models(ctx, a.At(v.Number))
}

func (s *Service) models(ctx context.Context, ref media.Ref) ([]ModelResult, error) {
	stand, err := standings(ctx, s.deps.DB.Read(), ref)
	if err != nil {
		return nil, fault.E("analysis.models", ref.Asset, "", err)
	}
	sources, err := s.deps.Library.Sources(ctx, ref)
	if err != nil {
		return nil, err
	}
	count := func(key string, track media.Track) (n int, model string) {
		for _, c := range sources {
			if c.Source == key && c.Track == track {
				if n += c.Count; model == "" {
					model = c.Model
				}
			}
		}
		return n, model
	}
	out := []ModelResult{}
	for key, st := range stand {
		ability, model := ofKey(key)
		if !slices.Contains(comparableAbilities, ability) || st.State == Absent {
			continue
		}
		r := ModelResult{Ability: ability, Model: st.Model, Current: model == "", State: st.State, Text: st.Text, CPUMS: st.CPUMS, WallMS: st.WallMS, EndedMS: st.EndedMS, key: key}
		n, by := count(key, s.table[ability].Tracks[0])
		if model != "" && n == 0 && st.Found > 0 && st.State == Done {
			continue // the receipt of results that still show, while others are made
		}
		if r.Found = n; by != "" && (model != "" || st.State == Done) {
			r.Model = by
		}
		if r.Model == "" {
			r.Model = model
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b ModelResult) int {
		switch {
		case a.Ability != b.Ability:
			return strings.Compare(a.Ability, b.Ability)
		case a.Current != b.Current && a.Current:
			return -1
		case a.Current != b.Current:
			return 1
		}
		return strings.Compare(a.Model, b.Model)
	})
	return out, nil
}

// resultOf finds a model's results by its id, or its whole name; "" is those in use.
func (s *Service) resultOf(ctx context.Context, ref media.Ref, ability, model string) (ModelResult, error) {
	all, err := s.models(ctx, ref)
	if err != nil {
		return ModelResult{}, err
	}
	var known []string
	for _, r := range all {
		if r.Ability != ability {
			continue
		}
		_, key := ofKey(r.key)
		if model == "" && r.Current || model != "" && (r.Model == model || modelID(r.Model) == model || key == model) {
			return r, nil
		}
		known = append(known, r.Model)
	}
	if len(known) == 0 {
		known = []string{"none"}
	}
	return ModelResult{}, fault.Say("analysis.models", model, fault.NotFound, "no-results", "No model %q has results for %s here; there are those of %s.", model, ability, list(known))
}

// besideAsk checks a request for a model beside the one in use.
func (s *Service) besideAsk(ctx context.Context, ref media.Ref, fit []Ability, ask Ask) ([]string, error) {
	const op = "analysis.analyze"
	if len(fit) != 1 || !slices.Contains(comparableAbilities, fit[0].Name) {
		return nil, fault.Say(op, ref.Asset, fault.Invalid, "one-ability", "A model runs beside the one in use for one ability of %s.", list(comparableAbilities))
	}
	name := fit[0].Name
	now, err := s.table[name].ready(ctx)
	if err == nil && modelID(now) == ask.Model {
		return nil, fault.Say(op, ask.Model, fault.Conflict, "in-use", "%s is the model in use for %s; ask without naming it.", ask.Model, name)
	}
	return []string{besideKey(name, ask.Model)}, nil
}

// UseModel makes a model's results those that show, in one step; those that showed are kept beside and can come back the same
// way. What people decided stands. Kinds: fault.NotFound "no-results", fault.Conflict while they are being made.
func (s *Service) UseModel(ctx context.Context, asset string, version int, ability, model string) ([]ModelResult, error) {
	const op = "analysis.use-model"
	a, v, err := s.version(ctx, "asset:process", asset, version)
	if err != nil {
		return nil, err
	}
	ref := a.At(v.Number)
	next, err := s.resultOf(ctx, ref, ability, model)
	if err != nil {
		return nil, err
	}
	if next.Current {
		return s.models(ctx, ref)
	}
	if next.State != Done {
		return nil, fault.Say(op, model, fault.Conflict, "not-done", "The results of %s are %s; they can be used once they are done.", next.Model, next.State)
	}
	w := s.table[ability]
	fit, err := s.fitting(ctx, ref, ability)
	if err != nil {
		return nil, err
	}
	who := access.WhoFrom(ctx)
	err = s.deps.DB.Write(asSystem(ctx, ref.Tenant), func(tx *sqldb.Tx) error {
		stand, err := standings(ctx, tx, ref)
		if err != nil {
			return err
		}
		now := stand[ability]
		if !now.State.Over() {
			return fault.Say(op, asset, fault.Conflict, "analysis-running", "%s is just being analysed; use the other results when that is over.", w.Title)
		}
		as := ""
		if now.Model != "" {
			as = besideKey(ability, now.Model)
		}
		if _, err := s.deps.Library.InTx(tx).SwitchResults(asSystem(ctx, ref.Tenant), ref, library.Switch{Track: w.Tracks[0], Source: sourceOf(ability, w.Tracks[0]), As: as, From: next.key, Fit: fit}); err != nil {
			return err
		}
		if as != "" {
			now.Ability = as
			if err := putStanding(ctx, tx, ref, now); err != nil {
				return err
			}
		}
		st := stand[next.key]
		st.Ability, st.Model = ability, next.Model
		if err := dropStanding(ctx, tx, ref, next.key); err != nil {
			return err
		}
		if err := putStanding(ctx, tx, ref, st); err != nil {
			return err
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: ref.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "asset:process", Subject: asset,
			Data: map[string]any{"ability": ability, "model": next.Model, "instead": now.Model}})
	})
	if err != nil {
		return nil, err
	}
	if err := s.used(ctx, ref, ability, next); err != nil {
		return nil, err
	}
	return s.models(ctx, ref)
}

// fitting makes the words of another model fit who speaks.
func (s *Service) fitting(ctx context.Context, ref media.Ref, ability string) (func([]media.Annotation) []media.Annotation, error) {
	if ability != Speech {
		return nil, nil
	}
	turns, err := s.deps.Library.Annotations(ctx, ref, media.TrackSpeaker)
	if err != nil || len(turns) == 0 {
		return nil, err
	}
	return func(in []media.Annotation) (out []media.Annotation) {
		for _, a := range in {
			out = append(out, bySpeaker(a, turns)...)
		}
		return out
	}, nil
}

// used does what follows when other results show: names of people on other words, the likenesses of shots by other labels.
func (s *Service) used(ctx context.Context, ref media.Ref, ability string, next ModelResult) error {
	ctx = asSystem(ctx, ref.Tenant)
	switch ability {
	case Speech:
		return s.rename(ctx, ref, kindVoice)
	case Labels:
		t := &target{s: s, ref: ref}
		_, key := ofKey(next.key)
		if err := t.copyFeatures(ctx, t.featuresKey(), t.featuresOf(next.Model)); err != nil {
			return err
		}
		return t.copyFeatures(ctx, t.featuresOf(key), t.featuresKey())
	}
	return nil
}

// ForgetModel removes the results of a model that are kept beside. fault.Conflict for those in use.
func (s *Service) ForgetModel(ctx context.Context, asset string, version int, ability, model string) error {
	a, v, err := s.version(ctx, "asset:process", asset, version)
	if err != nil {
		return err
	}
	ref := a.At(v.Number)
	r, err := s.resultOf(ctx, ref, ability, model)
	if err != nil {
		return err
	}
	if r.Current {
		return fault.Say("analysis.forget-model", model, fault.Conflict, "in-use", "These are the results in use; use another model's first.")
	}
	system := asSystem(ctx, ref.Tenant)
	return s.deps.DB.Write(system, func(tx *sqldb.Tx) error {
		if err := s.deps.Library.InTx(tx).PutResults(system, ref, library.Results{Track: s.table[ability].Tracks[0], Source: r.key}); err != nil {
			return err
		}
		return dropStanding(ctx, tx, ref, r.key)
	})
}

// setAside keeps the results of the model that was in use before a new one's take their place, within the transaction that
// writes them.
func (s *Service) setAside(ctx context.Context, tx *sqldb.Tx, ref media.Ref, w work, model string, stand map[string]Standing) error {
	if !slices.Contains(comparableAbilities, w.Name) || model == "" {
		return nil
	}
	was, err := s.deps.Library.InTx(tx).ResultsOf(ctx, ref, w.Tracks[0], sourceOf(w.Name, w.Tracks[0]))
	if err != nil || len(was) == 0 {
		return err
	}
	for _, key := range []string{besideKey(w.Name, model), besideKey(w.Name, modelID(model))} { // what this model found before is out of date
		if _, ok := stand[key]; !ok {
			continue
		}
		if err := s.deps.Library.InTx(tx).PutResults(ctx, ref, library.Results{Track: w.Tracks[0], Source: key}); err != nil {
			return err
		}
		if err := dropStanding(ctx, tx, ref, key); err != nil {
			return err
		}
	}
	old := was[0].Model
	if old == model {
		return nil
	}
	key := besideKey(w.Name, old)
	if _, err := s.deps.Library.InTx(tx).SwitchResults(ctx, ref, library.Switch{Track: w.Tracks[0], Source: sourceOf(w.Name, w.Tracks[0]), As: key}); err != nil {
		return err
	}
	kept, ok := stand[key]
	if !ok {
		kept = Standing{State: Done, EndedMS: sqldb.NowMS()}
	}
	kept.Ability, kept.Model, kept.State, kept.Found = key, old, Done, len(was)
	return putStanding(ctx, tx, ref, kept)
}
