package delivery

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"showreel/fault"
	"showreel/platform/httpd"
)

// maxRanges is the most ranges of one request that are answered apart; more of them are answered by the whole, as RFC 9110
// §14.2 permits against abuse.
const maxRanges = 16

// span is a byte range [from, from+size).
type span struct{ from, size int64 }

// errUnsatisfiable: no range lies inside the representation (416).
var errUnsatisfiable = errors.New("unsatisfiable range")

// parseRange reads a Range header (RFC 9110 §14.1.2) for a representation of size bytes. No spans and no error mean that
// the header is to be ignored: it is absent, of another unit, malformed, or asks for more than the whole.
func parseRange(header string, size int64) ([]span, error) {
	unit, set, ok := strings.Cut(header, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return nil, nil
	}
	var out []span
	var total int64
	asked := 0
	for spec := range strings.SplitSeq(set, ",") {
		spec = strings.Trim(spec, " \t")
		if spec == "" {
			continue // empty list elements are legal
		}
		if asked++; asked > maxRanges {
			return nil, nil
		}
		s, good, inside := parseSpec(spec, size)
		if !good {
			return nil, nil
		}
		if inside {
			out = append(out, s)
			total += s.size
		}
	}
	switch {
	case asked == 0 || total > size:
		return nil, nil
	case len(out) == 0:
		return nil, errUnsatisfiable
	}
	return out, nil
}

// parseSpec reads one of first-last, first-, -suffix. good is whether it is well formed, inside whether it has any byte.
func parseSpec(spec string, size int64) (s span, good, inside bool) {
	a, b, ok := strings.Cut(spec, "-")
	if !ok {
		return s, false, false
	}
	if a == "" {
		n, ok := digits(b)
		if !ok {
			return s, false, false
		}
		n = min(n, size)
		return span{size - n, n}, true, n > 0
	}
	from, ok := digits(a)
	if !ok {
		return s, false, false
	}
	last := size - 1
	if b != "" {
		v, ok := digits(b)
		if !ok || v < from {
			return s, false, false
		}
		last = min(last, v)
	}
	return span{from, last - from + 1}, true, from < size
}

// digits parses 1*DIGIT; values beyond int64 are clamped, for they lie beyond every representation.
func digits(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1, true
	}
	return n, true
}

// content is one representation to send.
type content struct {
	body     io.ReaderAt
	size     int64
	etag     string    // strong, with quotes
	modified time.Time // zero is not known
	kind     string    // media type
	cache    string    // Cache-Control
	filename string    // offers a download under this name
}

// send answers GET and HEAD to the letter of RFC 9110: conditional requests, single, suffix and several ranges, If-Range,
// 416. Errors after the header can only cut the answer short; the length tells the client.
func send(w http.ResponseWriter, r *http.Request, c content) {
	h := w.Header()
	h.Set("Accept-Ranges", "bytes")
	h.Set("ETag", c.etag)
	h.Set("Cache-Control", c.cache)
	if !c.modified.IsZero() {
		h.Set("Last-Modified", c.modified.UTC().Format(http.TimeFormat))
	}
	switch precondition(r, c) {
	case http.StatusNotModified:
		w.WriteHeader(http.StatusNotModified)
		return
	case http.StatusPreconditionFailed:
		httpd.Problem(w, r, fault.E("delivery.send", "", fault.Stale, nil))
		return
	}
	h.Set("Content-Type", c.kind)
	if c.filename != "" {
		h.Set("Content-Disposition", disposition(c.filename))
	}
	var spans []span
	if header := r.Header.Get("Range"); header != "" && r.Method == http.MethodGet && ifRange(r, c) {
		var err error
		if spans, err = parseRange(header, c.size); err != nil {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", c.size))
			refuseRange(w, r)
			return
		}
	}
	switch len(spans) {
	case 0:
		h.Set("Content-Length", strconv.FormatInt(c.size, 10))
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			copySpan(w, c, span{0, c.size})
		}
	case 1:
		h.Set("Content-Range", contentRange(spans[0], c.size))
		h.Set("Content-Length", strconv.FormatInt(spans[0].size, 10))
		w.WriteHeader(http.StatusPartialContent)
		copySpan(w, c, spans[0])
	default:
		sendParts(w, c, spans)
	}
}

