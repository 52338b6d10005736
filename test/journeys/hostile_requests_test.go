package journeys_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showreel/test/world"
)

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	for what, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no JSON":            {"this is no JSON", 400, "malformed"},
		"half of it":         {`{"name":"Rushes"`, 400, "malformed"},
		"two of it":          {`{"name":"a"}{"name":"b"}`, 400, "malformed"},
		"nothing":            {"", 400, "malformed"},
		"another shape":      {`["name"]`, 422, "validation"},
		"another type":       {`{"name":7}`, 422, "validation"},
		"null":               {`null`, 422, "validation"},
		"an unknown field":   {`{"name":"a","nmae":"b"}`, 422, "validation"},
		"100,000 deep":       {deep, 400, "malformed"},
		"100,000 deep below": {`{"name":` + deep + `}`, 400, "malformed"},
		"bytes of no text":   {"\xff\xfe\x00{", 400, "malformed"},
		"larger than 1 MiB":  {`{"name":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "too-large"},
	} {
		a := ask(t, s, http.MethodPost, "/v1/collections", strings.NewReader(c.body), "Content-Type", "application/json")
		a.refused(t, what, c.status, c.code)
	}
	ask(t, s, http.MethodPost, "/v1/collections", strings.NewReader("<name/>"), "Content-Type", "application/xml").refused(t, "XML", http.StatusUnsupportedMediaType, "media-type")
	ask(t, s, http.MethodGet, "/v1/nothing", nil).refused(t, "no such route", http.StatusNotFound, "no-route")
	ask(t, s, http.MethodPut, "/v1/collections", nil).refused(t, "no such method", http.StatusMethodNotAllowed, "method-not-allowed")
	ask(t, s, http.MethodGet, "/v1/assets", nil, "Authorization", "Bearer sr_nothing").refused(t, "a wrong key", http.StatusUnauthorized, "bad-key")
	ask(t, s, http.MethodGet, "/v1/assets", nil, "Authorization", "").refused(t, "no key", http.StatusUnauthorized, "unauthenticated")
	ask(t, s, http.MethodGet, "/v1/assets?cursor=zzz", nil).refused(t, "a cursor of others", http.StatusBadRequest, "cursor")
	ask(t, s, http.MethodGet, "/v1/assets/"+strings.Repeat("x", 3000), nil).refused(t, "a long id", http.StatusNotFound, "asset-not-found")
	for _, path := range []string{"/v1/assets/a%00b", "/v1/assets?q=%00", "/v1/assets?tag=%ff%fe", "/v1/uploads/%00", "/v/a%00/b/1/master.m3u8"} {
		ask(t, s, http.MethodGet, path, nil).refused(t, path, http.StatusBadRequest, "bad-address")
	}
	for _, path := range []string{"/v1/templates/web", "/v1/assets/nothing/findings", "/v1/assets/nothing/renditions"} {
		ask(t, s, http.MethodGet, path+"?version=9223372036854775807", nil).refused(t, path, http.StatusUnprocessableEntity, "validation")
	}
	for _, q := range []string{"q=%27%3B%20DROP%20TABLE%20library_assets%3B--", "q=" + strings.Repeat("a%20", 3000), "limit=-1", "limit=1e9", "sort=%27", "kind=x", "collection=nothing"} {
		if a := ask(t, s, http.MethodGet, "/v1/assets?"+q, nil); a.status >= 500 {
			t.Errorf("?%.40s: %d %s", q, a.status, a.body)
		} else if a.status >= 400 {
			a.refused(t, q, a.status, a.code())
		}
	}
	if n := assets(t, s); n != 0 {
		t.Errorf("%d assets", n)
	}
}

func TestHeaderOfOneMegabyte(t *testing.T) {
	t.Parallel()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	for what, c := range map[string]struct{ name, value string }{
		"one field":   {"X-Big", strings.Repeat("x", 1<<20)},
		"a cookie":    {"Cookie", "showreel=" + strings.Repeat("y", 1<<20)},
		"a key":       {"Authorization", "Bearer sr_" + strings.Repeat("z", 1<<20)},
		"an offset":   {"Upload-Offset", strings.Repeat("9", 1<<20)},
		"a range":     {"Range", "bytes=" + strings.Repeat("0-0,", 1<<18)},
		"just enough": {"X-Big", strings.Repeat("x", 65<<10)},
	} {
		ask(t, s, http.MethodGet, "/v1/assets", nil, c.name, c.value).refused(t, what, http.StatusRequestHeaderFieldsTooLarge, "header-too-large")
	}
	// Past what is read at all the connection ends, with the status if the client listens.
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: %s", strings.Repeat("x", 16<<20))
	}()
	if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil && !strings.Contains(line, " 431 ") {
		t.Errorf("16 MiB of header: %q", line)
	}
	if a := ask(t, s, http.MethodGet, "/healthz", nil); a.status != http.StatusOK {
		t.Errorf("after it: %d", a.status)
	}
}

// Lines that no client sends: each is refused or cut, and the server goes on.
func TestBrokenRequestLines(t *testing.T) {
	t.Parallel()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	for _, raw := range []string{
		"\x00\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", "GET /v1/assets HTTP/1.1\r\n\r\n",
		"GET /v1/assets HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET //v1/assets HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"POST /v1/collections HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "POST /v1/collections HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"POST /v1/session HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\nConnection: close\r\n\r\nZZZ\r\n",
		"CONNECT host:80 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = conn.Write([]byte(raw))
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			var body bytes.Buffer
			_, _ = body.ReadFrom(res.Body)
			if res.StatusCode >= 500 && res.StatusCode != http.StatusHTTPVersionNotSupported || strings.Contains(body.String(), "root:") {
				t.Errorf("%q: %s %s", raw, res.Status, body.String())
			}
			if kind := res.Header.Get("Content-Type"); res.StatusCode >= 400 && strings.HasPrefix(kind, "application/") && !json.Valid(body.Bytes()) {
				t.Errorf("%q: %s", raw, body.String())
			}
		}
		conn.Close()
	}
	if a := ask(t, s, http.MethodGet, "/healthz", nil); a.status != http.StatusOK {
		t.Errorf("after it: %d", a.status)
	}
}
