package redaction_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"showreel/test/redaction"
)

// TestSignedIsPlayed follows a film with a face from upload to the playlists that viewers get: nothing of it can be had
// before a person has signed, and afterwards what plays shows no picture of the original.
func TestSignedIsPlayed(t *testing.T) {
	s := setup(t)
	c := redaction.Cases()[0]
	for _, x := range redaction.Cases() {
		if x.Name == "face 4" {
			c = x
		}
	}
	film, truth, err := c.Make(t.Context(), s.Dir, s.Samples, nil)
	must(t, err)
	w := &watch{T: t, Setup: s}
	asset := w.field(w.cli("analyze", film, "--only", "shots", "--wait"), "asset")
	draft := w.field(w.cli("redact", asset, "--what", "faces", "--wait"), "id")
	file := "/v1/assets/" + asset + "/redactions/" + draft + "/file"
	viewer, person := w.key("viewer"), w.person()
	if code, _ := w.get(file, viewer); code != http.StatusForbidden {
		t.Errorf("a viewer has the draft: %d", code)
	}
	if n := len(w.assets(viewer)); n != 1 {
		t.Errorf("%d assets before the signature", n)
	}
	var signed struct{ Published, State string }
	must(t, json.Unmarshal(w.post("/v1/assets/"+asset+"/redactions/"+draft+"/approve", map[string]any{"name": "Ada Keeper", "anyway": true}, person), &signed))
	w.until("it is published", func() bool {
		_, raw := w.get("/v1/assets/"+asset+"/redactions/"+draft, person)
		return json.Unmarshal(raw, &signed) == nil && signed.Published != ""
	})
	w.until("it is ready", func() bool {
		_, raw := w.get("/v1/assets/"+signed.Published, viewer)
		return bytes.Contains(raw, []byte(`"state":"ready"`))
	})
	if code, _ := w.get(file, viewer); code != http.StatusOK {
		t.Errorf("a viewer may not have what is signed: %d", code)
	}
	shown := func(asset string) float64 {
		var play struct{ HLS, DASH string }
		must(t, json.Unmarshal(w.post("/v1/assets/"+asset+"/play", map[string]any{}, viewer), &play))
		for _, list := range []string{play.HLS, play.DASH} {
			code, raw := w.get(list, nil)
			if code != http.StatusOK || asset == signed.Published && bytes.Contains(raw, []byte(w.first)) {
				t.Errorf("%s: %d, names the original's address: %s", list, code, raw)
			}
		}
		share, err := redaction.Shown(t.Context(), film, s.Server.URL+play.HLS, truth)
		must(t, err)
		return share
	}
	w.first = asset
	if share := shown(asset); share < 0.9 {
		t.Errorf("the original shows the face in %.2f of its pictures: this test sees nothing", share)
	}
	if share := shown(signed.Published); share > 0 {
		t.Errorf("what was signed shows the face in %.2f of its pictures", share)
	}
}

// watch is the product as people with several permissions see it.
type watch struct {
	*testing.T
	redaction.Setup
	first string
}

type who []string // headers

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *watch) cli(args ...string) []byte {
	w.Helper()
	var out json.RawMessage
	must(w.T, w.Command(w.Context(), &out, args...))
	return out
}

func (w *watch) field(raw []byte, name string) string {
	w.Helper()
	var all map[string]any
	must(w.T, json.Unmarshal(raw, &all))
	text, _ := all[name].(string)
	if text == "" {
		w.Fatalf("no %s in %s", name, raw)
	}
	return text
}

func (w *watch) do(method, path string, body any, as who) (int, []byte, http.Header) {
	w.Helper()
	res, err := w.Server.Do(w.Context(), method, path, body, as...)
	must(w.T, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(w.T, err)
	return res.StatusCode, raw, res.Header
}

func (w *watch) get(path string, as who) (int, []byte) {
	code, raw, _ := w.do(http.MethodGet, path, nil, as)
	return code, raw
}

func (w *watch) post(path string, body any, as who) []byte {
	w.Helper()
	code, raw, _ := w.do(http.MethodPost, path, body, as)
	if code >= 300 {
		w.Fatalf("%s: %d %s", path, code, raw)
	}
	return raw
}

// key makes a key with a role.
func (w *watch) key(role string) who {
	w.Helper()
	return who{"Authorization", "Bearer " + w.field(w.post("/v1/keys", map[string]any{"name": role, "roles": []string{role}}, nil), "secret")}
}

// person signs somebody in who may approve.
func (w *watch) person() who {
	w.Helper()
	const email, password = "ada@example.org", "the lamp is lit at dusk"
	w.post("/v1/users", map[string]any{"name": "Ada Keeper", "email": email, "password": password, "roles": []string{"editor"}}, nil)
	code, raw, head := w.do(http.MethodPost, "/v1/session", map[string]any{"email": email, "password": password}, who{"Authorization", ""})
	if code >= 300 {
		w.Fatalf("nobody is signed in: %d %s", code, raw)
	}
	cookie, _, _ := strings.Cut(head.Get("Set-Cookie"), ";")
	return who{"Authorization", "", "Cookie", cookie}
}

func (w *watch) assets(as who) []json.RawMessage {
	w.Helper()
	var page struct{ Items []json.RawMessage }
	_, raw := w.get("/v1/assets", as)
	must(w.T, json.Unmarshal(raw, &page))
	return page.Items
}

func (w *watch) until(what string, done func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 5*time.Minute)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			w.Fatal("it does not come to pass: ", what)
		case <-time.After(300 * time.Millisecond):
		}
	}
}
