package journeys_test

import (
	"bytes"
	"io/fs"
	"mime"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"showreel/test/world"
)

// names are what no program should believe of a file's name.
var names = []string{
	"../../../../tmp/escaped.txt", `..\..\escaped.png`, "/etc/cron.d/escaped.txt", "C:\\Windows\\escaped.txt", "..", ".", "", " ", "...txt",
	"nul\x00byte.txt", "line\r\nSet-Cookie: a=b.txt", "tab\tbell\a.txt", "\u202Egnp.exe.txt", "\u2066isolate\u2069.txt", "zero\u200Bwidth.txt",
	"🎬🎞️👩‍👩‍👧.txt", "فيلم العائلة.txt", "電影.txt", "cafe\u0301.txt", "bad\xff\xfeutf8.txt", `quote"semi;colon.png`, "<script>alert(1)</script>.txt",
	"percent%2e%2e%2fescaped.txt", "-rf.txt", "file:escaped.txt", "http:%2f%2fhost.txt", "concat:a|b.txt", "%05d.txt", strings.Repeat("long ", 400) + ".txt",
	strings.Repeat("長", 300) + ".txt", "CON",
}

func TestNamesOfEveryKind(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "deep", "data")
	s := world.StartT(t, data)
	on := make([]arrived, len(names))
	for n, name := range names {
		// The folder is as hostile as the name; each text is another.
		on[n] = upload(t, s, name, []byte("text "+strconv.Itoa(n)), "relativePath", "../x/./"+name+"/../../up/"+name)
	}
	for n, name := range names {
		if j := ended(t, s, on[n].job, time.Minute); j.State != "done" && strings.HasSuffix(name, ".txt") {
			t.Errorf("%q: %s %s", name, j.State, show(j.Error))
		}
		var a struct {
			Name   string            `json:"name"`
			Title  string            `json:"title"`
			Fields map[string]string `json:"fields"`
		}
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+on[n].asset, nil, &a); err != nil {
			t.Fatal(err)
		}
		if why := unsafeName(a.Name); why != "" || strings.ContainsAny(a.Name, `/\`) {
			t.Errorf("%q is shown as %q: %s", name, a.Name, why)
		}
		if why := unsafeName(a.Title); why != "" {
			t.Errorf("%q has the title %q: %s", name, a.Title, why)
		}
		for part := range strings.SplitSeq(a.Fields["folder"], "/") {
			if a.Fields["folder"] != "" && (part == "" || strings.Trim(part, ".") == "" || unsafeName(part) != "" || strings.Contains(part, `\`)) {
				t.Errorf("%q lies in the folder %q", name, a.Fields["folder"])
			}
		}
		original := ask(t, s, http.MethodGet, "/v1/assets/"+on[n].asset+"/original", nil)
		kind, params, err := mime.ParseMediaType(original.header.Get("Content-Disposition"))
		if original.status != http.StatusOK || err != nil || kind != "attachment" || params["filename"] != a.Name || len(original.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%q: download %d %q as %q, %v, want %q", name, original.status, original.header.Get("Content-Disposition"), params["filename"], err, a.Name)
		}
	}
	err := filepath.WalkDir(filepath.Dir(filepath.Dir(data)), func(path string, d fs.DirEntry, err error) error {
		if err == nil && (strings.Contains(d.Name(), "escaped") || !d.IsDir() && !strings.HasPrefix(path, data)) {
			t.Errorf("a name reached the disk: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if bytes.Contains([]byte(s.Log()), []byte("Set-Cookie: a=b\n")) {
		t.Error("a name broke the log's lines")
	}
}

// unsafeName says why a name must not be shown, "" if it may.
func unsafeName(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "it is empty"
	case len(name) > 255:
		return "it is longer than file systems take"
	case !utf8.ValidString(name):
		return "it is no UTF-8"
	case name == "." || name == "..":
		return "it is a folder"
	}
	for _, r := range name {
		if unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x61c {
			return "it holds control or direction characters"
		}
	}
	return ""
}

// Metadata that people type is as hostile as names are.
func TestHostileMetadata(t *testing.T) {
	t.Parallel()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	a := upload(t, s, "a.txt", []byte("text"), "title", "nul\x00 \u202Ertl", "source", "x\x00y", "licence", "\xff\xfe", "credit", "a\r\nb")
	ended(t, s, a.job, time.Minute)
	got := ask(t, s, http.MethodGet, "/v1/assets/"+a.asset, nil)
	if got.status != http.StatusOK || bytes.Contains(got.body, []byte(`\u0000`)) || !utf8.Valid(got.body) {
		t.Errorf("%d %s", got.status, got.body)
	}
	etag := got.header.Get("ETag")
	for _, body := range []string{`{"title":"nul\u0000"}`, `{"tags":["nul\u0000"]}`, `{"fields":{"a\u0000b":"c"}}`, `{"fields":{"k":"nul\u0000"}}`,
		`{"title":"\ud800"}`, `{"rights":{"source":"nul\u0000"}}`, `{"description":"` + strings.Repeat("x", 500_000) + `"}`} {
		r := ask(t, s, http.MethodPatch, "/v1/assets/"+a.asset, strings.NewReader(body), "Content-Type", "application/json", "If-Match", etag)
		switch {
		case r.status == http.StatusOK:
			if bytes.Contains(r.body, []byte(`\u0000`)) {
				t.Errorf("%.60s was taken as it is: %.300s", body, r.body)
			}
			etag = r.header.Get("ETag")
		case r.status >= 500:
			t.Errorf("%.60s: %d %.300s", body, r.status, r.body)
		default:
			r.refused(t, body[:20], r.status, r.code())
		}
	}
}
