package ingest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/tus/tusd/v2/pkg/handler"

	"showreel/engine/blob"
	"showreel/fault"
	"showreel/platform/httpd"
)

// tusTexts are sentences for what the tus library refuses by itself, by its code without "ERR_". The statuses are those of
// the protocol (tus.io 1.0).
var tusTexts = map[string]string{
	"UNSUPPORTED_VERSION":         "Say Tus-Resumable: 1.0.0, the version of the protocol that is spoken here.",
	"MAX_SIZE_EXCEEDED":           "The file is larger than is taken here; Tus-Max-Size says how large it may be.",
	"UPLOAD_SIZE_EXCEEDED":        "More bytes were sent than the upload announced; start again with the right Upload-Length.",
	"INVALID_CONTENT_TYPE":        "Send the bytes with Content-Type: application/offset+octet-stream.",
	"INVALID_UPLOAD_LENGTH":       "Upload-Length must say how many bytes the file has.",
	"INVALID_UPLOAD_LENGTH_DEFER": "Upload-Defer-Length must be 1, or be left out.",
	"AMBIGUOUS_UPLOAD_LENGTH":     "Send either Upload-Length or Upload-Defer-Length, not both.",
	"INVALID_OFFSET":              "Upload-Offset must say at which byte this part begins.",
	"MISMATCHED_OFFSET":           "The upload stands at another byte; ask with HEAD for Upload-Offset and go on from there.",
	"UPLOAD_LOCKED":               "Another request sends to this upload; wait until it ends.",
	"LOCK_TIMEOUT":                "Another request still sends to this upload; wait a moment and go on.",
	"UPLOAD_INTERRUPTED":          "Another request took this upload over.",
	"UPLOAD_NOT_FOUND":            "There is no such upload.",
	"UNEXPECTED_EOF":              "Fewer bytes arrived than were announced; go on from where the upload stands.",
	"READ_TIMEOUT":                "No bytes arrived for too long; go on from where the upload stands.",
	"CONNECTION_RESET":            "The connection broke; go on from where the upload stands.",
	"SERVER_SHUTDOWN":             "The server is stopping; go on from where the upload stands once it is back.",
	"CONCATENATION_UNSUPPORTED":   "Uploads are not joined here; send the file as one upload.",
	"NOT_IMPLEMENTED":             "This extension of the tus protocol is not spoken here.",
	"CHECKSUM_MISMATCH":           "The bytes of this request do not match their checksum; send them again.",
	"CHECKSUM_ALGORITHM":          "Upload-Checksum must be sha1 or sha256 and a base64 digest.",
}

// refusal renders a fault as tusd wants to answer it.
func refusal(err error) error {
	return handler.Error{ErrorCode: fault.CodeOf(err), Message: fault.TextOf(err), HTTPResponse: handler.HTTPResponse{
		StatusCode: httpd.StatusOf(err), Body: tusProblem("", httpd.StatusOf(err), fault.CodeOf(err), string(fault.KindOf(err)), fault.TextOf(err)),
		Header: handler.HTTPHeader{"Content-Type": "application/problem+json", "Cache-Control": "no-store"}}}
}

// fileRefusal gives an error of the upload's files its kind: a full disk is no defect, and nobody is shown a path of ours.
func fileRefusal(err error) error {
	var own handler.Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	return refusal(blob.FileFault("ingest.upload", "", err))
}

func tusProblem(request string, status int, code, title, text string) string {
	p := map[string]any{"type": "/problems/" + code, "title": title, "status": status, "detail": text}
	if request != "" {
		p["instance"] = "urn:uuid:" + request
	}
	body, _ := json.Marshal(p) // plain strings always marshal
	return string(body)
}

// problems turns the tus library's own refusals, lines such as "ERR_MISMATCHED_OFFSET: mismatched offset", into problems
// with a stable type and a sentence.
type problems struct {
	http.ResponseWriter
	r      *http.Request
	status int // held back until the body says what it is about
}

// Unwrap lets http.ResponseController reach the connection.
func (p *problems) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// WriteHeader holds a plain refusal back.
func (p *problems) WriteHeader(status int) {
	if status >= http.StatusBadRequest && strings.HasPrefix(p.Header().Get("Content-Type"), "text/plain") {
		p.status = status
		return
	}
	p.ResponseWriter.WriteHeader(status)
}

// Write sends the problem in place of a held refusal's line.
func (p *problems) Write(b []byte) (int, error) {
	if p.status == 0 {
		return p.ResponseWriter.Write(b)
	}
	line, _, _ := strings.Cut(string(b), ":")
	p.answer(strings.TrimPrefix(line, "ERR_"))
	return len(b), nil
}

// finish answers a held refusal that had no body, which is HEAD's.
func (p *problems) finish() {
	if p.status != 0 {
		p.Header().Del("Content-Type")
		p.ResponseWriter.WriteHeader(p.status)
	}
}

func (p *problems) answer(code string) {
	status := p.status
	p.status = 0
	text, known := tusTexts[code]
	if !known {
		httpd.Problem(p.ResponseWriter, p.r, fault.Say("ingest.upload", "", fault.Internal, "", "The upload could not go on because of a defect of the server; try again."))
		return
	}
	h := p.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	p.ResponseWriter.WriteHeader(status)
	slug := strings.ReplaceAll(strings.ToLower(code), "_", "-")
	_, _ = p.ResponseWriter.Write([]byte(tusProblem(httpd.RequestID(p.r.Context()), status, slug, "Upload refused", text))) // a broken connection has nobody to tell
}
