package analysis

import (
	"context"
	"slices"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

// ReasonWithdrawn is why a redaction is made again after somebody withdrew.
const ReasonWithdrawn = "withdrawn"

// Showing is something in which a person who withdrew can still be seen.
type Showing struct {
	Asset     string `json:"asset"`
	Version   int    `json:"version"`
	Title     string `json:"title"`
	Redaction string `json:"redaction,omitempty" doc:"of that asset; empty is the original with its renditions"`
	State     string `json:"state,omitempty" doc:"of that redaction"`
	Published string `json:"published,omitempty" doc:"the asset that plays it"`
	Remade    string `json:"remade,omitempty" doc:"the redaction in which they are blurred, made or being made"`
	NewState  string `json:"newState,omitempty" doc:"of that one"`
}

// Again says how what shows a person is made again.
type Again struct {
	Cover    string `json:"cover,omitempty" enum:",blur,fill,pixelate" doc:"of those that are new; one that is made again stays as it was"`
	TakeDown bool   `json:"takeDown,omitempty" doc:"take the redactions that show the person down at once, not when the new ones are signed"`
}

const opAgain = "analysis.reblur"

// Shown lists the renditions in which somebody who withdrew can still be seen: originals, and redactions made before.
// Checks "person:read". Kinds: fault.NotFound, fault.Conflict "not-withdrawn".
func (s *Service) Shown(ctx context.Context, person string) ([]Showing, error) {
	who, err := s.may(ctx, "person:read", "person", person)
	if err != nil {
		return nil, err
	}
	return s.shown(ctx, who.Tenant, person)
}

func (s *Service) shown(ctx context.Context, tenant, person string) ([]Showing, error) {
	p, err := personOf(ctx, s.deps.DB.Read(), tenant, person)
	if err != nil {
		return nil, err
	}
	if p.Withdrawn == "" {
		return nil, fault.Say(opAgain, person, fault.Conflict, "not-withdrawn", "%s has not withdrawn; end the consent first.", p.Name)
	}
	links, err := linksWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND person = $2 AND verdict = 'withheld' AND kind = 'face'`, tenant, person)
	if err != nil {
		return nil, fault.E(opAgain, person, "", err)
	}
	var refs []media.Ref
	for _, l := range links {
		if ref := (media.Ref{Tenant: tenant, Asset: l.At.Asset, Version: l.At.Version}); !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	out := []Showing{}
	for _, ref := range refs {
		list, err := s.showingIn(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// showingIn lists what shows somebody who withdrew, of one version: the original and its redactions. The asset that plays a
// redaction is not listed for itself; its source's redaction stands for it.
func (s *Service) showingIn(ctx context.Context, ref media.Ref) ([]Showing, error) {
	sys := asSystem(ctx, ref.Tenant)
	a, err := s.deps.Library.Get(sys, ref.Asset)
	if fault.Is(err, fault.NotFound) || err == nil && a.State == library.Trashed {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	derived, err := collect(ctx, s.deps.DB.Read(), scanRedaction, `SELECT `+redactionColumns+` FROM analysis_redactions WHERE tenant = $1 AND published = $2`, ref.Tenant, ref.Asset)
	if err != nil || len(derived) > 0 {
		return nil, err
	}
	all, err := redactionsOf(ctx, s.deps.DB.Read(), ref.Tenant, ref.Asset, "")
	if err != nil {
		return nil, err
	}
	again := map[string]Redaction{} // what it replaces to the one made since; "" for the original's
	withdrawn, err := s.withdrawnMS(ctx, ref)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Version == ref.Version && r.Reason == ReasonWithdrawn && r.CreatedMS >= withdrawn && r.State != RedactionFailed && r.State != RedactionRejected {
			if _, ok := again[r.Replaces]; !ok {
				again[r.Replaces] = r
			}
		}
	}
	entry := func(id, state, published string) Showing {
		n := again[id]
		return Showing{Asset: a.ID, Version: ref.Version, Title: a.Title, Redaction: id, State: state, Published: published, Remade: n.ID, NewState: n.State}
	}
	out := []Showing{entry("", "", "")}
	for _, r := range all {
		open := r.State == RedactionMarked || r.State == RedactionDraft || r.State == RedactionApproved
		if r.Version == ref.Version && open && r.CreatedMS < withdrawn && !r.Ask.wants(HideFaces) && !r.Ask.wants(HidePeople) {
			out = append(out, entry(r.ID, r.State, r.Published))
		}
	}
	return out, nil
}

// withdrawnMS is when somebody last withdrew who is seen in a version: redactions made since hide them.
func (s *Service) withdrawnMS(ctx context.Context, ref media.Ref) (int64, error) {
	var last int64
	err := s.deps.DB.Read().QueryRowContext(ctx, `SELECT COALESCE(MAX(created_ms), 0) FROM analysis_links WHERE tenant = $1 AND asset = $2 AND version = $3 AND verdict = 'withheld'`,
		ref.Tenant, ref.Asset, ref.Version).Scan(&last)
	if err != nil {
		return 0, fault.E(opAgain, ref.Asset, "", err)
	}
	return last, nil
}

// Reblur makes again what shows somebody who withdrew, with their face blurred: each redaction that shows them, and one of
// every original that has none. The new ones are drafts that a person signs; each takes the place of the one it replaces
// then, or at once with TakeDown. Asked twice, it makes nothing twice. Checks "person:consent". Kinds: Shown's.
func (s *Service) Reblur(ctx context.Context, person string, in Again) ([]Showing, error) {
	who, err := s.may(ctx, "person:consent", "person", person)
	if err != nil {
		return nil, err
	}
	if s.deps.Renderer == nil {
		return nil, fault.Say(opAgain, person, fault.Unavailable, "no-renderer", "No program here makes renditions; turn rooms.ingest on.")
	}
	list, err := s.shown(ctx, who.Tenant, person)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{} // versions with a redaction that is made again: the original needs no new one
	for _, x := range list {
		if x.Redaction != "" {
			own[x.Asset] = true
		}
	}
	for n, x := range list {
		ref := media.Ref{Tenant: who.Tenant, Asset: x.Asset, Version: x.Version}
		if x.Remade == "" && (x.Redaction != "" || !own[x.Asset]) {
			if list[n].Remade, err = s.remake(ctx, ref, x, in); err != nil {
				return nil, err
			}
			list[n].NewState = RedactionMaking
		}
		if in.TakeDown && x.Redaction != "" {
			if err := s.takeDown(asSystem(ctx, who.Tenant), ref, x.Redaction, list[n].Remade); err != nil {
				return nil, err
			}
		}
	}
	return list, s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var remade []string
		for _, x := range list {
			remade = append(remade, x.Asset+" "+x.Redaction+" "+x.Remade)
		}
		return s.noteDeed(ctx, tx, who.Tenant, "person:consent", person, "re-blur", map[string]any{"remade": remade, "takeDown": in.TakeDown})
	})
}

// remake begins the redaction that takes the place of one that shows somebody.
func (s *Service) remake(ctx context.Context, ref media.Ref, x Showing, in Again) (string, error) {
	sys := asSystem(ctx, ref.Tenant)
	v, err := s.deps.Library.Version(sys, ref)
	if err != nil {
		return "", err
	}
	if v.Info.Kind != media.Video {
		return "", nil
	}
	ask := HideAsk{What: []string{HideWithheld}, Cover: in.Cover}
	if x.Redaction != "" {
		list, err := redactionsOf(ctx, s.deps.DB.Read(), ref.Tenant, ref.Asset, x.Redaction)
		if err != nil || len(list) == 0 {
			return "", err
		}
		ask = list[0].Ask
		ask.Preview = false
		if !ask.wants(HideWithheld) {
			ask.What = append(slices.Clone(ask.What), HideWithheld)
		}
	}
	r := Redaction{ID: sqldb.NewID(), Asset: ref.Asset, Version: ref.Version, State: RedactionMaking, Ask: ask, Report: emptyReport(), CreatedBy: access.WhoFrom(ctx).ID,
		CreatedMS: sqldb.NowMS(), Replaces: x.Redaction, Reason: ReasonWithdrawn, tenant: ref.Tenant}
	return r.ID, s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error { return s.beginRedaction(ctx, tx, r, v.Info.Kind) })
}
