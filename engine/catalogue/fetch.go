package catalogue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"showreel/fault"
	"showreel/platform/child"
)

// kinds of sources and the program each needs.
var kinds = []string{"pypi", "npm", "maven", "go", "url", "file"}

var clients = map[string]struct{ program, words string }{
	"pypi":  {"python3", "python3 with pip"},
	"npm":   {"npm", "npm"},
	"maven": {"mvn", "Maven (mvn)"},
	"go":    {"go", "Go (go)"},
}

const (
	fetchWall  = 2 * time.Hour
	fetchStall = 10 * time.Minute
	fetchMemMB = 8192
)

// missingClients names what a model's cheapest way lacks here; none if any way is open.
func (c *Catalogue) missingClients(m Model) []string {
	var least []string
	for i, w := range m.Sources {
		var lacks []string
		for _, f := range w.Files {
			need, has := clients[f.Kind]
			if !has || c.program(f.Kind) != "" || slices.Contains(lacks, need.words) {
				continue
			}
			lacks = append(lacks, need.words)
		}
		if len(lacks) == 0 {
			least = nil
			break
		}
		if i == 0 || len(lacks) < len(least) {
			least = lacks
		}
	}
	if m.Converter != plain && m.Converter != "" && c.program("pypi") == "" && !slices.Contains(least, clients["pypi"].words) {
		least = append(least, clients["pypi"].words)
	}
	return least
}

