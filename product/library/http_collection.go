package library

import (
	"context"

	"showreel/platform/httpd"
)

type collectionsOut struct{ Body httpd.Page[Collection] }

type collectionOut struct {
	ETag string `header:"ETag"`
	Body Collection
}

func oneCollection(c Collection, err error) (*collectionOut, error) {
	if err != nil {
		return nil, err
	}
	return &collectionOut{ETag: httpd.ETag(c.Rev), Body: c}, nil
}

type newCollectionIn struct {
	Body struct {
		Name        string `json:"name" doc:"unique in the tenant, whatever its case"`
		Description string `json:"description,omitempty"`
	}
}

type collectionPatchIn struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"the ETag last read; without it the change overwrites"`
	Body    struct {
		Name        *string `json:"name,omitempty"`
		Description *string `json:"description,omitempty"`
	}
}

type membersIn struct {
	ID   string `path:"id"`
	Body struct {
		IDs []string `json:"ids" nullable:"false" maxItems:"1000" doc:"ids of assets"`
	}
}

func (s *Service) collectionRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/collections", "collections", "List the collections by name"), "collection:read",
		func(ctx context.Context, _ *nothing) (*collectionsOut, error) {
			list, err := s.Collections(ctx)
			return &collectionsOut{Body: whole(list)}, err
		})
	httpd.Register(srv, created(operation("POST", "/v1/collections", "create-collection", "Add a collection")), "collection:create",
		func(ctx context.Context, in *newCollectionIn) (*collectionOut, error) {
			return oneCollection(s.CreateCollection(ctx, in.Body.Name, in.Body.Description))
		})
	httpd.Register(srv, operation("GET", "/v1/collections/{id}", "collection", "One collection"), "collection:read",
		func(ctx context.Context, in *assetIn) (*collectionOut, error) {
			return oneCollection(s.Collection(ctx, in.ID))
		})
	httpd.Register(srv, operation("PATCH", "/v1/collections/{id}", "update-collection", "Rename or describe a collection"), "collection:update",
		func(ctx context.Context, in *collectionPatchIn) (*collectionOut, error) {
			rev := AnyRev
			if in.IfMatch != "" {
				given, any, err := httpd.Revision(in.IfMatch)
				if err != nil {
					return nil, err
				}
				if !any {
					rev = given
				}
			}
			return oneCollection(s.UpdateCollection(ctx, in.ID, rev, in.Body.Name, in.Body.Description))
		})
	httpd.Register(srv, operation("DELETE", "/v1/collections/{id}", "delete-collection", "Remove a collection; its assets stay"), "collection:delete",
		func(ctx context.Context, in *assetIn) (*nothing, error) {
			return &nothing{}, s.DeleteCollection(ctx, in.ID)
		})
	httpd.Register(srv, operation("PUT", "/v1/collections/{id}/assets", "add-to-collection", "Put assets into a collection"), "collection:update",
		func(ctx context.Context, in *membersIn) (*collectionOut, error) {
			return oneCollection(s.AddToCollection(ctx, in.ID, in.Body.IDs))
		})
	httpd.Register(srv, operation("DELETE", "/v1/collections/{id}/assets", "remove-from-collection", "Take assets out of a collection"), "collection:update",
		func(ctx context.Context, in *membersIn) (*collectionOut, error) {
			return oneCollection(s.RemoveFromCollection(ctx, in.ID, in.Body.IDs))
		})
}
