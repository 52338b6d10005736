package httpd

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"showreel/fault"
)

// The two rules that are no policy action.
const (
	Public   = "public"    // anybody; the Guard is not asked
	SignedIn = "signed-in" // any authenticated caller; the handler checks the rest
)

// Sensitive is the key of an operation's Metadata that marks its answer as secret (shown once): it is never cached nor
// kept for a repeated idempotency key.
const Sensitive = "showreel.sensitive"

const ruleKey = "showreel.rule"

// Route is one registered door and the rule that guards it.
type Route struct {
	Method  string // "*" for any
	Pattern string // "/v1/assets/{id}"
	Rule    string
	Typed   bool // described in the OpenAPI document
}

// Option adjusts a plain handler.
type Option func(*door)

// MaxBody limits the request body of a plain handler in bytes.
func MaxBody(bytes int64) Option { return func(d *door) { d.maxBody = bytes } }

// Unlimited exempts a plain handler from the rate limits, for bytes that a page asks for by the hundred.
func Unlimited() Option { return func(d *door) { d.unlimited = true } }

// AnyOrigin lets pages of other sites call a plain handler that changes nothing of ours by a cookie: its permission is in the
// request itself, such as a token in the path.
func AnyOrigin() Option { return func(d *door) { d.anyOrigin = true } }

// door is a route with everything that is done before its handler.
type door struct {
	Route
	maxBody   int64
	unlimited bool
	anyOrigin bool
	once      bool // answers are kept per idempotency key
	sensitive bool
	handler   http.Handler
}

// Handle registers a plain handler on a method and path pattern ("GET /v1/assets/{id}/poster.jpg") behind a rule. It
// panics on an empty rule or a pattern that conflicts, for both are mistakes of the program.
func (s *Server) Handle(pattern, rule string, h http.Handler, opts ...Option) {
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = "*", pattern
	}
	d := &door{Route: Route{Method: method, Pattern: path, Rule: rule}, maxBody: s.config.Limits.UploadBytes, handler: h}
	for _, o := range opts {
		o(d)
	}
	if d.anyOrigin {
		s.cross.AddInsecureBypassPattern(pattern)
	}
	s.open(pattern, d)
}

// Register adds a typed operation behind a rule. The handler's faults become problems. It panics on an empty rule, for
// that is a mistake of the program.
func Register[I, O any](s *Server, op huma.Operation, rule string, h func(context.Context, *I) (*O, error)) {
	metadata := map[string]any{ruleKey: rule}
	for k, v := range op.Metadata {
		metadata[k] = v
	}
	op.Metadata = metadata
	op.MaxBodyBytes = max(op.MaxBodyBytes, s.config.Limits.BodyBytes)
	if rule != Public && op.Security == nil {
		op.Security = []map[string][]string{{"session": {}}, {"key": {}}}
	}
	describeRule(&op, rule)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, s.problemError(ctx, err)
		}
		return out, nil
	})
}

// describeRule writes the rule and, on POST, the idempotency header into the operation's description for clients.
func describeRule(op *huma.Operation, rule string) {
	extensions := map[string]any{"x-rule": rule}
	for k, v := range op.Extensions {
		extensions[k] = v
	}
	op.Extensions = extensions
	if op.Method != http.MethodPost {
		return
	}
	limit := idempotencyKeyMax
	op.Parameters = append(slices.Clone(op.Parameters), &huma.Param{
		Name: "Idempotency-Key", In: "header",
		Description: "A key of your choice; repeating the request with the same key within 24 hours returns the first answer again.",
		Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: &limit},
	})
}

// Routes lists every registered route in the order of registration.
func (s *Server) Routes() []Route { return slices.Clone(s.routes) }

func (s *Server) open(pattern string, d *door) {
	if d.Rule == "" {
		panic(fmt.Sprintf("httpd: route %q has no access rule", pattern))
	}
	s.routes = append(s.routes, d.Route)
	s.mux.Handle(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.enter(d, w, r) }))
}

// adapter gives huma's operations to the same doors as plain handlers.
type adapter struct{ s *Server }

func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	rule, _ := op.Metadata[ruleKey].(string)
	sensitive, _ := op.Metadata[Sensitive].(bool)
	method := strings.ToUpper(op.Method)
	a.s.open(method+" "+op.Path, &door{
		Route:     Route{Method: method, Pattern: op.Path, Rule: rule, Typed: true},
		maxBody:   op.MaxBodyBytes,
		once:      method == http.MethodPost,
		sensitive: sensitive,
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handler(operationContext{humago.NewContext(op, r, w)})
		}),
	})
}

// operationContext blames a body that broke off on the caller, where huma blames the server.
type operationContext struct{ operation }

type operation = huma.Context

// SetStatus implements huma.Context.
func (c operationContext) SetStatus(code int) { c.operation.SetStatus(blamed(c, code)) }

func blamed(c huma.Context, code int) int {
	if code == http.StatusInternalServerError && infoOf(c.Context()).cutBody {
		return http.StatusBadRequest
	}
	return code
}

func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.s.mux.ServeHTTP(w, r) }

// enter takes a request through a door: rule, rate, body limit, idempotency, handler.
func (s *Server) enter(d *door, w http.ResponseWriter, r *http.Request) {
	info := infoOf(r.Context())
	info.route = d.Pattern
	r, err := s.admit(d, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if r.Body != nil && r.Body != http.NoBody && d.maxBody > 0 {
		r.Body = http.MaxBytesReader(w, r.Body, d.maxBody)
	}
	if d.sensitive {
		w.Header().Set("Cache-Control", "no-store")
	}
	if d.once && r.Header.Get("Idempotency-Key") != "" {
		s.serveOnce(d, w, r)
		return
	}
	d.handler.ServeHTTP(w, r)
}

// admit asks the Guard and the rate limits; the returned request carries the caller.
func (s *Server) admit(d *door, r *http.Request) (*http.Request, error) {
	info := infoOf(r.Context())
	if d.Rule == Public {
		return r, s.meterPublic(d, info)
	}
	if s.config.Guard == nil {
		return r, fault.Say("httpd.admit", d.Pattern, fault.Unavailable, "no-guard",
			"This server was started without access control, so nobody can sign in.")
	}
	ctx, err := s.config.Guard.Authenticate(r)
	if err != nil {
		if limited := s.rate.public(info.clientIP); limited != nil {
			return r, limited
		}
		return r, err
	}
	r = r.WithContext(ctx)
	info.tenant, info.principal = s.config.Principal(ctx)
	if !d.unlimited {
		if err := s.rate.principal(info.tenant, info.principal, info.clientIP); err != nil {
			return r, err
		}
	}
	if d.Rule == SignedIn {
		return r, nil
	}
	return r, s.config.Guard.Allow(ctx, d.Rule)
}

// meterPublic limits open API calls per address; files and media under other paths are meant to be fetched in bulk.
func (s *Server) meterPublic(d *door, info *requestInfo) error {
	if d.unlimited || !strings.HasPrefix(d.Pattern, "/v1/") {
		return nil
	}
	return s.rate.public(info.clientIP)
}
