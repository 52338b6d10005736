package analysis

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"showreel/engine/blob"
	"showreel/engine/flow"
	"showreel/engine/keys"
	"showreel/engine/language"
	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/budget"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// Deps is what the room needs. An engine that is nil makes its abilities unavailable.
type Deps struct {
	DB       *sqldb.DB
	Outbox   *outbox.Outbox
	Blobs    blob.Stores
	Flow     *flow.Engine
	Budget   *budget.Budget
	Library  *library.Service
	Access   *access.Service
	Audit    *audit.Log
	Speech   *speech.Service
	Vision   *vision.Service
	Embed    language.Embedder
	Analyze  language.Analyzer
	Renderer Renderer         // nil: nothing is redacted
	Publish  Publisher        // nil: what is signed can be fetched as a file only
	Working  Working          // nil: what is no longer there is not made again
	Captions Captioner        // nil: transcripts are not served as captions
	Frames   Frames           // nil: shots stay as the decoder wrote them
	Consent  Consent          // nil: the room's own setting
	Keys     *keys.Ring       // nil: no vector of a face or voice is kept
	Models   Models           // nil: unavailable abilities wait for a person to ask again
	Costs    Costs            // nil forgets them
	Width    int              // pieces of a run at once; 0 is 2
	Now      func() time.Time // nil is time.Now
	Log      *slog.Logger     // nil discards
}

// Service is the room. It is safe for concurrent use. Every verb asks access first and works in the caller's tenant only.
type Service struct {
	deps    Deps
	table   map[string]work
	model   string // "" is the models in use; another one's id beside them
	refused error  // of a model that cannot run beside

	people *sync.Mutex // held while people are told apart
	hiding sync.Mutex  // held while marks of a redaction are changed
}

// New makes the room.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Width <= 0 {
		d.Width = 2
	}
	s := &Service{deps: d, people: &sync.Mutex{}}
	if s.deps.Consent == nil {
		s.deps.Consent = s
	}
	s.table = s.works()
	return s
}

// asSystem is the context of the room's own work for a tenant.
func asSystem(ctx context.Context, tenant string) context.Context {
	return access.With(ctx, access.System(tenant))
}

func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// version resolves an asset's version, 0 the newest, after asking access.
func (s *Service) version(ctx context.Context, action, asset string, version int) (library.Asset, library.Version, error) {
	if err := s.deps.Access.Check(ctx, action, access.Resource{Kind: "asset", ID: asset}); err != nil {
		return library.Asset{}, library.Version{}, err
	}
	a, err := s.deps.Library.Get(ctx, asset)
	if err != nil {
		return a, library.Version{}, err
	}
	if version == 0 {
		version = a.Version
	}
	v, err := s.deps.Library.Version(ctx, a.At(version))
	return a, v, err
}

// Overview is how the analysis of a version stands.
type Overview struct {
	Asset     string     `json:"asset"`
	Version   int        `json:"version"`
	Run       *Run       `json:"run,omitempty" doc:"the open or the latest one"`
	Abilities []Standing `json:"abilities" nullable:"false" doc:"that fit this kind of asset, in the order of their turns"`
	Beside    []Standing `json:"beside,omitempty" doc:"other models' results, kept for comparison: ability@model"`
}

// Over reports whether nothing more happens by itself.
func (r Overview) Over() bool { return r.Run == nil || r.Run.State != runOpen }

// Analysis tells how each ability stands with a version; 0 is the newest.
func (s *Service) Analysis(ctx context.Context, asset string, version int) (Overview, error) {
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return Overview{}, err
	}
	return s.overview(ctx, s.deps.DB.Read(), a.At(v.Number), v.Info.Kind)
}

func (s *Service) overview(ctx context.Context, q sqldb.Querier, ref media.Ref, kind media.Kind) (Overview, error) {
	out := Overview{Asset: ref.Asset, Version: ref.Version, Abilities: []Standing{}}
	stand, err := standings(ctx, q, ref)
	if err != nil {
		return out, fault.E("analysis.report", ref.Asset, "", err)
	}
	runs, err := runsOf(ctx, q, ref)
	if err != nil {
		return out, fault.E("analysis.report", ref.Asset, "", err)
	}
	if len(runs) > 0 {
		out.Run = &runs[0]
	}
	for _, a := range fits(kind) {
		st := stand[a.Name]
		st.Ability, st.Title, st.Tracks, st.OnRequest = a.Name, a.Title, a.Tracks, a.Asked
		out.Abilities = append(out.Abilities, st)
	}
	for _, key := range keysOf(stand) {
		if ability, model := ofKey(key); model != "" {
			st := stand[key]
			st.Title, st.Tracks = s.table[ability].Title, []media.Track{}
			out.Beside = append(out.Beside, st)
		}
	}
	return out, nil
}

