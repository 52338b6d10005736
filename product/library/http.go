package library

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"showreel/media"
	"showreel/platform/httpd"
)

// Routes adds the library's routes.
func (s *Service) Routes(srv *httpd.Server) {
	s.assetRoutes(srv)
	s.detailRoutes(srv)
	s.historyRoute(srv)
	s.annotationRoutes(srv)
	s.collectionRoutes(srv)
}

func operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"library"}}
}

func created(op huma.Operation) huma.Operation {
	op.DefaultStatus = http.StatusCreated
	return op
}

type nothing struct{}

type assetIn struct {
	ID string `path:"id"`
}

type assetOut struct {
	ETag string `header:"ETag"`
	Body Asset
}

func oneAsset(a Asset, err error) (*assetOut, error) {
	if err != nil {
		return nil, err
	}
	return &assetOut{ETag: httpd.ETag(a.Rev), Body: a}, nil
}

type assetsIn struct {
	Text       string   `query:"text" maxLength:"500" doc:"words, each the start of a word of title, name, tags, credit, source, custom fields or description"`
	Kind       []string `query:"kind" doc:"video, audio, image, text; several by comma"`
	State      []string `query:"state" doc:"received, processing, ready, failed, held, trashed; several by comma"`
	Tags       []string `query:"tags,explode" doc:"all of them; repeat the parameter"`
	Collection string   `query:"collection" doc:"a collection's id"`
	Sort       string   `query:"sort" doc:"created, updated, title, duration or bytes; - before it descends" default:"-created"`
	Cursor     string   `query:"cursor"`
	Limit      int      `query:"limit" minimum:"0" maximum:"500" doc:"50 when left out"`
	Trash      bool     `query:"trash" doc:"what is in the trash, instead of what is not"`
}

func (in *assetsIn) query() Query {
	q := Query{Text: in.Text, Tags: in.Tags, Collection: in.Collection, Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Trash: in.Trash}
	for _, k := range in.Kind {
		q.Kinds = append(q.Kinds, media.Kind(k))
	}
	for _, st := range in.State {
		if State(st) == Trashed {
			q.Trash = true
			continue
		}
		q.States = append(q.States, State(st))
	}
	return q
}

type assetsOut struct{ Body httpd.Page[Asset] }

type assetPatchIn struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"the ETag last read"`
	Body    Patch
}

func (in *assetPatchIn) rev() (int64, error) {
	rev, any, err := httpd.Revision(in.IfMatch)
	if any {
		return AnyRev, err
	}
	return rev, err
}

type bulkIn struct {
	Body struct {
		IDs        []string `json:"ids" nullable:"false" maxItems:"1000"`
		Patch      *Patch   `json:"patch,omitempty"`
		AddTags    []string `json:"addTags,omitempty" doc:"the same as in patch"`
		RemoveTags []string `json:"removeTags,omitempty" doc:"the same as in patch"`
		Trash      bool     `json:"trash,omitempty"`
		Restore    bool     `json:"restore,omitempty"`
		Purge      bool     `json:"purge,omitempty"`
		Collection string   `json:"collection,omitempty" doc:"put into this collection"`
		Leave      string   `json:"leave,omitempty" doc:"take out of this collection"`
	}
}

func (in *bulkIn) bulk() Bulk {
	b := in.Body
	if len(b.AddTags)+len(b.RemoveTags) > 0 {
		p := Patch{}
		if b.Patch != nil {
			p = *b.Patch
		}
		p.AddTags, p.RemoveTags = append(p.AddTags, b.AddTags...), append(p.RemoveTags, b.RemoveTags...)
		b.Patch = &p
	}
	return Bulk{Patch: b.Patch, Trash: b.Trash, Restore: b.Restore, Purge: b.Purge, Collection: b.Collection, Leave: b.Leave}
}

type bulkOut struct{ Body BulkResult }

func (s *Service) assetRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/assets", "assets", "List assets"), "asset:read",
		func(ctx context.Context, in *assetsIn) (*assetsOut, error) {
			page, err := s.List(ctx, in.query())
			return &assetsOut{Body: page}, err
		})
	httpd.Register(srv, operation("GET", "/v1/assets/{id}", "asset", "One asset"), "asset:read",
		func(ctx context.Context, in *assetIn) (*assetOut, error) { return oneAsset(s.Get(ctx, in.ID)) })
	httpd.Register(srv, operation("PATCH", "/v1/assets/{id}", "update-asset", "Change an asset's metadata"), "asset:update",
		func(ctx context.Context, in *assetPatchIn) (*assetOut, error) {
			rev, err := in.rev()
			if err != nil {
				return nil, err
			}
			return oneAsset(s.Patch(ctx, in.ID, rev, in.Body))
		})
	httpd.Register(srv, operation("DELETE", "/v1/assets/{id}", "trash-asset", "Put an asset into the trash"), "asset:trash",
		func(ctx context.Context, in *assetIn) (*assetOut, error) { return oneAsset(s.Trash(ctx, in.ID)) })
	httpd.Register(srv, operation("POST", "/v1/assets/{id}/restore", "restore-asset", "Take an asset out of the trash"), "asset:restore",
		func(ctx context.Context, in *assetIn) (*assetOut, error) { return oneAsset(s.Restore(ctx, in.ID)) })
	httpd.Register(srv, operation("POST", "/v1/assets/{id}/purge", "purge-asset", "Delete an asset in the trash for good"), "asset:purge",
		func(ctx context.Context, in *assetIn) (*nothing, error) { return &nothing{}, s.Purge(ctx, in.ID) })
	httpd.Register(srv, operation("POST", "/v1/assets/bulk", "bulk-assets", "Change many assets at once, in transactions of up to 100; the answer says what became of each"), "asset:update",
		func(ctx context.Context, in *bulkIn) (*bulkOut, error) {
			result, err := s.Bulk(ctx, in.Body.IDs, in.bulk())
			return &bulkOut{Body: result}, err
		})
	httpd.Register(srv, operation("GET", "/v1/stats", "stats", "Count the library"), "asset:read",
		func(ctx context.Context, _ *nothing) (*struct{ Body Stats }, error) {
			stats, err := s.Stats(ctx)
			return &struct{ Body Stats }{stats}, err
		})
}
