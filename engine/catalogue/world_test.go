package catalogue_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"

	"showreel/engine/catalogue"
)

// TestMain lets the test binary play the installer that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CATALOGUE_TEST_INSTALL"); dir != "" {
		list, err := os.ReadFile(filepath.Join(dir, "list.yaml"))
		if err == nil {
			var c *catalogue.Catalogue
			if c, err = catalogue.Open(catalogue.Options{Dir: filepath.Join(dir, "models"), List: list}); err == nil {
				err = c.Install(context.Background(), []string{"one"}, nil)
			}
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// source is one file of a test's model.
type source struct {
	kind, name, file string
	bytes            []byte
}

// entry writes one model of a list.
func entry(id, converter, extra string, result []byte, ways ...[]source) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n    name: Test\n    version: \"1\"\n    role: test.role\n    does: nothing\n    set: default\n    upstream: {\"project\": \"us\"}\n", id)
	if !strings.Contains(extra, "licence:") {
		extra += "    licence: {\"id\": \"MIT\"}\n"
	}
	b.WriteString(extra + "    sources:\n")
	for _, way := range ways {
		b.WriteString("      - files:\n")
		for _, s := range way {
			fmt.Fprintf(&b, "          - kind: %s\n            name: %q\n            version: \"1\"\n            file: %q\n            sha256: \"%s\"\n            bytes: %d\n            packageBytes: %d\n",
				s.kind, s.name, s.file, sum(s.bytes), len(s.bytes), len(s.bytes))
		}
	}
	fmt.Fprintf(&b, "    converter: %s\n    result: model.bin\n    bytes: %d\n    sha256: \"%s\"\n", converter, len(result), sum(result))
	return b.String()
}

func list(entries ...string) []byte {
	return []byte("version: 1\nmodels:\n" + strings.Join(entries, ""))
}

func open(t *testing.T, o catalogue.Options) *catalogue.Catalogue {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "models")
	}
	c, err := catalogue.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func state(t *testing.T, c *catalogue.Catalogue, id string) catalogue.Status {
	t.Helper()
	all, err := c.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("%s is not listed", id)
	return catalogue.Status{}
}

func write(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// drafts are the leftovers of an installation.
func drafts(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".draft") || strings.HasSuffix(e.Name(), ".old") {
			out = append(out, e.Name())
		}
	}
	return out
}

func zipOf(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, body := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, body := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(body)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstdOf(t *testing.T, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// upper is a converter that needs no package.
func upper(body string) fs.FS {
	return fstest.MapFS{"convert.py": {Data: []byte("import sys\nconverter, result, options = sys.argv[1:4]\ndata = open(sys.argv[4]).read()\n" + body)}}
}
