package analysis

import (
	"context"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// People lists the tenant's people by name.
func (s *Service) People(ctx context.Context) ([]Person, error) {
	who, err := s.may(ctx, "person:read", "person", "")
	if err != nil {
		return nil, err
	}
	all, err := personsOf(ctx, s.deps.DB.Read(), who.Tenant)
	if err != nil {
		return nil, fault.E("analysis.people", "", "", err)
	}
	tracks, err := sightedWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND person <> ''`, who.Tenant)
	if err != nil {
		return nil, fault.E("analysis.people", "", "", err)
	}
	out := []Person{}
	for _, p := range all {
		if p, err = s.filled(ctx, p, tracks); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Person) int {
		if d := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// Person is one of them.
func (s *Service) Person(ctx context.Context, id string) (Person, error) {
	who, err := s.may(ctx, "person:read", "person", id)
	if err != nil {
		return Person{}, err
	}
	p, err := personOf(ctx, s.deps.DB.Read(), who.Tenant, id)
	if err != nil {
		return p, err
	}
	tracks, err := sightedWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND person = $2`, who.Tenant, id)
	if err != nil {
		return p, fault.E("analysis.people", id, "", err)
	}
	return s.filled(ctx, p, tracks)
}

// filled adds what others tell of a person.
func (s *Service) filled(ctx context.Context, p Person, tracks []sighted) (Person, error) {
	assets, best := map[string]bool{}, -1.0
	for _, x := range tracks {
		if x.Person != p.ID {
			continue
		}
		assets[x.Asset] = true
		if x.Kind == kindVoice {
			p.Voices++
			continue
		}
		if p.Faces++; x.Score > best {
			best, p.Picture = x.Score, pictureOf(x.ID)
		}
	}
	p.Assets = len(assets)
	list, err := consentsOf(ctx, s.deps.DB.Read(), p.tenant, p.ID)
	if err != nil {
		return p, fault.E("analysis.people", p.ID, "", err)
	}
	for n, c := range list {
		if c.EndedMS == 0 && (c.ExpiresMS == 0 || c.ExpiresMS > s.nowMS()) {
			p.Consent = &list[n]
			break
		}
	}
	return p, nil
}

// CreatePerson adds somebody. fault.Conflict "name-taken" where the name is there already, in whatever case.
func (s *Service) CreatePerson(ctx context.Context, name, note string) (Person, error) {
	const op = "analysis.people"
	who, err := s.may(ctx, "person:create", "person", "")
	if err != nil {
		return Person{}, err
	}
	if name, err = personText(op, "name", name, mostName, true); err != nil {
		return Person{}, err
	}
	if note, err = personText(op, "note", note, mostNote, false); err != nil {
		return Person{}, err
	}
	p := Person{ID: sqldb.NewID(), tenant: who.Tenant, Name: name, Note: note, CreatedMS: s.nowMS(), UpdatedMS: s.nowMS()}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := freeName(ctx, tx, who.Tenant, name, ""); err != nil {
			return err
		}
		if err := insertPerson(ctx, tx, p, who.ID); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, who.Tenant, "person:create", p.ID, "", map[string]any{"name": name})
	})
	return p, err
}

func freeName(ctx context.Context, tx *sqldb.Tx, tenant, name, but string) error {
	all, err := personsOf(ctx, tx, tenant)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.ID != but && strings.EqualFold(p.Name, name) {
			return fault.Say("analysis.people", p.ID, fault.Conflict, "name-taken", "There is already a %s. Name the face as that person, or merge the two.", p.Name)
		}
	}
	return nil
}

