package analysis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/trust/access"
)

// Biometrics implements Consent: whether the tenant has turned comparison on, with a basis that still stands.
func (s *Service) Biometrics(ctx context.Context, tenant string) (bool, error) {
	if s.deps.Keys == nil {
		return false, nil
	}
	b, err := biometricsOf(ctx, s.deps.DB.Read(), tenant)
	if err != nil {
		return false, fault.E("analysis.biometrics", tenant, "", err)
	}
	return b.Enabled && (b.ExpiresMS == 0 || b.ExpiresMS > s.nowMS()), nil
}

// BiometricSetting reads the caller's tenant's setting.
func (s *Service) BiometricSetting(ctx context.Context) (Biometrics, error) {
	who, err := s.may(ctx, "settings:read", "settings", "biometrics")
	if err != nil {
		return Biometrics{}, err
	}
	return s.setting(ctx, who.Tenant)
}

func (s *Service) setting(ctx context.Context, tenant string) (Biometrics, error) {
	b, err := biometricsOf(ctx, s.deps.DB.Read(), tenant)
	if err == nil {
		err = s.deps.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM analysis_vectors WHERE tenant = $1`, tenant).Scan(&b.Vectors)
	}
	if err != nil {
		return b, fault.E("analysis.biometrics", tenant, "", err)
	}
	return b, nil
}

// Turn is a change of the setting.
type Turn struct {
	Enabled    bool
	Basis      string // in words; needed to turn it on
	Document   string
	EachPerson bool
	ExpiresMS  int64 // 0 never
	KeepNames  bool  // turning off: names that a person typed by hand stay where they typed them
}

// TurnBiometrics changes the setting. Turning it off destroys the key of the tenant's vectors, erases the vectors and
// takes away every name that matching gave.
func (s *Service) TurnBiometrics(ctx context.Context, in Turn) (Biometrics, error) {
	const op = "analysis.biometrics"
	who, err := s.may(ctx, "settings:write", "settings", "biometrics")
	if err != nil {
		return Biometrics{}, err
	}
	if s.deps.Keys == nil {
		return Biometrics{}, fault.Say(op, "", fault.Unavailable, "no-keys", "Faces and voices are not compared without a key ring.")
	}
	if !in.Enabled {
		if err := s.turnOff(ctx, who.Tenant, in.KeepNames, "turned off"); err != nil {
			return Biometrics{}, err
		}
		return s.setting(ctx, who.Tenant)
	}
	if in.Basis, err = personText(op, "basis", in.Basis, mostNote, true); err != nil {
		return Biometrics{}, err
	}
	if in.Document, err = personText(op, "document", in.Document, mostNote, false); err != nil {
		return Biometrics{}, err
	}
	if in.ExpiresMS != 0 && in.ExpiresMS <= s.nowMS() {
		return Biometrics{}, fault.Say(op, "", fault.Invalid, "already-expired", "The basis would have ended already; give a later date, or none.")
	}
	b := Biometrics{Enabled: true, Basis: in.Basis, Document: in.Document, EachPerson: in.EachPerson, ExpiresMS: in.ExpiresMS, ChangedMS: s.nowMS()}
	err = s.deps.DB.Scrub(ctx, []string{"analysis_keys"}, func(tx *sqldb.Tx) error {
		if err := s.makeVault(ctx, tx, who.Tenant, vectorScope); err != nil {
			return err
		}
		if err := putBiometrics(ctx, tx, who.Tenant, b, who.ID); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, who.Tenant, "settings:write", "biometrics", "", map[string]any{"enabled": true, "basis": b.Basis,
			"document": b.Document, "eachPerson": b.EachPerson, "expiresMs": b.ExpiresMS})
	})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return b, err
	}
	if err := s.Regroup(ctx, who.Tenant); err != nil {
		return b, err
	}
	return s.setting(ctx, who.Tenant)
}

// turnOff ends comparison for a tenant. It may be repeated.
func (s *Service) turnOff(ctx context.Context, tenant string, keepNames bool, why string) error {
	s.people.Lock()
	defer s.people.Unlock()
	var touched []sighted
	err := s.deps.DB.Scrub(ctx, []string{"analysis_vectors", "analysis_keys"}, func(tx *sqldb.Tx) error {
		var err error
		touched, err = sightedWhere(ctx, tx, `tenant = $1 AND person <> ''`, tenant)
		if err != nil {
			return err
		}
		proof, err := destroyKeys(ctx, tx, tenant)
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM analysis_vectors WHERE tenant = $1`, tenant)
		if err != nil {
			return err
		}
		vectors, err := res.RowsAffected()
		if err != nil {
			return err
		}
		lost := `how <> 'confirmed'`
		if !keepNames {
			lost = `1 = 1`
			if _, err := tx.ExecContext(ctx, `DELETE FROM analysis_links WHERE tenant = $1 AND verdict IN ('is', 'not')`, tenant); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE analysis_tracks SET person = '', how = '' WHERE tenant = $1 AND `+lost, tenant); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE analysis_tracks SET grp = '' WHERE tenant = $1`, tenant); err != nil {
			return err
		}
		if err := putBiometrics(ctx, tx, tenant, Biometrics{ChangedMS: s.nowMS()}, access.WhoFrom(ctx).ID); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, tenant, "settings:write", "biometrics", why, map[string]any{"enabled": false, "vectorsErased": vectors,
			"keysDestroyed": proof, "namesTakenFrom": len(touched), "keepNames": keepNames})
	})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return err
	}
	if renamed := s.renameAll(asSystem(ctx, tenant), touched); renamed != nil {
		return renamed
	}
	return err
}

