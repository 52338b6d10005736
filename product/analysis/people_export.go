package analysis

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

// peopleFormat names the form of Crowd.
const peopleFormat = "showreel-people/1"

// Crowd is what an asset's export holds of people: who is named in it, and every decision about its faces and voices, by
// place. It never holds a vector.
type Crowd struct {
	Format    string        `json:"format"`
	People    []CrowdPerson `json:"people"`
	Decisions []CrowdLink   `json:"decisions"`
}

// CrowdPerson is a person who is named in an asset.
type CrowdPerson struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Note      string          `json:"note,omitempty"`
	Withdrawn string          `json:"withdrawn,omitempty"`
	Consents  []PersonConsent `json:"consents"`
}

// CrowdLink is one decision. Other is the second place of "together" and "apart"; where it lies in another asset,
// OtherSHA256 is that version's original, by which it is found on another instance.
type CrowdLink struct {
	Verdict     string `json:"verdict"`
	Kind        string `json:"kind"`
	At          place  `json:"at"`
	Other       *place `json:"other,omitempty"`
	OtherSHA256 string `json:"otherSha256,omitempty"`
	Person      string `json:"person,omitempty"`
}

// PeoplePart is the room's part in an asset's export and import.
func (s *Service) PeoplePart() library.Part {
	return library.Part{Name: "people", Export: func(ctx context.Context, asset string) (any, error) {
		out, err := s.exportPeople(ctx, asset)
		if err != nil || out == nil { // a nil *Crowd in an interface is not nil
			return nil, err
		}
		return out, nil
	}, Import: s.importPeople}
}

// exportPeople gathers the decisions about an asset and the people whom they or its timeline name; nil where there are none.
func (s *Service) exportPeople(ctx context.Context, asset string) (*Crowd, error) {
	who, err := s.may(ctx, "person:read", "person", "")
	if err != nil {
		return nil, err
	}
	q := s.deps.DB.Read()
	links, err := linksWhere(ctx, q, `tenant = $1`, who.Tenant)
	if err != nil {
		return nil, fault.E("analysis.export", asset, "", err)
	}
	out := Crowd{Format: peopleFormat, People: []CrowdPerson{}, Decisions: []CrowdLink{}}
	named := map[string]bool{}
	for _, l := range links {
		if l.At.Asset != asset && (l.Other == nil || l.Other.Asset != asset) {
			continue
		}
		x := CrowdLink{Verdict: l.Verdict, Kind: l.Kind, At: l.At, Other: l.Other, Person: l.Person}
		if x.At.Asset != asset { // the other end is ours
			x.At, x.Other = *l.Other, &l.At
		}
		if x.Other != nil && x.Other.Asset != asset {
			v, err := s.deps.Library.Version(ctx, media.Ref{Tenant: who.Tenant, Asset: x.Other.Asset, Version: x.Other.Version})
			if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied) {
				return nil, err
			}
			x.OtherSHA256 = v.SHA256
		}
		out.Decisions, named[l.Person] = append(out.Decisions, x), true
	}
	tracks, err := sightedWhere(ctx, q, `tenant = $1 AND asset = $2 AND person <> ''`, who.Tenant, asset)
	if err != nil {
		return nil, fault.E("analysis.export", asset, "", err)
	}
	for _, x := range tracks {
		named[x.Person] = true
	}
	all, err := personsOf(ctx, q, who.Tenant)
	if err != nil {
		return nil, fault.E("analysis.export", asset, "", err)
	}
	for id, p := range all {
		if !named[id] {
			continue
		}
		consents, err := consentsOf(ctx, q, who.Tenant, id)
		if err != nil {
			return nil, fault.E("analysis.export", asset, "", err)
		}
		out.People = append(out.People, CrowdPerson{ID: id, Name: p.Name, Note: p.Note, Withdrawn: p.Withdrawn, Consents: consents})
	}
	slices.SortFunc(out.People, func(a, b CrowdPerson) int { return strings.Compare(a.ID, b.ID) })
	if len(out.People)+len(out.Decisions) == 0 {
		return nil, nil
	}
	return &out, nil
}

// mostDecisions bounds one import.
const mostDecisions = 100_000

