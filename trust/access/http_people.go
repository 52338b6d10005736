package access

import (
	"context"

	"showreel/platform/httpd"
)

type userOut struct {
	ETag string `header:"ETag"`
	Body User
}

func oneUser(u User, err error) (*userOut, error) {
	if err != nil {
		return nil, err
	}
	return &userOut{ETag: httpd.ETag(u.Rev), Body: u}, nil
}

type usersOut struct{ Body httpd.Page[User] }

type newUserIn struct {
	Body struct {
		Name     string   `json:"name"`
		Email    string   `json:"email" example:"ada@example.org"`
		Password string   `json:"password" doc:"at least 10 characters"`
		Roles    []string `json:"roles" nullable:"false" doc:"admin, editor or viewer"`
	}
}

type userPatchIn struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"the ETag last read; without it the change overwrites"`
	Body    struct {
		Name            *string   `json:"name,omitempty"`
		Roles           *[]string `json:"roles,omitempty"`
		Disabled        *bool     `json:"disabled,omitempty"`
		Password        *string   `json:"password,omitempty" doc:"a new password; ends the person's other sessions"`
		CurrentPassword string    `json:"currentPassword,omitempty" doc:"needed to change one's own password"`
	}
}

type idIn struct {
	ID string `path:"id"`
}

func (s *Service) userRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/users", "users", "List the people of the tenant"), "user:read",
		func(ctx context.Context, _ *nothing) (*usersOut, error) {
			users, err := s.Users(ctx)
			total := int64(len(users))
			return &usersOut{Body: httpd.Page[User]{Items: users, Total: &total}}, err
		})
	httpd.Register(srv, sensitive(created(operation("POST", "/v1/users", "create-user", "Add a person"))), "user:create",
		func(ctx context.Context, in *newUserIn) (*userOut, error) {
			b := in.Body
			return oneUser(s.CreateUser(ctx, NewUser{Name: b.Name, Email: b.Email, Password: b.Password, Roles: b.Roles}))
		})
	httpd.Register(srv, operation("GET", "/v1/users/{id}", "user", "One person"), httpd.SignedIn,
		func(ctx context.Context, in *idIn) (*userOut, error) { return oneUser(s.User(ctx, in.ID)) })
	httpd.Register(srv, operation("PATCH", "/v1/users/{id}", "update-user", "Change a person"), httpd.SignedIn,
		func(ctx context.Context, in *userPatchIn) (*userOut, error) {
			rev, err := optionalRevision(in.IfMatch)
			if err != nil {
				return nil, err
			}
			b := in.Body
			return oneUser(s.UpdateUser(ctx, in.ID, rev, UserPatch{Name: b.Name, Roles: b.Roles, Disabled: b.Disabled, Password: b.Password, CurrentPassword: b.CurrentPassword}))
		})
	httpd.Register(srv, operation("DELETE", "/v1/users/{id}", "delete-user", "Remove a person, their sessions and their keys"), "user:delete",
		func(ctx context.Context, in *idIn) (*nothing, error) { return &nothing{}, s.DeleteUser(ctx, in.ID) })
}

// optionalRevision is 0, which compares nothing, for a missing header and for "*".
func optionalRevision(header string) (int64, error) {
	if header == "" {
		return 0, nil
	}
	rev, _, err := httpd.Revision(header)
	return rev, err
}

type keysOut struct{ Body httpd.Page[Key] }

type newKeyIn struct {
	Body struct {
		Name      string   `json:"name"`
		Roles     []string `json:"roles,omitempty" doc:"your own when left out"`
		ExpiresMS int64    `json:"expiresMs,omitempty" minimum:"0" doc:"UTC milliseconds; 0 never"`
	}
}

type newKeyOut struct {
	Body struct {
		Key
		Secret string `json:"secret" doc:"the key itself, shown this once"`
	}
}

func (s *Service) keyRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/keys", "keys", "List API keys: all for administrators, else one's own"), httpd.SignedIn,
		func(ctx context.Context, _ *nothing) (*keysOut, error) {
			keys, err := s.Keys(ctx)
			total := int64(len(keys))
			return &keysOut{Body: httpd.Page[Key]{Items: keys, Total: &total}}, err
		})
	httpd.Register(srv, sensitive(created(operation("POST", "/v1/keys", "create-key", "Make an API key; its secret is shown once"))), httpd.SignedIn,
		func(ctx context.Context, in *newKeyIn) (*newKeyOut, error) {
			key, secret, err := s.CreateKey(ctx, NewKey{Name: in.Body.Name, Roles: in.Body.Roles, ExpiresMS: in.Body.ExpiresMS})
			out := &newKeyOut{}
			out.Body.Key, out.Body.Secret = key, secret
			return out, err
		})
	httpd.Register(srv, operation("DELETE", "/v1/keys/{id}", "delete-key", "Revoke an API key"), httpd.SignedIn,
		func(ctx context.Context, in *idIn) (*nothing, error) { return &nothing{}, s.DeleteKey(ctx, in.ID) })
}
