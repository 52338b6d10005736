package httpd

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"showreel/fault"
)

// requestInfo is what the layers learn about one request; it travels in the context as a pointer so that inner layers
// can tell outer ones.
type requestInfo struct {
	id        string
	clientIP  string
	secure    bool
	route     string
	tenant    string
	principal string
	problem   string
	cutBody   bool // the request's body broke off or was malformed
}

type infoKey struct{}

func infoOf(ctx context.Context) *requestInfo {
	if info, ok := ctx.Value(infoKey{}).(*requestInfo); ok {
		return info
	}
	return &requestInfo{}
}

// RequestID returns the UUID of the request in ctx, which the log and a problem's instance name; "" outside a request.
func RequestID(ctx context.Context) string { return infoOf(ctx).id }

// ClientIP returns the caller's address, seen through trusted proxies; "" outside a request.
func ClientIP(ctx context.Context) string { return infoOf(ctx).clientIP }

// Secure reports whether the caller's connection is HTTPS, seen through trusted proxies: whether to mark cookies Secure.
func Secure(ctx context.Context) bool { return infoOf(ctx).secure }

// serve is the outermost layer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	info := &requestInfo{
		id:       uuid.Must(uuid.NewV7()).String(),
		clientIP: clientIP(r, s.config.TrustedProxies),
		secure:   secure(r, s.config.TrustedProxies),
	}
	r = r.WithContext(context.WithValue(r.Context(), infoKey{}, info))
	out := newWriter(w)
	defer out.renew() // for what is still buffered when the handler returns
	defer s.logRequest(r, info, out, start)
	defer s.shield(out, r)
	out.Header().Set("X-Request-Id", info.id)
	secureHeaders(out.Header(), r, info.secure)
	guardBody(out, r)
	if err := s.inspect(r); err != nil {
		if fault.CodeOf(err) == codeHeaderTooLarge {
			out.Header().Set("Connection", "close")
		}
		s.fail(out, r, err)
		return
	}
	s.dispatch(out, r)
}

// inspect refuses requests that no route should see: too large a header, or a browser's cross-site change.
func (s *Server) inspect(r *http.Request) error {
	if size := headerBytes(r); size > s.config.Limits.HeaderBytes {
		return fault.Say("httpd.header", "", fault.TooLarge, codeHeaderTooLarge,
			"The request's header is %d bytes; the limit is %d. Send fewer or shorter cookies and header fields.",
			size, s.config.Limits.HeaderBytes)
	}
	if !isText(r.URL.Path) || !queryIsText(r.URL.RawQuery) {
		return fault.Say("httpd.address", "", fault.Invalid, "bad-address",
			"The address holds characters that no text has (NUL, or bytes that are no UTF-8); correct it.")
	}
	if r.Header.Get("Authorization") != "" {
		return nil // a browser never adds this by itself, so no other site can forge it
	}
	if err := s.cross.Check(r); err != nil {
		return fault.Say("httpd.cross-origin", "", fault.Denied, "cross-origin",
			"This change was sent by a page of another site, which is not permitted. Use an API key, or set publicURL if this is your own address.")
	}
	return nil
}

// isText reports whether a string can be kept and compared as text everywhere: PostgreSQL takes neither NUL nor what is no
// UTF-8.
func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// queryIsText judges a query after unescaping; one that cannot be unescaped is left to who reads it.
func queryIsText(raw string) bool {
	plain, err := url.QueryUnescape(raw)
	return err != nil || isText(plain)
}

func headerBytes(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI) + len(r.Host) + len("  HTTP/1.1\r\nHost: \r\n\r\n")
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

// dispatch finds the route; what has none is a page of the console, a missing thing, or a wrong method.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) {
	handler, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(w, r) // again, so that path values are set
		return
	}
	var probe headerOnly
	handler.ServeHTTP(&probe, r)
	switch {
	case probe.status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", probe.Header().Get("Allow"))
		s.fail(w, r, fault.Say("httpd.dispatch", "", fault.Invalid, codeMethodNotAllowed,
			"%s is not possible here; possible are %s.", r.Method, probe.Header().Get("Allow")))
	case probe.status == http.StatusNotFound && s.files != nil && s.files.wants(r):
		infoOf(r.Context()).route = "files"
		s.files.ServeHTTP(w, r)
	default:
		s.fail(w, r, fault.Say("httpd.dispatch", "", fault.NotFound, "no-route",
			"There is nothing at this address. /docs lists what there is."))
	}
}

// headerOnly takes the mux's own 404 or 405 without its text.
type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header {
	if h.header == nil {
		h.header = http.Header{}
	}
	return h.header
}
func (h *headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }

// shield turns a panic into a problem, or cuts the connection when an answer is half sent.
func (s *Server) shield(w *writer, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // the standard library compares it so
		panic(cause)
	}
	s.log.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
		slog.String("id", RequestID(r.Context())), slog.String("route", infoOf(r.Context()).route),
		slog.String("panic", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	Problem(w, r, fault.E("httpd.handler", "", fault.Internal, nil))
}

// logRequest writes one line a request: no query, no header, no token.
func (s *Server) logRequest(r *http.Request, info *requestInfo, w *writer, start time.Time) {
	level := slog.LevelDebug
	switch {
	case w.status >= 500:
		level = slog.LevelWarn
	case w.status >= 400 || (r.Method != http.MethodGet && r.Method != http.MethodHead):
		level = slog.LevelInfo
	}
	if !s.log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("id", info.id), slog.String("method", r.Method), slog.String("path", RedactPath(r.URL.Path)),
		slog.Int("status", w.status), slog.Int64("bytes", w.bytes),
		slog.Float64("ms", float64(time.Since(start).Microseconds())/1000), slog.String("ip", info.clientIP),
	}
	if info.principal != "" {
		attrs = append(attrs, slog.String("tenant", info.tenant), slog.String("who", info.principal))
	}
	if info.problem != "" {
		attrs = append(attrs, slog.String("problem", info.problem))
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// RedactPath hides the token of a playback or embed path ("/v/{token}/…"), for logs.
func RedactPath(path string) string {
	for _, prefix := range []string{"/v/", "/embed/"} {
		rest, ok := strings.CutPrefix(path, prefix)
		if !ok {
			continue
		}
		_, tail, found := strings.Cut(rest, "/")
		if !found {
			return prefix + "*"
		}
		return prefix + "*/" + tail
	}
	return path
}

// dataPolicy is for answers that are no pages: nothing may run in them.
const dataPolicy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

func secureHeaders(h http.Header, r *http.Request, secure bool) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", dataPolicy)
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(r.URL.Path, "/v/") || strings.HasPrefix(r.URL.Path, "/embed/") {
		return // meant for other sites' pages; their tokens guard them
	}
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		h.Set("Cache-Control", "private, no-cache")
	}
}

// PagePolicy is the Content-Security-Policy of our own pages: scripts from here only, and what the player needs (media
// source objects and workers as blob:). An embeddable page may be framed by any site. scripts are extra script sources,
// such as the hash of an inline script.
func PagePolicy(embeddable bool, scripts ...string) string {
	ancestors := "'none'"
	if embeddable {
		ancestors = "*"
	}
	return "default-src 'self'; script-src " + strings.Join(append([]string{"'self'"}, scripts...), " ") +
		"; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob: data:; connect-src 'self' blob: data:" +
		"; worker-src 'self' blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors " + ancestors
}
