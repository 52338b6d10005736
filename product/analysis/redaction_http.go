package analysis

import (
	"context"
	"io"
	"net/http"
	"time"

	"showreel/engine/blob"
	"showreel/platform/httpd"
	"showreel/product/analysis/redact"
)

// redactionRoutes adds the routes of renditions in which something is hidden.
func (s *Service) redactionRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodPost, "/v1/assets/{id}/redactions", "redact", "Hide parts of an asset in a rendition of its own; a draft until a person signs it"), "asset:process",
		func(ctx context.Context, in *redactIn) (*redactionOut, error) {
			r, err := s.Redact(ctx, in.ID, in.Version, in.Body)
			return &redactionOut{Body: r}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/redactions", "redactions", "The redactions of an asset, the newest first"), "asset:update",
		func(ctx context.Context, in *redactionAssetIn) (*redactionsOut, error) {
			list, err := s.Redactions(ctx, in.ID, "")
			total := int64(len(list))
			return &redactionsOut{Body: httpd.Page[Redaction]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/redactions/{redaction}", "redaction", "One redaction with its report"), "asset:update",
		func(ctx context.Context, in *redactionIn) (*redactionOut, error) {
			list, err := s.Redactions(ctx, in.ID, in.Redaction)
			if err != nil {
				return nil, err
			}
			return &redactionOut{Body: list[0]}, nil
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/assets/{id}/redactions/{redaction}/approve", "approve-redaction", "Sign a draft; from then on it may be played"), "asset:approve",
		func(ctx context.Context, in *signIn) (*redactionOut, error) {
			r, err := s.ApproveRedaction(ctx, in.ID, in.Redaction, in.Body)
			return &redactionOut{Body: r}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/assets/{id}/redactions/{redaction}/reject", "reject-redaction", "Refuse a draft; its file goes"), "asset:approve",
		func(ctx context.Context, in *signIn) (*redactionOut, error) {
			r, err := s.RejectRedaction(ctx, in.ID, in.Redaction, in.Body.Name)
			return &redactionOut{Body: r}, err
		})
	s.markRoutes(srv)
	srv.Handle("GET /v1/assets/{id}/redactions/{redaction}/file", "asset:play", s.serveRedaction(false))
	srv.Handle("GET /v1/assets/{id}/redactions/{redaction}/captions", "asset:play", s.serveRedaction(true))
}

// markRoutes adds what a person does before a redaction is made, and after somebody withdrew.
func (s *Service) markRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/redactions/{redaction}/marks", "redaction-marks", "What a redaction hides, and where it was found"), "asset:update",
		func(ctx context.Context, in *marksIn) (*marksOut, error) {
			list, err := s.Marks(ctx, in.ID, in.Redaction, in.Every)
			return pageOfMarks(list), err
		})
	httpd.Register(srv, operation(http.MethodPatch, "/v1/assets/{id}/redactions/{redaction}/marks", "edit-redaction-marks", "Drop, keep and add marks before a redaction is made"), "asset:process",
		func(ctx context.Context, in *editMarksIn) (*marksOut, error) {
			list, err := s.EditMarks(ctx, in.ID, in.Redaction, in.Body)
			return pageOfMarks(list), err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/assets/{id}/redactions/{redaction}/make", "make-redaction", "Make a redaction from the marks that a person has looked at"), "asset:process",
		func(ctx context.Context, in *redactionIn) (*redactionOut, error) {
			r, err := s.MakeRedaction(ctx, in.ID, in.Redaction)
			return &redactionOut{Body: r}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/redactions/rates", "redaction-rates", "How often the detectors miss what should be hidden, as it was measured"), "asset:read",
		func(context.Context, *struct{}) (*ratesOut, error) {
			list := redact.Rates()
			total := int64(len(list))
			return &ratesOut{Body: httpd.Page[redact.MissRate]{Items: list, Total: &total}}, nil
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/people/{id}/shown", "person-shown", "In what somebody who withdrew can still be seen"), "person:read",
		func(ctx context.Context, in *personIn) (*shownOut, error) {
			list, err := s.Shown(ctx, in.ID)
			return pageOfShown(list), err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/people/{id}/reblur", "reblur-person", "Make again what shows somebody who withdrew, with their face blurred"), "person:consent",
		func(ctx context.Context, in *againIn) (*shownOut, error) {
			list, err := s.Reblur(ctx, in.ID, in.Body)
			return pageOfShown(list), err
		})
}

func pageOfMarks(list []RedactionMark) *marksOut {
	total := int64(len(list))
	return &marksOut{Body: httpd.Page[RedactionMark]{Items: list, Total: &total}}
}

func pageOfShown(list []Showing) *shownOut {
	total := int64(len(list))
	return &shownOut{Body: httpd.Page[Showing]{Items: list, Total: &total}}
}

func (s *Service) serveRedaction(captions bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, kind, err := s.redactionFile(r.Context(), r.PathValue("id"), r.PathValue("redaction"), captions)
		if err != nil {
			httpd.Problem(w, r, err)
			return
		}
		body, err := s.deps.Blobs.Processed.ReaderAt(r.Context(), info.Key)
		if err != nil {
			httpd.Problem(w, r, err)
			return
		}
		defer body.Close()
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "private, no-store")
		http.ServeContent(w, r, "", time.UnixMilli(info.ModMS), httpSection(body))
	})
}

type redactIn struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
	Body    HideAsk
}

type redactionAssetIn struct {
	ID string `path:"id"`
}

type redactionIn struct {
	ID        string `path:"id"`
	Redaction string `path:"redaction"`
}

type signIn struct {
	ID        string `path:"id"`
	Redaction string `path:"redaction"`
	Body      Signature
}

type marksIn struct {
	ID        string `path:"id"`
	Redaction string `path:"redaction"`
	Every     int64  `query:"everyMs" minimum:"0" maximum:"60000" doc:"at most one spot of a mark in so many milliseconds; 0 is all"`
}

type editMarksIn struct {
	ID        string `path:"id"`
	Redaction string `path:"redaction"`
	Body      MarkEdit
}

type againIn struct {
	ID   string `path:"id"`
	Body Again
}

type marksOut struct{ Body httpd.Page[RedactionMark] }
type ratesOut struct {
	Body httpd.Page[redact.MissRate]
}
type shownOut struct{ Body httpd.Page[Showing] }

type redactionOut struct{ Body Redaction }

type redactionsOut struct{ Body httpd.Page[Redaction] }

// httpSection lets net/http answer ranges of a stored object.
func httpSection(b blob.ReaderAtCloser) *io.SectionReader { return io.NewSectionReader(b, 0, b.Size()) }