// The modes of an Analyze.
const (
	Missing = "missing" // what is not done
	All     = "all"     // everything again, whatever was found before
)

// Ask is a request for an analysis.
type Ask struct {
	Only []string // abilities; empty is all that fit
	Mode string   // Missing or All; "" is Missing
	Lane string   // "" is LaneAsked
	// Model is a model to run beside the one in use, by its id, for the one ability of Only; its results are kept for
	// comparison and show nowhere until UseModel.
	Model string

	keys []string // of Model
}

// beside lists what a request for a model beside has to do: what is not under way or done.
func (a Ask) beside(stand map[string]Standing) (todo []string) {
	for _, key := range a.keys {
		if st := stand[key].State; st == Absent || st.Over() && (st != Done || a.Mode == All) {
			todo = append(todo, key)
		}
	}
	return todo
}

// Analyze asks for abilities of a version, 0 the newest. They join the version's open run, or begin one; what they read
// and is not there is asked for too. Kinds: fault.Invalid "unknown-ability" and "does-not-fit", fault.Conflict while the
// original has not been read yet.
func (s *Service) Analyze(ctx context.Context, asset string, version int, ask Ask) (Overview, error) {
	const op = "analysis.analyze"
	a, v, err := s.version(ctx, "asset:process", asset, version)
	if err != nil {
		return Overview{}, err
	}
	if v.Info.Kind == "" {
		return Overview{}, fault.Say(op, asset, fault.Conflict, "not-read-yet", "The file has not been read yet; ask again when its job has begun.")
	}
	fit, err := fitting(v.Info.Kind, ask.Only)
	if err != nil {
		return Overview{}, err
	}
	if len(fit) == 0 {
		return Overview{}, fault.Say(op, asset, fault.Invalid, "does-not-fit", "Nothing of %s can be told of %s.", list(ask.Only), v.Info.Kind)
	}
	ref := a.At(v.Number)
	if ask.Model != "" {
		if ask.keys, err = s.besideAsk(ctx, ref, fit, ask); err != nil {
			return Overview{}, err
		}
	}
	var out Overview
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		who := access.WhoFrom(ctx)
		run, err := s.want(ctx, tx, ref, v.Info.Kind, fit, ask, who.ID)
		if err != nil {
			return err
		}
		if err := s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: ref.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "asset:process", Subject: asset,
			Data: map[string]any{"analysis": names(fit), "mode": ask.Mode, "run": run.ID}}); err != nil {
			return err
		}
		out, err = s.overview(ctx, tx, ref, v.Info.Kind)
		return err
	})
	return out, err
}

func names(list []Ability) []string {
	out := make([]string, len(list))
	for n, a := range list {
		out[n] = a.Name
	}
	return out
}

// want marks abilities as waiting in the version's open run, or in a new one whose flow starts with the transaction.
func (s *Service) want(ctx context.Context, tx *sqldb.Tx, ref media.Ref, kind media.Kind, fit []Ability, ask Ask, by string) (Run, error) {
	stand, err := standings(ctx, tx, ref)
	if err != nil {
		return Run{}, err
	}
	todo := choose(kind, fit, stand, ask.Mode)
	if ask.Model != "" {
		todo = ask.beside(stand)
	}
	if len(todo) == 0 {
		runs, err := runsOf(ctx, tx, ref)
		if err != nil || len(runs) == 0 {
			return Run{}, err
		}
		return runs[0], nil
	}
	lane := ask.Lane
	if lane == "" {
		lane = LaneAsked
	}
	run, fresh, err := openRun(ctx, tx, Run{ID: "analysis/" + slot(ref) + "/" + sqldb.NewID(), tenant: ref.Tenant, Asset: ref.Asset, Version: ref.Version,
		Lane: lane, State: runOpen, CreatedBy: by, CreatedMS: sqldb.NowMS()})
	if err != nil {
		return run, err
	}
	for _, name := range todo {
		if was := stand[name]; was.State == Done && was.Model != "" && slices.Contains(comparableAbilities, name) { // its receipt, should another model take its place
			was.Ability = besideKey(name, was.Model)
			if err := putStanding(ctx, tx, ref, was); err != nil {
				return run, err
			}
		}
		if err := putStanding(ctx, tx, ref, Standing{Ability: name, State: Waiting, Run: run.ID}); err != nil {
			return run, err
		}
	}
	if err := s.event(ctx, tx, ref, "asset.analysing", map[string]any{"version": ref.Version, "run": run.ID, "abilities": todo, "state": Waiting}); err != nil {
		return run, err
	}
	if !fresh {
		return run, nil
	}
	return run, s.deps.Flow.StartIn(ctx, tx, flowAnalysis, run.ID, start{Run: run.ID, Ref: ref, Kind: kind, Lane: lane})
}