// importPeople takes an export's people and decisions to a version. A person who is here, by id or else by name, is that
// person; somebody who has withdrawn, there or here, is not named again: their faces stay withheld. Decisions that are
// there already are not doubled. Names then spread as if the decisions had been made here.
func (s *Service) importPeople(ctx context.Context, ref media.Ref, raw json.RawMessage) (int, error) {
	const op = "analysis.import"
	who, err := s.may(ctx, "person:update", "person", "")
	if err == nil {
		_, err = s.may(ctx, "person:create", "person", "")
	}
	if err != nil {
		return 0, err
	}
	in, err := readCrowd(op, ref, raw)
	if err != nil {
		return 0, err
	}
	ref.Tenant = who.Tenant
	_, denied := s.may(ctx, "person:consent", "person", "")
	put := 0
	var ids map[string]string
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		put = 0
		all, err := personsOf(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		if ids, err = s.takePeople(ctx, tx, who, in.People, all, denied == nil); err != nil {
			return err
		}
		there, err := linksWhere(ctx, tx, `tenant = $1`, who.Tenant)
		if err != nil {
			return err
		}
		for _, x := range in.Decisions {
			l, ok, err := s.linkHere(ctx, ref, x, ids, all)
			if err != nil {
				return err
			}
			if !ok || slices.ContainsFunc(there, func(o link) bool { return o.same(l) }) {
				continue
			}
			l.ID, l.Tenant, l.By = sqldb.NewID(), who.Tenant, who.ID
			if err := putLink(ctx, tx, l, s.nowMS()); err != nil {
				return err
			}
			there, put = append(there, l), put+1
		}
		return s.noteDeed(ctx, tx, who.Tenant, "person:update", ref.Asset, "", map[string]any{"imported": put, "people": len(in.People), "version": ref.Version})
	})
	if err != nil {
		return 0, err
	}
	return put, s.spread(ctx, ref, ids)
}

// readCrowd reads and checks the part of an export.
func readCrowd(op string, ref media.Ref, raw json.RawMessage) (Crowd, error) {
	var in Crowd
	bad := func(text string) error { return fault.Say(op, ref.Asset, fault.Invalid, "bad-people", "%s", text) }
	if err := json.Unmarshal(raw, &in); err != nil || in.Format != peopleFormat {
		return in, bad("The people of this export cannot be read; they are not of the form " + peopleFormat + ".")
	}
	if len(in.Decisions)+len(in.People) > mostDecisions {
		return in, fault.Say(op, ref.Asset, fault.TooLarge, "too-many-decisions", "At most %d decisions about people are taken in at once.", mostDecisions)
	}
	for _, x := range in.Decisions {
		pair := x.Verdict == verdictTogether || x.Verdict == verdictApart
		known := pair || x.Verdict == verdictIs || x.Verdict == verdictNot || x.Verdict == verdictWithheld
		if !known || x.Kind != kindFace && x.Kind != kindVoice || pair != (x.Other != nil) || x.At.Range.End < x.At.Range.Start {
			return in, bad("A decision about a face or a voice in this export is not whole.")
		}
	}
	for n := range in.People {
		p := &in.People[n]
		var err error
		if p.Name, err = personText(op, "name", p.Name, mostName, true); err != nil {
			return in, err
		}
		if p.Note, err = personText(op, "note", p.Note, mostNote, false); err != nil {
			return in, err
		}
	}
	return in, nil
}

