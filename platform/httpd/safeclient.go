package httpd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"showreel/fault"
)

// SafeOptions bound what SafeClient does for an address that a person gave us.
type SafeOptions struct {
	AllowPrivate bool          // permit addresses of this machine and its networks: a trusted network, or a test
	Timeout      time.Duration // for the whole exchange, body included; 0 is none, and the caller's context decides
	MaxRedirects int           // 0 is 5; negative follows none
	MaxBytes     int64         // of a response body; reading further is fault.TooLarge; 0 is no limit
}

// SafeClient returns a client against server-side request forgery: it speaks HTTP and HTTPS only, uses no proxy, and
// looks at the address it is about to connect to, after name resolution and for every redirect, so that a name which
// changes its mind between check and use gains nothing. An address that is not public is fault.Denied (code
// "private-address").
func SafeClient(o SafeOptions) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if !o.AllowPrivate {
		dialer.Control = refusePrivate
	}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           16,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     o.MaxBytes > 0, // a small body must not unpack into a large one
	}
	return &http.Client{
		Transport:     safeTransport{transport, o.MaxBytes},
		CheckRedirect: checkRedirect(o.MaxRedirects),
		Timeout:       o.Timeout,
	}
}

func checkRedirect(most int) func(*http.Request, []*http.Request) error {
	if most == 0 {
		most = 5
	}
	return func(r *http.Request, via []*http.Request) error {
		if most < 0 {
			return http.ErrUseLastResponse
		}
		if len(via) > most {
			return fault.Say("httpd.fetch", r.URL.Host, fault.Invalid, "too-many-redirects",
				"The address redirects more than %d times; give the final address.", most)
		}
		if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
			return fault.Say("httpd.fetch", r.URL.Host, fault.Denied, "insecure-redirect",
				"The address redirects from HTTPS to an unprotected address, which is not followed.")
		}
		return nil
	}
}

// refusePrivate sees the address the kernel is about to connect to.
func refusePrivate(_ string, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !PublicAddr(ap.Addr()) {
		return fault.Say("httpd.fetch", "", fault.Denied, "private-address",
			"The address leads into a private or reserved network, which is not permitted. Use a public address, or ask an administrator to set pull.allowPrivate.")
	}
	return nil
}

// reserved4 are the IPv4 blocks that are not globally reachable (IANA IPv4 Special-Purpose Address Registry).
var reserved4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")

// global6 is where IPv6 unicast lives; reserved6 are the blocks in it that are not globally reachable or carry another
// address inside (IANA IPv6 Special-Purpose Address Registry).
var (
	global6   = netip.MustParsePrefix("2000::/3")
	reserved6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		list[i] = netip.MustParsePrefix(t)
	}
	return list
}

// PublicAddr reports whether an address is on the public internet: not loopback, private, link-local, shared (CGNAT),
// multicast, documentation or otherwise reserved, also when written as IPv4-mapped or NAT64 (RFC 6052) IPv6.
func PublicAddr(addr netip.Addr) bool {
	if addr.Zone() != "" {
		return false
	}
	addr = addr.Unmap()
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	reserved := reserved4
	if addr.Is6() {
		if !global6.Contains(addr) {
			return false
		}
		reserved = reserved6
	}
	for _, p := range reserved {
		if p.Contains(addr) {
			return false
		}
	}
	return addr.IsValid()
}

const redirectBody = 64 << 10 // bytes a redirect may carry

// safeTransport admits two schemes and bounds bodies.
type safeTransport struct {
	inner    *http.Transport
	maxBytes int64
}

func (t safeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return nil, fault.Say("httpd.fetch", r.URL.Scheme, fault.Invalid, "scheme",
			"Only http:// and https:// addresses can be fetched.")
	}
	resp, err := t.inner.RoundTrip(r)
	if err != nil {
		return nil, fetchFault(r.Context(), r.URL.Host, err)
	}
	limit := t.maxBytes
	if limit <= 0 {
		return resp, nil
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		limit = max(limit, redirectBody) // a note for people, not what was asked for
	}
	if resp.ContentLength > limit {
		_ = resp.Body.Close()
		return nil, bodyTooLarge(limit)
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: limit, limit: limit}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (t safeTransport) CloseIdleConnections() { t.inner.CloseIdleConnections() }

// fetchFault keeps faults and cancellations and says of the rest that the other side did not answer.
func fetchFault(ctx context.Context, host string, err error) error {
	var known *fault.Error
	if errors.As(err, &known) || ctx.Err() != nil {
		return err
	}
	return &fault.Error{Op: "httpd.fetch", Subject: host, Kind: fault.Unavailable, Code: "no-answer", Err: err,
		Text: host + " does not answer; check the address and retry."}
}

type boundedBody struct {
	io.ReadCloser
	left, limit int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n + int(b.left), bodyTooLarge(b.limit)
	}
	return n, err
}

func bodyTooLarge(limit int64) error {
	return fault.Say("httpd.fetch", "", fault.TooLarge, "response-too-large", "The address sends more than %d bytes, the limit here.", limit)
}
