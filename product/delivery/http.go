package delivery

import (
	"context"
	"io/fs"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"showreel/fault"
	"showreel/platform/httpd"
)

// pageFile is the player page within Deps.Page.
const pageFile = "embed.html"

type playIn struct {
	ID   string       `path:"id"`
	Body *PlayRequest `required:"false"`
}

type playOut struct{ Body Play }

// Routes registers the room's doors.
func (s *Service) Routes(srv *httpd.Server) {
	httpd.Register(srv, huma.Operation{OperationID: "play-asset", Method: http.MethodPost, Path: "/v1/assets/{id}/play", Tags: []string{"delivery"},
		Summary:     "Make a link that may play an asset",
		Description: "The link carries its permission in its path and works in any player. Encrypted delivery (cenc, cbcs with ClearKey) protects the way to the viewer, not against the viewer.",
		Metadata:    map[string]any{httpd.Sensitive: true},
	}, "asset:play", func(ctx context.Context, in *playIn) (*playOut, error) {
		var body PlayRequest
		if in.Body != nil {
			body = *in.Body
		}
		p, err := s.Play(ctx, in.ID, body)
		if err != nil {
			return nil, err
		}
		return &playOut{p}, nil
	})
	for _, p := range []struct{ pattern, name string }{
		{"poster.jpg", "poster.jpg"}, {"thumbs.vtt", "thumbs.vtt"}, {"waveform.json", "waveform.json"}, {"sprite/{n}", "sprite/"}, {"key/{n}", "key/"},
	} {
		srv.Handle("GET /v1/assets/{id}/"+p.pattern, "asset:read", s.picture(p.name), httpd.Unlimited())
	}
	srv.Handle("GET /v1/assets/{id}/original", "asset:download", http.HandlerFunc(s.original))

	watch := http.HandlerFunc(s.watch)
	srv.Handle("GET /v/{token}/{asset}/play.json", httpd.Public, http.HandlerFunc(s.playJSON))
	srv.Handle("GET /v/{token}/{asset}/{ver}/{path...}", httpd.Public, watch, httpd.Unlimited())
	srv.Handle("POST /v/{token}/{asset}/{ver}/"+licenceName, httpd.Public, s.withPath(licenceName, watch), httpd.MaxBody(maxLicenceRequest), httpd.AnyOrigin())
	srv.Handle("OPTIONS /v/{path...}", httpd.Public, http.HandlerFunc(preflight), httpd.Unlimited())
	srv.Handle("GET /embed/{token}/{asset}", httpd.Public, http.HandlerFunc(s.page))
}

// withPath names the path of a pattern that states it.
func (s *Service) withPath(name string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.SetPathValue("path", name)
		h.ServeHTTP(w, r)
	})
}

// page answers with the player page. It holds no secret and checks nothing: the page asks play.json with its token and tells
// people what is wrong with it.
func (s *Service) page(w http.ResponseWriter, r *http.Request) {
	if s.deps.Page == nil {
		problem(w, r, fault.Say("delivery.embed", "", fault.Unavailable, "no-page", "This server was built without the player page; use the HLS address in a player of yours."))
		return
	}
	b, err := fs.ReadFile(s.deps.Page, pageFile)
	if err != nil {
		problem(w, r, fault.E("delivery.embed", pageFile, fault.Internal, err))
		return
	}
	w.Header().Set("Content-Security-Policy", httpd.PagePolicy(true))
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the token
	send(w, r, memory(b, "text/html; charset=utf-8", "no-cache"))
}
