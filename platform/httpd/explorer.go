package httpd

import (
	"bytes"
	"embed"
	"net/http"
	"sync"
	"time"
)

//go:embed explorer
var explorerFiles embed.FS

// registerExplorer serves the page that lists and tries operations; it needs nothing from other sites.
func (s *Server) registerExplorer() {
	for _, page := range [][2]string{
		{"GET /docs", "explorer/index.html"},
		{"GET /docs/explorer.js", "explorer/explorer.js"},
		{"GET /docs/explorer.css", "explorer/explorer.css"},
	} {
		pattern, name := page[0], page[1]
		s.Handle(pattern, Public, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := explorerFiles.ReadFile(name)
			if err != nil {
				s.fail(w, r, err)
				return
			}
			w.Header().Set("Content-Type", mediaType(name))
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("Content-Security-Policy", PagePolicy(false))
			_, _ = w.Write(b)
		}))
	}
}

// lazyDocument is made on the first request, when every route is registered.
type lazyDocument struct {
	contentType string
	make        func() []byte
	once        sync.Once
	body        []byte
}

func (d *lazyDocument) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.once.Do(func() { d.body = d.make() })
	w.Header().Set("Content-Type", d.contentType)
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.body))
}
