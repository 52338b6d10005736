package analysis

import (
	"context"

	"showreel/fault"
	"showreel/media"
)

// PersonExport is all that the registry holds about somebody but vectors, which never leave it: what a person may ask for
// (GDPR, articles 15 and 20).
type PersonExport struct {
	Person      Person           `json:"person"`
	Consents    []PersonConsent  `json:"consents" nullable:"false" doc:"the newest first"`
	Appearances []FaceView       `json:"appearances" nullable:"false"`
	Decisions   []PersonDecision `json:"decisions" nullable:"false" doc:"what people said about them, the oldest first"`
	Vectors     int              `json:"vectors" doc:"biometric vectors of them that are stored, sealed; they are not part of an export"`
	ExportedMS  int64            `json:"exportedMs"`
}

// PersonDecision is what somebody said about a face or a voice, by its place on the timeline.
type PersonDecision struct {
	Verdict string     `json:"verdict" enum:"is,not,withheld"`
	Kind    string     `json:"kind" enum:"face,voice"`
	Asset   string     `json:"asset"`
	Version int        `json:"version"`
	StartMS int64      `json:"startMs"`
	EndMS   int64      `json:"endMs"`
	Box     *media.Box `json:"box,omitempty"`
	By      string     `json:"by,omitempty" doc:"id of the user who said so"`
}

// ExportPerson gathers what is held about somebody.
func (s *Service) ExportPerson(ctx context.Context, id string) (PersonExport, error) {
	who, err := s.may(ctx, "person:read", "person", id)
	if err != nil {
		return PersonExport{}, err
	}
	out := PersonExport{Decisions: []PersonDecision{}, ExportedMS: s.nowMS()}
	if out.Person, err = s.Person(ctx, id); err != nil {
		return out, err
	}
	consents, err := s.Consents(ctx, id)
	if err != nil {
		return out, err
	}
	out.Consents = append([]PersonConsent{}, consents...)
	if out.Appearances, err = s.FacesOf(ctx, id); err != nil {
		return out, err
	}
	links, err := linksWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND person = $2`, who.Tenant, id)
	if err == nil {
		err = s.deps.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM analysis_vectors v JOIN analysis_tracks t ON t.id = v.track WHERE t.tenant = $1 AND t.person = $2`,
			who.Tenant, id).Scan(&out.Vectors)
	}
	if err != nil {
		return out, fault.E("analysis.people", id, "", err)
	}
	for _, l := range links {
		out.Decisions = append(out.Decisions, PersonDecision{Verdict: l.Verdict, Kind: l.Kind, Asset: l.At.Asset, Version: l.At.Version,
			StartMS: l.At.Range.Start.MS(), EndMS: l.At.Range.End.MS(), Box: l.At.Box, By: l.By})
	}
	return out, nil
}
