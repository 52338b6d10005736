package laws_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImportLaw holds docs/ARCHITECTURE.md's rules: arrows point down only.
func TestImportLaw(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			if why := forbidden(p.folder(), imp); why != "" {
				t.Errorf("%s imports %s: %s", p.folder(), imp, why)
			}
		}
	}
}

// TestServerIsFreeOfNativeCode: cgo may stand in packages that the server does not link, whether cgo is on or off, and
// only cmd/showreel-ai links them. In such a package everything but doc.go is left out of a build without cgo.
func TestServerIsFreeOfNativeCode(t *testing.T) {
	native := map[string]bool{}
	for _, p := range linked(t, "./...") {
		if len(p.CgoFiles) > 0 {
			native[p.ImportPath] = true
		}
	}
	if !native["showreel/engine/speech/whisperspeech"] {
		t.Fatal("the package that binds whisper.cpp is not seen: the law would guard nothing")
	}
	for _, root := range []string{"./cmd/showreel", "./house", "./bench", "./test/..."} {
		for _, p := range linked(t, "-deps", root) {
			if native[p.ImportPath] || p.ImportPath == "github.com/yalue/onnxruntime_go" {
				t.Errorf("%s links %s, which needs cgo; only cmd/showreel-ai may", root, p.ImportPath)
			}
		}
	}
	for _, p := range packages(t) { // as a build without cgo sees them
		if native[p.ImportPath] && slices.ContainsFunc(p.GoFiles, func(f string) bool { return f != "doc.go" }) {
			t.Errorf("%s needs cgo, but %v lack the line //go:build cgo", p.folder(), p.GoFiles)
		}
	}
}

// linked asks go list with cgo switched on. Header files need not be there for that.
func linked(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,CgoFiles"}, args...)...)
	cmd.Dir = root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportLawSeesViolations(t *testing.T) {
	for _, c := range [][2]string{
		{"media", "github.com/google/uuid"},
		{"fault", "showreel/media"},
		{"platform/httpd", "showreel/engine/blob"},
		{"engine/blob", "showreel/engine/keys"},
		{"engine/blob/fileblob", "showreel/engine/keys"},
		{"engine/flow/dbosflow", "showreel/trust/audit"},
		{"trust/seal", "showreel/engine/blob/fileblob"},
		{"product/ingest", "showreel/product/delivery"},
		{"product/ingest", "showreel/engine/blob/fileblob"},
		{"product/library", "showreel/house"},
		{"product/library", "github.com/minio/minio-go/v7"},
		{"platform/run", "showreel/house"},
		{"web", "showreel/product/library"},
	} {
		if forbidden(c[0], "showreel/"+strings.TrimPrefix(c[1], "showreel/")) == "" && forbidden(c[0], c[1]) == "" {
			t.Errorf("%s importing %s is not seen as a violation", c[0], c[1])
		}
	}
	for _, c := range [][2]string{
		{"media", "time"}, {"fault", "errors"}, {"product/ingest", "showreel/product/library"},
		{"engine/blob/fileblob", "showreel/engine/blob"}, {"trust/seal", "showreel/engine/keys"}, {"house", "showreel/engine/blob/fileblob"},
		{"cmd/showreel", "showreel/house"}, {"trust/access", "showreel/trust/audit"},
	} {
		if why := forbidden(c[0], c[1]); why != "" {
			t.Errorf("%s importing %s is refused: %s", c[0], c[1], why)
		}
	}
}

// sdkOnlyInDrivers are module prefixes of engines' SDKs.
var sdkOnlyInDrivers = []string{"github.com/minio/minio-go", "github.com/aws/", "github.com/dbos-inc/", "go.temporal.io/", "github.com/twmb/franz-go"}

// forbidden says why the folder may not import the path, or "".
func forbidden(from, imp string) string {
	ours, isOurs := strings.CutPrefix(imp, "showreel/")
	floor := func(path string) string { return strings.SplitN(path, "/", 2)[0] }
	parts := strings.Split(from, "/")
	if !isOurs {
		if (from == "media" || from == "fault") && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") && !strings.HasPrefix(imp, "golang.org/x/text/language") {
			return "the vocabulary imports the standard library only"
		}
		if !isDriver(from) && slices.ContainsFunc(sdkOnlyInDrivers, func(s string) bool { return strings.HasPrefix(imp, s) }) {
			return "engines' SDKs belong into drivers"
		}
		return ""
	}
	switch floor(from) {
	case "house":
		return refuse(floor(ours) == "cmd" || floor(ours) == "test" || floor(ours) == "bench", "house is below cmd")
	case "cmd", "test", "bench":
		return ""
	}
	if ours == "house" || floor(ours) == "cmd" || floor(ours) == "test" || floor(ours) == "bench" {
		return "only cmd, test and bench see the house; nothing imports them"
	}
	switch floor(from) {
	case "media", "fault", "web":
		return "it imports nothing of ours"
	case "platform":
		return refuse(!in(floor(ours), "media", "fault", "platform"), "platform imports vocabulary and platform only")
	case "engine":
		port := "engine/" + parts[1]
		if floor(ours) == "engine" {
			return refuse(ours != port && !strings.HasPrefix(ours, port+"/"), "a port or driver knows no other port")
		}
		return refuse(!in(floor(ours), "media", "fault", "platform"), "engines are below trust and product")
	case "trust":
		return refuse(isDriver(ours) || floor(ours) == "product" || floor(ours) == "web", "trust imports ports, never drivers or rooms")
	case "product":
		if isDriver(ours) {
			return "a room never sees a driver"
		}
		if floor(ours) == "product" {
			room := "product/" + parts[1]
			return refuse(ours != "product/library" && ours != room && !strings.HasPrefix(ours, room+"/"), "a room imports no other room but library")
		}
		return refuse(floor(ours) == "web", "rooms do not see the console")
	}
	return "this folder is on no floor of the house"
}

// isDriver reports a package nested in a port: engine/<port>/<driver>, but not its conformance suite.
func isDriver(folder string) bool {
	parts := strings.Split(folder, "/")
	return len(parts) >= 3 && parts[0] == "engine" && parts[2] != parts[1]+"test"
}

func in(s string, set ...string) bool { return slices.Contains(set, s) }

func refuse(bad bool, why string) string {
	if bad {
		return why
	}
	return ""
}
