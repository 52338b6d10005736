package analysis

import (
	"context"
	"net/http"

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
}

type duplicatesOut struct{ Body httpd.Page[Duplicate] }
