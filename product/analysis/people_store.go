package analysis

import (
	"context"
	"encoding/json"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

const personColumns = `id, tenant, name, note, withdrawn, created_ms, updated_ms`

func scanPerson(r scanner) (Person, error) {
	var p Person
	return p, r.Scan(&p.ID, &p.tenant, &p.Name, &p.Note, &p.Withdrawn, &p.CreatedMS, &p.UpdatedMS)
}

func personOf(ctx context.Context, q sqldb.Querier, tenant, id string) (Person, error) {
	list, err := collect(ctx, q, scanPerson, `SELECT `+personColumns+` FROM analysis_persons WHERE tenant = $1 AND id = $2`, tenant, id)
	if err == nil && len(list) == 0 {
		return Person{}, noPerson(id)
	}
	if err != nil {
		return Person{}, fault.E("analysis.people", id, "", err)
	}
	return list[0], nil
}

func personsOf(ctx context.Context, q sqldb.Querier, tenant string) (map[string]Person, error) {
	list, err := collect(ctx, q, scanPerson, `SELECT `+personColumns+` FROM analysis_persons WHERE tenant = $1 ORDER BY name, id`, tenant)
	out := map[string]Person{}
	for _, p := range list {
		out[p.ID] = p
	}
	return out, err
}

func insertPerson(ctx context.Context, tx *sqldb.Tx, p Person, by string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO analysis_persons (`+personColumns+`, withdrawn_ms, created_by) VALUES ($1,$2,$3,$4,$5,$6,$7,0,$8)`,
		p.ID, p.tenant, p.Name, p.Note, p.Withdrawn, p.CreatedMS, p.UpdatedMS, by)
	return err
}

const consentColumns = `id, basis, document, given_ms, expires_ms, ended_ms, ended_why`

func scanConsent(r scanner) (PersonConsent, error) {
	var c PersonConsent
	return c, r.Scan(&c.ID, &c.Basis, &c.Document, &c.GivenMS, &c.ExpiresMS, &c.EndedMS, &c.EndedWhy)
}

func consentsOf(ctx context.Context, q sqldb.Querier, tenant, person string) ([]PersonConsent, error) {
	return collect(ctx, q, scanConsent, `SELECT `+consentColumns+` FROM analysis_consents WHERE tenant = $1 AND person = $2 ORDER BY given_ms DESC, id DESC`, tenant, person)
}

func endConsents(ctx context.Context, tx *sqldb.Tx, tenant, person, why string, now int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE analysis_consents SET ended_ms = $1, ended_why = $2 WHERE tenant = $3 AND person = $4 AND ended_ms = 0`, now, why, tenant, person)
	return err
}

func biometricsOf(ctx context.Context, q sqldb.Querier, tenant string) (Biometrics, error) {
	list, err := collect(ctx, q, func(r scanner) (b Biometrics, err error) {
		return b, r.Scan(&b.Enabled, &b.Basis, &b.Document, &b.EachPerson, &b.ExpiresMS, &b.ChangedMS)
	}, `SELECT enabled, basis, document, each_person, expires_ms, changed_ms FROM analysis_biometrics WHERE tenant = $1`, tenant)
	if err != nil || len(list) == 0 {
		return Biometrics{}, err
	}
	return list[0], nil
}

