// Package fileblob keeps blobs as plain files below one folder. A blob is written to a temporary file, synced, renamed and
// its folder synced, so that it is there whole after a power cut or not at all. Every path goes through os.Root: no key,
// and no link inside the folder, reaches outside it. It is not for folders that other programs write to.
package fileblob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"showreel/engine/blob"
	"showreel/fault"
	"showreel/platform/sqldb"
)

// tempDir holds files being written. Keys cannot name it.
const tempDir = ".tmp-put"

// Driver is a folder of blobs. It implements blob.Driver, blob.LocalDriver and blob.HeadDriver.
type Driver struct {
	dir     string
	root    *os.Root
	buffers sync.Pool
}

// Open opens the folder, making it with mode 0700 when absent, and removes what a crash left half-written.
// fault.Unavailable when the folder cannot be used.
func Open(dir string) (*Driver, error) {
	abs, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(abs, tempDir), 0o700)
	}
	if err != nil {
		return nil, unusable(dir, err)
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, unusable(dir, err)
	}
	d := &Driver{dir: abs, root: root}
	d.buffers.New = func() any { b := make([]byte, 256<<10); return &b }
	if err := d.sweep(); err != nil {
		_ = root.Close()
		return nil, unusable(dir, err)
	}
	return d, nil
}

func unusable(dir string, err error) error {
	return &fault.Error{Op: "fileblob.open", Subject: dir, Kind: fault.Unavailable, Code: "storage-folder",
		Text: "The storage folder cannot be used; check that it exists and that this user may write there.", Err: err}
}

// Close releases the folder.
func (d *Driver) Close() error { return d.root.Close() }

// sweep removes temporary files that no living process holds locked.
func (d *Driver) sweep() error {
	entries, err := fs.ReadDir(d.root.FS(), tempDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(tempDir, e.Name())
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		f, err := d.root.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			err = d.root.Remove(name)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Put implements blob.Driver.
func (d *Driver) Put(ctx context.Context, key string, r io.Reader, o blob.PutOptions) (blob.Info, error) {
	if o.IfAbsent {
		if _, err := d.root.Lstat(key); err == nil {
			return blob.Info{}, taken(key)
		}
	}
	name := path.Join(tempDir, sqldb.NewID())
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return blob.Info{}, blob.FileFault("fileblob.put", key, err)
	}
	published := false
	defer func() {
		_ = f.Close()
		if !published || o.IfAbsent {
			_ = d.root.Remove(name) // a leftover is swept at the next start
		}
	}()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return blob.Info{}, blob.FileFault("fileblob.put", key, err)
	}
	if err := d.fill(ctx, f, r, o.Size); err != nil {
		return blob.Info{}, blob.FileFault("fileblob.put", key, err)
	}
	st, err := f.Stat()
	if err != nil {
		return blob.Info{}, blob.FileFault("fileblob.put", key, err)
	}
	if err := d.publish(name, key, o.IfAbsent); err != nil {
		return blob.Info{}, err
	}
	published = true
	return info(key, st), nil
}

// fill copies r into f and makes it durable. Space is reserved first where the size is known, so that a full disk is
// found before the copy and not at its end.
func (d *Driver) fill(ctx context.Context, f *os.File, r io.Reader, size int64) error {
	if size > 1<<20 {
		if err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size); errors.Is(err, unix.ENOSPC) {
			return err
		}
	}
	buf := d.buffers.Get().(*[]byte)
	defer d.buffers.Put(buf)
	wrote := blob.WriteBack(f, 0)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(*buf)
		if n > 0 {
			if _, err := f.Write((*buf)[:n]); err != nil {
				return err
			}
			wrote(int64(n))
		}
		if err == io.EOF {
			return f.Sync()
		}
		if err != nil {
			return err
		}
	}
}

