package house_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"showreel/house"
	"showreel/platform/config"
	"showreel/platform/httpd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open builds the house on an empty folder with settings such as "rooms.quality=false".
func open(t *testing.T, settings ...string) *house.House {
	t.Helper()
	flags := map[string]string{"data": filepath.Join(t.TempDir(), "data"), "listen": "127.0.0.1:0"}
	for _, s := range settings {
		k, v, _ := strings.Cut(s, "=")
		flags[k] = v
	}
	cfg, err := config.Source{Flags: flags}.Load()
	if err != nil {
		t.Fatal(err)
	}
	h, err := house.Open(t.Context(), cfg, house.Options{Version: "test", Quiet: true})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// runFor starts the house and stops it again after fn.
func runFor(t *testing.T, h *house.House, fn func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	fn()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestEveryRouteNamesItsRule also lists the few that anybody may ask.
func TestEveryRouteNamesItsRule(t *testing.T) {
	h := open(t)
	defer h.Close()
	routes := h.Routes()
	if len(routes) < 60 {
		t.Fatalf("only %d routes", len(routes))
	}
	public := map[string]bool{}
	for _, r := range routes {
		if r.Rule == "" {
			t.Errorf("%s %s has no rule", r.Method, r.Pattern)
		}
		if r.Rule == httpd.Public {
			public[r.Method+" "+r.Pattern] = true
		}
	}
	for route := range public {
		open := strings.Contains(route, "/v/{token}") || strings.Contains(route, "/embed/{token}") || strings.HasSuffix(route, "/v1/session") ||
			strings.HasSuffix(route, "/v1/setup") || !strings.Contains(route, "/v1/")
		if !open {
			t.Errorf("%s is open to anybody", route)
		}
	}
}

// TestNobodyGetsIn asks every guarded route without credentials.
func TestNobodyGetsIn(t *testing.T) {
	h := open(t)
	defer h.Close()
	for _, r := range h.Routes() {
		if r.Rule == httpd.Public || r.Method == "" {
			continue
		}
		path := strings.NewReplacer("{$}", "", "{n}", "1", "{lang}", "en").Replace(r.Pattern)
		path = regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "x")
		rec := httptest.NewRecorder()
		h.Handler().ServeHTTP(rec, httptest.NewRequest(r.Method, path, nil))
		if rec.Code != http.StatusUnauthorized && rec.Code != http.StatusTooManyRequests {
			t.Errorf("%s %s answers %d to nobody", r.Method, r.Pattern, rec.Code)
		}
	}
}

// TestRoomsCanBeSwitchedOff starts each subset that makes sense: routes of an absent room are absent, the rest works.
func TestRoomsCanBeSwitchedOff(t *testing.T) {
	for _, c := range []struct {
		name   string
		off    []string
		absent []string
	}{
		{"no quality", []string{"rooms.quality=false"}, []string{"/v1/policies"}},
		{"no ingest", []string{"rooms.ingest=false"}, []string{"/v1/jobs", "/v1/uploads/"}},
		{"library and delivery", []string{"rooms.ingest=false", "rooms.quality=false"}, []string{"/v1/jobs", "/v1/policies"}},
		{"library alone", []string{"rooms.ingest=false", "rooms.quality=false", "rooms.delivery=false", "rooms.analysis=false"}, []string{"/v1/jobs", "/embed/", "/v1/glossary"}},
		{"no analysis", []string{"rooms.analysis=false"}, []string{"/v1/glossary"}},
		{"all", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, c.off...)
			for _, r := range h.Routes() {
				for _, path := range c.absent {
					if strings.HasPrefix(r.Pattern, path) {
						t.Errorf("%s is there", r.Pattern)
					}
				}
			}
			runFor(t, h, func() {
				report, err := h.Doctor(t.Context(), false, false)
				if err != nil || !report.Well {
					t.Errorf("%+v, %v", report, err)
				}
			})
		})
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s is not what the code says; make golden rewrites it", path)
	}
}

func TestGoldenOpenAPI(t *testing.T) {
	h := open(t)
	defer h.Close()
	golden(t, "../openapi.yaml", h.OpenAPI())
}

func TestGoldenConfiguration(t *testing.T) {
	golden(t, "../docs/configuration.md", []byte(config.Markdown()))
}