// broken reports whether an ability ended in a way that may be another when it is asked again, though others went on
// without it.
func (st Standing) broken() bool {
	return st.State == Failed || st.State == Cancelled || st.State == Unavailable && (st.Code == "helper-failed" || st.Code == "helper-unreachable")
}

// choose lists what has to be done: what was asked for unless it is under way (or done, when only what is missing is
// wanted), what that reads unless it is done, and what was done while something that it reads had failed: it was made of
// less than is there now.
func choose(kind media.Kind, fit []Ability, stand map[string]Standing, mode string) []string {
	want := map[string]bool{}
	var need func(a Ability, asked bool)
	need = func(a Ability, asked bool) {
		st := stand[a.Name].State
		if !st.Over() && st != Absent || want[a.Name] || st == Done && (!asked || mode != All) || !asked && st == Unavailable {
			return
		}
		want[a.Name] = true
		for _, before := range a.After {
			all, err := fitting(kind, []string{before})
			if err == nil && len(all) == 1 {
				need(all[0], false)
			}
		}
	}
	for _, a := range fit {
		need(a, true)
	}
	var out []string
	anew := map[string]bool{}
	for _, a := range everything() {
		st := stand[a.Name]
		anew[a.Name] = want[a.Name] && st.broken() || slices.ContainsFunc(a.After, func(before string) bool { return anew[before] })
		if anew[a.Name] && st.State == Done && slices.ContainsFunc(fit, func(f Ability) bool { return f.Name == a.Name }) {
			want[a.Name] = true
		}
		if want[a.Name] {
			out = append(out, a.Name)
		}
	}
	return out
}

// event writes a domain event of the room.
func (s *Service) event(ctx context.Context, tx *sqldb.Tx, ref media.Ref, name string, data map[string]any) error {
	return s.deps.Outbox.Write(ctx, tx, ref.Tenant, name, ref.Asset, data)
}

// Cancel ends the open run of a version, 0 the newest. What is done stays. fault.Conflict when nothing is under way.
func (s *Service) Cancel(ctx context.Context, asset string, version int) (Overview, error) {
	a, v, err := s.version(ctx, "asset:process", asset, version)
	if err != nil {
		return Overview{}, err
	}
	ref := a.At(v.Number)
	runs, err := runsOf(ctx, s.deps.DB.Read(), ref)
	if err != nil {
		return Overview{}, fault.E("analysis.cancel", asset, "", err)
	}
	n := slices.IndexFunc(runs, func(r Run) bool { return r.State == runOpen })
	if n < 0 {
		return Overview{}, fault.Say("analysis.cancel", asset, fault.Conflict, "no-analysis", "Nothing is being analysed here.")
	}
	if err := s.deps.Flow.Cancel(ctx, runs[n].ID); err != nil && !fault.Is(err, fault.NotFound) {
		return Overview{}, err
	}
	cause := fault.Say("analysis.cancel", asset, fault.Canceled, "cancelled", "A person ended it.")
	if err := s.end(asSystem(ctx, ref.Tenant), ref, runs[n].ID, runCancelled, cause); err != nil {
		return Overview{}, err
	}
	return s.overview(ctx, s.deps.DB.Read(), ref, v.Info.Kind)
}

// Forget removes what the room keeps about an asset, in the transaction that purges it. Working files lie among the
// version's and go with them.
func (s *Service) Forget(ctx context.Context, tx *sqldb.Tx, ref media.Ref) error {
	open, err := forgetAsset(ctx, tx, ref)
	if err == nil {
		err = errors.Join(forgetPeople(ctx, tx, ref.Tenant, ref.Asset), forgetRedactions(ctx, tx, ref.Tenant, ref.Asset))
	}
	if err != nil {
		return fault.E("analysis.forget", ref.Asset, "", err)
	}
	tx.OnCommit(func() {
		for _, r := range open {
			if err := s.deps.Flow.Cancel(context.WithoutCancel(ctx), r.ID); err != nil && !fault.Is(err, fault.NotFound) {
				s.deps.Log.WarnContext(ctx, "the analysis of a purged asset could not be ended", "run", r.ID, "err", err)
			}
		}
	})
	return nil
}

// Erase takes a user's name off what they asked for, and forgets a person of the registry.
func (s *Service) Erase(ctx context.Context, subject string) error {
	if err := s.erasePeople(ctx, subject); err != nil {
		return err
	}
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, table := range []string{"analysis_runs", "analysis_glossary", "analysis_examples", "analysis_captions"} {
			if _, err := tx.ExecContext(ctx, `UPDATE `+table+` SET created_by = '' WHERE created_by = $1`, subject); err != nil {
				return err
			}
		}
		return nil
	})
}
