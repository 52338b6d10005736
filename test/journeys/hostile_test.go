package journeys_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"showreel/test/world"
)

// problem is a refusal as every door gives it (RFC 9457).
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
}

// answer is a whole answer; nothing here is large.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request with the administrator's key, or with what headers say.
func ask(t *testing.T, s *world.Server, method, path string, body any, headers ...string) answer {
	t.Helper()
	res, err := s.Do(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{res.StatusCode, res.Header, raw}
}

// refused wants a problem of a status and a type, with a sentence, and returns it.
func (a answer) refused(t *testing.T, what string, status int, code string) problem {
	t.Helper()
	var p problem
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") {
		t.Errorf("%s: %d %s is no problem: %.300s", what, a.status, kind, a.body)
		return p
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Errorf("%s: %v: %.300s", what, err, a.body)
		return p
	}
	if a.status != status || p.Status != status || p.Type != "/problems/"+code || !sentence(p.Detail) || p.Title == "" {
		t.Errorf("%s: want %d %s and a sentence, got %d %+v", what, status, code, a.status, p)
	}
	return p
}

// code is the problem's type as it came, for refusals of which only the form matters.
func (a answer) code() string {
	var p problem
	_ = json.Unmarshal(a.body, &p) // refused says what is wrong with it
	return strings.TrimPrefix(p.Type, "/problems/")
}

// sentence reports whether a text is meant for people: it is long enough, ends as a sentence does, and shows neither
// paths of the machine nor names of Go.
func sentence(s string) bool {
	if len(s) < 15 || !strings.HasSuffix(strings.TrimRight(s, `"')`), ".") {
		return false
	}
	for _, leak := range []string{"/tmp/", "/root/", "/home/", "panic", "goroutine", "*fault", "nil pointer", "SQLITE", "SQLSTATE", "sql:"} {
		if strings.Contains(s, leak) {
			return false
		}
	}
	return true
}

// wanted is what a hostile file must come to.
type wanted struct {
	code string // of the job's error; "" is success
	kind string // of the asset on success
}

// arrived is a file on its way through the house.
type arrived struct{ asset, job, sha string }

// metadata writes tus metadata: names and values in turn.
func metadata(pairs ...string) string {
	var out []string
	for n := 0; n+1 < len(pairs); n += 2 {
		out = append(out, pairs[n]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[n+1])))
	}
	return strings.Join(out, ",")
}

// begin opens a tus upload and returns its address, or the refusal.
func begin(t *testing.T, s *world.Server, bytes int, meta string) (string, answer) {
	t.Helper()
	a := ask(t, s, http.MethodPost, "/v1/uploads/", nil, "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(bytes), "Upload-Metadata", meta)
	if a.status != http.StatusCreated {
		return "", a
	}
	location := a.header.Get("Location")
	if strings.HasPrefix(location, "/") {
		location = s.URL + location
	}
	return location, a
}

// send continues a tus upload.
func send(t *testing.T, s *world.Server, location string, offset int, body []byte, headers ...string) answer {
	t.Helper()
	return ask(t, s, http.MethodPatch, location, bytes.NewReader(body), append([]string{"Tus-Resumable", "1.0.0",
		"Upload-Offset", strconv.Itoa(offset), "Content-Type", "application/offset+octet-stream"}, headers...)...)
}

// upload sends a whole file under a name.
func upload(t *testing.T, s *world.Server, name string, body []byte, more ...string) arrived {
	t.Helper()
	location, a := begin(t, s, len(body), metadata(append([]string{"filename", name}, more...)...))
	if location == "" {
		t.Fatalf("%q was refused at the door: %d %s", name, a.status, a.body)
	}
	a = send(t, s, location, 0, body)
	if a.status != http.StatusNoContent {
		t.Fatalf("%q was refused: %d %s", name, a.status, a.body)
	}
	return arrived{a.header.Get("Showreel-Asset"), a.header.Get("Showreel-Job"), shaOf(body)}
}

func shaOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// jobOf is what these tests look at of a job.
type jobOf struct {
	State string `json:"state"`
	Error *struct {
		Code string `json:"code"`
		Text string `json:"text"`
	} `json:"error"`
}

func (j jobOf) over() bool {
	return j.State == "done" || j.State == "failed" || j.State == "cancelled" || j.State == "held"
}

// ended waits for a job.
func ended(t *testing.T, s *world.Server, job string, patience time.Duration) jobOf {
	t.Helper()
	var j jobOf
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if err := s.JSON(t.Context(), http.MethodGet, "/v1/jobs/"+job, nil, &j); err != nil {
			t.Fatal(err)
		}
		if j.over() {
			return j
		}
		if time.Now().After(end) {
			t.Fatalf("job %s is %s after %s", job, j.State, patience)
		}
	}
}

// cameTo waits for an arrival's job and compares the end with what is wanted. A failure must leave the original as it
// came and nothing half-published.
func cameTo(t *testing.T, s *world.Server, name string, a arrived, want wanted, patience time.Duration) {
	t.Helper()
	j := ended(t, s, a.job, patience)
	var asset struct {
		Kind      string `json:"kind"`
		State     string `json:"state"`
		Published int    `json:"published"`
		SHA256    string `json:"sha256"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+a.asset, nil, &asset); err != nil {
		t.Fatal(err)
	}
	if want.code == "" {
		if j.State != "done" || asset.State != "ready" || asset.Kind != want.kind || asset.Published == 0 {
			t.Errorf("%s: want a published %s, got job %s, asset %+v, %s", name, want.kind, j.State, asset, show(j.Error))
		}
	} else {
		if j.State != "failed" || j.Error == nil || j.Error.Code != want.code || !sentence(j.Error.Text) {
			t.Errorf("%s: want %s and a sentence, got job %s, %s", name, want.code, j.State, show(j.Error))
		}
		if asset.State != "failed" || asset.Published != 0 {
			t.Errorf("%s: the asset is %+v", name, asset)
		}
		nothingPublished(t, s, name, a.asset)
	}
	kept := ask(t, s, http.MethodGet, "/v1/assets/"+a.asset+"/original", nil)
	if kept.status != http.StatusOK || shaOf(kept.body) != a.sha || asset.SHA256 != a.sha {
		t.Errorf("%s: the original was not kept: %d, %d bytes, %s", name, kept.status, len(kept.body), asset.SHA256)
	}
}

func nothingPublished(t *testing.T, s *world.Server, name, asset string) {
	t.Helper()
	var list struct {
		Items []rendition `json:"items"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/renditions", nil, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 0 {
		t.Errorf("%s: %d renditions are left of a failure: %+v", name, len(list.Items), list.Items)
	}
	ask(t, s, http.MethodPost, "/v1/assets/"+asset+"/play", map[string]any{}).refused(t, name+": play", http.StatusNotFound, "not-playable")
	for _, picture := range []string{"poster.jpg", "thumbs.vtt", "waveform.json"} {
		if a := ask(t, s, http.MethodGet, "/v1/assets/"+asset+"/"+picture, nil); a.status != http.StatusNotFound {
			t.Errorf("%s: %s gives %d", name, picture, a.status)
		}
	}
}
