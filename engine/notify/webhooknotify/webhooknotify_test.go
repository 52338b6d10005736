package webhooknotify_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"showreel/engine/notify"
	"showreel/engine/notify/notifytest"
	"showreel/engine/notify/webhooknotify"
	"showreel/fault"
)

const secret = "a secret of some length"

// opensslSum is the sum that openssl gives for the message of TestVerify.
const opensslSum = "ae264ff5769e89c1bac0f4c8f192ddfb7dd07f4a36c15fbbdd6c4ef4622a0939"

func driver(t *testing.T, address string, o webhooknotify.Options) *webhooknotify.Driver {
	t.Helper()
	o.URL, o.Secret, o.AllowPrivate = address, secret, true
	d, err := webhooknotify.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSuite(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) (notify.Driver, func() []notify.Message) {
		var mu sync.Mutex
		var list []notify.Message
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			if err := webhooknotify.Verify([]byte(secret), r.Header.Get(webhooknotify.HeaderSignature), body, time.Now(), time.Minute); err != nil {
				t.Error(err)
			}
			var m notify.Message
			if err := json.Unmarshal(body, &m); err != nil {
				t.Error(err)
			}
			if r.Header.Get(webhooknotify.HeaderID) != m.ID || r.Header.Get(webhooknotify.HeaderEvent) != m.Name {
				t.Errorf("headers %v", r.Header)
			}
			mu.Lock()
			defer mu.Unlock()
			list = append(list, m)
		}))
		t.Cleanup(server.Close)
		return driver(t, server.URL, webhooknotify.Options{}), func() []notify.Message {
			mu.Lock()
			defer mu.Unlock()
			return list
		}
	})
}

func TestAnswersDecideAboutRetries(t *testing.T) {
	for _, tc := range []struct {
		status    int
		retry     string
		kind      fault.Kind
		transient bool
		after     time.Duration
	}{
		{503, "7", fault.Unavailable, true, 7 * time.Second},
		{500, "", fault.Unavailable, true, 0},
		{429, "999999", fault.Limited, true, 30 * time.Minute},
		{408, "-5", fault.Unavailable, true, 0},
		{400, "", fault.Invalid, false, 0},
		{410, "", fault.Gone, false, 0},
		{302, "", fault.Invalid, false, 0},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", tc.retry)
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(tc.status)
		}))
		err := driver(t, server.URL+"/topsecretpath", webhooknotify.Options{}).Send(t.Context(), notify.Message{ID: "1", Name: "x.y"})
		server.Close()
		if fault.KindOf(err) != tc.kind || fault.Transient(err) != tc.transient || fault.AfterOf(err) != tc.after {
			t.Errorf("%d: %v, transient %v, after %s", tc.status, err, fault.Transient(err), fault.AfterOf(err))
		}
		if strings.Contains(err.Error(), "topsecretpath") {
			t.Errorf("the error tells the path: %v", err)
		}
	}
}

func TestHangingWebhookIsBounded(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	begin := time.Now()
	err := driver(t, server.URL+"/topsecretpath", webhooknotify.Options{Timeout: 100 * time.Millisecond}).Send(t.Context(), notify.Message{ID: "1", Name: "x.y"})
	if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "topsecretpath") || time.Since(begin) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(begin), err)
	}
}

func TestPrivateAddressIsRefusedForGood(t *testing.T) {
	d, err := webhooknotify.New(webhooknotify.Options{URL: "http://127.0.0.1:9/topsecretpath", Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Send(t.Context(), notify.Message{ID: "1", Name: "x.y"})
	if fault.CodeOf(err) != "private-address" || fault.Transient(err) {
		t.Errorf("got %v", err)
	}
	if strings.Contains(d.Name(), "topsecretpath") || !strings.Contains(d.Name(), "127.0.0.1:9") {
		t.Errorf("name %q", d.Name())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []webhooknotify.Options{{URL: "ftp://x/", Secret: secret}, {URL: "https://x/", Secret: "short"}, {URL: "::", Secret: secret}} {
		if _, err := webhooknotify.New(o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", o.URL, err)
		}
	}
}

func TestVerify(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	body := []byte(`{"id":"1"}`)
	good := webhooknotify.Sign([]byte(secret), now, body)
	// Computed independently: printf '1700000000.{"id":"1"}' | openssl dgst -sha256 -hmac 'a secret of some length'
	if want := "t=1700000000,v1=" + opensslSum; good != want {
		t.Errorf("signature %s, want %s", good, want)
	}
	for name, tc := range map[string]struct {
		header string
		body   string
		at     time.Time
		secret string
		ok     bool
	}{
		"good":          {good, string(body), now.Add(4 * time.Minute), secret, true},
		"rotated":       {good + ",v1=00ff", string(body), now, secret, true},
		"other body":    {good, `{"id":"2"}`, now, secret, false},
		"other secret":  {good, string(body), now, "another secret entirely", false},
		"too old":       {good, string(body), now.Add(6 * time.Minute), secret, false},
		"from future":   {good, string(body), now.Add(-6 * time.Minute), secret, false},
		"other time":    {strings.Replace(good, "t=1700000000", "t=1700000001", 1), string(body), now, secret, false},
		"no signature":  {"t=1700000000", string(body), now, secret, false},
		"no time":       {strings.TrimPrefix(good, "t=1700000000,"), string(body), now, secret, false},
		"empty":         {"", string(body), now, secret, false},
		"absurd time":   {"t=9223372036854775807,v1=00", string(body), now, secret, false},
		"short prefix":  {good[:len(good)-2], string(body), now, secret, false},
		"not even hex":  {"t=1700000000,v1=zz", string(body), now, secret, false},
		"doubled comma": {strings.Replace(good, ",", ",,", 1), string(body), now, secret, true},
	} {
		err := webhooknotify.Verify([]byte(tc.secret), tc.header, []byte(tc.body), tc.at, 5*time.Minute)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	f.Add(webhooknotify.Sign([]byte(secret), now, []byte("x")), []byte("x"))
	f.Add("t=,v1=", []byte(nil))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		if err := webhooknotify.Verify([]byte("a key the fuzzer cannot know"), header, body, now, time.Minute); err == nil {
			t.Fatal("a forged signature passed")
		}
	})
}