func putBiometrics(ctx context.Context, tx *sqldb.Tx, tenant string, b Biometrics, by string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO analysis_biometrics (tenant, enabled, basis, document, each_person, expires_ms, changed_by, changed_ms)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (tenant) DO UPDATE SET enabled = EXCLUDED.enabled, basis = EXCLUDED.basis, document = EXCLUDED.document,
		each_person = EXCLUDED.each_person, expires_ms = EXCLUDED.expires_ms, changed_by = EXCLUDED.changed_by, changed_ms = EXCLUDED.changed_ms`,
		tenant, flag(b.Enabled), b.Basis, b.Document, flag(b.EachPerson), b.ExpiresMS, by, b.ChangedMS)
	return err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

const sightedColumns = `id, tenant, asset, version, kind, start_at, end_at, person, how, grp, score, detail`

func scanSighted(r scanner) (sighted, error) {
	var x sighted
	var detail string
	if err := r.Scan(&x.ID, &x.Tenant, &x.Asset, &x.Version, &x.Kind, &x.Range.Start, &x.Range.End, &x.Person, &x.How, &x.Group, &x.Score, &detail); err != nil {
		return x, err
	}
	if err := json.Unmarshal([]byte(detail), &x.Detail); err != nil {
		return x, fault.E("analysis.people", x.ID, fault.Corrupt, err)
	}
	return x, nil
}

func sightedWhere(ctx context.Context, q sqldb.Querier, where string, args ...any) ([]sighted, error) {
	return collect(ctx, q, scanSighted, `SELECT `+sightedColumns+` FROM analysis_tracks WHERE `+where+` ORDER BY asset, version, start_at, id`, args...)
}

func putSighted(ctx context.Context, tx *sqldb.Tx, x sighted) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO analysis_tracks (`+sightedColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)
		ON CONFLICT (id) DO UPDATE SET start_at = EXCLUDED.start_at, end_at = EXCLUDED.end_at, person = EXCLUDED.person, how = EXCLUDED.how,
		grp = EXCLUDED.grp, score = EXCLUDED.score, detail = EXCLUDED.detail`,
		x.ID, x.Tenant, x.Asset, x.Version, x.Kind, int64(x.Range.Start), int64(x.Range.End), x.Person, x.How, x.Group, x.Score, jsonText(x.Detail))
	return err
}

// vectorsOf opens the vectors of a tenant's tracks of a kind, by track.
func (s *Service) vectorsOf(ctx context.Context, q sqldb.Querier, tenant, kind string) (map[string]sighted, error) {
	out := map[string]sighted{}
	v, ok, err := s.openVault(ctx, q, tenant, vectorScope)
	if err != nil || !ok {
		return out, err
	}
	type row struct{ track, model, sealed string }
	list, err := collect(ctx, q, func(r scanner) (x row, err error) { return x, r.Scan(&x.track, &x.model, &x.sealed) },
		`SELECT track, model, sealed FROM analysis_vectors WHERE tenant = $1 AND kind = $2`, tenant, kind)
	if err != nil {
		return out, err
	}
	for _, r := range list {
		vector, err := v.openVector(r.sealed, r.track)
		if err != nil {
			return out, err
		}
		out[r.track] = sighted{Vector: vector, Model: r.model}
	}
	return out, nil
}

func putVector(ctx context.Context, tx *sqldb.Tx, v vault, x sighted) error {
	sealed, err := v.sealVector(x.Vector, x.ID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO analysis_vectors (track, tenant, kind, model, sealed) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (track) DO UPDATE SET model = EXCLUDED.model, sealed = EXCLUDED.sealed`, x.ID, x.Tenant, x.Kind, x.Model, sealed)
	return err
}

func scanLink(r scanner) (link, error) {
	var l link
	var box, other string
	err := r.Scan(&l.ID, &l.Tenant, &l.Verdict, &l.Kind, &l.At.Asset, &l.At.Version, &l.At.Range.Start, &l.At.Range.End, &box, &other, &l.Person, &l.By)
	if err == nil && box != "" {
		l.At.Box = &media.Box{}
		err = json.Unmarshal([]byte(box), l.At.Box)
	}
	if err == nil && other != "" {
		l.Other = &place{}
		err = json.Unmarshal([]byte(other), l.Other)
	}
	return l, err
}

const linkColumns = `id, tenant, verdict, kind, asset, version, start_at, end_at, box, other, person, created_by`

func linksWhere(ctx context.Context, q sqldb.Querier, where string, args ...any) ([]link, error) {
	return collect(ctx, q, scanLink, `SELECT `+linkColumns+` FROM analysis_links WHERE `+where+` ORDER BY created_ms, id`, args...)
}

func putLink(ctx context.Context, tx *sqldb.Tx, l link, now int64) error {
	box, other := "", ""
	if l.At.Box != nil {
		box = jsonText(l.At.Box)
	}
	if l.Other != nil {
		other = jsonText(l.Other)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO analysis_links (`+linkColumns+`, created_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`,
		l.ID, l.Tenant, l.Verdict, l.Kind, l.At.Asset, l.At.Version, int64(l.At.Range.Start), int64(l.At.Range.End), box, other, l.Person, l.By, now)
	return err
}
