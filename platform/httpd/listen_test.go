package httpd_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/platform/httpd/httpdtest"
)

// start runs a server on a free port and returns its address and a stop that waits for the end.
func start(t *testing.T, s *httpd.Server) (address string, stop func() error) {
	t.Helper()
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if !stopped {
			_ = stop()
		}
	})
	return s.Addr(), stop
}

func TestPlainHTTPStaysOnLoopback(t *testing.T) {
	for listen, allowed := range map[string]bool{"127.0.0.1:0": true, "localhost:0": true, "[::1]:0": true, "0.0.0.0:0": false, ":0": false, "192.0.2.1:0": false} {
		err := httpd.New(httpd.Config{Listen: listen}).Listen(t.Context())
		if refused := fault.CodeOf(err) == "plain-http"; err != nil && refused == allowed {
			t.Errorf("%s: %v", listen, err)
		}
		if err == nil && !allowed {
			t.Errorf("%s was served", listen)
		}
	}
	s := httpd.New(httpd.Config{Listen: "0.0.0.0:0", AllowPlainHTTP: true})
	address, _ := start(t, s)
	if !strings.HasPrefix(s.URL(), "http://localhost:") || address == "" {
		t.Errorf("URL is %s", s.URL())
	}
}

func TestAddressTakenIsSaid(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	err = httpd.New(httpd.Config{Listen: l.Addr().String()}).Listen(t.Context())
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.TextOf(err), l.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

// A client that sends a megabyte of header over a real connection reads a clean 431, not a reset.
func TestMegabyteOfHeaderOverTheWire(t *testing.T) {
	address, _ := start(t, httpd.New(httpd.Config{Listen: "127.0.0.1:0"}))
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Junk", strings.Repeat("a", 1<<20))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != 431 || !strings.Contains(string(body), "header-too-large") {
		t.Errorf("got %d %v %s", resp.StatusCode, err, body)
	}
}

func TestDrainLetsRequestsFinishAndEndsStreams(t *testing.T) {
	s := httpd.New(httpd.Config{Listen: "127.0.0.1:0", Guard: httpdtest.Guard{},
		Principal: func(context.Context) (string, string) { return "main", "ann" }})
	entered, release := make(chan struct{}), make(chan struct{})
	s.Handle("GET /slow", httpd.Public, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "finished")
	}))
	s.Stream(&events{})
	address, stop := start(t, s)
	stream := listen(t, "http://"+address, "")
	stream.block()
	answers := make(chan string, 1)
	go func() { answers <- fetch(t, http.DefaultClient, "http://"+address+"/slow") }()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for stream.block() != "" { // ends while the slow request still runs
	}
	if a := httpdtest.Do(t, s, "GET", "/readyz", nil); a.Status != 503 {
		t.Errorf("ready while draining: %d", a.Status)
	}
	close(release)
	if got := <-answers; got != "finished" {
		t.Errorf("the running request got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDrainIsBounded(t *testing.T) {
	s := httpd.New(httpd.Config{Listen: "127.0.0.1:0", Drain: 50 * time.Millisecond})
	entered := make(chan struct{})
	s.Handle("GET /stuck", httpd.Public, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}))
	address, stop := start(t, s)
	go func() { fetch(t, http.DefaultClient, "http://"+address+"/stuck") }()
	<-entered
	begin := time.Now()
	if err := stop(); err != nil || time.Since(begin) > 5*time.Second {
		t.Errorf("stopped after %s with %v", time.Since(begin), err)
	}
}

// fetch returns the body, or the error's text.
func fetch(t *testing.T, client *http.Client, address string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), "GET", address, nil)
	if err != nil {
		return err.Error()
	}
	resp, err := client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// certify writes a self-signed pair for localhost with the serial number.
func certify(t *testing.T, dir string, serial int64) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(certFile, certPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}

func TestTLSReadsARenewedCertificate(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, pool := certify(t, dir, 1)
	s := httpd.New(httpd.Config{Listen: "0.0.0.0:0", TLSCert: certFile, TLSKey: keyFile})
	s.Handle("GET /secure", httpd.Public, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Proto, " ", httpd.Secure(r.Context()), " ", w.Header().Get("Strict-Transport-Security") != "")
	}))
	address, _ := start(t, s)
	_, port, _ := net.SplitHostPort(address)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	if got := fetch(t, client, "https://127.0.0.1:"+port+"/secure"); got != "HTTP/2.0 true true" {
		t.Fatalf("got %q", got)
	}
	serial := func(pool *x509.CertPool) string {
		d := &tls.Dialer{Config: &tls.Config{RootCAs: pool}}
		c, err := d.DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
		if err != nil {
			return err.Error()
		}
		defer func() { _ = c.Close() }()
		return c.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	if got := serial(pool); got != "1" {
		t.Fatalf("serial %s", got)
	}
	if err := os.WriteFile(certFile, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(pool); got != "1" {
		t.Fatalf("a half written renewal broke the server: %s", got)
	}
	_, _, renewed := certify(t, dir, 2)
	for range 80 { // the files are looked at every five seconds
		if serial(renewed) == "2" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the renewed certificate is not served")
}

func TestTLSFilesThatDoNotLoad(t *testing.T) {
	err := httpd.New(httpd.Config{Listen: "127.0.0.1:0", TLSCert: "/nowhere/c.pem", TLSKey: "/nowhere/k.pem"}).Listen(t.Context())
	if fault.CodeOf(err) != "tls" {
		t.Errorf("got %v", err)
	}
	err = httpd.New(httpd.Config{Listen: "127.0.0.1:0", TLSCert: "/nowhere/c.pem"}).Listen(t.Context())
	if fault.CodeOf(err) != "tls" {
		t.Errorf("got %v", err)
	}
}

// A large file goes out whole through the piecewise kernel copy, ranges included.
func TestLargeFileComesWhole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "film.bin")
	want := make([]byte, 5<<20+123)
	for i := range want {
		want[i] = byte(i * 7)
	}
	if err := os.WriteFile(name, want, 0o600); err != nil {
		t.Fatal(err)
	}
	s := httpd.New(httpd.Config{Listen: "127.0.0.1:0"})
	s.Handle("GET /film", httpd.Public, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) }))
	s.Handle("GET /part", httpd.Public, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f, err := os.Open(name)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = f.Close() }()
		part := &io.LimitedReader{R: f, N: 3 << 20}
		if n, err := io.Copy(w, part); n != 3<<20 || err != nil || part.N != 0 {
			t.Errorf("sent %d with %v, and %d are said to be left", n, err, part.N)
		}
	}))
	address, _ := start(t, s)
	if got := fetch(t, http.DefaultClient, "http://"+address+"/part"); got != string(want[:3<<20]) {
		t.Errorf("the part has %d bytes", len(got))
	}
	if got := fetch(t, http.DefaultClient, "http://"+address+"/film"); got != string(want) {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address+"/film", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", "bytes=1000000-4000000")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || string(got) != string(want[1000000:4000001]) {
		t.Errorf("the range has %d bytes, %v", len(got), err)
	}
}
