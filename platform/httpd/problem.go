package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"showreel/fault"
)

// statusOf gives each kind its status (RFC 9110; 428, 429 and 431 are RFC 6585, 507 is RFC 4918).
var statusOf = map[fault.Kind]int{
	fault.Invalid:         http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Denied:          http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Stale:           http.StatusPreconditionFailed,
	fault.Gone:            http.StatusGone,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unsupported:     http.StatusUnprocessableEntity,
	fault.Corrupt:         http.StatusUnprocessableEntity,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Full:            http.StatusInsufficientStorage,
	fault.Canceled:        http.StatusServiceUnavailable,
	fault.Internal:        http.StatusInternalServerError,
}

// The codes of this package whose status is finer than their kind's.
const (
	codeHeaderTooLarge   = "header-too-large"
	codeIfMatchRequired  = "if-match-required"
	codeMethodNotAllowed = "method-not-allowed"
	codeKeyReused        = "idempotency-key-reused" // 422 by draft-ietf-httpapi-idempotency-key-header §2.7
)

// A body that breaks off, or whose chunks are wrongly framed, is the sender's doing (RFC 9112 §8).
const (
	codeBrokenBody = "broken-body"
	brokenBodyText = "The request's body broke off or is wrongly framed; send it again."
)

// notText is the SQLSTATE of a database that was given bytes which are no text (ISO/IEC 9075, character not in repertoire).
const notText = "22021"

var statusOfCode = map[string]int{
	codeHeaderTooLarge:   http.StatusRequestHeaderFieldsTooLarge,
	codeIfMatchRequired:  http.StatusPreconditionRequired,
	codeMethodNotAllowed: http.StatusMethodNotAllowed,
	codeKeyReused:        http.StatusUnprocessableEntity,
	"range":              http.StatusRequestedRangeNotSatisfiable,
}

// codeOfStatus names the problems that huma makes itself.
var codeOfStatus = map[int]string{
	http.StatusBadRequest:            "malformed",
	http.StatusRequestTimeout:        "slow-request",
	http.StatusRequestEntityTooLarge: string(fault.TooLarge),
	http.StatusUnprocessableEntity:   "validation",
	http.StatusUnsupportedMediaType:  "media-type",
	http.StatusNotAcceptable:         "not-acceptable",
}

var titles = map[fault.Kind]string{
	fault.Invalid:         "Invalid request",
	fault.Unauthenticated: "Not signed in",
	fault.Denied:          "Not permitted",
	fault.NotFound:        "Not found",
	fault.Conflict:        "Conflict",
	fault.Stale:           "Changed meanwhile",
	fault.Gone:            "No longer there",
	fault.TooLarge:        "Too large",
	fault.Limited:         "Too many requests",
	fault.Unsupported:     "Not supported",
	fault.Corrupt:         "Checksum mismatch",
	fault.Unavailable:     "Not available",
	fault.Full:            "Out of space",
	fault.Canceled:        "Cancelled",
	fault.Internal:        "Internal error",
}

