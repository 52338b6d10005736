package httpd_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"showreel/platform/httpd"
)

// A body that breaks off is the sender's mistake at typed and plain doors alike, and no defect of the server.
func TestBodiesThatBreakOff(t *testing.T) {
	web := httptest.NewServer(cinema(t, httpd.Config{}))
	defer web.Close()
	for name, request := range map[string]string{
		"typed, wrong chunk": "POST /v1/films/7 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
		"typed, too short":   "POST /v1/films/7 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"title\":",
		"typed, with a key":  "POST /v1/films/7 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
		"plain, too short":   "PATCH /v1/reels/7 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(web.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, _ := io.ReadAll(res.Body) // what came is compared
		if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), `"/problems/broken-body"`) || !strings.Contains(string(body), `"status":400`) {
			t.Errorf("%s: %s %s", name, res.Status, body)
		}
		conn.Close()
	}
}
