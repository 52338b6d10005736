package library

import (
	"context"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/httpd"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// History lists what happened to an asset, newest first, as the audit has it, at most limit records (0 is 200) before
// the record of the id before.
func (s *Service) History(ctx context.Context, asset, before string, limit int) ([]access.AuditView, error) {
	ref, err := s.resolve(ctx, "asset:read", media.Ref{Asset: asset})
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 200
	}
	records, err := s.deps.Audit.List(ctx, audit.Query{Tenant: ref.Tenant, Subject: asset, Before: before, Limit: limit})
	if err != nil {
		return nil, fault.E("library.history", asset, "", err)
	}
	return s.deps.Access.Named(ctx, records)
}

type historyIn struct {
	ID     string `path:"id"`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"200 when left out"`
}

type historyOut struct {
	Body httpd.Page[access.AuditView]
}

func (s *Service) historyRoute(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/history", "history", "What happened to an asset, newest first"), "asset:read",
		func(ctx context.Context, in *historyIn) (*historyOut, error) {
			before, err := httpd.DecodeCursor[string](in.Cursor)
			if err != nil {
				return nil, err
			}
			if in.Limit == 0 {
				in.Limit = 200
			}
			list, err := s.History(ctx, in.ID, before, in.Limit)
			if err != nil {
				return nil, err
			}
			out := &historyOut{Body: httpd.Page[access.AuditView]{Items: list}}
			if len(list) == in.Limit {
				out.Body.Next = httpd.EncodeCursor(list[len(list)-1].ID)
			}
			return out, nil
		})
}
