package httpd

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"showreel/fault"
)

// ETag renders a revision as a strong entity tag, quotes included.
func ETag(rev int64) string { return `"r` + strconv.FormatInt(rev, 10) + `"` }

// IfMatch checks an If-Match header against the present revision (RFC 9110 §13.1.1). A missing header is fault.Invalid
// with code "if-match-required" (428), a different revision is fault.Stale (412); "*" matches any.
func IfMatch(header string, rev int64) error {
	if strings.TrimSpace(header) == "" {
		return fault.Say("httpd.if-match", "", fault.Invalid, codeIfMatchRequired,
			"Send If-Match with the ETag you last read, so that nobody's change is overwritten unseen.")
	}
	if anyTag(header, func(tag string) bool { return tag == ETag(rev) }) {
		return nil
	}
	return fault.E("httpd.if-match", "", fault.Stale, nil)
}

// Revision returns the revision an If-Match header names, for stores that compare inside their transaction; any is true
// for "*". A missing header is fault.Invalid with code "if-match-required" (428), a tag that is not ours fault.Stale.
func Revision(header string) (rev int64, any bool, err error) {
	header = strings.TrimSpace(header)
	switch header {
	case "":
		return 0, false, IfMatch("", 0)
	case "*":
		return 0, true, nil
	}
	text, found := strings.CutPrefix(strings.TrimSuffix(header, `"`), `"r`)
	rev, convErr := strconv.ParseInt(text, 10, 64)
	if !found || convErr != nil || ETag(rev) != header {
		return 0, false, fault.E("httpd.if-match", "", fault.Stale, nil)
	}
	return rev, false, nil
}

// NoneMatch reports whether an If-None-Match header already names this tag, so that 304 is the answer (weak comparison,
// RFC 9110 §13.1.2).
func NoneMatch(header, etag string) bool {
	want := strings.TrimPrefix(etag, "W/")
	return anyTag(header, func(tag string) bool { return strings.TrimPrefix(tag, "W/") == want })
}

// anyTag walks a list of entity tags; commas may stand inside the quotes.
func anyTag(header string, is func(tag string) bool) bool {
	for rest := strings.TrimSpace(header); rest != ""; {
		if rest == "*" {
			return true
		}
		weak := ""
		if after, ok := strings.CutPrefix(rest, "W/"); ok {
			weak, rest = "W/", after
		}
		if !strings.HasPrefix(rest, `"`) {
			return false
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return false
		}
		if is(weak + rest[:end+2]) {
			return true
		}
		rest = strings.TrimLeft(rest[end+2:], " \t,")
	}
	return false
}

// NotModified is what a typed operation returns as its error to answer 304 with the tag.
func NotModified(etag string) error {
	return huma.ErrorWithHeaders(huma.Status304NotModified(), http.Header{"Etag": {etag}})
}
