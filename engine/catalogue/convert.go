package catalogue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"showreel/fault"
	"showreel/platform/child"
)

// Limits of a converter, generous: the largest needs half a gigabyte and half a minute.
const (
	convertWall  = 30 * time.Minute
	convertMemMB = 4096
)

// make turns the gathered sources into draft/result and checks it.
func (w *work) make(ctx context.Context, way Way) error {
	out := filepath.Join(w.draft, "result")
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
		return disk("catalogue.convert", out, err)
	}
	var sources []string
	for _, s := range way.Files {
		names, err := filesIn(w.sourceFolder(s))
		if err != nil {
			return disk("catalogue.convert", out, err)
		}
		sources = append(sources, names...)
	}
	result := filepath.Join(out, w.m.Result)
	w.step(StepConverting, 0, w.m.Bytes)
	var err error
	if w.m.Converter == plain {
		err = w.join(sources, result)
	} else {
		err = w.c.convert(ctx, w.m, sources, result)
	}
	if err != nil {
		return err
	}
	w.step(StepChecking, 0, w.m.Bytes)
	sum, n, err := sumFile(result)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && n == 0:
		return fault.Say("catalogue.convert", w.m.ID, fault.Internal, "no-result", "The converter of %s made nothing.", w.m.Name)
	case err != nil:
		return disk("catalogue.convert", w.m.ID, err)
	case sum == w.m.SHA256:
		return nil
	case w.m.Converter == plain:
		return fault.Say("catalogue.convert", w.m.ID, fault.Corrupt, "result-changed", "The sha256 of %s is %s, not %s.", w.m.Name, sum, w.m.SHA256)
	}
	w.c.o.Log.Info("a converted model differs in bytes from the list's; its sources were right", "model", w.m.ID, "sha256", sum)
	return nil
}

// join is the converter plain: the first `parts` files are joined, the others lie beside.
func (w *work) join(sources []string, result string) error {
	parts := 1
	if n, ok := w.m.Options["parts"].(int); ok {
		parts = n
	}
	if len(sources) < parts {
		return fault.E("catalogue.join", w.m.ID, fault.Internal, nil)
	}
	f, err := os.Create(result)
	if err != nil {
		return disk("catalogue.join", result, err)
	}
	for _, name := range sources[:parts] {
		err = errors.Join(err, copyInto(f, name))
	}
	err = errors.Join(err, f.Sync(), f.Close())
	for _, name := range sources[parts:] {
		err = errors.Join(err, copyFile(name, filepath.Join(filepath.Dir(result), filepath.Base(name))))
	}
	return disk("catalogue.join", result, err)
}

func copyInto(w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

func copyFile(from, to string) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	return errors.Join(copyInto(f, from), f.Sync(), f.Close())
}

// convert runs a script of tools/models without a network.
func (c *Catalogue) convert(ctx context.Context, m Model, sources []string, result string) error {
	options := m.Options
	if options == nil {
		options = map[string]any{}
	}
	raw, err := json.Marshal(options)
	if err != nil {
		return fault.E("catalogue.convert", m.ID, fault.Internal, err)
	}
	return c.script(ctx, m.ID, []string{"requirements.txt"}, append([]string{"convert.py", m.Converter, result, string(raw)}, sources...))
}

