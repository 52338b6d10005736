package access

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// keyMark begins every API key, so that scanners find leaked ones.
const keyMark = "sr_"

// Key is an API key as it is listed. Its secret is shown once, by CreateKey.
type Key struct {
	ID        string   `json:"id"`
	Tenant    string   `json:"-"`
	Name      string   `json:"name"`
	Prefix    string   `json:"prefix" doc:"the first characters of the secret, to recognise it by"`
	Roles     []string `json:"roles"`
	Owner     string   `json:"owner,omitempty" doc:"the person it belongs to; it stops with them"`
	CreatedMS int64    `json:"createdMs"`
	ExpiresMS int64    `json:"expiresMs,omitempty" doc:"0 never"`
	UsedMS    int64    `json:"usedMs,omitempty" doc:"when it was last used, to within five minutes; 0 never"`
}

// NewKey is what CreateKey takes. Empty roles are the caller's own.
type NewKey struct {
	Name      string
	Roles     []string
	ExpiresMS int64
}

// CreateKey makes an API key of the caller's and returns its secret, which is stored nowhere. A key has no role that
// its maker has not: fault.Denied.
func (s *Service) CreateKey(ctx context.Context, in NewKey) (Key, string, error) {
	who := WhoFrom(ctx)
	if err := s.Check(ctx, "key:create", Resource{Attrs: map[string]string{"owner": who.ID}}); err != nil {
		return Key{}, "", err
	}
	k, err := s.prepareKey(who, in)
	if err != nil {
		return Key{}, "", err
	}
	secret := k.Prefix + "_" + randomText(secretBytes)
	err = s.write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO access_keys (id, tenant, prefix, hash, name, roles, owner, created_ms, expires_ms, used_ms)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,0)`,
			k.ID, k.Tenant, k.Prefix, digest(secret), k.Name, jsonText(k.Roles), k.Owner, k.CreatedMS, k.ExpiresMS)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, "key:create", k.ID, map[string]any{"name": k.Name, "roles": k.Roles, "prefix": k.Prefix})
	})
	return k, secret, err
}

func (s *Service) prepareKey(who Who, in NewKey) (Key, error) {
	name, err := cleanName(in.Name)
	if err != nil {
		return Key{}, err
	}
	if len(in.Roles) == 0 {
		in.Roles = who.Roles
		if who.Kind == KindSystem {
			in.Roles = []string{RoleAdmin}
		}
	}
	roles, err := cleanRoles(in.Roles)
	if err != nil {
		return Key{}, err
	}
	for _, r := range roles {
		if who.Kind != KindSystem && !includes(who.Roles, r) {
			return Key{}, fault.Say("access.key", r, fault.Denied, "role-above-own",
				"A key cannot have the role %s, for you do not have it.", r)
		}
	}
	now := s.nowMS()
	if in.ExpiresMS != 0 && in.ExpiresMS <= now {
		return Key{}, fault.Say("access.key", "", fault.Invalid, "bad-expiry", "The key would have expired already; give a time to come, or 0 for never.")
	}
	k := Key{ID: sqldb.NewID(), Tenant: who.Tenant, Name: name, Prefix: keyMark + strings.ToLower(randomHex(5)), Roles: roles, CreatedMS: now, ExpiresMS: in.ExpiresMS}
	if who.Kind == KindUser {
		k.Owner = who.ID
	}
	return k, nil
}

// includes reports whether one of the roles is, or includes, role.
func includes(roles []string, role string) bool {
	want := slices.Index(ladder, role)
	return slices.ContainsFunc(roles, func(r string) bool {
		have := slices.Index(ladder, r)
		return have >= 0 && have <= want
	})
}

// Keys lists the tenant's API keys for administrators, else the caller's own.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	who := WhoFrom(ctx)
	if err := s.Check(ctx, "key:read", Resource{Attrs: map[string]string{"owner": who.ID}}); err != nil {
		return nil, err
	}
	keys, err := s.selectKeys(ctx, `WHERE tenant = $1 ORDER BY created_ms, id`, who.Tenant)
	if err != nil {
		return nil, fault.E("access.keys", "", "", err)
	}
	if !s.May(ctx, "key:read", Resource{}) {
		keys = slices.DeleteFunc(keys, func(k Key) bool { return k.Owner != who.ID })
	}
	return keys, nil
}

// DeleteKey revokes an API key at once.
func (s *Service) DeleteKey(ctx context.Context, id string) error {
	keys, err := s.selectKeys(ctx, `WHERE tenant = $1 AND id = $2`, WhoFrom(ctx).Tenant, id)
	if err != nil {
		return fault.E("access.key", id, "", err)
	}
	owner := ""
	if len(keys) == 1 {
		owner = keys[0].Owner
	}
	if err := s.Check(ctx, "key:delete", Resource{ID: id, Attrs: map[string]string{"owner": owner}}); err != nil {
		return err
	}
	if len(keys) == 0 {
		return fault.Say("access.key", id, fault.NotFound, "key-not-found", "There is no such key here; it may have been revoked already.")
	}
	return s.write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM access_keys WHERE tenant = $1 AND id = $2`, keys[0].Tenant, id); err != nil {
			return err
		}
		return s.record(ctx, tx, "key:delete", id, map[string]any{"name": keys[0].Name, "prefix": keys[0].Prefix})
	})
}

