package delivery_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"showreel/product/delivery"
	"showreel/product/library"
)

// naive is RFC 9110 §14.1.2 read word by word, byte by byte: which bytes each well-formed range selects.
func naive(specs [][2]string, size int) (out [][]int) {
	for _, s := range specs {
		var one []int
		if s[0] == "" {
			n, _ := strconv.Atoi(s[1])
			for i := range size {
				if i >= size-n {
					one = append(one, i)
				}
			}
		} else {
			from, _ := strconv.Atoi(s[0])
			last := size
			if s[1] != "" {
				last, _ = strconv.Atoi(s[1])
			}
			for i := range size {
				if i >= from && i <= last {
					one = append(one, i)
				}
			}
		}
		if len(one) > 0 {
			out = append(out, one)
		}
	}
	return out
}

func TestNoRangeAnswerIsWrong(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	p := w.play(t, delivery.PlayRequest{})
	url := strings.Replace(p.HLS, "master.m3u8", "v90-avc/1.m4s", 1)
	whole := w.get(t, url, 200).body
	rapid.Check(t, func(rt *rapid.T) {
		number := rapid.Custom(func(rt *rapid.T) string {
			return strconv.Itoa(rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, len(whole)+20), rapid.IntRange(len(whole)-3, len(whole)+3)).Draw(rt, "n"))
		})
		var specs [][2]string
		var texts []string
		for range rapid.IntRange(1, 4).Draw(rt, "count") {
			var s [2]string
			switch rapid.IntRange(0, 2).Draw(rt, "form") {
			case 0:
				s[1] = number.Draw(rt, "suffix")
			case 1:
				s[0] = number.Draw(rt, "first")
			default:
				a, _ := strconv.Atoi(number.Draw(rt, "a"))
				b, _ := strconv.Atoi(number.Draw(rt, "b"))
				s = [2]string{strconv.Itoa(min(a, b)), strconv.Itoa(max(a, b))}
			}
			specs = append(specs, s)
			texts = append(texts, s[0]+"-"+s[1])
		}
		header := "bytes=" + strings.Join(texts, ", ")
		checkRange(rt, w.do(t, http.MethodGet, url, "", "Range", header), whole, naive(specs, len(whole)), header)
	})
}

// checkRange compares an answer with what the naive reader selected.
func checkRange(t rapid.TB, a answer, whole []byte, want [][]int, header string) {
	total := 0
	for _, s := range want {
		total += len(s)
	}
	bytesOf := func(s []int) []byte { return whole[s[0] : s[len(s)-1]+1] }
	rangeOf := func(s []int) string { return fmt.Sprintf("bytes %d-%d/%d", s[0], s[len(s)-1], len(whole)) }
	switch {
	case len(want) == 0:
		if a.status != 416 || a.header.Get("Content-Range") != fmt.Sprintf("bytes */%d", len(whole)) {
			t.Fatalf("%s: %d %v", header, a.status, a.header)
		}
	case total > len(whole):
		if a.status != 200 || !bytes.Equal(a.body, whole) {
			t.Fatalf("%s asks for more than the whole: %d, %d bytes", header, a.status, len(a.body))
		}
	case len(want) == 1:
		if a.status != 206 || a.header.Get("Content-Range") != rangeOf(want[0]) || !bytes.Equal(a.body, bytesOf(want[0])) {
			t.Fatalf("%s: %d %v, %d bytes", header, a.status, a.header, len(a.body))
		}
	default:
		kind, params, err := mime.ParseMediaType(a.header.Get("Content-Type"))
		if err != nil || a.status != 206 || kind != "multipart/byteranges" || a.header.Get("Content-Range") != "" ||
			a.header.Get("Content-Length") != strconv.Itoa(len(a.body)) {
			t.Fatalf("%s: %d %v", header, a.status, a.header)
		}
		m := multipart.NewReader(bytes.NewReader(a.body), params["boundary"])
		for _, s := range want {
			part, err := m.NextRawPart()
			if err != nil {
				t.Fatalf("%s: %v", header, err)
			}
			b, err := io.ReadAll(part)
			if err != nil || !bytes.Equal(b, bytesOf(s)) || part.Header.Get("Content-Range") != rangeOf(s) || part.Header.Get("Content-Type") != "video/mp4" {
				t.Fatalf("%s: part %v %d bytes %v", header, part.Header, len(b), err)
			}
		}
		if _, err := m.NextRawPart(); err != io.EOF {
			t.Fatalf("%s: too many parts", header)
		}
	}
}

