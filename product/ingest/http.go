package ingest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/product/library"
)

// Routes adds the room's routes.
func (s *Service) Routes(srv *httpd.Server) {
	s.jobRoutes(srv)
	s.templateRoutes(srv)
	httpd.Register(srv, accepted(operation(http.MethodPost, "/v1/pulls", "pull", "Fetch a file from an address and take it in")), "upload:create", s.postPull)
	httpd.Register(srv, operation(http.MethodGet, "/v1/pulls", "list-pulls", "The newest pulls"), "job:read", s.listPulls)
	httpd.Register(srv, operation(http.MethodGet, "/v1/pulls/{id}", "get-pull", "One pull"), "job:read", s.getPull)
	httpd.Register(srv, accepted(operation(http.MethodPost, "/v1/assets/{id}/reprocess", "reprocess-asset", "Make a new version from the newest original with another template")), "asset:process", s.postReprocess)
	s.captionRoutes(srv)
	srv.Handle(uploadsPath, "upload:create", s.uploads, httpd.MaxBody(s.deps.Limits.UploadBytes), httpd.Unlimited())
}

func (s *Service) jobRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/jobs", "list-jobs", "Jobs, newest first"), "job:read", s.listJobs)
	httpd.Register(srv, operation(http.MethodGet, "/v1/jobs/{id}", "get-job", "One job"), "job:read", s.getJob)
	httpd.Register(srv, operation(http.MethodPatch, "/v1/jobs/{id}", "rank-job", "Change a job's lane or priority"), "job:control", s.patchJob)
	for _, c := range []struct {
		verb, summary string
		do            func(context.Context, string) (Job, error)
	}{
		{"pause", "Stop a job's work until it is resumed", s.Pause},
		{"resume", "Let a paused job go on", s.Resume},
		{"cancel", "End a job; the original stays", s.Cancel},
		{"retry", "Let a failed or cancelled job go on from its finished parts", s.Retry},
		{"release", "Publish a job that is held, once nothing blocks it", s.Release},
	} {
		httpd.Register(srv, operation(http.MethodPost, "/v1/jobs/{id}/"+c.verb, c.verb+"-job", c.summary), "job:control",
			func(ctx context.Context, in *jobIn) (*jobOut, error) { return oneJob(c.do(ctx, in.ID)) })
	}
}

func (s *Service) templateRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/templates", "list-templates", "The newest version of every job template"), "template:read", s.listTemplates)
	httpd.Register(srv, operation(http.MethodGet, "/v1/templates/{name}", "get-template", "One job template"), "template:read", s.getTemplate)
	httpd.Register(srv, operation(http.MethodPut, "/v1/templates/{name}", "put-template", "Store a new version of a job template"), "template:write", s.putTemplate)
}

func operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"ingest"}}
}

func accepted(op huma.Operation) huma.Operation {
	op.DefaultStatus = http.StatusAccepted
	return op
}

type jobIn struct {
	ID string `path:"id"`
}

type jobOut struct{ Body Job }

func oneJob(j Job, err error) (*jobOut, error) {
	if err != nil {
		return nil, err
	}
	return &jobOut{Body: j}, nil
}

type jobsIn struct {
	State  string `query:"state" enum:"queued,running,waiting,paused,held,done,failed,cancelled,active" doc:"one state, or active for all that have not ended"`
	Asset  string `query:"asset" doc:"jobs of one asset"`
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"0" maximum:"200" doc:"50 when left out"`
}

type jobsOut struct{ Body httpd.Page[Job] }

func (s *Service) listJobs(ctx context.Context, in *jobsIn) (*jobsOut, error) {
	before, err := httpd.DecodeCursor[string](in.Cursor)
	if err != nil {
		return nil, err
	}
	q := JobQuery{Asset: in.Asset, Before: before, Limit: in.Limit}
	if in.State == "active" {
		q.Active = true
	} else {
		q.State = State(in.State)
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	jobs, err := s.Jobs(ctx, q)
	if err != nil {
		return nil, err
	}
	page := httpd.Page[Job]{Items: jobs}
	if jobs == nil {
		page.Items = []Job{}
	}
	if len(jobs) == q.Limit {
		page.Next = httpd.EncodeCursor(jobs[len(jobs)-1].ID)
	}
	return &jobsOut{Body: page}, nil
}

func (s *Service) getJob(ctx context.Context, in *jobIn) (*jobOut, error) {
	return oneJob(s.Job(ctx, in.ID))
}

type rankIn struct {
	ID   string `path:"id"`
	Body struct {
		Lane     *string `json:"lane,omitempty" enum:"interactive,normal,batch"`
		Priority *int    `json:"priority,omitempty" minimum:"0" maximum:"100"`
	}
}

func (s *Service) patchJob(ctx context.Context, in *rankIn) (*jobOut, error) {
	return oneJob(s.Rank(ctx, in.ID, in.Body.Lane, in.Body.Priority))
}

type templatesOut struct{ Body httpd.Page[Template] }

func (s *Service) listTemplates(ctx context.Context, _ *struct{}) (*templatesOut, error) {
	all, err := s.Templates(ctx)
	if err != nil {
		return nil, err
	}
	return &templatesOut{Body: httpd.Page[Template]{Items: all}}, nil
}

type templateIn struct {
	Name    string `path:"name"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 is the newest"`
}