// program is the path of a kind's client, "" where it is missing.
func (c *Catalogue) program(kind string) string {
	name := clients[kind].program
	if kind == "pypi" {
		name = c.o.Python
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

// packageFolder is where a package lies in the cache.
func (c *Catalogue) packageFolder(s Source) string {
	name := strings.NewReplacer("/", "_", ":", "_", "?", "_").Replace(strings.TrimPrefix(s.Name, "@"))
	return filepath.Join(c.o.Cache, "packages", s.Kind, name+"-"+s.Version)
}

// packageOf returns the path of a source's archive in the cache, downloading it if need be; two processes do it once.
func (c *Catalogue) packageOf(ctx context.Context, s Source, grow func(int64)) (string, error) {
	if s.Kind == "file" {
		return strings.TrimPrefix(s.Name, "file://"), nil
	}
	folder := c.packageFolder(s)
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", disk("catalogue.fetch", folder, err)
	}
	unlock, err := lock(ctx, folder+".lock", nil)
	if err != nil {
		return "", err
	}
	defer unlock()
	if found, err := only(folder); err == nil {
		grow(s.PackageBytes)
		return found, nil
	}
	tmp := folder + ".tmp"
	if err := errors.Join(os.RemoveAll(tmp), os.RemoveAll(folder), os.MkdirAll(filepath.Join(tmp, "out"), 0o755), os.MkdirAll(filepath.Join(tmp, "t"), 0o755)); err != nil {
		return "", disk("catalogue.fetch", tmp, err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // a leftover is removed by the next attempt
	if err := c.download(ctx, s, tmp, grow); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(tmp, "out"), folder); err != nil {
		return "", disk("catalogue.fetch", folder, err)
	}
	return only(folder)
}

// download runs the kind's client; the archive ends in tmp/out. Nothing of a package is run: pip takes wheels only, npm packs
// without scripts.
func (c *Catalogue) download(ctx context.Context, s Source, tmp string, grow func(int64)) error {
	out := filepath.Join(tmp, "out")
	var spec child.Spec
	var said bytes.Buffer
	switch s.Kind {
	case "pypi":
		spec = child.Spec{Path: c.o.Python, Args: []string{"-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-cache-dir",
			"--only-binary=:all:", "--python-version", "3.12", "-d", out, s.Name + "==" + s.Version}}
	case "npm":
		spec = child.Spec{Path: "npm", Args: []string{"pack", "--silent", "--ignore-scripts", "--cache", filepath.Join(tmp, "t"), "--pack-destination", out, s.Name + "@" + s.Version}}
	case "maven":
		spec = child.Spec{Path: "mvn", Args: []string{"-q", "-B", "-Dstyle.color=never", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
			"-Dartifact=" + s.Name + ":" + s.Version, "-DoutputDirectory=" + out}}
	case "go":
		spec = child.Spec{Path: "go", Args: []string{"mod", "download", s.Name + "@" + s.Version}, Env: []string{"GOFLAGS=-mod=mod -modcacherw", "GOMODCACHE=" + filepath.Join(tmp, "t"), "GOWORK=off"}}
	case "url":
		return c.fetchURL(ctx, s.Name, filepath.Join(out, s.base()), 1<<40, grow)
	default:
		return fault.E("catalogue.fetch", s.Kind, fault.Invalid, nil)
	}
	spec.Dir, spec.Stdout = tmp, &said
	spec.Env = append(clientEnv(filepath.Join(tmp, "t")), spec.Env...)
	spec.Wall, spec.StallAfter, spec.MemMB = fetchWall, fetchStall, fetchMemMB
	if s.Kind == "maven" || s.Kind == "npm" || s.Kind == "go" {
		spec.MemMB = 0 // their runtimes reserve far more than they use
	}
	watch := watchGrowth(tmp, grow)
	spec.OnStart = watch.start
	_, err := child.Run(ctx, spec)
	watch.stop()
	if err != nil {
		return fetchError(s, err, said.String())
	}
	grow(s.PackageBytes)
	if s.Kind == "go" {
		return pickZip(filepath.Join(tmp, "t", "cache", "download"), out)
	}
	return nil
}

// fetchError says which package could not be had, with the client's own last words.
func fetchError(s Source, err error, said string) error {
	if k := fault.KindOf(err); k == fault.Canceled || k == fault.Full {
		return err
	}
	if fault.CodeOf(err) == "child-missing" {
		return fault.Say("catalogue.fetch", s.Name, fault.Unavailable, "needs-client", "The package %s %s needs %s, which is not installed here; install it, or name a mirror (models.mirror).", s.Name, s.Version, clients[s.Kind].words)
	}
	text := fault.TextOf(err)
	if last := strings.TrimSpace(said); last != "" {
		text += " " + last[max(0, len(last)-300):]
	}
	return &fault.Error{Op: "catalogue.fetch", Subject: s.Name, Kind: fault.Unavailable, Code: "package-unavailable", Err: err,
		Text: fmt.Sprintf("The package %s %s could not be fetched: %s", s.Name, s.Version, text)}
}

// clientEnv gives the registries' clients what they need of this process's environment (where registries, proxies and
// certificates are) and none of the server's own settings.
func clientEnv(tmp string) []string {
	env := []string{"LC_ALL=C.UTF-8", "TMPDIR=" + tmp, "PIP_NO_INPUT=1", "npm_config_update_notifier=false", "npm_config_fund=false"}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		up := strings.ToUpper(name)
		switch {
		case name == "TMPDIR", name == "PIP_NO_INPUT", name == "GOFLAGS", name == "GOMODCACHE":
		case slices.Contains([]string{"PATH", "HOME", "USER", "JAVA_HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
			"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "XDG_CONFIG_HOME", "NETRC"}, up),
			strings.HasPrefix(up, "PIP_"), strings.HasPrefix(up, "NPM_CONFIG_"), strings.HasPrefix(up, "MAVEN_"), strings.HasPrefix(up, "PYENV"),
			strings.HasPrefix(name, "GO"):
			env = append(env, kv)
		}
	}
	return env
}

// fetchURL downloads into path, going on from path.part after an interruption where the server permits it.
func (c *Catalogue) fetchURL(ctx context.Context, url, path string, limit int64, grow func(int64)) error {
	const op = "catalogue.url"
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return disk(op, part, err)
	}
	defer f.Close()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return disk(op, part, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fault.Say(op, url, fault.Invalid, "bad-url", "This is no address that can be fetched.")
	}
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	res, err := c.o.Client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return fault.E(op, url, fault.Canceled, ctx.Err())
		}
		return fault.Say(op, url, fault.Unavailable, "url-unavailable", "The address could not be fetched: %v", err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusOK:
		have = 0
		if err := errors.Join(f.Truncate(0), seekStart(f)); err != nil {
			return disk(op, part, err)
		}
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return errors.Join(disk(op, part, os.Remove(part)), fault.Say(op, url, fault.Unavailable, "url-changed", "The file at the address is shorter than what was fetched before; try again."))
	case res.StatusCode != http.StatusPartialContent:
		return fault.Say(op, url, fault.Unavailable, "url-unavailable", "The server answered %s.", res.Status)
	}
	n, err := io.Copy(f, io.LimitReader(&meterReader{res.Body, have, grow}, limit+1-have))
	if err == nil && have+n > limit {
		err = fault.Say(op, url, fault.TooLarge, "url-too-large", "The file at the address is larger than %d bytes.", limit)
	}
	if err != nil {
		if ctx.Err() != nil {
			return fault.E(op, url, fault.Canceled, ctx.Err())
		}
		if k := fault.KindOf(err); k == fault.TooLarge {
			return err
		}
		if full(err) {
			return disk(op, part, err)
		}
		return fault.Say(op, url, fault.Unavailable, "url-broke-off", "The download broke off after %d bytes: %v", have+n, err)
	}
	if err := errors.Join(f.Sync(), os.Rename(part, path)); err != nil {
		return disk(op, path, err)
	}
	return nil
}

func seekStart(f *os.File) error { _, err := f.Seek(0, io.SeekStart); return err }

// meterReader tells how much has been read.
type meterReader struct {
	r    io.Reader
	n    int64
	grow func(int64)
}

// Read implements io.Reader.
func (m *meterReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.grow(m.n)
	return n, err
}

// only returns the single file of a folder.
func only(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	if len(entries) != 1 || entries[0].IsDir() {
		return "", fault.Say("catalogue.fetch", folder, fault.Corrupt, "odd-package", "The package %s did not bring exactly one archive.", filepath.Base(folder))
	}
	return filepath.Join(folder, entries[0].Name()), nil
}

// pickZip moves the one module archive out of Go's download cache.
func pickZip(cache, out string) error {
	var zips []string
	err := filepath.WalkDir(cache, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".zip") {
			zips = append(zips, path)
		}
		return err
	})
	if err == nil && len(zips) != 1 {
		err = fmt.Errorf("%d archives", len(zips))
	}
	if err == nil {
		err = os.Rename(zips[0], filepath.Join(out, filepath.Base(zips[0])))
	}
	if err != nil {
		return fault.E("catalogue.fetch", cache, fault.Unavailable, err)
	}
	return nil
}