// script runs a Python script of the tools with the packages that its requirement files name.
func (c *Catalogue) script(ctx context.Context, subject string, requirements, args []string) error {
	if c.o.Scripts == nil {
		return fault.Say("catalogue.script", subject, fault.Unavailable, "no-converters", "This program was built without the converters.")
	}
	scripts, err := c.unpackScripts()
	if err != nil {
		return err
	}
	packages, err := c.pythonPackages(ctx, scripts, requirements)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(c.o.Cache, "convert-")
	if err != nil {
		return disk("catalogue.script", c.o.Cache, err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // a temporary folder
	args[0] = filepath.Join(scripts, args[0])
	_, err = child.Run(ctx, child.Spec{Path: c.o.Python, Args: append([]string{"-s", "-B"}, args...), Dir: tmp, NoNetwork: true, Wall: convertWall, MemMB: convertMemMB, Nice: 5,
		Env: append(pythonEnv(), "TMPDIR="+tmp, "PYTHONPATH="+packages)})
	if err != nil && fault.CodeOf(err) == "child-exit" {
		return &fault.Error{Op: "catalogue.script", Subject: subject, Kind: fault.Internal, Code: "conversion-failed", Err: err, Text: "Converting or checking " + subject + " failed: " + fault.TextOf(err)}
	}
	if fault.CodeOf(err) == "child-missing" {
		return fault.Say("catalogue.script", subject, fault.Unavailable, "needs-client", "%s must be converted, which needs python3; install it.", subject)
	}
	return err
}

func pythonEnv() []string {
	env := []string{"LC_ALL=C.UTF-8", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "PYTHONNOUSERSITE=1"}
	for _, name := range []string{"PATH", "HOME"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// unpackScripts writes the embedded scripts into the cache, once a version of them.
func (c *Catalogue) unpackScripts() (string, error) {
	const op = "catalogue.scripts"
	h := sha256.New()
	files := map[string][]byte{"models.yaml": c.o.List}
	err := fs.WalkDir(c.o.Scripts, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(c.o.Scripts, name)
		files[filepath.Base(name)] = raw
		h.Write([]byte(name))
		h.Write(raw)
		return err
	})
	if err != nil {
		return "", fault.E(op, "", fault.Internal, err)
	}
	h.Write(c.o.List)
	folder := filepath.Join(c.o.Cache, "scripts-"+hex.EncodeToString(h.Sum(nil))[:16])
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(c.o.Cache, 0o755); err != nil {
		return "", disk(op, c.o.Cache, err)
	}
	tmp, err := os.MkdirTemp(c.o.Cache, ".scripts-")
	if err != nil {
		return "", disk(op, c.o.Cache, err)
	}
	for name, raw := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(tmp, name), raw, 0o644))
	}
	if err == nil {
		err = settle(tmp, folder)
	}
	return folder, disk(op, folder, err)
}

// settle renames a finished folder; another process that was faster is right as well.
func settle(tmp, folder string) error {
	if err := os.Rename(tmp, folder); err != nil {
		if _, there := os.Stat(folder); there != nil {
			return err
		}
		return os.RemoveAll(tmp)
	}
	return nil
}

// pythonPackages installs what requirement files name into a folder of its own under the cache, once; the system's Python
// stays as it is. A folder instead of a venv: Debian's python3 comes without ensurepip. "" if nothing is required.
func (c *Catalogue) pythonPackages(ctx context.Context, scripts string, requirements []string) (string, error) {
	var args []string
	h := sha256.New()
	for _, r := range requirements {
		raw, err := os.ReadFile(filepath.Join(scripts, r))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", disk("catalogue.python", r, err)
		}
		h.Write(raw)
		args = append(args, "-r", filepath.Join(scripts, r))
	}
	if len(args) == 0 {
		return "", nil
	}
	h.Write([]byte(c.program("pypi")))
	folder := filepath.Join(c.o.Cache, "python-"+hex.EncodeToString(h.Sum(nil))[:16])
	unlock, err := lock(ctx, folder+".lock", nil)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	tmp := folder + ".tmp"
	if err := os.RemoveAll(tmp); err != nil {
		return "", disk("catalogue.python", tmp, err)
	}
	if wheels := filepath.Join(c.o.Mirror, "python"); c.o.Mirror != "" && isFolder(wheels) {
		args = append(args, "--no-index", "--find-links", wheels)
	}
	err = c.pip(ctx, append([]string{"install", "--target", tmp, "--only-binary=:all:", "--no-compile"}, args...))
	if err != nil {
		return "", err
	}
	return folder, disk("catalogue.python", folder, settle(tmp, folder))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// pip runs pip with the registry's settings of this user.
func (c *Catalogue) pip(ctx context.Context, args []string) error {
	tmp, err := os.MkdirTemp(c.o.Cache, "pip-")
	if err != nil {
		return disk("catalogue.pip", c.o.Cache, err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // a temporary folder
	_, err = child.Run(ctx, child.Spec{Path: c.o.Python, Args: append([]string{"-m", "pip", "-q", "--disable-pip-version-check", "--no-cache-dir"}, args...),
		Env: clientEnv(tmp), Dir: tmp, Wall: fetchWall, MemMB: fetchMemMB})
	if err != nil {
		return fetchError(Source{Kind: "pypi", Name: "numpy, onnx", Version: "(for conversions)"}, err, "")
	}
	return nil
}
