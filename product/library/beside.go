package library

import (
	"context"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

// beside is in the source of results that another model found, kept for comparison: "speech@whisper-small". They do not show
// among the annotations.
const beside = "@"

// SourceCount is how much one source has on a track of a version.
type SourceCount struct {
	Track  media.Track
	Source string
	Model  string
	Count  int
}

// Sources counts what machines have on a version's tracks, by source and model, those kept beside among them. What a person
// decided is not counted.
func (s *Service) Sources(ctx context.Context, ref media.Ref) ([]SourceCount, error) {
	ref, err := s.resolve(ctx, "asset:read", ref)
	if err != nil {
		return nil, err
	}
	out, err := collect(ctx, s.read(), func(r scanner) (c SourceCount, err error) { return c, r.Scan(&c.Track, &c.Source, &c.Model, &c.Count) },
		`SELECT track, source, model, COUNT(*) FROM library_annotations WHERE tenant = $1 AND asset = $2 AND version = $3 AND locked_by = '' AND hidden = 0
		GROUP BY track, source, model ORDER BY track, source, COUNT(*) DESC, model`, ref.Tenant, ref.Asset, ref.Version)
	if err != nil {
		return nil, fault.E("library.sources", ref.Asset, "", err)
	}
	return out, nil
}

// ResultsOf lists what a source has on a track of a version, by start, people's decisions left out.
func (s *Service) ResultsOf(ctx context.Context, ref media.Ref, track media.Track, source string) ([]media.Annotation, error) {
	ref, err := s.resolve(ctx, "asset:read", ref)
	if err != nil {
		return nil, err
	}
	notes, err := selectNotes(ctx, s.read(), `WHERE tenant = $1 AND asset = $2 AND version = $3 AND track = $4 AND source = $5 AND locked_by = '' ORDER BY start_at, end_at, id`,
		ref.Tenant, ref.Asset, ref.Version, string(track), source)
	if err != nil {
		return nil, fault.E("library.results", ref.Asset, "", err)
	}
	out := make([]media.Annotation, len(notes))
	for n := range notes {
		out[n] = notes[n].Annotation
	}
	return out, nil
}

// Switch puts one source's results in the place of another's.
type Switch struct {
	Track  media.Track
	Source string // whose place it is: "speech"
	As     string // under which what is there is kept: "speech@whisper-base"; "" keeps it nowhere and moves nothing away
	From   string // whose results come: "speech@whisper-small"; "" brings none
	Run    string
	// Fit makes the results that come fit what else is on the timeline; nil leaves them as they are.
	Fit func(list []media.Annotation) []media.Annotation
}

// SwitchResults exchanges what a machine found for what another found, in one transaction. What people decided stays: a
// result that a decision covers does not come, and remains beside. It returns how many came.
func (s *Service) SwitchResults(ctx context.Context, ref media.Ref, x Switch) (int, error) {
	tenant, err := s.may(ctx, "asset:process", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return 0, err
	}
	ref.Tenant = tenant
	came := 0
	err = s.write(ctx, tenant, func(c *change) error {
		came = 0
		if _, err := findVersion(ctx, c.Tx, ref); err != nil {
			return err
		}
		const at = ` WHERE tenant = $1 AND asset = $2 AND version = $3 AND track = $4 AND source = $5 AND locked_by = ''`
		args := []any{ref.Tenant, ref.Asset, ref.Version, string(x.Track)}
		if x.As != "" {
			if _, err := c.ExecContext(ctx, `UPDATE library_annotations SET source = $6`+at, append(args, x.Source, x.As)...); err != nil {
				return err
			}
		}
		if x.From == "" {
			return nil
		}
		kept, err := selectNotes(ctx, c.Tx, `WHERE tenant = $1 AND asset = $2 AND version = $3 AND track = $4 AND locked_by <> ''`, args...)
		if err != nil {
			return err
		}
		there, err := selectNotes(ctx, c.Tx, at[1:]+` ORDER BY start_at, end_at, id`, append(args, x.From)...)
		if err != nil {
			return err
		}
		var come []media.Annotation
		for _, n := range there {
			if decided(kept, n.Annotation) {
				continue
			}
			if _, err := c.ExecContext(ctx, `DELETE FROM library_annotations WHERE tenant = $1 AND id = $2`, ref.Tenant, n.ID); err != nil {
				return err
			}
			come = append(come, n.Annotation)
		}
		if x.Fit != nil {
			come = x.Fit(come)
		}
		used := map[string]bool{}
		for _, a := range come {
			a.Ref, a.Track, a.Source = ref, x.Track, x.Source
			if used[a.ID] || a.ID == "" { // one that was cut into two
				a.ID = sqldb.NewID()
			}
			used[a.ID] = true
			if err := c.insertNote(ctx, machines(a)); err != nil {
				return err
			}
		}
		came = len(come)
		return c.done(ctx, "asset:process", "annotations.written", ref.Asset, map[string]any{"version": ref.Version, "track": x.Track, "run": x.Run, "count": came, "source": x.Source, "change": "model"})
	})
	return came, err
}

func decided(kept []note, a media.Annotation) bool {
	for _, n := range kept {
		if n.decides(a) {
			return true
		}
	}
	return false
}
