package s3blob_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"showreel/engine/blob"
	"showreel/engine/blob/blobtest"
	"showreel/engine/blob/s3blob"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/fault"
	"showreel/trust/seal"
)

// server returns the test server's host and credentials from SHOWREEL_TEST_S3, "s3://key:secret@host:port".
func server(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(os.Getenv("SHOWREEL_TEST_S3"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Host == "" {
		if os.Getenv("SHOWREEL_TEST_FULL") == "1" {
			t.Fatal("SHOWREEL_TEST_S3 is not set; start a server with test/engines/versitygw.sh")
		}
		t.Skip("SHOWREEL_TEST_S3 is not set")
	}
	return u
}

// bucket makes an empty bucket and returns its address.
func bucket(t *testing.T) string {
	t.Helper()
	u := server(t)
	secret, _ := u.User.Password()
	client, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewStaticV4(u.User.Username(), secret, "")})
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d", time.Now().UnixNano())
	if err := client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("s3://%s@%s/pre/fix?endpoint=http://%s", u.User, name, u.Host)
}

func open(t *testing.T, address string) *s3blob.Driver {
	t.Helper()
	d, err := s3blob.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Driver { return open(t, bucket(t)) })
}

func TestConformanceSealed(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Driver {
		d, err := filekeys.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return seal.Driver(open(t, bucket(t)), keys.New(d))
	})
}

// TestParts puts blobs of several parts, one of which fails at its end.
func TestParts(t *testing.T) {
	s := blob.New(open(t, bucket(t)), "test")
	data := blobtest.Bytes(17<<20+5, 1)
	for _, size := range []int64{-1, int64(len(data))} {
		if _, err := s.Put(t.Context(), "big", bytes.NewReader(data), blob.PutOptions{Size: size}); err != nil {
			t.Fatal(err)
		}
		at, err := s.ReaderAt(t.Context(), "big")
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(data))
		if n, err := at.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
			t.Errorf("read %d bytes, %v", n, err)
		}
		if err := at.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := s.Put(t.Context(), "bad", bytes.NewReader(data), blob.PutOptions{Size: -1, SHA256: strings.Repeat("0", 64)})
	if !fault.Is(err, fault.Corrupt) {
		t.Errorf("a wrong checksum gave %v", err)
	}
	if _, err := s.Stat(t.Context(), "bad"); !fault.Is(err, fault.NotFound) {
		t.Errorf("half of a blob is visible: %v", err)
	}
	_, err = s.Put(t.Context(), "big", bytes.NewReader(data), blob.PutOptions{Size: -1, IfAbsent: true})
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("a taken key gave %v", err)
	}
}