// StatusOf returns the HTTP status an error is answered with.
func StatusOf(err error) int {
	if status, ok := statusOfCode[fault.CodeOf(err)]; ok {
		return status
	}
	if status, ok := statusOf[fault.KindOf(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// Problem answers a request with an RFC 9457 problem made from a fault: the code is its type, the sentence its detail,
// and the instance is the request's id as the log has it. Nothing of an internal error's cause is shown.
func Problem(w http.ResponseWriter, r *http.Request, err error) {
	err = normalize(r.Context(), err)
	model := modelOf(r.Context(), err)
	h := w.Header()
	for _, stale := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified", "Content-Disposition"} {
		h.Del(stale)
	}
	for k, v := range headersOf(err) {
		h[k] = v
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(model.Status)
	if r.Method == http.MethodHead {
		return
	}
	_ = json.NewEncoder(w).Encode(model) // the status is sent; a broken connection has nobody to tell
}

// fail answers with a problem and logs what people are not shown.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.logInternal(r.Context(), err)
	Problem(w, r, err)
}

func (s *Server) logInternal(ctx context.Context, err error) {
	info := infoOf(ctx)
	info.problem = fault.CodeOf(err)
	if fault.KindOf(err) == fault.Internal && ctx.Err() == nil {
		s.log.LogAttrs(ctx, slog.LevelError, "request failed",
			slog.String("id", info.id), slog.String("route", info.route), slog.String("error", err.Error()))
	}
}

// problemError makes a typed operation's error into one that huma writes as a problem. Errors that are already huma's,
// such as 304, pass.
func (s *Server) problemError(ctx context.Context, err error) error {
	var own huma.StatusError
	if errors.As(err, &own) {
		return err
	}
	err = normalize(ctx, err)
	s.logInternal(ctx, err)
	headers := headersOf(err)
	headers.Set("Cache-Control", "no-store")
	return huma.ErrorWithHeaders(modelOf(ctx, err), headers)
}

// normalize gives errors of the standard library that are the caller's doing their kind.
func normalize(ctx context.Context, err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return fault.Say("httpd.body", "", fault.TooLarge, "",
			"The request body is larger than %d bytes, the limit here.", tooLarge.Limit)
	}
	if fault.KindOf(err) == fault.Internal && infoOf(ctx).cutBody {
		return fault.Say("httpd.body", "", fault.Invalid, codeBrokenBody, brokenBodyText)
	}
	var database interface{ SQLState() string }
	if fault.KindOf(err) == fault.Internal && errors.As(err, &database) && database.SQLState() == notText {
		return fault.Say("httpd.text", "", fault.Invalid, "bad-text",
			"A text of the request holds characters that no text has (NUL, or bytes that are no UTF-8); remove them.")
	}
	return err
}

func modelOf(ctx context.Context, err error) *huma.ErrorModel {
	return &huma.ErrorModel{
		Type:     problemType(fault.CodeOf(err)),
		Title:    titleOf(err),
		Status:   StatusOf(err),
		Detail:   fault.TextOf(err),
		Instance: instanceOf(ctx),
	}
}

func titleOf(err error) string {
	if status, ok := statusOfCode[fault.CodeOf(err)]; ok {
		return http.StatusText(status)
	}
	if title, ok := titles[fault.KindOf(err)]; ok {
		return title
	}
	return titles[fault.Internal]
}

func headersOf(err error) http.Header {
	h := http.Header{}
	if after := fault.AfterOf(err); after > 0 {
		h.Set("Retry-After", retryAfter(after))
	}
	if fault.KindOf(err) == fault.Unauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="showreel"`)
	}
	return h
}

// retryAfter renders whole seconds, rounded up so that a retry is never too early.
func retryAfter(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}

func problemType(code string) string { return "/problems/" + code }

func instanceOf(ctx context.Context) string {
	if id := RequestID(ctx); id != "" {
		return "urn:uuid:" + id
	}
	return ""
}

// finishProblem is the transformer that completes the problems huma makes itself (validation, malformed JSON) with a
// type, an instance and a sentence.
func finishProblem(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok || model.Type != "" || model.Status < 400 {
		return v, nil
	}
	code, known := codeOfStatus[model.Status]
	if !known {
		code = strings.ReplaceAll(strings.ToLower(http.StatusText(model.Status)), " ", "-")
	}
	full := *model
	if full.Status = blamed(ctx, model.Status); full.Status != model.Status {
		code, full.Title, full.Errors = codeBrokenBody, titles[fault.Invalid], nil
	}
	full.Type = problemType(code)
	full.Instance = instanceOf(ctx.Context())
	full.Detail = sentence(&full)
	if code == codeBrokenBody {
		full.Detail = brokenBodyText
	}
	infoOf(ctx.Context()).problem = code
	ctx.SetHeader("Cache-Control", "no-store")
	return &full, nil
}

// sentence makes huma's terse detail into one a person can act on, naming the first wrong place.
func sentence(model *huma.ErrorModel) string {
	if len(model.Errors) == 0 || model.Errors[0] == nil {
		detail := strings.TrimSuffix(model.Detail, ".")
		if detail == "" {
			return http.StatusText(model.Status) + "."
		}
		return strings.ToUpper(detail[:1]) + detail[1:] + "."
	}
	first := model.Errors[0]
	place := "the request"
	if first.Location != "" {
		place = first.Location
	}
	text := "Correct " + place + ": " + first.Message + "."
	if more := len(model.Errors) - 1; more > 0 {
		text += " " + strconv.Itoa(more) + " more listed under errors."
	}
	return text
}
