package analysis

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/product/analysis/caption"
)

// Routes adds the room's routes.
func (s *Service) Routes(srv *httpd.Server) {
	s.redactionRoutes(srv)
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/analysis", "analysis", "How each ability stands with an asset: state, model, what it took, what is missing"), "asset:read",
		func(ctx context.Context, in *versionIn) (*reportOut, error) {
			r, err := s.Analysis(ctx, in.ID, in.Version)
			return &reportOut{Body: r}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/assets/{id}/analysis", "analyze", "Ask for abilities; two requests at once meet in one run"), "asset:process",
		func(ctx context.Context, in *analyzeIn) (*reportOut, error) {
			r, err := s.Analyze(ctx, in.ID, in.Version, Ask{Only: in.Body.Only, Mode: in.Body.Mode, Model: in.Body.Beside})
			return &reportOut{Body: r}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/assets/{id}/analysis/cancel", "cancel-analysis", "End what is under way; what is done stays"), "asset:process",
		func(ctx context.Context, in *versionIn) (*reportOut, error) {
			r, err := s.Cancel(ctx, in.ID, in.Version)
			return &reportOut{Body: r}, err
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/glossary", "glossary", "Names and terms that transcripts shall spell rightly"), "glossary:read",
		func(ctx context.Context, _ *struct{}) (*termsOut, error) {
			list, err := s.Glossary(ctx)
			total := int64(len(list))
			return &termsOut{Body: httpd.Page[GlossaryTerm]{Items: list, Total: &total}}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/glossary", "put-term", "Add a term, or change the one of the same spelling"), "glossary:write",
		func(ctx context.Context, in *termIn) (*termOut, error) {
			g, err := s.PutTerm(ctx, GlossaryTerm{Collection: in.Body.Collection, Text: in.Body.Text, Sounds: in.Body.Sounds, Lang: in.Body.Lang})
			return &termOut{Body: g}, err
		})
	httpd.Register(srv, operation(http.MethodDelete, "/v1/glossary/{id}", "remove-term", "Remove a term"), "glossary:write",
		func(ctx context.Context, in *oneTermIn) (*struct{}, error) { return nil, s.RemoveTerm(ctx, in.ID) })
	s.peopleRoutes(srv)
	s.besideRoutes(srv)
	s.suggestRoutes(srv)
	s.framesRoutes(srv)
	s.captionRoutes(srv)
	srv.Handle("GET /v1/assets/{id}/transcript", "asset:read", http.HandlerFunc(s.serveTranscript))
}

func operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"analysis"}}
}

type versionIn struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
}

type analyzeIn struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
	Body    struct {
		Only []string `json:"only,omitempty" maxItems:"50" doc:"abilities; all that fit when left out"`
		Mode string   `json:"mode,omitempty" enum:"missing,all" doc:"missing: what is not done yet (when left out); all: everything again"`
		// Beside runs a second model for comparison.
		Beside string `json:"beside,omitempty" maxLength:"64" doc:"id of an installed model to run beside the one in use, for the one ability of only; its results are kept for comparison"`
	}
}

type reportOut struct{ Body Overview }
type termsOut struct{ Body httpd.Page[GlossaryTerm] }
type termOut struct{ Body GlossaryTerm }

type termIn struct {
	Body struct {
		Collection string   `json:"collection,omitempty" doc:"its id; left out: everything of the tenant"`
		Text       string   `json:"text" minLength:"2" maxLength:"80" doc:"as it is written"`
		Sounds     []string `json:"sounds,omitempty" maxItems:"10" doc:"how it is misheard"`
		Lang       string   `json:"lang,omitempty" maxLength:"2" doc:"ISO 639-1; left out: every language"`
	}
}

type oneTermIn struct {
	ID string `path:"id"`
}

// transcriptTypes are the media types of the forms a transcript comes in.
var transcriptTypes = map[string]string{"json": "application/json", caption.SRT: "application/x-subrip", caption.VTT: "text/vtt",
	caption.TTML: "application/ttml+xml", caption.ASS: "text/x-ssa", caption.Text: "text/plain"}

// serveTranscript writes the transcript in the form asked for: json (when left out), srt, vtt, ttml, ass or txt.
func (s *Service) serveTranscript(w http.ResponseWriter, r *http.Request) {
	kind, body, err := s.renderTranscript(r)
	if err != nil {
		httpd.Problem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("Cache-Control", "private, no-cache")
	_, _ = w.Write(body) // the status is sent; a broken connection has nobody to tell
}

func (s *Service) renderTranscript(r *http.Request) (kind string, body []byte, err error) {
	q := r.URL.Query()
	version := 0
	if text := q.Get("version"); text != "" {
		if version, err = strconv.Atoi(text); err != nil || version < 0 {
			return "", nil, fault.Say("analysis.transcript", "", fault.Invalid, "bad-version", "A version is a number from 1; leave it out for the newest.")
		}
	}
	format := q.Get("format")
	if format == "" {
		format = "json"
	}
	if kind = transcriptTypes[format]; kind == "" {
		return "", nil, fault.Say("analysis.transcript", format, fault.Invalid, "bad-format", "A transcript comes as json, srt, vtt, ttml, ass or txt.")
	}
	t, err := s.transcript(r.Context(), r.PathValue("id"), version, q.Get("translation") == "en")
	if err != nil {
		return "", nil, err
	}
	if format != "json" {
		body, err = t.Write(format)
		return kind, body, err
	}
	if body, err = json.Marshal(t); err != nil {
		return "", nil, fault.E("analysis.transcript", t.Asset, fault.Internal, err)
	}
	return kind, body, nil
}