// takePeople finds or makes the people of an export and returns their ids here. all gets those that were made.
func (s *Service) takePeople(ctx context.Context, tx *sqldb.Tx, who access.Who, list []CrowdPerson, all map[string]Person, consents bool) (map[string]string, error) {
	ids := map[string]string{}
	for _, x := range list {
		here := ""
		if _, ok := all[x.ID]; ok {
			here = x.ID
		}
		for id, p := range all {
			if here == "" && strings.EqualFold(p.Name, x.Name) {
				here = id
			}
		}
		if here == "" {
			p := Person{ID: sqldb.NewID(), tenant: who.Tenant, Name: x.Name, Note: x.Note, CreatedMS: s.nowMS(), UpdatedMS: s.nowMS()}
			if x.Withdrawn == endedRevoked || x.Withdrawn == endedExpired {
				p.Withdrawn = x.Withdrawn
			}
			if err := insertPerson(ctx, tx, p, who.ID); err != nil {
				return nil, err
			}
			all[p.ID], here = p, p.ID
		}
		ids[x.ID] = here
		if !consents {
			continue
		}
		if err := s.takeConsents(ctx, tx, who, here, x.Consents); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// takeConsents records consents that are not there yet; one that stood in the export stands here unless it has run out or
// one stands here already.
func (s *Service) takeConsents(ctx context.Context, tx *sqldb.Tx, who access.Who, person string, list []PersonConsent) error {
	there, err := consentsOf(ctx, tx, who.Tenant, person)
	if err != nil {
		return err
	}
	stands := slices.ContainsFunc(there, func(c PersonConsent) bool { return c.EndedMS == 0 })
	for _, c := range list {
		if slices.ContainsFunc(there, func(o PersonConsent) bool {
			return o.Basis == c.Basis && o.Document == c.Document && o.GivenMS == c.GivenMS
		}) {
			continue
		}
		if c.EndedMS == 0 && stands {
			c.EndedMS, c.EndedWhy = s.nowMS(), endedReplaced
		}
		stands = stands || c.EndedMS == 0
		if _, err := tx.ExecContext(ctx, `INSERT INTO analysis_consents (`+consentColumns+`, tenant, person, created_by) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
			sqldb.NewID(), c.Basis, c.Document, c.GivenMS, c.ExpiresMS, c.EndedMS, c.EndedWhy, who.Tenant, person, who.ID); err != nil {
			return err
		}
	}
	return nil
}

// linkHere is an exported decision as it stands on this instance; ok is false where its second place, or its person, is
// not here.
func (s *Service) linkHere(ctx context.Context, ref media.Ref, x CrowdLink, ids map[string]string, all map[string]Person) (l link, ok bool, err error) {
	from := x.At.Asset
	l = link{Verdict: x.Verdict, Kind: x.Kind, At: x.At, Person: ids[x.Person]}
	l.At.Asset, l.At.Version = ref.Asset, ref.Version
	if x.Person != "" && l.Person == "" && x.Verdict != verdictWithheld {
		return l, false, nil
	}
	if l.Verdict == verdictIs && all[l.Person].Withdrawn != "" {
		l.Verdict = verdictWithheld
	}
	if x.Other == nil {
		return l, true, nil
	}
	other := *x.Other
	l.Other = &other
	if other.Asset == from {
		other.Asset, other.Version = ref.Asset, ref.Version
		return l, true, nil
	}
	if _, err := s.deps.Library.Version(ctx, media.Ref{Tenant: ref.Tenant, Asset: other.Asset, Version: other.Version}); err == nil {
		return l, true, nil
	}
	if x.OtherSHA256 == "" {
		return l, false, nil
	}
	list, err := s.deps.Library.BySHA256(ctx, x.OtherSHA256)
	if err != nil || len(list) == 0 {
		return l, false, err
	}
	versions, err := s.deps.Library.Versions(ctx, list[0].ID)
	for _, v := range versions {
		if v.SHA256 == x.OtherSHA256 {
			other.Asset, other.Version, ok = list[0].ID, v.Number, true
		}
	}
	return l, ok, err
}

// same reports whether two decisions say the same of the same places.
func (l link) same(o link) bool {
	equal := func(a, b *place) bool {
		return (a == nil) == (b == nil) && (a == nil || jsonText(a) == jsonText(b))
	}
	return l.Verdict == o.Verdict && l.Kind == o.Kind && l.Person == o.Person && equal(&l.At, &o.At) && equal(l.Other, o.Other)
}

// spread puts names to what was imported: where the version was analysed here, as if the decisions had been made here;
// where only its annotations came, under the ids that people have here.
func (s *Service) spread(ctx context.Context, ref media.Ref, ids map[string]string) error {
	system := asSystem(ctx, ref.Tenant)
	if err := s.Regroup(system, ref.Tenant); err != nil {
		return err
	}
	for kind, lanes := range map[string][]media.Track{kindFace: {media.TrackFace}, kindVoice: {media.TrackSpeaker, media.TrackSpeech}} {
		tracks, err := sightedWhere(system, s.deps.DB.Read(), `tenant = $1 AND asset = $2 AND version = $3 AND kind = $4`, ref.Tenant, ref.Asset, ref.Version, kind)
		if err != nil {
			return err
		}
		if len(tracks) > 0 {
			if err := s.rename(system, ref, kind); err != nil {
				return err
			}
			continue
		}
		for _, lane := range lanes {
			notes, err := s.deps.Library.Annotations(system, ref, lane)
			if err != nil {
				return err
			}
			change := map[string]string{}
			for _, a := range notes {
				if to, ok := ids[a.Person]; ok && to != a.Person {
					change[a.ID] = to
				}
			}
			if err := s.deps.Library.NamePeople(system, ref, lane, change); err != nil {
				return err
			}
		}
	}
	return nil
}
