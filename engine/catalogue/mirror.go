package catalogue

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"showreel/fault"
)

// fromMirror copies a source out of the mirror if it holds it whole.
func (c *Catalogue) fromMirror(s Source, folder string) bool {
	if c.o.Mirror == "" {
		return false
	}
	names, err := filesIn(filepath.Join(c.o.Mirror, "files", s.SHA256))
	if err != nil || len(names) == 0 {
		return false
	}
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o755)); err != nil {
		return false
	}
	for _, name := range names {
		if err := copyFile(name, filepath.Join(folder, filepath.Base(name))); err != nil {
			c.o.Log.Warn("a file of the mirror could not be copied", "file", name, "err", err)
			return false
		}
	}
	if err := checkSource(folder, s); err != nil {
		c.o.Log.Warn("a file of the mirror is not what its name says and is passed over", "file", s.base(), "err", err)
		return false
	}
	return true
}

// Mirror fills a folder from which other machines install without a network: files/SHA256/NAME for every source file of
// the named models, python/*.whl for the converters, where this machine runs the Python that they will. What is there
// already stays. Kinds: those of Install.
func (c *Catalogue) Mirror(ctx context.Context, dir string, names []string, report func(Progress)) error {
	models, err := c.Choose(names)
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return fault.E("catalogue.mirror", dir, fault.Internal, err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "files"), 0o755), os.MkdirAll(filepath.Join(dir, "python"), 0o755), os.MkdirAll(c.o.Cache, 0o755)); err != nil {
		return disk("catalogue.mirror", dir, err)
	}
	python := false
	for i, m := range models {
		w := &work{c: c, m: m, draft: filepath.Join(dir, ".draft-"+m.ID), report: report, p: Progress{Model: m.ID}}
		if why := c.refused(m.Licence); why != "" {
			return fault.Say("catalogue.mirror", m.ID, fault.Denied, "licence-refused", "%s is not mirrored. %s", m.Name, why)
		}
		if err := w.mirror(ctx, dir); err != nil {
			return err
		}
		python = python || m.Converter != plain
		if !c.o.Keep {
			c.prune(m, models[i+1:])
		}
	}
	if python && c.o.Scripts != nil {
		return c.mirrorPython(ctx, dir)
	}
	return nil
}

// mirror brings one model's first working way into the mirror.
func (w *work) mirror(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Join(w.draft, "sources"), 0o755); err != nil {
		return disk("catalogue.mirror", w.draft, err)
	}
	for _, way := range w.m.Sources {
		if w.mirrored(dir, way) {
			w.step(StepReady, w.m.Bytes, w.m.Bytes)
			return disk("catalogue.mirror", dir, os.RemoveAll(w.draft))
		}
	}
	way, _, err := w.gather(ctx)
	if err != nil {
		return err
	}
	for _, s := range way.Files {
		final := filepath.Join(dir, "files", s.SHA256)
		if err := errors.Join(os.RemoveAll(final), os.Rename(w.sourceFolder(s), final)); err != nil {
			return disk("catalogue.mirror", final, err)
		}
	}
	w.step(StepReady, w.m.Bytes, w.m.Bytes)
	return disk("catalogue.mirror", dir, os.RemoveAll(w.draft))
}

func (w *work) mirrored(dir string, way Way) bool {
	for _, s := range way.Files {
		if checkSource(filepath.Join(dir, "files", s.SHA256), s) != nil {
			return false
		}
	}
	return true
}

// mirrorPython fetches the wheels that the converters need.
func (c *Catalogue) mirrorPython(ctx context.Context, dir string) error {
	scripts, err := c.unpackScripts()
	if err != nil {
		return err
	}
	req := filepath.Join(scripts, "requirements.txt")
	if raw, err := os.ReadFile(req); err != nil || strings.TrimSpace(string(raw)) == "" {
		return nil //nolint:nilerr // nothing is required
	}
	return c.pip(ctx, []string{"download", "--only-binary=:all:", "-d", filepath.Join(dir, "python"), "-r", req})
}