// destroyKeys removes every key of a tenant and returns the SHA-256 of what was destroyed, for the audit.
func destroyKeys(ctx context.Context, tx *sqldb.Tx, tenant string) ([]string, error) {
	list, err := collect(ctx, tx, func(r scanner) (w string, err error) { return w, r.Scan(&w) },
		`DELETE FROM analysis_keys WHERE tenant = $1 RETURNING wrapped`, tenant)
	out := []string{}
	for _, w := range list {
		sum := sha256.Sum256([]byte(w))
		out = append(out, hex.EncodeToString(sum[:]))
	}
	return out, err
}

// rekey gives the tenant a new key and seals what stays with it, so that older copies of what was erased are unreadable.
func (s *Service) rekey(ctx context.Context, tx *sqldb.Tx, tenant string) error {
	old, ok, err := s.openVault(ctx, tx, tenant, vectorScope)
	if err != nil || !ok {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM analysis_keys WHERE tenant = $1 AND scope = $2`, tenant, vectorScope); err != nil {
		return err
	}
	if err := s.makeVault(ctx, tx, tenant, vectorScope); err != nil {
		return err
	}
	fresh, _, err := s.openVault(ctx, tx, tenant, vectorScope)
	if err != nil {
		return err
	}
	type row struct{ track, sealed string }
	list, err := collect(ctx, tx, func(r scanner) (x row, err error) { return x, r.Scan(&x.track, &x.sealed) }, `SELECT track, sealed FROM analysis_vectors WHERE tenant = $1`, tenant)
	if err != nil {
		return err
	}
	for _, x := range list {
		plain, err := old.open(x.sealed, x.track)
		if err != nil {
			return err
		}
		sealed, err := fresh.seal(plain, x.track)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE analysis_vectors SET sealed = $1 WHERE tenant = $2 AND track = $3`, sealed, tenant, x.track); err != nil {
			return err
		}
	}
	return nil
}

