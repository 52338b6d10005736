package quality

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"showreel/platform/httpd"
)

// Routes adds the room's routes.
func (s *Service) Routes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/findings", "list-findings", "What the quality checks found about an asset"), "finding:read", s.listFindings)
	httpd.Register(srv, operation(http.MethodPost, "/v1/findings/{id}/waive", "waive-finding", "Let a finding stand, for a reason"), "finding:waive", s.waiveFinding)
	httpd.Register(srv, operation(http.MethodGet, "/v1/policies", "list-policies", "The quality policies"), "policy:read", s.listPolicies)
	srv.Handle("GET /v1/findings/{id}/thumb.jpg", "finding:read", http.HandlerFunc(s.serveThumb), httpd.Unlimited())
}

func operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"quality"}}
}

type findingsIn struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 is the newest"`
}

type findingsOut struct{ Body httpd.Page[Finding] }

func (s *Service) listFindings(ctx context.Context, in *findingsIn) (*findingsOut, error) {
	list, err := s.Findings(ctx, in.ID, in.Version)
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []Finding{}
	}
	return &findingsOut{Body: httpd.Page[Finding]{Items: list}}, nil
}

type waiveIn struct {
	ID   string `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"why it may stand"`
	}
}

type findingOut struct{ Body Finding }

func (s *Service) waiveFinding(ctx context.Context, in *waiveIn) (*findingOut, error) {
	f, err := s.Waive(ctx, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &findingOut{Body: f}, nil
}

type policiesOut struct{ Body httpd.Page[Policy] }

func (s *Service) listPolicies(ctx context.Context, _ *struct{}) (*policiesOut, error) {
	list, err := s.Policies(ctx)
	if err != nil {
		return nil, err
	}
	return &policiesOut{Body: httpd.Page[Policy]{Items: list}}, nil
}

func (s *Service) serveThumb(w http.ResponseWriter, r *http.Request) {
	pic, bytes, err := s.Thumb(r.Context(), r.PathValue("id"))
	if err != nil {
		httpd.Problem(w, r, err)
		return
	}
	defer pic.Close()
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.FormatInt(bytes, 10))
	w.Header().Set("Cache-Control", "private, max-age=86400, immutable")
	_, _ = io.Copy(w, pic) // the status is sent; a broken connection has nobody to tell
}
