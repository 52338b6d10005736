package analysis

import (
	"context"
	"net/http"

	"showreel/platform/httpd"
)

// besideRoutes adds the routes over results of several models.
func (s *Service) besideRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/analysis/models", "analysis-models", "Which models have results for an asset, by ability; one of each is in use"), "asset:read",
		func(ctx context.Context, in *versionIn) (*modelResultsOut, error) {
			list, err := s.Models(ctx, in.ID, in.Version)
			return modelResults(list), err
		})
	httpd.Register(srv, operation(http.MethodPut, "/v1/assets/{id}/analysis/models", "use-results", "Show another model's results; those that showed are kept beside, what people decided stands"), "asset:process",
		func(ctx context.Context, in *useResultsIn) (*modelResultsOut, error) {
			list, err := s.UseModel(ctx, in.ID, in.Version, in.Body.Ability, in.Body.Model)
			return modelResults(list), err
		})
	httpd.Register(srv, operation(http.MethodDelete, "/v1/assets/{id}/analysis/models", "forget-results", "Remove a model's results that are kept beside"), "asset:process",
		func(ctx context.Context, in *oneModelIn) (*struct{}, error) {
			return nil, s.ForgetModel(ctx, in.ID, in.Version, in.Ability, in.Model)
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/analysis/compare", "compare-results", "What differs between the results of two models"), "asset:read",
		func(ctx context.Context, in *compareIn) (*comparisonOut, error) {
			c, err := s.Compare(ctx, in.ID, in.Version, in.Ability, in.Model, in.With)
			return &comparisonOut{Body: c}, err
		})
}

func modelResults(list []ModelResult) *modelResultsOut {
	total := int64(len(list))
	return &modelResultsOut{Body: httpd.Page[ModelResult]{Items: list, Total: &total}}
}

type modelResultsOut struct {
	Body httpd.Page[ModelResult]
}
type comparisonOut struct{ Body Comparison }

type useResultsIn struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
	Body    struct {
		Ability string `json:"ability" minLength:"1" maxLength:"64"`
		Model   string `json:"model" minLength:"1" maxLength:"200" doc:"its id, or its id and version"`
	}
}

type oneModelIn struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
	Ability string `query:"ability" required:"true" maxLength:"64"`
	Model   string `query:"model" required:"true" maxLength:"200" doc:"its id, or its id and version"`
}

type compareIn struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
	Ability string `query:"ability" required:"true" maxLength:"64"`
	Model   string `query:"model" required:"true" maxLength:"200" doc:"its id, or its id and version"`
	With    string `query:"with" maxLength:"200" doc:"another model; those in use when left out"`
}
