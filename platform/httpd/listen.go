package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"showreel/fault"
)

// headerRead is how much header the server reads at all, so that what is above Limits.HeaderBytes still gets a problem
// for an answer instead of a cut connection.
const headerRead = 4 << 20

// Listen binds the address, so that Addr and URL are known before Run. fault.Invalid when plain HTTP is asked for beyond
// loopback without permission, fault.Unavailable when the address is taken.
func (s *Server) Listen(ctx context.Context) error {
	const op = "httpd.listen"
	if err := s.permitted(); err != nil {
		return err
	}
	var certificate *certificate
	if s.config.TLSCert != "" {
		certificate = newCertificate(s.config.TLSCert, s.config.TLSKey)
		if _, err := certificate.get(nil); err != nil {
			return err
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return &fault.Error{Op: op, Subject: s.config.Listen, Kind: fault.Unavailable, Code: "listen", Err: err,
			Text: "The address " + s.config.Listen + " cannot be listened on; stop what uses it or set listen to another one."}
	}
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{"h2", "http/1.1"},
			GetCertificate: certificate.get,
		})
	}
	s.listener = l
	return nil
}

// permitted keeps plain HTTP on loopback.
func (s *Server) permitted() error {
	if (s.config.TLSCert == "") != (s.config.TLSKey == "") {
		return fault.Say("httpd.listen", "", fault.Invalid, "tls", "Set both tls.cert and tls.key, or neither.")
	}
	if s.config.TLSCert != "" || s.config.AllowPlainHTTP || loopback(s.config.Listen) {
		return nil
	}
	return fault.Say("httpd.listen", s.config.Listen, fault.Invalid, "plain-http",
		"Plain HTTP is served on loopback only, and %s is not. Set tls.cert and tls.key, or allowPlainHTTP behind a proxy that speaks HTTPS.", s.config.Listen)
}

func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// Addr returns the bound host:port; "" before Listen.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// URL returns where a person opens the server: the public address if one is set, else the bound one.
func (s *Server) URL() string {
	if s.config.PublicURL != "" {
		return strings.TrimSuffix(s.config.PublicURL, "/")
	}
	scheme := "http://"
	if s.config.TLSCert != "" {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		return ""
	}
	if addr, err := netip.ParseAddr(host); err == nil && (addr.IsUnspecified() || addr == netip.AddrFrom4([4]byte{127, 0, 0, 1})) {
		host = "localhost"
	}
	return scheme + net.JoinHostPort(host, port)
}

// Run serves until ctx ends, then drains: it stops being ready, ends event streams, lets running requests finish for
// Config.Drain, and cuts off what is left. It listens first if Listen was not called.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    headerRead,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	select {
	case err := <-served:
		return fault.E("httpd.run", s.Addr(), fault.Internal, err)
	case <-ctx.Done():
	}
	s.startDraining()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Drain)
	defer cancel()
	err := server.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.WarnContext(ctx, "requests were cut off at shutdown", "after", s.config.Drain)
		err = server.Close()
	}
	<-served
	if err != nil {
		return fault.E("httpd.run", s.Addr(), fault.Internal, err)
	}
	return nil
}

func (s *Server) startDraining() {
	s.drainOne.Do(func() {
		s.draining.Store(true)
		close(s.drain)
	})
}

// certificate reads the files again when they change, so that a renewal needs no restart.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]fileStamp
	checked time.Time
}

type fileStamp struct {
	modified time.Time
	size     int64
}

const certificateCheck = 5 * time.Second

func newCertificate(certFile, keyFile string) *certificate {
	return &certificate{certFile: certFile, keyFile: keyFile}
}

// get is tls.Config.GetCertificate. While new files do not load (a renewal half written) the old pair serves on.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil && time.Since(c.checked) < certificateCheck {
		return c.current, nil
	}
	c.checked = time.Now()
	stamp := [2]fileStamp{stampOf(c.certFile), stampOf(c.keyFile)}
	if c.current != nil && stamp == c.stamp {
		return c.current, nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		if c.current != nil {
			return c.current, nil
		}
		return nil, &fault.Error{Op: "httpd.tls", Subject: c.certFile, Kind: fault.Invalid, Code: "tls", Err: err,
			Text: "tls.cert and tls.key do not load as a certificate and its key: " + err.Error()}
	}
	c.current, c.stamp = &pair, stamp
	return c.current, nil
}

func stampOf(name string) fileStamp {
	info, err := os.Stat(name)
	if err != nil {
		return fileStamp{}
	}
	return fileStamp{info.ModTime(), info.Size()}
}