// withdraw ends the recognition of one person: their vectors are erased and the tenant's key is changed, so that older
// copies are unreadable too; their faces are remembered by place alone, so that they are not compared again and are
// blurred in redactions.
func (s *Service) withdraw(ctx context.Context, tenant, person, why string, keepNames bool) error {
	s.people.Lock()
	defer s.people.Unlock()
	var touched []sighted
	err := s.deps.DB.Scrub(ctx, []string{"analysis_vectors", "analysis_keys"}, func(tx *sqldb.Tx) error {
		p, err := personOf(ctx, tx, tenant, person)
		if err != nil {
			return err
		}
		if touched, err = sightedWhere(ctx, tx, `tenant = $1 AND person = $2`, tenant, person); err != nil {
			return err
		}
		vectors, err := s.withhold(ctx, tx, tenant, person, touched, keepNames)
		if err != nil {
			return err
		}
		if err := s.rekey(ctx, tx, tenant); err != nil {
			return err
		}
		if err := endConsents(ctx, tx, tenant, person, why, s.nowMS()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE analysis_persons SET withdrawn = $1, withdrawn_ms = $2, updated_ms = $2 WHERE tenant = $3 AND id = $4`, why, s.nowMS(), tenant, person); err != nil {
			return err
		}
		assets := assetsOf(touched)
		if err := s.deps.Outbox.Write(ctx, tx, tenant, "person.withdrawn", person, map[string]any{"why": why, "assets": assets}); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, tenant, "person:consent", person, why, map[string]any{"name": p.Name, "vectorsErased": vectors, "faces": len(touched),
			"assets": assets, "keyChanged": true, "keepNames": keepNames})
	})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return err
	}
	if renamed := s.renameAll(asSystem(ctx, tenant), touched); renamed != nil {
		return renamed
	}
	return err
}

// withhold erases the vectors of a person's tracks and remembers the places.
func (s *Service) withhold(ctx context.Context, tx *sqldb.Tx, tenant, person string, tracks []sighted, keepNames bool) (int64, error) {
	vectors := int64(0)
	for _, x := range tracks {
		res, err := tx.ExecContext(ctx, `DELETE FROM analysis_vectors WHERE tenant = $1 AND track = $2`, tenant, x.ID)
		if err != nil {
			return vectors, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return vectors, err
		}
		vectors += n
		if err := putLink(ctx, tx, link{ID: sqldb.NewID(), Tenant: tenant, Verdict: verdictWithheld, Kind: x.Kind, At: x.place(), Person: person, By: access.WhoFrom(ctx).ID}, s.nowMS()); err != nil {
			return vectors, err
		}
		if x.How == howConfirmed && keepNames {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE analysis_tracks SET person = '', how = '', grp = '' WHERE tenant = $1 AND id = $2`, tenant, x.ID); err != nil {
			return vectors, err
		}
	}
	if keepNames {
		return vectors, nil
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM analysis_links WHERE tenant = $1 AND person = $2 AND verdict = 'is'`, tenant, person)
	return vectors, err
}

func assetsOf(list []sighted) []string {
	seen, out := map[string]bool{}, []string{}
	for _, x := range list {
		if !seen[x.Asset] {
			seen[x.Asset] = true
			out = append(out, x.Asset)
		}
	}
	return out
}

// Withheld lists the faces of a version whose people withdrew: a redaction blurs them whatever else it blurs.
func (s *Service) Withheld(ctx context.Context, ref media.Ref) ([]media.Annotation, error) {
	links, err := linksWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND asset = $2 AND version = $3 AND kind = 'face' AND verdict = 'withheld'`, ref.Tenant, ref.Asset, ref.Version)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	faces, err := s.deps.Library.Annotations(ctx, ref, media.TrackFace)
	var out []media.Annotation
	met := map[string]bool{}
	for _, a := range faces {
		x := sighted{Asset: ref.Asset, Version: ref.Version, Kind: kindFace, Detail: sightedDetail{Spots: pathOf(a)}}
		mine := false
		for _, l := range links {
			if x.is(l.At) {
				mine, met[l.ID] = true, true
			}
		}
		if mine {
			out = append(out, a)
		}
	}
	for _, l := range links { // nobody sees a face there any more: the place still holds
		if !met[l.ID] && l.At.Box != nil {
			out = append(out, media.Annotation{Track: media.TrackFace, Range: l.At.Range, Box: l.At.Box, Score: 1, Model: "registry of people"})
		}
	}
	return out, err
}

// ExpireDue ends what has run out: consents of people, and the bases of tenants.
func (s *Service) ExpireDue(ctx context.Context) error {
	now := s.nowMS()
	type due struct{ tenant, person string }
	scan := func(r scanner) (d due, err error) { return d, r.Scan(&d.tenant, &d.person) }
	list, err := collect(ctx, s.deps.DB.Read(), scan, `SELECT DISTINCT tenant, person FROM analysis_consents WHERE ended_ms = 0 AND expires_ms > 0 AND expires_ms <= $1`, now)
	if err != nil {
		return fault.E("analysis.expire", "", "", err)
	}
	for _, d := range list {
		if err := s.withdraw(asSystem(ctx, d.tenant), d.tenant, d.person, endedExpired, false); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	list, err = collect(ctx, s.deps.DB.Read(), scan, `SELECT tenant, '' FROM analysis_biometrics WHERE enabled = 1 AND expires_ms > 0 AND expires_ms <= $1`, now)
	if err != nil {
		return fault.E("analysis.expire", "", "", err)
	}
	for _, d := range list {
		if err := s.turnOff(asSystem(ctx, d.tenant), d.tenant, false, "the basis has expired"); err != nil {
			return err
		}
	}
	return nil
}
