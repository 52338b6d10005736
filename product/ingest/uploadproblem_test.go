package ingest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the tus library refuses, and what goes wrong with the files of an upload, is answered as every other door does:
// with a type, a sentence and no path of this machine.
func TestTusRefusalsAreProblems(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	web := s.serve(t)
	_, loc, _, _ := begin(t, web, 9, meta("filename", "a.txt"))
	problem := func(what string, status int, kind string, h http.Header, body string, want int, code string) {
		t.Helper()
		var p struct{ Type, Title, Detail, Instance string }
		if err := json.Unmarshal([]byte(body), &p); err != nil || kind != h.Get("Content-Type") || status != want || p.Type != "/problems/"+code || !strings.HasSuffix(p.Detail, ".") || p.Instance == "" {
			t.Errorf("%s: %d %s %s, %v", what, status, h.Get("Content-Type"), body, err)
		}
		if strings.Contains(body, s.dir) {
			t.Errorf("%s tells a path: %s", what, body)
		}
	}
	const kind = "application/problem+json"
	status, h, body := patch(t, loc, 4, []byte("abcde"))
	problem("another offset", status, kind, h, body, http.StatusConflict, "mismatched-offset")
	status, h, body = call(t, http.MethodPost, web.URL+"/v1/uploads/", nil, "Tus-Resumable", "1.0.0")
	problem("no length", status, kind, h, body, http.StatusBadRequest, "invalid-upload-length")
	// The file is a folder: its writing fails as a broken disk's does.
	file := filepath.Join(s.dir, "tmp", "uploads", filepath.Base(loc))
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	status, _, body = patch(t, loc, 0, []byte("123456789"))
	if status < 400 || strings.Contains(body, s.dir) || !strings.Contains(body, `"detail":"`) {
		t.Errorf("a broken disk: %d %s", status, body)
	}
	if err := os.Remove(file + ".info"); err != nil {
		t.Fatal(err)
	}
	if status, h, body := call(t, http.MethodHead, loc, nil, "Tus-Resumable", "1.0.0"); status != http.StatusNotFound || body != "" || h.Get("Content-Type") != "" {
		t.Errorf("HEAD of lost files: %d %v %q", status, h, body)
	}
}

// A client that lost the answer to its last byte asks at the end, and learns what became of its file; bytes that could not
// be taken over are taken when somebody asks again.
func TestAskingAtTheEndOfAnUpload(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	web := s.serve(t)
	body := []byte("the whole of it")
	_, loc, _, _ := begin(t, web, len(body), meta("filename", "a.txt"))
	_, sent, _ := patch(t, loc, 0, body)
	asset := sent.Get("Showreel-Asset")
	status, h, _ := call(t, http.MethodHead, loc, nil, "Tus-Resumable", "1.0.0")
	if status != http.StatusOK || h.Get("Upload-Offset") != "15" || h.Get("Upload-Length") != "15" || h.Get("Showreel-Asset") != asset || asset == "" {
		t.Errorf("HEAD at the end: %d %v, want asset %q", status, h, asset)
	}
	if status, h, _ := patch(t, loc, len(body), []byte{}); status != http.StatusNoContent || h.Get("Showreel-Asset") != asset || h.Get("Showreel-Job") == "" {
		t.Errorf("PATCH at the end: %d %v, want asset %q", status, h, asset)
	}
	if status, _, body := patch(t, loc, 3, []byte("whole")); status != http.StatusConflict || !strings.Contains(body, "mismatched-offset") {
		t.Errorf("PATCH before the end: %d %s", status, body)
	}
	if status, _, _ := call(t, http.MethodHead, loc, nil, "Tus-Resumable", "1.0.0", "Test-Tenant", "other"); status != http.StatusNotFound {
		t.Errorf("another tenant: %d", status)
	}
}
