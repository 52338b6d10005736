package house

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"showreel/platform/httpd"
	"showreel/trust/access"
	"showreel/web"
)

// openDoors builds the server: every room's routes, the event stream, health, metrics and the console.
func (h *House) openDoors(context.Context) error {
	proxies, err := h.cfg.Proxies()
	if err != nil {
		return err
	}
	l := h.cfg.Limits
	h.server = httpd.New(httpd.Config{
		Title: "Showreel", Version: "1",
		Listen: h.cfg.Listen, PublicURL: h.cfg.PublicURL, TLSCert: h.cfg.TLS.Cert, TLSKey: h.cfg.TLS.Key,
		AllowPlainHTTP: h.cfg.AllowPlainHTTP, TrustedProxies: proxies,
		Guard: h.access,
		Principal: func(ctx context.Context) (tenant, id string) {
			who := access.WhoFrom(ctx)
			return who.Tenant, who.ID
		},
		Limits: httpd.Limits{PerSecond: l.RequestsPerSecond, Burst: l.Burst, PublicPerSecond: l.PublicRequestsPerSecond,
			TenantPerSecond: l.TenantRequestsPerSecond, PerDay: l.RequestsPerDay, BodyBytes: l.BodyBytes, UploadBytes: l.UploadBytes},
		Idempotency: httpd.NewKVIdempotency(h.kv),
		Log:         h.log,
	})
	h.server.Check("database", h.db.Ping)
	h.server.Stream(h.outbox)
	h.access.Routes(h.server)
	for _, room := range h.doors() {
		room(h.server)
	}
	h.routeOperations()
	h.server.Handle("GET /metrics", "system:read", h.meter)
	if h.cfg.Target != "worker" { // an edge serves the player's files
		h.server.Files(web.Dist())
	}
	return nil
}

// routeOperations are the routes about the product itself.
func (h *House) routeOperations() {
	httpd.Register(h.server, huma.Operation{OperationID: "doctor", Method: http.MethodGet, Path: "/v1/doctor", Tags: []string{"operations"},
		Summary: "What works here, what is missing, and what this machine can carry"}, "system:read", h.doctorOperation)
	httpd.Register(h.server, huma.Operation{OperationID: "storage", Method: http.MethodGet, Path: "/v1/storage", Tags: []string{"operations"},
		Summary: "Where things are kept and how full it is"}, "system:read", h.storageOperation)
	httpd.Register(h.server, huma.Operation{OperationID: "verify-audit", Method: http.MethodPost, Path: "/v1/verify/audit", Tags: []string{"operations"},
		Summary: "Prove that the audit log is whole"}, "system:manage", h.verifyAudit)
	httpd.Register(h.server, huma.Operation{OperationID: "verify-blobs", Method: http.MethodPost, Path: "/v1/verify/blobs", Tags: []string{"operations"},
		Summary: "Read every stored file of this tenant and compare it with its checksum"}, "system:manage", h.verifyBlobs)
}

type doctorInput struct {
	Measure  bool `query:"measure" doc:"Also measure the machine; takes some seconds"`
	Playback bool `query:"playback" doc:"Also play a film in a headless browser"`
}

type doctorOutput struct{ Body Report }

func (h *House) doctorOperation(ctx context.Context, in *doctorInput) (*doctorOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	report, err := h.Doctor(ctx, in.Measure, in.Playback)
	return &doctorOutput{report}, err
}

// Storage says where things are kept.
type Storage struct {
	Sealed  bool    `json:"sealed" doc:"Files are encrypted before they are stored"`
	Stores  []Place `json:"stores" nullable:"false"`
	Machine Machine `json:"machine"`
}

// Place is one store, without secrets.
type Place struct {
	Name string `json:"name"`
	Kind string `json:"kind" doc:"files or S3"`
}

type storageOutput struct{ Body Storage }

func (h *House) storageOperation(ctx context.Context, _ *struct{}) (*storageOutput, error) {
	m, err := h.machine(ctx)
	if err != nil {
		return nil, err
	}
	out := Storage{Sealed: h.cfg.Seal == "on", Machine: m}
	for _, s := range []struct{ name, url string }{{"originals", h.cfg.Blob.Raw}, {"renditions", h.cfg.Blob.Processed}, {"generated", h.cfg.Blob.Generated}} {
		kind := "S3"
		if len(s.url) >= 5 && s.url[:5] == "file:" {
			kind = "files"
			out.Sealed = out.Sealed || h.cfg.Seal == "auto"
		}
		out.Stores = append(out.Stores, Place{s.name, kind})
	}
	return &storageOutput{out}, nil
}
