package analysis

import (
	"context"
	"net/http"
	"strconv"

	"showreel/platform/httpd"
)

// peopleRoutes adds the routes of the registry of people.
func (s *Service) peopleRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/people", "people", "Who is seen and heard in the library"), "person:read",
		func(ctx context.Context, _ *struct{}) (*peopleOut, error) {
			list, err := s.People(ctx)
			total := int64(len(list))
			return &peopleOut{Body: httpd.Page[Person]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/people", "create-person", "Add a person"), "person:create",
		func(ctx context.Context, in *newPersonIn) (*personOut, error) {
			p, err := s.CreatePerson(ctx, in.Body.Name, in.Body.Note)
			return &personOut{Body: p}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/people/unnamed", "unnamed-people", "Faces and voices that wait for a name, those seen most first"), "person:read",
		func(ctx context.Context, _ *struct{}) (*clustersOut, error) {
			list, err := s.Unnamed(ctx)
			total := int64(len(list))
			return &clustersOut{Body: httpd.Page[Cluster]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/people/merge", "merge-people", "Make one person of several"), "person:update",
		func(ctx context.Context, in *mergeIn) (*personOut, error) {
			p, err := s.MergePeople(ctx, in.Body.Into, in.Body.From)
			return &personOut{Body: p}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/people/split", "split-people", "Take faces or voices out of their group: they are one somebody else"), "person:update",
		func(ctx context.Context, in *splitIn) (*facesOut, error) {
			list, err := s.Split(ctx, in.Body.Faces)
			total := int64(len(list))
			return &facesOut{Body: httpd.Page[FaceView]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/people/{id}/export", "export-person", "All that is held about a person, but vectors"), "person:read",
		func(ctx context.Context, in *personIn) (*personExportOut, error) {
			x, err := s.ExportPerson(ctx, in.ID)
			return &personExportOut{Disposition: `attachment; filename="person.json"`, Body: x}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/people/{id}", "person", "One person"), "person:read",
		func(ctx context.Context, in *personIn) (*personOut, error) {
			p, err := s.Person(ctx, in.ID)
			return &personOut{Body: p}, err
		})
	httpd.Register(srv, operation(http.MethodPatch, "/v1/people/{id}", "patch-person", "Change a name or a note"), "person:update",
		func(ctx context.Context, in *patchPersonIn) (*personOut, error) {
			p, err := s.PatchPerson(ctx, in.ID, in.Body.Name, in.Body.Note)
			return &personOut{Body: p}, err
		})
	httpd.Register(srv, operation(http.MethodDelete, "/v1/people/{id}", "forget-person", "Forget a person: vectors, names, consents"), "person:delete",
		func(ctx context.Context, in *forgetPersonIn) (*struct{}, error) {
			return nil, s.ForgetPerson(ctx, in.ID, in.Blur)
		})
	s.consentRoutes(srv)
	s.faceRoutes(srv)
}

func (s *Service) consentRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/people/{id}/consent", "consents", "What a person agreed to, the newest first"), "person:read",
		func(ctx context.Context, in *personIn) (*consentsOut, error) {
			list, err := s.Consents(ctx, in.ID)
			total := int64(len(list))
			return &consentsOut{Body: httpd.Page[PersonConsent]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/people/{id}/consent", "give-consent", "Record a person's consent; it takes the place of the one that stands"), "person:consent",
		func(ctx context.Context, in *consentIn) (*personOut, error) {
			b := in.Body
			p, err := s.GiveConsent(ctx, in.ID, PersonConsent{Basis: b.Basis, Document: b.Document, GivenMS: b.GivenMS, ExpiresMS: b.ExpiresMS})
			return &personOut{Body: p}, err
		})
	httpd.Register(srv, operation(http.MethodDelete, "/v1/people/{id}/consent", "revoke-consent", "End the recognition of a person at once: vectors erased, names taken away, faces to be blurred"), "person:consent",
		func(ctx context.Context, in *revokeIn) (*personOut, error) {
			p, err := s.RevokeConsent(ctx, in.ID, in.KeepNames)
			return &personOut{Body: p}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/settings/biometrics", "biometrics", "Whether faces and voices are compared, and on what basis"), "settings:read",
		func(ctx context.Context, _ *struct{}) (*biometricsOut, error) {
			b, err := s.BiometricSetting(ctx)
			return &biometricsOut{Body: b}, err
		})
	httpd.Register(srv, operation(http.MethodPut, "/v1/settings/biometrics", "turn-biometrics", "Turn the comparison of faces and voices on, with its basis, or off, which erases every vector"), "settings:write",
		func(ctx context.Context, in *turnIn) (*biometricsOut, error) {
			b := in.Body
			out, err := s.TurnBiometrics(ctx, Turn{Enabled: b.Enabled, Basis: b.Basis, Document: b.Document, EachPerson: b.EachPerson, ExpiresMS: b.ExpiresMS, KeepNames: b.KeepNames})
			return &biometricsOut{Body: out}, err
		})
}

func (s *Service) faceRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/people/{id}/faces", "person-faces", "Where a person is seen and heard"), "person:read",
		func(ctx context.Context, in *personIn) (*facesOut, error) {
			list, err := s.FacesOf(ctx, in.ID)
			total := int64(len(list))
			return &facesOut{Body: httpd.Page[FaceView]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/faces", "asset-faces", "The faces and voices of an asset, with who they are"), "asset:read",
		func(ctx context.Context, in *versionIn) (*facesOut, error) {
			list, err := s.Faces(ctx, in.ID, in.Version)
			total := int64(len(list))
			return &facesOut{Body: httpd.Page[FaceView]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/faces/{id}/person", "decide-face", "Say who a face or voice is, who it is not, or that two are one or are not"), "person:update",
		func(ctx context.Context, in *decideIn) (*faceOut, error) {
			b := in.Body
			v, err := s.Decide(ctx, in.ID, Decision{Verdict: b.Verdict, Person: b.Person, Name: b.Name, Other: b.Other})
			return &faceOut{Body: v}, err
		})
	srv.Handle("GET /v1/faces/{id}/picture", "person:read", http.HandlerFunc(s.serveFace))
}

// serveFace writes the crop of a face.
func (s *Service) serveFace(w http.ResponseWriter, r *http.Request) {
	body, err := s.FacePicture(r.Context(), r.PathValue("id"))
	if err != nil {
		httpd.Problem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = w.Write(body) // the status is sent; a broken connection has nobody to tell
}

type peopleOut struct{ Body httpd.Page[Person] }
type personOut struct{ Body Person }
type clustersOut struct{ Body httpd.Page[Cluster] }
type consentsOut struct{ Body httpd.Page[PersonConsent] }
type biometricsOut struct{ Body Biometrics }
type facesOut struct{ Body httpd.Page[FaceView] }
type faceOut struct{ Body FaceView }

type personIn struct {
	ID string `path:"id"`
}

type newPersonIn struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"120"`
		Note string `json:"note,omitempty" maxLength:"2000"`
	}
}

type patchPersonIn struct {
	ID   string `path:"id"`
	Body struct {
		Name *string `json:"name,omitempty" minLength:"1" maxLength:"120"`
		Note *string `json:"note,omitempty" maxLength:"2000"`
	}
}

type forgetPersonIn struct {
	ID   string `path:"id"`
	Blur bool   `query:"blur" doc:"remember where their faces are, without a name, so that redactions blur them"`
}

type mergeIn struct {
	Body struct {
		Into string   `json:"into" doc:"whose name stays"`
		From []string `json:"from" minItems:"1" maxItems:"50" nullable:"false"`
	}
}

type splitIn struct {
	Body struct {
		Faces []string `json:"faces" minItems:"1" maxItems:"200" nullable:"false" doc:"ids, all of one group"`
	}
}

type personExportOut struct {
	Disposition string `header:"Content-Disposition"`
	Body        PersonExport
}

type consentIn struct {
	ID   string `path:"id"`
	Body struct {
		Basis     string `json:"basis" minLength:"1" maxLength:"2000" doc:"in words"`
		Document  string `json:"document,omitempty" maxLength:"2000" doc:"where it is written"`
		GivenMS   int64  `json:"givenMs,omitempty" minimum:"0" doc:"left out: now"`
		ExpiresMS int64  `json:"expiresMs,omitempty" minimum:"0" doc:"0 or left out: never"`
	}
}

type revokeIn struct {
	ID        string `path:"id"`
	KeepNames bool   `query:"keepNames" doc:"names that a person typed by hand stay where they typed them"`
}

type turnIn struct {
	Body struct {
		Enabled    bool   `json:"enabled"`
		Basis      string `json:"basis,omitempty" maxLength:"2000" doc:"in words; needed to turn it on"`
		Document   string `json:"document,omitempty" maxLength:"2000"`
		EachPerson bool   `json:"eachPerson,omitempty" doc:"recognise only people with a consent of their own"`
		ExpiresMS  int64  `json:"expiresMs,omitempty" minimum:"0" doc:"when the basis ends by itself; 0: never"`
		KeepNames  bool   `json:"keepNames,omitempty" doc:"turning off: names that a person typed by hand stay"`
	}
}

type decideIn struct {
	ID   string `path:"id"`
	Body struct {
		Verdict string `json:"verdict,omitempty" enum:"confirm,reject,together,apart,clear" doc:"confirm when left out"`
		Person  string `json:"person,omitempty" doc:"an id"`
		Name    string `json:"name,omitempty" maxLength:"120" doc:"of confirm: whoever is called this, or a new person"`
		Other   string `json:"other,omitempty" doc:"of together and apart: the other face"`
	}
}
