package analysis

import (
	"context"
	"net/http"

	"showreel/media"
	"showreel/platform/httpd"
)

// framesRoutes adds the routes over what pictures look like.
func (s *Service) framesRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/duplicates", "duplicates", "Assets that show what this one shows, told by their key frames"), "asset:read",
		func(ctx context.Context, in *versionIn) (*duplicatesOut, error) {
			list, err := s.Duplicates(ctx, in.ID, in.Version)
			total := int64(len(list))
			return &duplicatesOut{Body: httpd.Page[Duplicate]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/examples", "examples", "Parts of pictures that people marked, to find what looks like them"), "glossary:read",
		func(ctx context.Context, _ *struct{}) (*examplesOut, error) {
			list, err := s.Examples(ctx)
			total := int64(len(list))
			return &examplesOut{Body: httpd.Page[Example]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/examples", "add-example", "Mark a part of a picture; films analysed from now on are searched for what looks like it"), "glossary:write",
		func(ctx context.Context, in *exampleIn) (*exampleOut, error) {
			b := in.Body
			e, err := s.AddExample(ctx, Example{Name: b.Name, Asset: b.Asset, Version: b.Version, AtMS: b.AtMS, Box: b.Box})
			return &exampleOut{Body: e}, err
		})
	httpd.Register(srv, operation(http.MethodDelete, "/v1/examples/{id}", "remove-example", "Remove an example"), "glossary:write",
		func(ctx context.Context, in *oneTermIn) (*struct{}, error) { return nil, s.RemoveExample(ctx, in.ID) })
}

type examplesOut struct{ Body httpd.Page[Example] }
type exampleOut struct{ Body Example }

type exampleIn struct {
	Body struct {
		Name    string    `json:"name" minLength:"1" maxLength:"80" doc:"what it shows"`
		Asset   string    `json:"asset" doc:"its id"`
		Version int       `json:"version,omitempty" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
		AtMS    int64     `json:"atMs,omitempty" minimum:"0" maximum:"604800000" doc:"of a film: the picture of that second"`
		Box     media.Box `json:"box" doc:"in fractions of the picture"`
	}
}

type duplicatesOut struct{ Body httpd.Page[Duplicate] }
