package library

import (
	"context"

	"showreel/media"
	"showreel/platform/httpd"
)

// VersionQuery is the path and query of what belongs to a version. It is exported because huma binds the fields of
// exported embedded types only.
type VersionQuery struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
}

func (in VersionQuery) ref() media.Ref { return media.Ref{Asset: in.ID, Version: in.Version} }

type versionsOut struct{ Body httpd.Page[Version] }
type renditionsOut struct{ Body httpd.Page[Rendition] }
type ledgerOut struct{ Body httpd.Page[LedgerEntry] }
type tagsOut struct{ Body httpd.Page[TagCount] }

type exportOut struct {
	Disposition string `header:"Content-Disposition"`
	Body        Exported
}

type tagsIn struct {
	Prefix string `query:"prefix" maxLength:"64" doc:"how the tag begins"`
	Limit  int    `query:"limit" minimum:"0" maximum:"1000" doc:"200 when left out"`
}

// whole is a list that has no further pages.
func whole[T any](items []T) httpd.Page[T] {
	total := int64(len(items))
	return httpd.Page[T]{Items: items, Total: &total}
}

func (s *Service) detailRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/versions", "versions", "An asset's originals, newest first"), "asset:read",
		func(ctx context.Context, in *assetIn) (*versionsOut, error) {
			list, err := s.Versions(ctx, in.ID)
			return &versionsOut{Body: whole(list)}, err
		})
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/renditions", "renditions", "The files made from a version"), "asset:read",
		func(ctx context.Context, in *VersionQuery) (*renditionsOut, error) {
			list, err := s.Renditions(ctx, in.ref())
			return &renditionsOut{Body: whole(list)}, err
		})
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/ledger", "ledger", "What was made of what, by which tool, with which settings"), "asset:read",
		func(ctx context.Context, in *assetIn) (*ledgerOut, error) {
			list, err := s.Ledger(ctx, in.ID)
			return &ledgerOut{Body: whole(list)}, err
		})
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/export", "export-asset", "Everything the library knows about an asset"), "asset:export",
		func(ctx context.Context, in *assetIn) (*exportOut, error) {
			all, err := s.Export(ctx, in.ID)
			return &exportOut{Disposition: `attachment; filename="showreel-` + in.ID + `.json"`, Body: all}, err
		})
	httpd.Register(srv, operation("GET", "/v1/tags", "tags", "The tags in use, the commonest first"), "asset:read",
		func(ctx context.Context, in *tagsIn) (*tagsOut, error) {
			list, err := s.Tags(ctx, in.Prefix, in.Limit)
			return &tagsOut{Body: whole(list)}, err
		})
}
