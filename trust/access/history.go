package access

import (
	"context"
	"strconv"
	"strings"

	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/trust/audit"
)

// AuditView is a record of the audit with its actor's name as it is now.
type AuditView struct {
	audit.Record
	ActorName string `json:"actorName,omitempty"`
}

// Audit lists what happened in the caller's tenant, newest first; q.Tenant is set here.
func (s *Service) Audit(ctx context.Context, q audit.Query) ([]AuditView, error) {
	if err := s.Check(ctx, "audit:read", Resource{}); err != nil {
		return nil, err
	}
	q.Tenant = WhoFrom(ctx).Tenant
	records, err := s.deps.Audit.List(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.Named(ctx, records)
}

// Named adds the actors' names to records of the caller's tenant. It shows names only, so whoever may see the records
// may call it.
func (s *Service) Named(ctx context.Context, records []audit.Record) ([]AuditView, error) {
	out := make([]AuditView, len(records))
	names := map[string]string{KindSystem: System("").Name}
	for n, r := range records {
		out[n] = AuditView{Record: r}
		if r.ActorKind == KindUser || r.ActorKind == KindKey {
			names[r.Actor] = ""
		}
	}
	ids := []any{WhoFrom(ctx).Tenant}
	var marks []string
	for id := range names {
		ids = append(ids, id)
		marks = append(marks, "$"+strconv.Itoa(len(ids)))
	}
	in := strings.Join(marks, ",")
	rows, err := s.deps.DB.Read().QueryContext(ctx, `SELECT id, name FROM access_users WHERE tenant = $1 AND id IN (`+in+`)
		UNION ALL SELECT id, name FROM access_keys WHERE tenant = $1 AND id IN (`+in+`)`, ids...)
	if err != nil {
		return nil, fault.E("access.names", "", "", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fault.E("access.names", "", "", err)
		}
		names[id] = name
	}
	if err := rows.Err(); err != nil {
		return nil, fault.E("access.names", "", "", err)
	}
	for n := range out {
		out[n].ActorName = names[out[n].Actor]
	}
	return out, nil
}

type auditIn struct {
	Actor   string `query:"actor" doc:"an id"`
	Action  string `query:"action" doc:"asset:trash, or all of a kind: asset:"`
	Subject string `query:"subject" doc:"an id"`
	Outcome string `query:"outcome" enum:"ok,denied,failed"`
	FromMS  int64  `query:"fromMs" minimum:"0"`
	ToMS    int64  `query:"toMs" minimum:"0" doc:"exclusive"`
	Cursor  string `query:"cursor" maxLength:"200"`
	Limit   int    `query:"limit" minimum:"0" maximum:"500" doc:"100 when left out"`
}

type auditOut struct{ Body httpd.Page[AuditView] }

func (s *Service) auditRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/audit", "audit", "What happened in the tenant, newest first"), "audit:read",
		func(ctx context.Context, in *auditIn) (*auditOut, error) {
			before, err := httpd.DecodeCursor[string](in.Cursor)
			if err != nil {
				return nil, err
			}
			if in.Limit == 0 {
				in.Limit = 100
			}
			list, err := s.Audit(ctx, audit.Query{
				Actor: in.Actor, Action: in.Action, Subject: in.Subject, Outcome: in.Outcome,
				FromMS: in.FromMS, ToMS: in.ToMS, Before: before, Limit: in.Limit,
			})
			if err != nil {
				return nil, err
			}
			out := &auditOut{Body: httpd.Page[AuditView]{Items: list}}
			if len(list) == in.Limit {
				out.Body.Next = httpd.EncodeCursor(list[len(list)-1].ID)
			}
			return out, nil
		})
}
