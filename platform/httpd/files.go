package httpd

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"showreel/fault"
)

// files serves a built single-page application from memory it fills on first use.
type files struct {
	fsys  fs.FS
	cache sync.Map // name → *file
}

// file is one file ready to send.
type file struct {
	plain    []byte
	gzipped  []byte // nil when compression does not pay
	etag     string
	kind     string // media type
	policy   string // Content-Security-Policy; "" for what is no page
	modified time.Time
	lasting  bool // its name changes with its content
}

func newFiles(fsys fs.FS) *files { return &files{fsys: fsys} }

// apiPaths never fall back to a page: a program that asks there must see that there is nothing.
var apiPaths = []string{"/v1/", "/v/", "/embed/", "/metrics", "/healthz", "/readyz", "/openapi", "/docs/"}

func (f *files) wants(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for _, p := range apiPaths {
		if strings.HasPrefix(r.URL.Path, p) {
			return false
		}
	}
	return true
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	found, err := f.load(name)
	if err != nil && path.Ext(name) == "" { // a page of the application
		found, err = f.load("index.html")
	}
	if err != nil {
		Problem(w, r, fault.Say("httpd.files", "", fault.NotFound, "no-file", "There is no such file; load the page again."))
		return
	}
	found.send(w, r)
}

func (c *file) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", c.kind)
	h.Set("Cache-Control", "no-cache")
	if c.lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if c.policy != "" {
		h.Set("Content-Security-Policy", c.policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
	}
	body, etag := c.plain, c.etag
	if c.gzipped != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			body, etag = c.gzipped, strings.TrimSuffix(c.etag, `"`)+`-gz"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", etag)
	http.ServeContent(w, r, "", c.modified, bytes.NewReader(body))
}

// acceptsGzip is enough of RFC 9110 §12.5.3: gzip named and not with weight zero. A range is answered from plain bytes.
func acceptsGzip(r *http.Request) bool {
	if r.Header.Get("Range") != "" {
		return false
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000"
		}
	}
	return false
}

// lasting reports a file whose name changes with its content: anything under SvelteKit's _app/immutable, and hashed names
// under assets.
func lasting(name string) bool {
	return strings.HasPrefix(name, "_app/immutable/") || strings.Contains("/"+name, "/assets/") && hashed.MatchString(path.Base(name))
}

// hashed matches names that bundlers make from content: app-BxY3f9a1.js, under assets/.
var hashed = regexp.MustCompile(`[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$`)

func (f *files) load(name string) (*file, error) {
	if known, ok := f.cache.Load(name); ok {
		return known.(*file), nil
	}
	if !fs.ValidPath(name) {
		return nil, fs.ErrNotExist
	}
	info, err := fs.Stat(f.fsys, name)
	if err != nil || info.IsDir() {
		return nil, fs.ErrNotExist
	}
	plain, err := fs.ReadFile(f.fsys, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	made := &file{
		plain:    plain,
		etag:     `"` + hex.EncodeToString(sum[:16]) + `"`,
		kind:     mediaType(name),
		modified: info.ModTime(),
		lasting:  lasting(name),
	}
	if strings.HasPrefix(made.kind, "text/html") {
		made.policy = PagePolicy(false, inlineScripts(plain)...)
	}
	if compressible(made.kind) {
		made.gzipped = f.compressed(name, plain)
	}
	kept, _ := f.cache.LoadOrStore(name, made)
	return kept.(*file), nil
}

// compressed takes the bundler's .gz beside the file, or makes one; nil when it saves less than a tenth.
func (f *files) compressed(name string, plain []byte) []byte {
	if ready, err := fs.ReadFile(f.fsys, name+".gz"); err == nil {
		return ready
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = z.Write(plain)                                 // a buffer takes everything
	_ = z.Close()
	if b.Len() > len(plain)*9/10 {
		return nil
	}
	return b.Bytes()
}

func compressible(kind string) bool {
	for _, prefix := range []string{"text/", "application/json", "application/manifest+json", "image/svg+xml", "application/wasm"} {
		if strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}

// mediaType does not depend on the machine's own table for what a console is made of.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".wasm":
		return "application/wasm"
	case ".woff2":
		return "font/woff2"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

var inline = regexp.MustCompile(`(?s)<script(?:\s[^>]*)?>(.*?)</script>`)

// inlineScripts returns the policy hashes of a page's inline scripts (Content Security Policy 3 §6.7.3).
func inlineScripts(page []byte) []string {
	var hashes []string
	for _, m := range inline.FindAllSubmatch(page, -1) {
		if len(bytes.TrimSpace(m[1])) > 0 {
			sum := sha256.Sum256(m[1])
			hashes = append(hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
		}
	}
	return hashes
}
