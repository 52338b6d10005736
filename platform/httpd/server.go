package httpd

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Guard decides who a caller is and what they may do. trust/access implements it.
type Guard interface {
	// Authenticate reads the request's credentials and returns a context that carries the caller;
	// fault.Unauthenticated when there are none or they are wrong.
	Authenticate(r *http.Request) (context.Context, error)
	// Allow permits the rule (an action such as "asset:read") for the caller in ctx, or returns fault.Denied.
	Allow(ctx context.Context, rule string) error
}

// Config is what a server needs to start. The zero value listens nowhere and refuses every guarded route.
type Config struct {
	Title   string // shown in the OpenAPI document; "Showreel" when empty
	Version string // shown in the OpenAPI document; "1" when empty

	Listen         string         // host:port; port 0 picks a free one
	PublicURL      string         // how browsers reach us when a proxy stands in front; its origin is trusted
	TLSCert        string         // PEM file; read again when it changes
	TLSKey         string         // PEM file
	AllowPlainHTTP bool           // permit plain HTTP on an address that is not loopback
	TrustedProxies []netip.Prefix // whose X-Forwarded-For and X-Forwarded-Proto are believed

	Guard       Guard                                         // nil refuses all but public routes
	Principal   func(ctx context.Context) (tenant, id string) // who the Guard found; nil or "" means nobody
	Limits      Limits                                        // zero fields take DefaultLimits
	Idempotency IdempotencyStore                              // nil keeps keys in memory
	Drain       time.Duration                                 // how long running requests may take at shutdown; 0 is 10 s
	Log         *slog.Logger                                  // nil discards
}

// Limits bound what a caller may send. A burst left zero follows from its rate: four seconds' worth, three for the public.
type Limits struct {
	PerSecond       float64 // API requests per second and signed-in principal
	Burst           int     // and their burst
	PublicPerSecond float64 // API requests per second and address without a principal
	PublicBurst     int     // and their burst
	TenantPerSecond float64 // API requests per second and tenant
	TenantBurst     int     // and their burst
	PerDay          int64   // API requests per UTC day and tenant; 0 is no quota
	HeaderBytes     int     // request line and header fields
	BodyBytes       int64   // body of a typed operation
	UploadBytes     int64   // body of a plain handler
	Streams         int     // open event streams per principal
}

// DefaultLimits are generous for people and firm for loops.
func DefaultLimits() Limits {
	return Limits{
		PerSecond: 100, Burst: 400,
		PublicPerSecond: 20, PublicBurst: 60,
		TenantPerSecond: 1000, TenantBurst: 4000,
		HeaderBytes: 64 << 10, BodyBytes: 1 << 20, UploadBytes: 1 << 40,
		Streams: 16,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	setDefault(&l.PerSecond, d.PerSecond)
	setDefault(&l.PublicPerSecond, d.PublicPerSecond)
	setDefault(&l.TenantPerSecond, d.TenantPerSecond)
	setDefault(&l.Burst, seconds(4, l.PerSecond))
	setDefault(&l.PublicBurst, seconds(3, l.PublicPerSecond))
	setDefault(&l.TenantBurst, seconds(4, l.TenantPerSecond))
	setDefault(&l.HeaderBytes, d.HeaderBytes)
	setDefault(&l.BodyBytes, d.BodyBytes)
	setDefault(&l.UploadBytes, d.UploadBytes)
	setDefault(&l.Streams, d.Streams)
	return l
}

// seconds is a burst of n seconds' worth of requests, at least one.
func seconds(n int, perSecond float64) int { return max(1, int(float64(n)*perSecond)) }

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Server is the HTTP floor: register routes first, then Listen and Run. Registration is not safe while it serves.
type Server struct {
	config  Config
	api     huma.API
	mux     *http.ServeMux
	routes  []Route
	files   *files
	cross   *http.CrossOriginProtection
	rate    *rates
	streams *streamCounts
	checks  []check
	log     *slog.Logger

	listener net.Listener
	draining atomic.Bool
	drain    chan struct{} // closed when draining starts; ends event streams
	drainOne sync.Once
}

// New builds a server with /healthz, /readyz, /openapi.json, /openapi.yaml and /docs already registered.
func New(c Config) *Server {
	setDefault(&c.Title, "Showreel")
	setDefault(&c.Version, "1")
	setDefault(&c.Drain, 10*time.Second)
	c.Limits = c.Limits.withDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Idempotency == nil {
		c.Idempotency = NewMemoryIdempotency()
	}
	if c.Principal == nil {
		c.Principal = func(context.Context) (string, string) { return "", "" }
	}
	s := &Server{
		config:  c,
		mux:     http.NewServeMux(),
		cross:   crossOrigin(c.PublicURL),
		rate:    newRates(c.Limits),
		streams: newStreamCounts(c.Limits.Streams),
		log:     c.Log,
		drain:   make(chan struct{}),
	}
	s.api = newAPI(s)
	s.registerHealth()
	s.registerDocs()
	return s
}

// crossOrigin trusts the public address beside the request's own host.
func crossOrigin(publicURL string) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(publicURL); err == nil && u.Scheme != "" && u.Host != "" {
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host) // config refuses a public URL that is no origin
	}
	return p
}

// API returns the huma API, for schemas and documentation. Register operations with Register, so that each has a rule.
func (s *Server) API() huma.API { return s.api }

// Files serves a built single-page application for every path no route takes: files as they are, anything that looks
// like a page gets index.html.
func (s *Server) Files(fsys fs.FS) { s.files = newFiles(fsys) }

// ServeHTTP answers one request through every layer: identity of the request, log, panic shield, limits, route.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r) }
