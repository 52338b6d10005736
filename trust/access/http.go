package access

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"showreel/platform/httpd"
)

// sessionBody is who is signed in and what the console may show.
type sessionBody struct {
	User        sessionUser `json:"user"`
	Tenant      string      `json:"tenant"`
	Rooms       []string    `json:"rooms" nullable:"false" doc:"the rooms that are switched on"`
	Permissions []string    `json:"permissions" nullable:"false" doc:"the actions that are permitted"`
}

type sessionUser struct {
	ID    string   `json:"id"`
	Kind  string   `json:"kind" doc:"user or key"`
	Name  string   `json:"name"`
	Email string   `json:"email,omitempty"`
	Roles []string `json:"roles" nullable:"false"`
}

type sessionOut struct {
	SetCookie string `header:"Set-Cookie"`
	Body      sessionBody
}

type setupState struct {
	Body struct {
		Needed bool `json:"needed" doc:"whether nobody has an account yet"`
	}
}

type setupIn struct {
	Body struct {
		Token    string `json:"token" maxLength:"200" doc:"from the link that the server printed when it started"`
		Name     string `json:"name"`
		Email    string `json:"email" example:"ada@example.org"`
		Password string `json:"password" doc:"at least 10 characters"`
	}
}

type signInIn struct {
	Body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
}

type signedOut struct {
	SetCookie string `header:"Set-Cookie"`
}

type nothing struct{}

// Routes adds access's routes.
func (s *Service) Routes(srv *httpd.Server) {
	s.sessionRoutes(srv)
	s.userRoutes(srv)
	s.keyRoutes(srv)
	s.auditRoutes(srv)
}

func operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"access"}}
}

func sensitive(op huma.Operation) huma.Operation {
	op.Metadata = map[string]any{httpd.Sensitive: true}
	return op
}

func created(op huma.Operation) huma.Operation {
	op.DefaultStatus = http.StatusCreated
	return op
}

func (s *Service) sessionRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/setup", "setup-state", "Is set-up needed?"), httpd.Public,
		func(ctx context.Context, _ *nothing) (*setupState, error) {
			needed, err := s.SetupNeeded(ctx)
			out := &setupState{}
			out.Body.Needed = needed
			return out, err
		})
	httpd.Register(srv, sensitive(created(operation("POST", "/v1/setup", "setup", "Create the first administrator and sign them in"))), httpd.Public,
		func(ctx context.Context, in *setupIn) (*sessionOut, error) {
			b := in.Body
			session, err := s.Setup(ctx, b.Token, NewUser{Name: b.Name, Email: b.Email, Password: b.Password}, httpd.ClientIP(ctx))
			return s.opened(ctx, session, err)
		})
	httpd.Register(srv, sensitive(created(operation("POST", "/v1/session", "sign-in", "Sign in"))), httpd.Public,
		func(ctx context.Context, in *signInIn) (*sessionOut, error) {
			session, err := s.SignIn(ctx, in.Body.Email, in.Body.Password, httpd.ClientIP(ctx))
			return s.opened(ctx, session, err)
		})
	httpd.Register(srv, operation("GET", "/v1/session", "session", "Who is signed in, and what they may do"), httpd.SignedIn,
		func(ctx context.Context, _ *nothing) (*sessionOut, error) {
			body, err := s.describe(ctx)
			return &sessionOut{Body: body}, err
		})
	httpd.Register(srv, operation("DELETE", "/v1/session", "sign-out", "Sign out"), httpd.SignedIn,
		func(ctx context.Context, _ *nothing) (*signedOut, error) {
			return &signedOut{SetCookie: cookie(ctx, "", -1)}, s.SignOut(ctx)
		})
}

func (s *Service) opened(ctx context.Context, session Session, err error) (*sessionOut, error) {
	if err != nil {
		return nil, err
	}
	u := session.User
	body, err := s.describe(With(ctx, Who{Tenant: u.Tenant, ID: u.ID, Name: u.Name, Kind: KindUser, Roles: u.Roles}))
	return &sessionOut{SetCookie: cookie(ctx, session.Token, int(sessionMax.Seconds())), Body: body}, err
}

func (s *Service) describe(ctx context.Context) (sessionBody, error) {
	who := WhoFrom(ctx)
	out := sessionBody{
		User:   sessionUser{ID: who.ID, Kind: who.Kind, Name: who.Name, Roles: append([]string{}, who.Roles...)},
		Tenant: who.Tenant, Rooms: append([]string{}, s.deps.Rooms...), Permissions: []string{},
	}
	if who.Kind == KindUser {
		u, err := findUser(ctx, s.deps.DB.Read(), who.Tenant, who.ID)
		if err != nil {
			return out, err
		}
		out.User.Email = u.Email
	}
	for _, action := range Actions() {
		if s.May(ctx, action, Resource{}) {
			out.Permissions = append(out.Permissions, action)
		}
	}
	return out, nil
}