type templateOut struct{ Body Template }

func (s *Service) getTemplate(ctx context.Context, in *templateIn) (*templateOut, error) {
	t, err := s.Template(ctx, in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	return &templateOut{Body: t}, nil
}

type putTemplateIn struct {
	Name string `path:"name"`
	Body Template
}

func (s *Service) putTemplate(ctx context.Context, in *putTemplateIn) (*templateOut, error) {
	if in.Body.Name != in.Name {
		return nil, fault.Say("ingest.template", in.Name, fault.Invalid, "bad-template", "The template's name must be the one in the address.")
	}
	t, err := s.PutTemplate(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	return &templateOut{Body: t}, nil
}

type pullIn struct {
	Body struct {
		URL        string `json:"url" maxLength:"4096" doc:"http:// or https://, public"`
		Template   string `json:"template,omitempty"`
		Name       string `json:"name,omitempty" maxLength:"255"`
		Collection string `json:"collection,omitempty"`
	}
}

type pullOut struct{ Body Pull }

func (s *Service) postPull(ctx context.Context, in *pullIn) (*pullOut, error) {
	p, err := s.Pull(ctx, PullIn{URL: in.Body.URL, Template: in.Body.Template, Name: in.Body.Name, Collection: in.Body.Collection})
	if err != nil {
		return nil, err
	}
	return &pullOut{Body: p}, nil
}

func (s *Service) getPull(ctx context.Context, in *jobIn) (*pullOut, error) {
	p, err := s.PullByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &pullOut{Body: p}, nil
}

type pullsOut struct{ Body httpd.Page[Pull] }

func (s *Service) listPulls(ctx context.Context, _ *struct{}) (*pullsOut, error) {
	list, err := s.Pulls(ctx)
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []Pull{}
	}
	return &pullsOut{Body: httpd.Page[Pull]{Items: list}}, nil
}

type reprocessIn struct {
	ID   string `path:"id"`
	Body struct {
		Template string `json:"template,omitempty" doc:"web when left out"`
	}
}

func (s *Service) postReprocess(ctx context.Context, in *reprocessIn) (*jobOut, error) {
	return oneJob(s.Reprocess(ctx, in.ID, in.Body.Template))
}

// captionRoutes are the doors to the captions that people bring.
func (s *Service) captionRoutes(srv *httpd.Server) {
	const path = "/v1/assets/{id}/captions/{lang}"
	put := operation(http.MethodPut, path, "put-captions", "Add or replace the captions of a language")
	put.Description = "The body is the file itself: SRT, WebVTT, ASS/SSA or TTML, told apart by the ending of name, as UTF-8 or UTF-16 text of up to 16 MiB and 20,000 cues. " +
		"Its cues lie on the timeline of the published version as annotations of the track caption, where they can be changed one by one, and are served in HLS and DASH. " +
		"Problem types: bad-language, bad-captions (400), asset-not-found (404), not-ready (409), too-large, captions-too-large, too-many-cues (413), captions-format (422)."
	put.MaxBodyBytes = transcode.MaxCaptionBytes
	put.DefaultStatus = http.StatusNoContent
	put.Errors = []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}
	put.RequestBody = &huma.RequestBody{Required: true, Description: "the caption file", Content: map[string]*huma.MediaType{}}
	for _, kind := range []string{"application/octet-stream", "text/vtt", "application/x-subrip", "application/ttml+xml"} {
		put.RequestBody.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	httpd.Register(srv, put, "asset:update", s.putCaptions)
	remove := operation(http.MethodDelete, path, "remove-captions", "Take away the captions that people added in a language")
	remove.Errors = []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict}
	httpd.Register(srv, remove, "asset:update", func(ctx context.Context, in *captionsIn) (*struct{}, error) {
		return nil, s.RemoveCaptions(ctx, in.ID, in.Lang)
	})
}

type captionsIn struct {
	ID   string `path:"id"`
	Lang string `path:"lang" maxLength:"35" doc:"BCP 47 (RFC 5646), such as en or pt-BR" example:"en"`
}

type putCaptionsIn struct {
	ID      string `path:"id"`
	Lang    string `path:"lang" maxLength:"35" doc:"BCP 47 (RFC 5646), such as en or pt-BR" example:"en"`
	Name    string `query:"name" maxLength:"255" doc:"the file's name; its ending says the format: .srt, .vtt, .ass, .ssa, .ttml, .dfxp. captions.vtt when left out"`
	RawBody []byte
}

func (s *Service) putCaptions(ctx context.Context, in *putCaptionsIn) (*struct{}, error) {
	name := library.CleanName(in.Name)
	if name == "unnamed" {
		name = "captions.vtt"
	}
	_, err := s.PutCaptions(ctx, in.ID, in.Lang, name, in.RawBody)
	return nil, err
}
