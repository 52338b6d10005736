package access

import (
	"context"
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// User is a person with an account in one tenant.
type User struct {
	ID        string   `json:"id"`
	Tenant    string   `json:"-"`
	Email     string   `json:"email"`
	Name      string   `json:"name"`
	Roles     []string `json:"roles" doc:"admin, editor or viewer"`
	Disabled  bool     `json:"disabled"`
	CreatedMS int64    `json:"createdMs"`
	SeenMS    int64    `json:"seenMs" doc:"when they were last here; 0 never"`
	Rev       int64    `json:"rev"`
}

// NewUser is what CreateUser takes.
type NewUser struct {
	Name     string
	Email    string
	Password string
	Roles    []string
}

// UserPatch changes what is not nil. CurrentPassword is needed when people change their own password.
type UserPatch struct {
	Name            *string
	Roles           *[]string
	Disabled        *bool
	Password        *string
	CurrentPassword string
}

// CreateUser adds a person to the caller's tenant. Errors: fault.Denied, fault.Invalid (name, address, password, role),
// fault.Conflict when the address has an account.
func (s *Service) CreateUser(ctx context.Context, in NewUser) (User, error) {
	if err := s.Check(ctx, "user:create", Resource{}); err != nil {
		return User{}, err
	}
	u, hash, err := s.prepareUser(ctx, in)
	if err != nil {
		return User{}, err
	}
	u.Tenant = WhoFrom(ctx).Tenant
	err = s.write(ctx, func(tx *sqldb.Tx) error {
		if err := insertUser(ctx, tx, u, hash); err != nil {
			return err
		}
		return s.record(ctx, tx, "user:create", u.ID, map[string]any{"email": u.Email, "roles": u.Roles})
	})
	return u, err
}

func (s *Service) prepareUser(ctx context.Context, in NewUser) (User, string, error) {
	email, err := cleanEmail(in.Email)
	if err != nil {
		return User{}, "", err
	}
	name, err := cleanName(in.Name)
	if err != nil {
		return User{}, "", err
	}
	roles, err := cleanRoles(in.Roles)
	if err != nil {
		return User{}, "", err
	}
	if err := checkPassword(in.Password, email, name); err != nil {
		return User{}, "", err
	}
	hash, err := s.hashPassword(ctx, in.Password)
	if err != nil {
		return User{}, "", err
	}
	return User{ID: sqldb.NewID(), Email: email, Name: name, Roles: roles, CreatedMS: s.nowMS(), Rev: 1}, hash, nil
}

// Users lists the people of the caller's tenant, oldest first.
func (s *Service) Users(ctx context.Context) ([]User, error) {
	if err := s.Check(ctx, "user:read", Resource{}); err != nil {
		return nil, err
	}
	users, err := selectUsers(ctx, s.deps.DB.Read(), `WHERE tenant = $1 ORDER BY created_ms, id`, WhoFrom(ctx).Tenant)
	if err != nil {
		return nil, fault.E("access.users", "", "", err)
	}
	return users, nil
}

// User returns one person of the caller's tenant.
func (s *Service) User(ctx context.Context, id string) (User, error) {
	if err := s.Check(ctx, "user:read", Resource{ID: id}); err != nil {
		return User{}, err
	}
	return findUser(ctx, s.deps.DB.Read(), WhoFrom(ctx).Tenant, id)
}

// UserByEmail returns the person of the caller's tenant with the address, for command lines.
func (s *Service) UserByEmail(ctx context.Context, email string) (User, error) {
	if err := s.Check(ctx, "user:read", Resource{}); err != nil {
		return User{}, err
	}
	email, err := cleanEmail(email)
	if err != nil {
		return User{}, err
	}
	users, err := selectUsers(ctx, s.deps.DB.Read(), `WHERE tenant = $1 AND email = $2`, WhoFrom(ctx).Tenant, email)
	if err != nil {
		return User{}, fault.E("access.user", email, "", err)
	}
	if len(users) == 0 {
		return User{}, noUser(email)
	}
	return users[0], nil
}

// UpdateUser changes a person. Roles and disabling need user:grant; one's own password needs the present one. The last
// active administrator keeps the role: fault.Conflict. rev 0 does not compare revisions, another one that is not the
// present one is fault.Stale.
func (s *Service) UpdateUser(ctx context.Context, id string, rev int64, p UserPatch) (User, error) {
	if err := s.Check(ctx, "user:update", Resource{ID: id}); err != nil {
		return User{}, err
	}
	if p.Roles != nil || p.Disabled != nil {
		if err := s.Check(ctx, "user:grant", Resource{ID: id}); err != nil {
			return User{}, err
		}
	}
	before, err := findUser(ctx, s.deps.DB.Read(), WhoFrom(ctx).Tenant, id)
	if err != nil {
		return User{}, err
	}
	after, err := p.apply(before)
	if err != nil {
		return User{}, err
	}
	hash, err := s.newPassword(ctx, before, p)
	if err != nil {
		return User{}, err
	}
	if rev == 0 {
		rev = before.Rev
	}
	err = s.write(ctx, func(tx *sqldb.Tx) error { return s.storeUser(ctx, tx, before, &after, rev, hash) })
	return after, err
}

func (p UserPatch) apply(u User) (User, error) {
	var err error
	if p.Name != nil {
		if u.Name, err = cleanName(*p.Name); err != nil {
			return u, err
		}
	}
	if p.Roles != nil {
		if u.Roles, err = cleanRoles(*p.Roles); err != nil {
			return u, err
		}
	}
	if p.Disabled != nil {
		u.Disabled = *p.Disabled
	}
	return u, nil
}

// newPassword returns the hash of the wanted password, "" when it stays.
func (s *Service) newPassword(ctx context.Context, u User, p UserPatch) (string, error) {
	if p.Password == nil {
		return "", nil
	}
	if WhoFrom(ctx).ID == u.ID {
		if p.CurrentPassword == "" {
			return "", fault.Say("access.password", u.ID, fault.Invalid, "current-password-required", "Give your present password too, to change it.")
		}
		if err := s.confirm(ctx, u, p.CurrentPassword); err != nil {
			return "", err
		}
	}
	if err := checkPassword(*p.Password, u.Email, u.Name); err != nil {
		return "", err
	}
	return s.hashPassword(ctx, *p.Password)
}

func (s *Service) storeUser(ctx context.Context, tx *sqldb.Tx, before User, after *User, rev int64, hash string) error {
	if err := updateUser(ctx, tx, after, rev, hash, s.nowMS()); err != nil {
		return err
	}
	if err := keepAnAdmin(ctx, tx, after.Tenant); err != nil {
		return err
	}
	if hash != "" || after.Disabled {
		// Other sessions end: a new password is often the answer to a stolen one.
		if err := endSessions(ctx, tx, after.ID, WhoFrom(ctx).Session); err != nil {
			return err
		}
	}
	return s.record(ctx, tx, "user:update", after.ID, map[string]any{
		"name": []string{before.Name, after.Name}, "roles": [][]string{before.Roles, after.Roles},
		"disabled": []bool{before.Disabled, after.Disabled}, "password": hash != "",
	})
}

// DeleteUser removes a person, their sessions and their API keys. The last active administrator stays: fault.Conflict.
func (s *Service) DeleteUser(ctx context.Context, id string) error {
	if err := s.Check(ctx, "user:delete", Resource{ID: id}); err != nil {
		return err
	}
	u, err := findUser(ctx, s.deps.DB.Read(), WhoFrom(ctx).Tenant, id)
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx *sqldb.Tx) error {
		if err := deleteUser(ctx, tx, u.Tenant, id); err != nil {
			return err
		}
		if err := keepAnAdmin(ctx, tx, u.Tenant); err != nil {
			return err
		}
		return s.record(ctx, tx, "user:delete", id, map[string]any{"email": u.Email})
	})
}

