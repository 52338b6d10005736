package journeys_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"showreel/test/world"
)

// assets counts what the library shows.
func assets(t *testing.T, s *world.Server) int {
	t.Helper()
	var list struct {
		Items []struct{} `json:"items"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets", nil, &list); err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	body := []byte("the rushes of day three")
	name := metadata("filename", "a.txt")
	for what, c := range map[string]struct {
		bytes  int
		meta   string
		status int
		code   string
	}{
		"an empty file":           {0, name, 400, "empty-file"},
		"a checksum that is none": {9, metadata("filename", "a.txt", "sha256", "abc"), 400, "bad-checksum"},
		"no such template":        {9, metadata("filename", "a.txt", "template", "nope"), 404, "no-template"},
		"a template with NUL":     {9, metadata("filename", "a.txt", "template", "a\x00b"), 400, "bad-text"},
		"larger than the disk":    {1 << 60, name, 413, "max-size-exceeded"},
	} {
		_, a := begin(t, s, c.bytes, c.meta)
		a.refused(t, what, c.status, c.code)
	}
	for what, c := range map[string]struct {
		headers []string
		status  int
	}{
		"no length":             {[]string{"Tus-Resumable", "1.0.0"}, 400},
		"a negative length":     {[]string{"Tus-Resumable", "1.0.0", "Upload-Length", "-5"}, 400},
		"a length of letters":   {[]string{"Tus-Resumable", "1.0.0", "Upload-Length", "many"}, 400},
		"another tus version":   {[]string{"Tus-Resumable", "0.2.2", "Upload-Length", "5"}, 412},
		"concatenation":         {[]string{"Tus-Resumable", "1.0.0", "Upload-Concat", "final;/v1/uploads/a /v1/uploads/b"}, 400},
		"metadata of no base64": {[]string{"Tus-Resumable", "1.0.0", "Upload-Length", "5", "Upload-Metadata", "filename ///***"}, 0},
	} {
		a := ask(t, s, http.MethodPost, "/v1/uploads/", nil, c.headers...)
		if c.status == 0 && a.status == http.StatusCreated { // taken without a name
			ask(t, s, http.MethodDelete, a.header.Get("Location"), nil, "Tus-Resumable", "1.0.0")
			continue
		}
		a.refused(t, what, max(c.status, 400), a.code())
	}
	location, _ := begin(t, s, len(body), metadata("filename", "a.txt", "sha256", strings.Repeat("0", 64)))
	send(t, s, location, 0, body).refused(t, "a wrong checksum of the whole", http.StatusUnprocessableEntity, "wrong-checksum")
	send(t, s, location, 0, body).refused(t, "after it", http.StatusGone, "upload-gone")

	location, _ = begin(t, s, len(body), name)
	wrong := base64.StdEncoding.EncodeToString(make([]byte, sha1.Size))
	send(t, s, location, 0, body, "Upload-Checksum", "sha1 "+wrong).refused(t, "a wrong checksum of a part", 460, "checksum-mismatch")
	send(t, s, location, 0, body, "Upload-Checksum", "md5 "+wrong).refused(t, "an unknown checksum", 400, "checksum-algorithm")
	send(t, s, location, 7, body).refused(t, "another place than where it stands", http.StatusConflict, "mismatched-offset")
	ask(t, s, http.MethodPatch, location, bytes.NewReader(body), "Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "text/plain").
		refused(t, "another content type", http.StatusBadRequest, "invalid-content-type")
	send(t, s, location, 0, append(body, body...)).refused(t, "more than announced", http.StatusRequestEntityTooLarge, "upload-size-exceeded")
	if a := ask(t, s, http.MethodDelete, location, nil, "Tus-Resumable", "1.0.0"); a.status != http.StatusNoContent {
		t.Errorf("removing an upload: %d %s", a.status, a.body)
	}
	send(t, s, location, 0, body).refused(t, "a removed upload", http.StatusGone, "upload-gone")
	for _, id := range []string{"nothing", "%2e%2e%2f%2e%2e%2fpasswd", strings.Repeat("x", 3000)} {
		send(t, s, "/v1/uploads/"+id, 0, body).refused(t, "upload "+id[:5], http.StatusNotFound, "no-upload")
	}
	if n := assets(t, s); n != 0 {
		t.Errorf("%d assets came of refused uploads", n)
	}
	leftovers(t, s)
}

func TestDuplicatesInParallel(t *testing.T) {
	t.Parallel()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	body := picture(t, 64, 48)
	const uploads = 8
	got := make([]answer, uploads)
	var all sync.WaitGroup
	for n := range uploads {
		location, a := begin(t, s, len(body), metadata("filename", "copy "+strconv.Itoa(n)+".png"))
		if location == "" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		all.Go(func() { got[n] = send(t, s, location, 0, body) })
	}
	all.Wait()
	first := 0
	for _, a := range got {
		if a.status != http.StatusNoContent || a.header.Get("Showreel-Asset") == "" || a.header.Get("Showreel-Asset") != got[0].header.Get("Showreel-Asset") {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		}
		if a.header.Get("Showreel-Duplicate") == "" {
			first++
		}
	}
	if n := assets(t, s); n != 1 || first != 1 {
		t.Errorf("%d uploads of the same bytes became %d assets, and %d were told that they are the first", uploads, n, first)
	}
	cameTo(t, s, "the one", arrived{got[0].header.Get("Showreel-Asset"), got[0].header.Get("Showreel-Job"), shaOf(body)}, wanted{kind: "image"}, time.Minute)
	leftovers(t, s)
}

// A person who signs out in the middle of an upload sends no more of it; the upload itself stays for who may go on.
func TestUploadOfASessionThatEnded(t *testing.T) {
	t.Parallel()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	const password = "a bridge at dawn, again"
	if err := s.JSON(t.Context(), http.MethodPost, "/v1/users", map[string]any{"email": "ed@example.org", "name": "Ed", "password": password, "roles": []string{"editor"}}, nil); err != nil {
		t.Fatal(err)
	}
	in := ask(t, s, http.MethodPost, "/v1/session", map[string]any{"email": "ed@example.org", "password": password}, "Authorization", "")
	cookie, _, _ := strings.Cut(in.header.Get("Set-Cookie"), ";")
	if in.status >= 300 || !strings.HasPrefix(cookie, "showreel=") {
		t.Fatalf("sign-in: %d %s", in.status, in.body)
	}
	as := []string{"Authorization", "", "Cookie", cookie}
	body := []byte("notes of the second day, in two parts")
	begun := ask(t, s, http.MethodPost, "/v1/uploads/", nil, append(as, "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(len(body)), "Upload-Metadata", metadata("filename", "notes.txt"))...)
	location := begun.header.Get("Location")
	if a := send(t, s, location, 0, body[:10], as...); a.status != http.StatusNoContent {
		t.Fatalf("first part: %d %s", a.status, a.body)
	}
	if a := ask(t, s, http.MethodDelete, "/v1/session", nil, as...); a.status >= 300 {
		t.Fatalf("sign-out: %d %s", a.status, a.body)
	}
	send(t, s, location, 10, body[10:], as...).refused(t, "after signing out", http.StatusUnauthorized, "session-ended")
	if a := send(t, s, location, 10, body[10:]); a.status != http.StatusNoContent || a.header.Get("Showreel-Asset") == "" {
		t.Errorf("going on with it: %d %s", a.status, a.body)
	}
}
