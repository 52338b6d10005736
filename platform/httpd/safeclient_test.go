package httpd_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"showreel/fault"
	"showreel/platform/httpd"
)

func TestPublicAddr(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "2606:4700::1111": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true,
		"127.0.0.1": false, "127.9.9.9": false, "10.1.2.3": false, "172.16.0.1": false, "172.32.0.1": true, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "100.128.0.1": true, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false,
		"240.0.0.1": false, "198.18.0.1": false, "192.0.2.1": false, "203.0.113.9": false,
		"::": false, "::1": false, "fe80::1": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false, "2001:db8::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false,
		"64:ff9b:1::1": false, "2002:7f00:1::": false, "2001:0:7f00:1::": false, "fec0::1": false, "fe80::1%eth0": false,
	} {
		if got := httpd.PublicAddr(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is public: %v, want %v", text, got, want)
		}
	}
	if httpd.PublicAddr(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// Whatever way an IPv4 address is wrapped into IPv6, the verdict is not milder.
func TestWrappingNeverOpensAnAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b [4]byte
		for i := range b {
			b[i] = rapid.Byte().Draw(t, "byte")
		}
		plain := netip.AddrFrom4(b)
		mapped := netip.AddrFrom16(plain.As16())
		translated := netip.MustParseAddr("64:ff9b::").As16()
		copy(translated[12:], b[:])
		for _, wrapped := range []netip.Addr{mapped, netip.AddrFrom16(translated)} {
			if httpd.PublicAddr(wrapped) != httpd.PublicAddr(plain) {
				t.Fatalf("%s and %s differ", wrapped, plain)
			}
		}
	})
}

func get(t *testing.T, client *http.Client, address string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestSafeClientRefusesPrivate(t *testing.T) {
	hit := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	client := httpd.SafeClient(httpd.SafeOptions{Timeout: 5 * time.Second})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1"} {
		_, err := get(t, client, "http://"+host+":"+port+"/")
		if err == nil {
			t.Errorf("%s was fetched", host)
		}
		if !strings.HasPrefix(host, "2") && !strings.HasPrefix(host, "0x") && fault.CodeOf(err) != "private-address" {
			t.Errorf("%s: %v", host, err)
		}
	}
	if hit {
		t.Error("the private server was reached")
	}
	if _, err := get(t, client, "file:///etc/passwd"); err == nil {
		t.Error("a file was fetched")
	}
	if _, err := get(t, client, "gopher://example.org/"); fault.CodeOf(err) != "scheme" {
		t.Errorf("another scheme gave %v", err)
	}
}

func TestSafeClientBoundsRedirectsAndBodies(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/one", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ten", http.StatusFound) })
	mux.HandleFunc("/ten", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "0123456789") })
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			_, _ = io.WriteString(w, "0123456789")
			_ = http.NewResponseController(w).Flush()
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	client := httpd.SafeClient(httpd.SafeOptions{AllowPrivate: true, MaxBytes: 10})
	if body, err := get(t, client, server.URL+"/one"); err != nil || body != "0123456789" {
		t.Errorf("a permitted redirect gave %q, %v", body, err)
	}
	for path, code := range map[string]string{"/loop": "too-many-redirects", "/away": "scheme", "/chunked": "response-too-large"} {
		if _, err := get(t, client, server.URL+path); fault.CodeOf(err) != code {
			t.Errorf("%s gave %v, want code %s", path, err, code)
		}
	}
	small := httpd.SafeClient(httpd.SafeOptions{AllowPrivate: true, MaxBytes: 9, MaxRedirects: -1})
	if _, err := get(t, small, server.URL+"/ten"); fault.CodeOf(err) != "response-too-large" {
		t.Errorf("one byte over gave %v", err)
	}
	if _, err := get(t, small, server.URL+"/one"); err != nil {
		t.Errorf("an unfollowed redirect gave %v", err)
	}
}

// The address is looked at again after a redirect: the first host is permitted here only because the test says so.
func TestRedirectIsCheckedAtTheDialer(t *testing.T) {
	refusing := httpd.SafeClient(httpd.SafeOptions{})
	first := roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "public.example" {
			return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"http://127.0.0.1:1/admin"}}, Body: http.NoBody, Request: r}, nil
		}
		return refusing.Transport.RoundTrip(r)
	})
	client := &http.Client{Transport: first, CheckRedirect: refusing.CheckRedirect}
	if _, err := get(t, client, "http://public.example/"); fault.CodeOf(err) != "private-address" {
		t.Errorf("got %v", err)
	}
	secure := &url.URL{Scheme: "https", Host: "public.example"}
	err := refusing.CheckRedirect(&http.Request{URL: &url.URL{Scheme: "http", Host: "x"}}, []*http.Request{{URL: secure}})
	if fault.CodeOf(err) != "insecure-redirect" {
		t.Errorf("a fall back to plain HTTP gave %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSafeClientNamesASilentHost(t *testing.T) {
	client := httpd.SafeClient(httpd.SafeOptions{AllowPrivate: true})
	if _, err := get(t, client, "http://127.0.0.1:1/"); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.TextOf(err), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1:1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) || fault.KindOf(err) != fault.Canceled {
		t.Errorf("cancelled gave %v", err)
	}
}