func keepAnAdmin(ctx context.Context, q sqldb.Querier, tenant string) error {
	users, err := selectUsers(ctx, q, `WHERE tenant = $1 AND disabled = 0`, tenant)
	if err != nil {
		return fault.E("access.user", "", "", err)
	}
	if !slices.ContainsFunc(users, func(u User) bool { return slices.Contains(u.Roles, RoleAdmin) }) {
		return fault.Say("access.user", "", fault.Conflict, "last-admin",
			"This is the last administrator; make somebody else one first.")
	}
	return nil
}

func cleanEmail(raw string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(raw))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > 254 {
		return "", fault.Say("access.user", raw, fault.Invalid, "bad-email", "%q is not an e-mail address; write it like ada@example.org.", raw)
	}
	return email, nil
}

func cleanName(raw string) (string, error) {
	name := strings.TrimSpace(strings.ToValidUTF8(raw, ""))
	if name == "" || utf8.RuneCountInString(name) > 120 || strings.ContainsFunc(name, unicode.IsControl) {
		return "", fault.Say("access.user", raw, fault.Invalid, "bad-name", "A name has 1 to 120 characters on one line.")
	}
	return name, nil
}

func cleanRoles(roles []string) ([]string, error) {
	var out []string
	for _, r := range roles {
		if !slices.Contains(ladder, r) {
			return nil, fault.Say("access.roles", r, fault.Invalid, "bad-role", "%q is not a role; use admin, editor or viewer.", r)
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, fault.Say("access.roles", "", fault.Invalid, "bad-role", "Give at least one role: admin, editor or viewer.")
	}
	return out, nil
}

func noUser(id string) error {
	return fault.Say("access.user", id, fault.NotFound, "user-not-found", "There is no such person here.")
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("access: " + err.Error()) // strings only
	}
	return string(b)
}