func refuseRange(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Del("Content-Disposition")
	w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
	fmt.Fprintf(w, `{"type":"/problems/range-not-satisfiable","title":"Range not satisfiable","status":416,"detail":"The range lies beyond the end; Content-Range says how long it is.","instance":"urn:uuid:%s"}`,
		httpd.RequestID(r.Context()))
}

func contentRange(s span, size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", s.from, s.from+s.size-1, size)
}

// sendParts answers several ranges as multipart/byteranges in the order asked.
func sendParts(w http.ResponseWriter, c content, spans []span) {
	var raw [12]byte
	rand.Read(raw[:]) // never fails
	boundary := hex.EncodeToString(raw[:])
	heads := make([]string, len(spans))
	var length int64
	for i, s := range spans {
		heads[i] = fmt.Sprintf("\r\n--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n", boundary, c.kind, contentRange(s, c.size))
		if i == 0 {
			heads[i] = heads[i][2:]
		}
		length += int64(len(heads[i])) + s.size
	}
	tail := "\r\n--" + boundary + "--\r\n"
	h := w.Header()
	h.Set("Content-Type", "multipart/byteranges; boundary="+boundary)
	h.Set("Content-Length", strconv.FormatInt(length+int64(len(tail)), 10))
	w.WriteHeader(http.StatusPartialContent)
	for i, s := range spans {
		if _, err := io.WriteString(w, heads[i]); err != nil {
			return
		}
		if !copySpan(w, c, s) {
			return
		}
	}
	_, _ = io.WriteString(w, tail) // a broken connection has nobody to tell
}

// copySpan sends a span and reports whether all of it went out.
func copySpan(w io.Writer, c content, s span) bool {
	n, err := io.Copy(w, io.NewSectionReader(c.body, s.from, s.size))
	return err == nil && n == s.size
}

// precondition evaluates RFC 9110 §13.2.2 and returns 304, 412 or 0.
func precondition(r *http.Request, c content) int {
	if m := r.Header.Get("If-Match"); m != "" {
		if !strongMatch(m, c.etag) {
			return http.StatusPreconditionFailed
		}
	} else if t, ok := httpTime(r.Header.Get("If-Unmodified-Since")); ok && !c.modified.IsZero() && c.modified.Truncate(time.Second).After(t) {
		return http.StatusPreconditionFailed
	}
	if m := r.Header.Get("If-None-Match"); m != "" {
		if httpd.NoneMatch(m, c.etag) {
			return http.StatusNotModified
		}
	} else if t, ok := httpTime(r.Header.Get("If-Modified-Since")); ok && !c.modified.IsZero() && !c.modified.Truncate(time.Second).After(t) {
		return http.StatusNotModified
	}
	return 0
}

func strongMatch(header, etag string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for tag := range strings.SplitSeq(header, ",") {
		if strings.TrimSpace(tag) == etag {
			return true
		}
	}
	return false
}

// ifRange reports whether a Range header counts: If-Range is absent or names this very representation (RFC 9110 §13.1.5).
func ifRange(r *http.Request, c content) bool {
	v := strings.TrimSpace(r.Header.Get("If-Range"))
	if v == "" {
		return true
	}
	if strings.HasPrefix(v, `"`) || strings.HasPrefix(v, "W/") {
		return v == c.etag
	}
	t, ok := httpTime(v)
	return ok && !c.modified.IsZero() && c.modified.Truncate(time.Second).Equal(t)
}

func httpTime(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	t, err := http.ParseTime(s)
	return t, err == nil
}

// disposition offers a download; the plain name is for old clients, the second form carries every script (RFC 6266).
func disposition(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, name)
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + b.String()
}