func (s *Service) selectKeys(ctx context.Context, where string, args ...any) ([]Key, error) {
	rows, err := s.deps.DB.Read().QueryContext(ctx, `SELECT id, tenant, prefix, name, roles, owner, created_ms, expires_ms, used_ms FROM access_keys `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []Key{}
	for rows.Next() {
		var k Key
		var roles string
		if err := rows.Scan(&k.ID, &k.Tenant, &k.Prefix, &k.Name, &roles, &k.Owner, &k.CreatedMS, &k.ExpiresMS, &k.UsedMS); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(roles), &k.Roles); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// byKey returns who an API key belongs to, or fault.Unauthenticated. A person's key has no more than the person has
// now, and ends with the account.
func (s *Service) byKey(ctx context.Context, secret string) (Who, error) {
	refused := fault.Say("access.key", "", fault.Unauthenticated, "bad-key", "The API key is not valid; it may have been revoked or have expired.")
	prefix, _, found := strings.Cut(strings.TrimPrefix(secret, keyMark), "_")
	if !found || !strings.HasPrefix(secret, keyMark) || len(secret) > 128 {
		return Who{}, refused
	}
	var k Key
	var hash, roles, ownerRoles string
	var disabled int
	err := s.deps.DB.Read().QueryRowContext(ctx, `SELECT k.id, k.tenant, k.hash, k.name, k.roles, k.owner, k.expires_ms, k.used_ms,
		COALESCE(u.roles, ''), COALESCE(u.disabled, 0)
		FROM access_keys k LEFT JOIN access_users u ON u.id = k.owner WHERE k.prefix = $1`, keyMark+prefix).
		Scan(&k.ID, &k.Tenant, &hash, &k.Name, &roles, &k.Owner, &k.ExpiresMS, &k.UsedMS, &ownerRoles, &disabled)
	if err != nil && !sqldb.NotFound(err) {
		return Who{}, fault.E("access.key", "", "", err)
	}
	now := s.nowMS()
	if err != nil || !same(hash, digest(secret)) || disabled != 0 || (k.ExpiresMS != 0 && now >= k.ExpiresMS) || (k.Owner != "" && ownerRoles == "") {
		return Who{}, refused
	}
	if k.Roles, err = keyRoles(roles, ownerRoles); err != nil {
		return Who{}, fault.E("access.key", k.ID, fault.Corrupt, err)
	}
	if now-k.UsedMS > (5 * time.Minute).Milliseconds() {
		s.noteKey(ctx, k.ID, now)
	}
	return Who{Tenant: k.Tenant, ID: k.ID, Name: k.Name, Kind: KindKey, Roles: k.Roles}, nil
}

func keyRoles(own, owner string) ([]string, error) {
	var roles, limit []string
	if err := json.Unmarshal([]byte(own), &roles); err != nil {
		return nil, err
	}
	if owner == "" {
		return roles, nil
	}
	if err := json.Unmarshal([]byte(owner), &limit); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(roles, func(r string) bool { return !includes(limit, r) }), nil
}

func (s *Service) noteKey(ctx context.Context, id string, now int64) {
	err := s.write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE access_keys SET used_ms = $1 WHERE id = $2`, now, id)
		return err
	})
	if err != nil {
		s.deps.Log.WarnContext(ctx, "a key's use was not noted", "error", err)
	}
}