// TestReplacedWhileOpen: one open blob never mixes two versions.
func TestReplacedWhileOpen(t *testing.T) {
	s := blob.New(open(t, bucket(t)), "test")
	for _, data := range [][]byte{blobtest.Bytes(3<<20, 1), blobtest.Bytes(3<<20, 2)} {
		if _, err := s.Put(t.Context(), "x", bytes.NewReader(data), blob.PutOptions{Size: -1}); err != nil {
			t.Fatal(err)
		}
		at, err := s.ReaderAt(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		defer at.Close()
		if _, err := s.Put(t.Context(), "x", strings.NewReader(strings.Repeat("new", 1<<20)), blob.PutOptions{Size: -1}); err != nil {
			t.Fatal(err)
		}
		if _, err := at.ReadAt(make([]byte, 10), 2<<20); !fault.Is(err, fault.Stale) {
			t.Errorf("reading a replaced blob gave %v", err)
		}
	}
}

func TestMultipart(t *testing.T) {
	s := blob.New(open(t, bucket(t)), "test")
	m, ok := s.Multipart()
	if !ok {
		t.Fatal("no multipart ability")
	}
	data := blobtest.Bytes(int(m.MinPart())+100, 2)
	id, err := m.BeginParts(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	second, err := m.PutPart(t.Context(), "m", id, 2, bytes.NewReader(data[m.MinPart():]), 100)
	if err != nil {
		t.Fatal(err)
	}
	first, err := m.PutPart(t.Context(), "m", id, 1, bytes.NewReader(data[:m.MinPart()]), m.MinPart())
	if err != nil {
		t.Fatal(err)
	}
	info, err := m.FinishParts(t.Context(), "m", id, []blob.PartInfo{first, second})
	if err != nil || info.Size != int64(len(data)) {
		t.Errorf("FinishParts = %+v, %v", info, err)
	}
	id, err = m.BeginParts(t.Context(), "gone")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.AbortParts(t.Context(), "gone", id); err != nil {
			t.Error(err)
		}
	}
}

func TestPresign(t *testing.T) {
	s := blob.New(open(t, bucket(t)), "test")
	put, err := s.PresignPut(t.Context(), "p", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, put, strings.NewReader("by url"))
	if err != nil {
		t.Fatal(err)
	}
	fetch(t, req)
	get, err := s.PresignGet(t.Context(), "p", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, get, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body := fetch(t, req); body != "by url" {
		t.Errorf("got %q", body)
	}
}

func fetch(t *testing.T, req *http.Request) string {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", req.Method, res.StatusCode, body, err)
	}
	return string(body)
}

func TestSHA256IsKept(t *testing.T) {
	s := blob.New(open(t, bucket(t)), "test")
	const sum = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // of "x"
	if _, err := s.Put(t.Context(), "x", strings.NewReader("x"), blob.PutOptions{Size: 1, SHA256: sum}); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Stat(t.Context(), "x"); err != nil || st.SHA256 != sum {
		t.Errorf("Stat = %+v, %v", st, err)
	}
}

// flaky answers 503 to the first n requests of each method and 200 after that.
func flaky(t *testing.T, n int32) (address string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("location") {
			fmt.Fprint(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>`)
			return
		}
		if strings.Contains(r.URL.Path, "key") && asked.Add(1) <= n {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, err := io.ReadAll(r.Body)
		if r.Method == http.MethodPut && (err != nil || !strings.Contains(string(body), "whole body")) {
			t.Errorf("a repeated request sent %q, %v", body, err)
		}
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
	}))
	t.Cleanup(srv.Close)
	return "s3://k:s@bucket?endpoint=" + srv.URL, asked
}

func TestUnavailableIsRetried(t *testing.T) {
	address, asked := flaky(t, 2)
	s := blob.New(open(t, address), "test")
	if _, err := s.Put(t.Context(), "key", strings.NewReader("whole body"), blob.PutOptions{Size: -1}); err != nil {
		t.Errorf("two answers of 503 were not overcome: %v", err)
	}
	if asked.Load() != 3 {
		t.Errorf("%d requests, want 3", asked.Load())
	}
}

func TestUnavailableForGood(t *testing.T) {
	address, asked := flaky(t, 1<<30)
	s := blob.New(open(t, address), "test")
	_, err := s.Put(t.Context(), "key", strings.NewReader("whole body"), blob.PutOptions{Size: -1})
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "s3-unavailable" || asked.Load() < 3 {
		t.Errorf("503 for ever gave %v after %d requests", err, asked.Load())
	}
}

func TestOpenRefusals(t *testing.T) {
	for _, address := range []string{"", "http://x", "s3://", "s3://b?endpoint=ftp://x", "s3://b?endpoint=x", "s3://b?colour=red",
		"s3://b?style=odd", "s3://b/../x?endpoint=http://127.0.0.1:1", "s3://secret:secret@b:80/"} {
		_, err := s3blob.Open(t.Context(), address)
		if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "s3-address" || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%q gave %v", address, err)
		}
	}
	u := server(t)
	_, err := s3blob.Open(t.Context(), "s3://wrong:wrong@bucket?endpoint=http://"+u.Host)
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "s3-denied" {
		t.Errorf("wrong credentials gave %v", err)
	}
	_, err = s3blob.Open(t.Context(), fmt.Sprintf("s3://%s@no-such-bucket?endpoint=http://%s", u.User, u.Host))
	if fault.CodeOf(err) != "no-bucket" {
		t.Errorf("a missing bucket gave %v", err)
	}
}
