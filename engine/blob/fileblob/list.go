package fileblob

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"showreel/engine/blob"
)

// List implements blob.Driver. Only folders that can hold matching keys are read.
func (d *Driver) List(ctx context.Context, prefix, after string, limit int) ([]blob.Info, error) {
	w := &walk{ctx: ctx, fsys: d.root.FS(), prefix: prefix, after: after, limit: limit}
	start := "."
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		start = prefix[:i]
	}
	if err := w.dir(start); err != nil {
		return nil, blob.FileFault("fileblob.list", prefix, err)
	}
	return w.found, nil
}

type walk struct {
	ctx           context.Context
	fsys          fs.FS
	prefix, after string
	limit         int
	found         []blob.Info
}

// dir visits a folder so that keys come in bytewise order: a folder sorts by its name with a slash behind it.
func (w *walk) dir(dir string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	entries, err := fs.ReadDir(w.fsys, dir)
	if errors.Is(err, fs.ErrNotExist) || err != nil && isFile(w.fsys, dir) {
		return nil
	}
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(slashed(a), slashed(b)) })
	for _, e := range entries {
		if len(w.found) >= w.limit {
			return nil
		}
		if err := w.entry(path.Join(dir, e.Name()), e); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(key string, e fs.DirEntry) error {
	if strings.HasPrefix(e.Name(), ".tmp-") {
		return nil
	}
	if e.IsDir() {
		below := key + "/"
		matches := strings.HasPrefix(below, w.prefix) || strings.HasPrefix(w.prefix, below)
		if passed := below <= w.after && !strings.HasPrefix(w.after, below); !matches || passed {
			return nil
		}
		return w.dir(key)
	}
	if !e.Type().IsRegular() || key <= w.after || !strings.HasPrefix(key, w.prefix) {
		return nil
	}
	st, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	w.found = append(w.found, info(key, st))
	return nil
}

func slashed(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

func isFile(fsys fs.FS, name string) bool {
	st, err := fs.Stat(fsys, name)
	return err == nil && !st.IsDir()
}