// PatchPerson changes a name or a note; nil stays.
func (s *Service) PatchPerson(ctx context.Context, id string, name, note *string) (Person, error) {
	const op = "analysis.people"
	who, err := s.may(ctx, "person:update", "person", id)
	if err != nil {
		return Person{}, err
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		p, err := personOf(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if name != nil {
			if p.Name, err = personText(op, "name", *name, mostName, true); err != nil {
				return err
			}
			if err := freeName(ctx, tx, who.Tenant, p.Name, id); err != nil {
				return err
			}
		}
		if note != nil {
			if p.Note, err = personText(op, "note", *note, mostNote, false); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE analysis_persons SET name = $1, note = $2, updated_ms = $3 WHERE tenant = $4 AND id = $5`, p.Name, p.Note, s.nowMS(), who.Tenant, id); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, who.Tenant, "person:update", id, "", map[string]any{"name": p.Name})
	})
	if err != nil {
		return Person{}, err
	}
	return s.Person(ctx, id)
}

// ForgetPerson removes somebody: their vectors, names, consents and what was said about them. Their faces stay withheld
// where blur is true: unrecognised, and blurred in redactions.
func (s *Service) ForgetPerson(ctx context.Context, id string, blur bool) error {
	who, err := s.may(ctx, "person:delete", "person", id)
	if err != nil {
		return err
	}
	return s.forgetPerson(ctx, who.Tenant, id, blur)
}

func (s *Service) forgetPerson(ctx context.Context, tenant, id string, blur bool) error {
	late := s.withdraw(ctx, tenant, id, endedRevoked, false)
	if late != nil && !fault.Is(late, fault.Unavailable) {
		return late
	}
	err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		gone := `person = $2`
		if blur {
			gone += ` AND verdict <> 'withheld'`
		}
		for _, q := range []string{`DELETE FROM analysis_links WHERE tenant = $1 AND ` + gone, `UPDATE analysis_links SET person = '' WHERE tenant = $1 AND person = $2`,
			`DELETE FROM analysis_consents WHERE tenant = $1 AND person = $2`, `DELETE FROM analysis_persons WHERE tenant = $1 AND id = $2`} {
			if _, err := tx.ExecContext(ctx, q, tenant, id); err != nil {
				return err
			}
		}
		return s.noteDeed(ctx, tx, tenant, "person:delete", id, "", map[string]any{"blur": blur})
	})
	if err != nil {
		return err
	}
	return late
}

// MergePeople makes one person of several: into keeps its name, and gets what the others have.
func (s *Service) MergePeople(ctx context.Context, into string, from []string) (Person, error) {
	const op = "analysis.people"
	who, err := s.may(ctx, "person:update", "person", into)
	if err != nil {
		return Person{}, err
	}
	if len(from) == 0 || slices.Contains(from, into) {
		return Person{}, fault.Say(op, into, fault.Invalid, "bad-merge", "Name at least one other person to merge.")
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, id := range append([]string{into}, from...) {
			p, err := personOf(ctx, tx, who.Tenant, id)
			if err != nil {
				return err
			}
			if p.Withdrawn != "" {
				return fault.Say(op, id, fault.Conflict, "withdrawn", "%s is not recognised any more (%s) and cannot be merged; record a new consent first.", p.Name, p.Withdrawn)
			}
		}
		if err := unsaid(ctx, tx, who.Tenant, into, from); err != nil {
			return err
		}
		for _, id := range from {
			for _, q := range []string{`UPDATE analysis_links SET person = $1 WHERE tenant = $2 AND person = $3`, `UPDATE analysis_tracks SET person = $1 WHERE tenant = $2 AND person = $3`,
				`UPDATE analysis_consents SET person = $1 WHERE tenant = $2 AND person = $3`} {
				if _, err := tx.ExecContext(ctx, q, into, who.Tenant, id); err != nil {
					return err
				}
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM analysis_persons WHERE tenant = $1 AND id = $2`, who.Tenant, id); err != nil {
				return err
			}
		}
		return s.noteDeed(ctx, tx, who.Tenant, "person:update", into, "", map[string]any{"merged": from})
	})
	if err != nil {
		return Person{}, err
	}
	if err := s.Regroup(ctx, who.Tenant); err != nil {
		return Person{}, err
	}
	mine, err := sightedWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND person = $2`, who.Tenant, into)
	if err == nil {
		err = s.renameAll(asSystem(ctx, who.Tenant), mine)
	}
	if err != nil {
		return Person{}, err
	}
	return s.Person(ctx, into)
}

// Consents lists what a person agreed to, the newest first.
func (s *Service) Consents(ctx context.Context, id string) ([]PersonConsent, error) {
	who, err := s.may(ctx, "person:read", "person", id)
	if err != nil {
		return nil, err
	}
	if _, err := personOf(ctx, s.deps.DB.Read(), who.Tenant, id); err != nil {
		return nil, err
	}
	list, err := consentsOf(ctx, s.deps.DB.Read(), who.Tenant, id)
	if err != nil {
		return nil, fault.E("analysis.people", id, "", err)
	}
	return list, nil
}

// GiveConsent records a person's consent. It takes the place of the one that stands, and lets somebody who withdrew be
// recognised again, from faces that are named and seen from now on.
func (s *Service) GiveConsent(ctx context.Context, id string, in PersonConsent) (Person, error) {
	const op = "analysis.consent"
	who, err := s.may(ctx, "person:consent", "person", id)
	if err != nil {
		return Person{}, err
	}
	if in.Basis, err = personText(op, "basis", in.Basis, mostNote, true); err != nil {
		return Person{}, err
	}
	if in.Document, err = personText(op, "document", in.Document, mostNote, false); err != nil {
		return Person{}, err
	}
	if in.GivenMS == 0 {
		in.GivenMS = s.nowMS()
	}
	if in.ExpiresMS != 0 && in.ExpiresMS <= s.nowMS() {
		return Person{}, fault.Say(op, id, fault.Invalid, "already-expired", "This consent would have ended already; give a later date, or none.")
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := personOf(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		if err := endConsents(ctx, tx, who.Tenant, id, endedReplaced, s.nowMS()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO analysis_consents (`+consentColumns+`, tenant, person, created_by) VALUES ($1,$2,$3,$4,$5,0,'',$6,$7,$8)`,
			sqldb.NewID(), in.Basis, in.Document, in.GivenMS, in.ExpiresMS, who.Tenant, id, who.ID)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM analysis_links WHERE tenant = $1 AND person = $2 AND verdict = 'withheld'`, who.Tenant, id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE analysis_persons SET withdrawn = '', withdrawn_ms = 0, updated_ms = $1 WHERE tenant = $2 AND id = $3`, s.nowMS(), who.Tenant, id); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, who.Tenant, "person:consent", id, "", map[string]any{"basis": in.Basis, "document": in.Document, "expiresMs": in.ExpiresMS})
	})
	if err != nil {
		return Person{}, err
	}
	if err := s.Regroup(ctx, who.Tenant); err != nil {
		return Person{}, err
	}
	return s.Person(ctx, id)
}