// publish gives the finished file its key. A folder may vanish between making and using it, when the last blob in it is
// deleted; then the folder is made again.
func (d *Driver) publish(temp, key string, ifAbsent bool) error {
	var err error
	for range 100 {
		err = d.mkdirs(path.Dir(key))
		switch {
		case err != nil:
		case ifAbsent:
			err = d.root.Link(temp, key)
		default:
			err = d.root.Rename(temp, key)
		}
		if err == nil {
			return blob.FileFault("fileblob.put", key, d.syncDir(path.Dir(key)))
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	switch {
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ENOTEMPTY):
		return &fault.Error{Op: "fileblob.put", Subject: key, Kind: fault.Conflict, Code: "key-is-folder",
			Text: "A stored file cannot also be the folder of others; use another name.", Err: err}
	case ifAbsent && errors.Is(err, fs.ErrExist):
		return taken(key)
	}
	return blob.FileFault("fileblob.put", key, err)
}

func taken(key string) error {
	return fault.Say("fileblob.put", key, fault.Conflict, "exists", "It is stored already.")
}

// mkdirs makes dir and its parents, each one durable in its own parent.
func (d *Driver) mkdirs(dir string) error {
	if dir == "." {
		return nil
	}
	if st, err := d.root.Stat(dir); err == nil && st.IsDir() {
		return nil
	}
	if err := d.mkdirs(path.Dir(dir)); err != nil {
		return err
	}
	if err := d.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.syncDir(path.Dir(dir))
}

func (d *Driver) syncDir(dir string) error {
	f, err := d.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // emptied and removed meanwhile by a delete
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Stat implements blob.Driver.
func (d *Driver) Stat(_ context.Context, key string) (blob.Info, error) {
	st, err := d.root.Stat(key)
	if err != nil {
		return blob.Info{}, absent("fileblob.stat", key, err)
	}
	if !st.Mode().IsRegular() {
		return blob.Info{}, absent("fileblob.stat", key, fs.ErrNotExist)
	}
	return info(key, st), nil
}

// open returns the regular file behind key.
func (d *Driver) open(op, key string) (*os.File, os.FileInfo, error) {
	f, err := d.root.Open(key)
	if err != nil {
		return nil, nil, absent(op, key, err)
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close() // the first error says more
		return nil, nil, absent(op, key, err)
	}
	return f, st, nil
}

// absent is FileFault with the sentence for a blob that is not there.
func absent(op, key string, err error) error {
	err = blob.FileFault(op, key, err)
	if fault.Is(err, fault.NotFound) {
		return &fault.Error{Op: op, Subject: key, Kind: fault.NotFound, Code: "no-blob", Text: "There is no stored file of that name.", Err: err}
	}
	return err
}

// OpenRange implements blob.Driver.
func (d *Driver) OpenRange(_ context.Context, key string, off, n int64) (io.ReadCloser, blob.Info, error) {
	f, st, err := d.open("fileblob.open", key)
	if err != nil {
		return nil, blob.Info{}, err
	}
	rest := max(0, st.Size()-off)
	if n < 0 || n > rest {
		n = rest
	}
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		_ = f.Close()
		return nil, blob.Info{}, blob.FileFault("fileblob.open", key, err)
	}
	return &span{LimitedReader: io.LimitedReader{R: f, N: n}, f: f}, info(key, st), nil
}

// span reads part of a file. WriteTo lets the kernel copy from file to socket.
type span struct {
	io.LimitedReader
	f *os.File
}

func (s *span) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, &s.LimitedReader) }
func (s *span) Close() error                       { return s.f.Close() }

// ReaderAt implements blob.Driver.
func (d *Driver) ReaderAt(_ context.Context, key string) (blob.ReaderAtCloser, error) {
	f, st, err := d.open("fileblob.open", key)
	if err != nil {
		return nil, err
	}
	return &file{File: f, size: st.Size()}, nil
}

type file struct {
	*os.File
	size int64
}

func (f *file) Size() int64 { return f.size }

// Delete implements blob.Driver. Folders that become empty go too.
func (d *Driver) Delete(_ context.Context, key string) error {
	if st, err := d.root.Lstat(key); err != nil || st.IsDir() {
		if err == nil || fault.Is(blob.FileFault("", "", err), fault.NotFound) {
			return nil
		}
		return blob.FileFault("fileblob.delete", key, err)
	}
	if err := d.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return blob.FileFault("fileblob.delete", key, err)
	}
	for dir := path.Dir(key); ; dir = path.Dir(dir) {
		if dir == "." || d.root.Remove(dir) != nil {
			return blob.FileFault("fileblob.delete", key, d.syncDir(dir))
		}
	}
}

// Local implements blob.LocalDriver.
func (d *Driver) Local(ctx context.Context, key string) (string, bool) {
	if _, err := d.Stat(ctx, key); err != nil {
		return "", false
	}
	return filepath.Join(d.dir, filepath.FromSlash(key)), true
}

// ReplaceHead implements blob.HeadDriver: the head lies within one page, which the file system writes as a whole. A Put
// meanwhile makes another file, so comparing and writing through one handle cannot mix the two.
func (d *Driver) ReplaceHead(_ context.Context, key string, old, head []byte) error {
	f, err := d.root.OpenFile(key, os.O_RDWR, 0)
	if err != nil {
		return absent("fileblob.head", key, err)
	}
	defer f.Close() // replaceHead has synced
	return blob.FileFault("fileblob.head", key, replaceHead(f, key, old, head))
}

func replaceHead(f *os.File, key string, old, head []byte) error {
	now := make([]byte, len(old))
	if _, err := f.ReadAt(now, 0); err != nil || len(old) != len(head) || !bytes.Equal(now, old) {
		return fault.Say("fileblob.head", key, fault.Stale, "head-changed", "The stored file was replaced meanwhile; retry.")
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return err
	}
	return f.Sync()
}

func info(key string, st os.FileInfo) blob.Info {
	return blob.Info{Key: key, Size: st.Size(), ModMS: st.ModTime().UnixMilli(),
		ETag: fmt.Sprintf("%x-%x", st.ModTime().UnixNano(), st.Size())}
}
