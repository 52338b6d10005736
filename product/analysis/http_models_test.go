package analysis_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	modelfiles "showreel/engine/catalogue"
	"showreel/platform/httpd/httpdtest"
	"showreel/product/analysis"
)

const modelList = `version: 1
models:
  one:
    name: One
    version: "1"
    role: test.role
    does: nothing
    set: default
    licence: {"id": "MIT"}
    upstream: {"project": "us"}
    sources:
      - files:
          - kind: file
            name: %q
            version: "1"
            file: ""
            sha256: "%s"
            bytes: 7
    converter: plain
    result: model.bin
    bytes: 7
    sha256: "%s"
`

// TestModelRoutes installs, verifies and chooses a model over HTTP; managing needs its own permission.
func TestModelRoutes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weights")
	if err := os.WriteFile(file, []byte("weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("weights")))
	cat, err := modelfiles.Open(modelfiles.Options{Dir: filepath.Join(t.TempDir(), "models"), List: fmt.Appendf(nil, modelList, file, sum, sum)})
	if err != nil {
		t.Fatal(err)
	}
	guard := httpdtest.Guard{Deny: map[string]bool{}}
	srv := httpdtest.New(t, guard)
	analysis.ModelDoors{Models: cat}.Routes(srv)
	go func() {
		if err := cat.Run(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for _, tt := range []struct {
		method, path, body, want string
		status                   int
	}{
		{"GET", "/v1/models", "", `"state":"absent"`, 200},
		{"POST", "/v1/models/nothing/install", "", "no model", 404},
		{"PUT", "/v1/models/use", `{"role":"test.role","model":"one"}`, "comes first", 409},
		{"POST", "/v1/models/one/install", "", `"id":"one"`, 202},
	} {
		a := httpdtest.Do(t, srv, tt.method, tt.path, bodyOf(tt.body))
		if a.Status != tt.status || !strings.Contains(a.Body, tt.want) {
			t.Fatalf("%s %s: %d %s", tt.method, tt.path, a.Status, a.Body)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if a := httpdtest.Do(t, srv, "GET", "/v1/models", nil); strings.Contains(a.Body, `"state":"ready"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it was not installed")
		}
	}
	a := httpdtest.Do(t, srv, "POST", "/v1/models/one/verify", nil)
	if a.Status != 202 || !strings.Contains(a.Body, `"id":"one"`) {
		t.Errorf("verify: %d %s", a.Status, a.Body)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		a := httpdtest.Do(t, srv, "GET", "/v1/models", nil)
		if strings.Contains(a.Body, `"files":1`) && !strings.Contains(a.Body, `"verifying"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it was not verified:", a.Body)
		}
	}
	a = httpdtest.Do(t, srv, "PUT", "/v1/models/use", `{"role":"test.role","model":"one"}`)
	if a.Status != 200 || !strings.Contains(a.Body, `"using":true`) {
		t.Errorf("use: %d %s", a.Status, a.Body)
	}
	guard.Deny["system:manage"] = true
	for _, path := range []string{"/v1/models/one/install", "/v1/models/one/verify"} {
		if a := httpdtest.Do(t, srv, http.MethodPost, path, nil); a.Status != 403 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

func bodyOf(s string) any {
	if s == "" {
		return nil
	}
	return s
}
