package httpd

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"showreel/fault"
)

type check struct {
	name string
	run  func(context.Context) error
}

const checkTimeout = 2 * time.Second

// Check adds a condition to /readyz; a nil error is ready.
func (s *Server) Check(name string, run func(context.Context) error) {
	s.checks = append(s.checks, check{name, run})
}

// registerHealth adds /healthz (the process answers) and /readyz (it can do its work, and is not draining).
func (s *Server) registerHealth() {
	s.Handle("GET /healthz", Public, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte("ok\n"))
	}))
	s.Handle("GET /readyz", Public, http.HandlerFunc(s.ready))
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	status, results := http.StatusOK, map[string]string{}
	for _, c := range s.checks {
		results[c.name] = "ok"
		if err := c.run(ctx); err != nil {
			status = http.StatusServiceUnavailable
			results[c.name] = fault.TextOf(err)
		}
	}
	if s.draining.Load() {
		status = http.StatusServiceUnavailable
		results["server"] = "shutting down"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"ready": status == http.StatusOK, "checks": results})
}