// RevokeConsent ends the recognition of a person at once. keepNames leaves the names that a person typed by hand.
func (s *Service) RevokeConsent(ctx context.Context, id string, keepNames bool) (Person, error) {
	who, err := s.may(ctx, "person:consent", "person", id)
	if err != nil {
		return Person{}, err
	}
	late := s.withdraw(ctx, who.Tenant, id, endedRevoked, keepNames)
	if late != nil && !fault.Is(late, fault.Unavailable) {
		return Person{}, late
	}
	p, err := s.Person(ctx, id)
	if err == nil {
		err = late
	}
	return p, err
}

// forgetPeople removes what the registry keeps about an asset. The people stay.
func forgetPeople(ctx context.Context, tx *sqldb.Tx, tenant, asset string) error {
	for _, q := range []string{`DELETE FROM analysis_vectors WHERE track IN (SELECT id FROM analysis_tracks WHERE tenant = $1 AND asset = $2)`,
		`DELETE FROM analysis_tracks WHERE tenant = $1 AND asset = $2`, `DELETE FROM analysis_links WHERE tenant = $1 AND asset = $2`} {
		if _, err := tx.ExecContext(ctx, q, tenant, asset); err != nil {
			return err
		}
	}
	list, err := linksWhere(ctx, tx, `tenant = $1 AND other <> ''`, tenant)
	for _, l := range list {
		if err == nil && l.Other.Asset == asset {
			_, err = tx.ExecContext(ctx, `DELETE FROM analysis_links WHERE tenant = $1 AND id = $2`, tenant, l.ID)
		}
	}
	return err
}

// erasePeople removes a subject who is a person of the registry, and takes them off what they recorded as a user.
func (s *Service) erasePeople(ctx context.Context, subject string) error {
	list, err := collect(ctx, s.deps.DB.Read(), scanPerson, `SELECT `+personColumns+` FROM analysis_persons WHERE id = $1`, subject)
	if err != nil {
		return fault.E("analysis.erase", subject, "", err)
	}
	for _, p := range list {
		if err := s.forgetPerson(ctx, p.tenant, p.ID, true); err != nil {
			return err
		}
	}
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, table := range []string{"analysis_persons", "analysis_consents", "analysis_links"} {
			if _, err := tx.ExecContext(ctx, `UPDATE `+table+` SET created_by = '' WHERE created_by = $1`, subject); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE analysis_biometrics SET changed_by = '' WHERE changed_by = $1`, subject)
		return err
	})
}