func TestRangeHeaderForms(t *testing.T) {
	const size = 100
	for header, want := range map[string]string{
		"":                                    "",
		"bytes=0-9":                           "[{0 10}]",
		"BYTES=0-9":                           "[{0 10}]",
		"bytes=90-":                           "[{90 10}]",
		"bytes=90-1000":                       "[{90 10}]",
		"bytes=-5":                            "[{95 5}]",
		"bytes=-500":                          "[{0 100}]",
		"bytes=-0":                            "416",
		"bytes=100-":                          "416",
		"bytes=99999999999999999999999-":      "416",
		"bytes=5-99999999999999999999":        "[{5 95}]",
		"bytes=9-0":                           "",
		"bytes=a-b":                           "",
		"bytes=1 -2":                          "",
		"bytes=+1-2":                          "",
		"bytes=--1":                           "",
		"bytes=1":                             "",
		"bytes=":                              "",
		"bytes=,":                             "",
		"items=0-9":                           "",
		"bytes":                               "",
		"bytes=0-0, ,5-6":                     "[{0 1} {5 2}]",
		"bytes=0-0,200-":                      "[{0 1}]",
		"bytes=0-99,0-99":                     "",
		"bytes=" + strings.Repeat("0-0,", 40): "",
	} {
		got := ""
		spans, err := delivery.ParseRange(header, size)
		if err != nil {
			got = "416"
		} else if len(spans) > 0 {
			got = fmt.Sprint(spans)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
	if _, err := delivery.ParseRange("bytes=0-", 0); err == nil {
		t.Error("an empty file has no ranges")
	}
}

func TestConditionalRequests(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	p := w.play(t, delivery.PlayRequest{})
	a := w.get(t, p.Poster, 200)
	etag, modified := a.header.Get("ETag"), a.header.Get("Last-Modified")
	old := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		want   int
		header []string
	}{
		{206, []string{"Range", "bytes=0-1"}},
		{206, []string{"Range", "bytes=0-1", "If-Range", etag}},
		{200, []string{"Range", "bytes=0-1", "If-Range", `"other"`}},
		{200, []string{"Range", "bytes=0-1", "If-Range", "W/" + etag}},
		{206, []string{"Range", "bytes=0-1", "If-Range", modified}},
		{200, []string{"Range", "bytes=0-1", "If-Range", old}},
		{416, []string{"Range", "bytes=9999-"}},
		{200, []string{"Range", "bytes=9999-", "If-Range", `"other"`}},
		{304, []string{"If-None-Match", etag}},
		{304, []string{"If-None-Match", `"x", W/` + etag}},
		{304, []string{"If-None-Match", etag, "Range", "bytes=0-1"}},
		{200, []string{"If-None-Match", `"x"`, "If-Modified-Since", modified}},
		{304, []string{"If-Modified-Since", modified}},
		{200, []string{"If-Modified-Since", old}},
		{412, []string{"If-Match", `"x"`}},
		{200, []string{"If-Match", etag}},
		{412, []string{"If-Unmodified-Since", old}},
	} {
		if got := w.do(t, http.MethodGet, p.Poster, "", c.header...); got.status != c.want {
			t.Errorf("%v: %d, want %d", c.header, got.status, c.want)
		}
	}
	if a := w.do(t, http.MethodHead, p.Poster, "", "Range", "bytes=0-1"); a.status != 200 || a.header.Get("Content-Length") != "4" || len(a.body) != 0 {
		t.Errorf("HEAD: %d %v", a.status, a.header)
	}
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-9", "bytes=-5,1-2", "bytes=99-", "bytes=,", "bytes=9999999999999999999-"} {
		f.Add(s, int64(100))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		size = max(0, size%1_000_000)
		spans, err := delivery.ParseRange(header, size)
		var total int64
		for _, s := range spans {
			from, n := s.Bounds()
			if from < 0 || n <= 0 || from+n > size || err != nil {
				t.Fatalf("%q of %d: %d+%d %v", header, size, from, n, err)
			}
			total += n
		}
		if total > size {
			t.Fatalf("%q of %d: %d bytes", header, size, total)
		}
		body := bytes.Repeat([]byte("x"), int(min(size, 4096)))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Range"] = []string{header}
		rec := httptest.NewRecorder()
		delivery.Send(rec, r, delivery.MakeContent(delivery.Bytes(body), int64(len(body)), `"e"`))
		if n := rec.Header().Get("Content-Length"); rec.Code < 300 && n != strconv.Itoa(rec.Body.Len()) {
			t.Fatalf("%q: %s announced, %d sent", header, n, rec.Body.Len())
		}
	})
}

func FuzzToken(f *testing.F) {
	secret := bytes.Repeat([]byte{7}, 32)
	good, err := delivery.Seal(delivery.Claims{Tenant: "main", Asset: "a", Version: 1, Expires: 1}, "k1", secret)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("a.b.c")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := delivery.Unseal(token, func(string) ([]byte, error) { return secret, nil })
		if err == nil && token != good {
			t.Fatalf("a token nobody made is accepted: %q %+v", token, c)
		}
	})
}
