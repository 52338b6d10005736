package ingest_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"showreel/platform/httpd"
	"showreel/product/ingest"
	"showreel/trust/access"
)

// trusting is a guard that takes everybody for an administrator of the tenant in a header.
type trusting struct{ t *testing.T }

func (g trusting) Authenticate(r *http.Request) (context.Context, error) {
	who := access.WhoFrom(as(g.t))
	if tenant := r.Header.Get("Test-Tenant"); tenant != "" {
		who.Tenant = tenant
	}
	return access.With(r.Context(), who), nil
}

func (trusting) Allow(context.Context, string) error { return nil }

func (s *stack) serve(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httpd.New(httpd.Config{Guard: trusting{t}, Principal: func(ctx context.Context) (string, string) {
		w := access.WhoFrom(ctx)
		return w.Tenant, w.ID
	}})
	s.Routes(srv)
	web := httptest.NewServer(srv)
	t.Cleanup(web.Close)
	return web
}

// call sends a request and returns status, headers and body.
func call(t *testing.T, method, url string, body []byte, headers ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n+1 < len(headers); n += 2 {
		req.Header.Set(headers[n], headers[n+1])
	}
	if body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

func meta(pairs ...string) string {
	var out []string
	for n := 0; n+1 < len(pairs); n += 2 {
		out = append(out, pairs[n]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[n+1])))
	}
	return strings.Join(out, ",")
}

// begin creates a tus upload and returns its address.
func begin(t *testing.T, web *httptest.Server, size int, metadata string, more ...string) (int, string, http.Header, string) {
	t.Helper()
	status, h, body := call(t, http.MethodPost, web.URL+"/v1/uploads/", nil, append([]string{"Tus-Resumable", "1.0.0", "Upload-Length", fmt.Sprint(size), "Upload-Metadata", metadata}, more...)...)
	loc := h.Get("Location")
	if strings.HasPrefix(loc, "/") {
		loc = web.URL + loc
	}
	return status, loc, h, body
}

func patch(t *testing.T, url string, offset int, data []byte, more ...string) (int, http.Header, string) {
	t.Helper()
	return call(t, http.MethodPatch, url, data, append([]string{"Tus-Resumable", "1.0.0", "Upload-Offset", fmt.Sprint(offset), "Content-Type", "application/offset+octet-stream"}, more...)...)
}

func TestResumedUploadBecomesAFilm(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	web := s.serve(t)
	data, err := os.ReadFile(film2s(t))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	sha := hex.EncodeToString(sum[:])
	status, loc, _, body := begin(t, web, len(data), meta("filename", "../../\u202Egpj.film.mp4", "relativePath", "trip/day 1/x.mp4", "sha256", sha))
	if status != http.StatusCreated {
		t.Fatalf("create: %d %s", status, body)
	}
	half := len(data) / 2
	if status, _, body := patch(t, loc, 0, data[:half]); status != http.StatusNoContent {
		t.Fatalf("first half: %d %s", status, body)
	}
	if status, h, _ := call(t, http.MethodHead, loc, nil, "Tus-Resumable", "1.0.0"); status != 200 || h.Get("Upload-Offset") != fmt.Sprint(half) {
		t.Fatalf("head: %d, offset %s, want %d", status, h.Get("Upload-Offset"), half)
	}
	if status, _, _ := call(t, http.MethodHead, loc, nil, "Tus-Resumable", "1.0.0", "Test-Tenant", "other"); status != http.StatusNotFound {
		t.Errorf("another tenant sees the upload: %d", status)
	}
	wrong := base64.StdEncoding.EncodeToString(make([]byte, sha1.Size))
	if status, _, _ := patch(t, loc, half, data[half:], "Upload-Checksum", "sha1 "+wrong); status != 460 {
		t.Errorf("a wrong chunk checksum gives %d, want 460", status)
	}
	status, h, body := patch(t, loc, half, data[half:])
	if status != http.StatusNoContent || h.Get("Showreel-Job") == "" {
		t.Fatalf("second half: %d %v %s", status, h, body)
	}
	j := s.ended(t, h.Get("Showreel-Job"))
	if j.State != ingest.Done || j.Name != "gpj.film.mp4" {
		t.Errorf("job %+v, %+v", j, j.Error)
	}
	a, err := s.lib.Get(as(t), h.Get("Showreel-Asset"))
	if err != nil || a.SHA256 != sha || a.Fields["folder"] != "trip/day 1" {
		t.Errorf("asset %+v, %v", a, err)
	}
	// The same bytes again are found at once, already when they are announced.
	_, again, ch, _ := begin(t, web, len(data), meta("filename", "copy.mp4", "sha256", sha))
	if ch.Get("Showreel-Duplicate") != "true" || ch.Get("Showreel-Asset") != a.ID {
		t.Errorf("announcing a duplicate: %v", ch)
	}
	if _, h, _ := patch(t, again, 0, data); h.Get("Showreel-Duplicate") != "true" || h.Get("Showreel-Asset") != a.ID {
		t.Errorf("sending a duplicate: %v", h)
	}
}

