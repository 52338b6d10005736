package journeys_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"showreel/engine/notify"
	"showreel/engine/notify/webhooknotify"
	"showreel/test/world"
)

const webhookSecret = "a secret of the receiver"

// receiver is a program that gets webhooks.
type receiver struct {
	mu       sync.Mutex
	messages []notify.Message
	problems []string
}

// ServeHTTP checks the signature over the body as it came.
func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var m notify.Message
	if err == nil {
		err = webhooknotify.Verify([]byte(webhookSecret), req.Header.Get(webhooknotify.HeaderSignature), body, time.Now(), time.Minute)
	}
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.problems = append(r.problems, err.Error())
	}
	if webhooknotify.Verify([]byte("another secret!!"), req.Header.Get(webhooknotify.HeaderSignature), body, time.Now(), time.Minute) == nil {
		r.problems = append(r.problems, "another secret fits, too")
	}
	if m.ID != req.Header.Get(webhooknotify.HeaderID) || m.Name != req.Header.Get(webhooknotify.HeaderEvent) {
		r.problems = append(r.problems, "the headers do not tell the message")
	}
	r.messages = append(r.messages, m)
}

// await returns the first message about the subject.
func (r *receiver) await(t *testing.T, subject string) notify.Message {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		r.mu.Lock()
		for _, m := range r.messages {
			if m.Subject == subject {
				defer r.mu.Unlock()
				return m
			}
		}
		r.mu.Unlock()
	}
	t.Fatalf("no webhook about %s came", subject)
	return notify.Message{}
}

// TestWebhooks tells two receivers of two films: one listens, the other takes every request and never answers. Neither
// the films nor the first receiver wait for it, and it does not hold up the end of the server.
func TestWebhooks(t *testing.T) {
	good := &receiver{}
	listens := httptest.NewServer(good)
	defer listens.Close()
	called, release := make(chan struct{}, 100), make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		called <- struct{}{}
		<-release
	}))
	defer hangs.Close()
	defer close(release)
	hooks, err := json.Marshal([]map[string]any{
		{"url": listens.URL + "/hook", "secret": webhookSecret, "events": []string{"asset.published"}},
		{"url": hangs.URL, "secret": webhookSecret, "events": []string{"asset.*"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"), writeConfig(t, map[string]string{"notify.webhooks": string(hooks), "pull.allowPrivate": "true"}))
	for _, name := range []string{"first.mp4", "second.mp4"} {
		size := map[string]string{"first.mp4": "320x180", "second.mp4": "160x90"}[name]
		got := add(t, at(s), world.ClipT(t, name, size, "25", 1))[0]
		if got.Error != nil || got.State != "ready" {
			t.Fatalf("%+v %+v", got, got.Error)
		}
		m := good.await(t, got.Asset)
		if m.Name != "asset.published" || m.Tenant != "main" || m.ID == "" || time.Since(time.UnixMilli(m.AtMS)) > time.Minute || !json.Valid(m.Data) {
			t.Errorf("%s: the message is %+v", name, m)
		}
	}
	select {
	case <-called:
	case <-time.After(5 * time.Second):
		t.Error("the receiver that hangs was never called")
	}
	good.mu.Lock()
	defer good.mu.Unlock()
	if len(good.problems) > 0 || len(good.messages) != 2 {
		t.Errorf("%d messages, problems %q", len(good.messages), good.problems)
	}
	began := time.Now()
	if err := s.Stop(); err != nil || time.Since(began) > 8*time.Second {
		t.Errorf("the server needed %s to stop, %v\n%s", time.Since(began), err, s.Log())
	}
}
