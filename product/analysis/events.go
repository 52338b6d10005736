package analysis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/outbox"
	"showreel/platform/run"
	"showreel/platform/sqldb"
)

// consumer is the name of the room's place in the events.
const consumer = "analysis"

// Run starts analyses when assets are decoded or published, until ctx ends. One process at a time should run it.
func (s *Service) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.watchModels(ctx)
	}()
	expired := make(chan struct{})
	go func() {
		defer close(expired)
		s.watchConsents(ctx)
	}()
	captioned := make(chan error, 1)
	go func() { captioned <- s.watchCaptions(ctx) }()
	err := s.deps.Outbox.Consume(ctx, consumer, []string{"asset.heard", "asset.decoded", "asset.published"}, s.react)
	<-done
	<-expired
	err = errors.Join(err, <-captioned)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// react asks for what can be done now: the words when the sound is there, everything when the pictures are, and of
// pictures and texts when they are published.
func (s *Service) react(ctx context.Context, e outbox.Event) error {
	var data struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fault.E("analysis.react", e.Subject, fault.Corrupt, err)
	}
	ctx = asSystem(ctx, e.Tenant)
	v, err := s.deps.Library.Version(ctx, media.Ref{Tenant: e.Tenant, Asset: e.Subject, Version: data.Version})
	if fault.Is(err, fault.NotFound) {
		return nil // purged meanwhile
	}
	if err != nil {
		return err
	}
	ask := Ask{Lane: LaneFresh}
	switch {
	case e.Name == "asset.heard":
		ask.Only = []string{Sound, Speech, Speakers}
	case e.Name == "asset.published" && v.Info.Kind != media.Image && v.Info.Kind != media.Text:
		return nil // it was decoded, which is what counts
	}
	if _, err = s.Analyze(ctx, e.Subject, data.Version, ask); fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) {
		return nil
	}
	return err
}

const (
	modelsEvery = 10 * time.Second
	mostWaiting = 2000 // abilities taken up again at once
)

// watchModels takes up again what was unavailable whenever the set of models changes.
func (s *Service) watchModels(ctx context.Context) {
	if s.deps.Models == nil {
		return
	}
	last := s.deps.Models.Revision(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(modelsEvery):
		}
		now := s.deps.Models.Revision(ctx)
		if now == last {
			continue
		}
		if err := s.TakeUp(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "what waits for a model could not be taken up; it is tried again", "err", err)
			continue
		}
		last = now
	}
}

// consentsEvery is how often it is looked at what has run out.
const consentsEvery = time.Minute

// watchConsents ends what has run out.
func (s *Service) watchConsents(ctx context.Context) {
	for {
		if err := s.ExpireDue(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "a consent that has run out could not be ended; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(consentsEvery):
		}
	}
}

// TakeUp asks again for every ability that was unavailable and whose engine can work now.
func (s *Service) TakeUp(ctx context.Context) error {
	waiting, err := wanting(ctx, s.deps.DB.Read(), Unavailable, mostWaiting)
	if err != nil {
		return fault.E("analysis.take-up", "", "", err)
	}
	able := map[string]bool{}
	for name, w := range s.table {
		_, err := w.ready(ctx)
		able[name] = err == nil
	}
	for ref, abilities := range waiting {
		var only []string
		for _, name := range abilities { // a model beside is asked for again by a person
			if able[name] {
				only = append(only, name)
			}
		}
		if len(only) == 0 {
			continue
		}
		_, err := s.Analyze(asSystem(ctx, ref.Tenant), ref.Asset, ref.Version, Ask{Only: only, Lane: LaneBatch})
		if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

// Abilities says what the room can do on this machine, for doctor. What is missing leaves the rest working.
func (s *Service) Abilities(ctx context.Context) []run.Ability {
	var out []run.Ability
	for _, a := range everything() {
		model, err := s.table[a.Name].ready(ctx)
		state, text := run.OK, "works in this program, without a model"
		if model != "" {
			text = "works with " + model
		}
		if err != nil {
			state, text = run.Degraded, "does not work: "+fault.TextOf(err)+" The other abilities go on; this one follows by itself once that is there."
		}
		out = append(out, run.Ability{Name: "analysis: " + a.Title, State: state, Text: text})
	}
	return append(out, s.backlog(ctx))
}

// backlog tells how much waits.
func (s *Service) backlog(ctx context.Context) run.Ability {
	a := run.Ability{Name: "analysis", State: run.OK, Text: "nothing waits"}
	var open int
	err := s.deps.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM analysis_runs WHERE state = 'open'`).Scan(&open)
	switch {
	case err != nil && !sqldb.NotFound(err):
		a.State, a.Text = run.Degraded, "its tables cannot be read"
	case open > 0:
		a.Text = fmt.Sprintf("%d assets are being analysed or wait for it", open)
	}
	return a
}