func TestUploadRefusals(t *testing.T) {
	s := open(t, t.TempDir(), func(d *ingest.Deps) {
		d.Limits.UploadBytes = 1 << 20
		d.Limits.TenantBytes = 2 << 20
		d.Limits.OpenUploads = 3
	})
	web := s.serve(t)
	for name, c := range map[string]struct {
		size   int
		meta   string
		status int
		code   string
	}{
		"empty":            {0, meta("filename", "a.mp4"), 400, "empty-file"},
		"too large":        {2 << 20, meta("filename", "a.mp4"), 413, ""},
		"no such template": {10, meta("filename", "a.mp4", "template", "nope"), 404, "no-template"},
		"bad checksum":     {10, meta("filename", "a.mp4", "sha256", "xyz"), 400, "bad-checksum"},
	} {
		status, _, _, body := begin(t, web, c.size, c.meta)
		if status != c.status || !strings.Contains(body, c.code) {
			t.Errorf("%s: %d %s, want %d %s", name, status, body, c.status, c.code)
		}
	}
	_, loc, _, _ := begin(t, web, 4, meta("filename", "a.mp4", "sha256", strings.Repeat("0", 64)))
	if status, _, body := patch(t, loc, 0, []byte("abcd")); status != http.StatusUnprocessableEntity || !strings.Contains(body, "wrong-checksum") {
		t.Errorf("wrong checksum: %d %s", status, body)
	}
	if status, _, body := patch(t, loc, 0, []byte("abcd")); status != http.StatusGone || !strings.Contains(body, "upload-gone") {
		t.Errorf("an upload that has ended: %d %s", status, body)
	}
	_, loc, _, _ = begin(t, web, 4, meta("filename", "a.mp4"))
	if status, _, _ := call(t, http.MethodDelete, loc, nil, "Tus-Resumable", "1.0.0"); status != http.StatusNoContent {
		t.Errorf("remove: %d", status)
	}
	if status, _, _ := call(t, http.MethodHead, loc, nil, "Tus-Resumable", "1.0.0"); status != http.StatusGone {
		t.Errorf("a removed upload gives %d, want 410", status)
	}
	for range 3 {
		begin(t, web, 100, meta("filename", "a.mp4"))
	}
	if status, _, _, body := begin(t, web, 100, meta("filename", "a.mp4")); status != http.StatusTooManyRequests || !strings.Contains(body, "too-many-uploads") {
		t.Errorf("a fourth unfinished upload: %d %s", status, body)
	}
}

func TestJobRoutes(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	web := s.serve(t)
	rec, err := s.AddFile(as(t), film2s(t), ingest.Incoming{})
	if err != nil {
		t.Fatal(err)
	}
	s.ended(t, rec.Job)
	status, _, body := call(t, http.MethodGet, web.URL+"/v1/jobs/"+rec.Job, nil)
	var j ingest.Job
	if err := json.Unmarshal([]byte(body), &j); err != nil || status != 200 || j.Asset != rec.Asset || j.State != ingest.Done {
		t.Errorf("get: %d %s", status, body)
	}
	if status, _, body := call(t, http.MethodGet, web.URL+"/v1/jobs?state=done&limit=1", nil); status != 200 || !strings.Contains(body, rec.Job) {
		t.Errorf("list: %d %s", status, body)
	}
	if status, _, body := call(t, http.MethodPost, web.URL+"/v1/jobs/"+rec.Job+"/pause", nil); status != http.StatusConflict || !strings.Contains(body, "job-state") {
		t.Errorf("pausing a finished job: %d %s", status, body)
	}
	if status, _, _ := call(t, http.MethodGet, web.URL+"/v1/jobs/"+rec.Job, nil, "Test-Tenant", "other"); status != http.StatusNotFound {
		t.Errorf("another tenant sees the job: %d", status)
	}
	if status, _, body := call(t, http.MethodGet, web.URL+"/v1/templates", nil); status != 200 || strings.Count(body, `"builtIn":true`) != 6 {
		t.Errorf("templates: %d %s", status, body)
	}
	tpl := template(t, "mobile")
	tpl.Title = "Ours"
	raw, _ := json.Marshal(tpl)
	status, _, body = call(t, http.MethodPut, web.URL+"/v1/templates/mobile", raw, "Content-Type", "application/json")
	if status != 200 || !strings.Contains(body, `"version":2`) {
		t.Errorf("put: %d %s", status, body)
	}
	srt := "1\n00:00:00,000 --> 00:00:01,000\nHello\n"
	if status, _, body := call(t, http.MethodPut, web.URL+"/v1/assets/"+rec.Asset+"/captions/en?name=a.srt", []byte(srt)); status != http.StatusNoContent {
		t.Errorf("captions: %d %s", status, body)
	}
	if x := s.index(t, rec.Asset, 1); x.Track("t-en-person") == nil {
		t.Errorf("the captions are not in the index")
	}
	if status, _, body := call(t, http.MethodPost, web.URL+"/v1/assets/"+rec.Asset+"/reprocess", []byte(`{"template":"mobile"}`), "Content-Type", "application/json"); status != http.StatusAccepted {
		t.Errorf("reprocess: %d %s", status, body)
	} else if err := json.Unmarshal([]byte(body), &j); err != nil || s.ended(t, j.ID).State != ingest.Done || j.Version != 2 || j.TemplateVersion != 2 {
		t.Errorf("reprocess: %+v %v", j, err)
	}
}
