package blob

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"showreel/fault"
)

// PutFile stores the content of a local file. A Size of -1 or 0 in the options is replaced by the file's size.
func (s *Store) PutFile(ctx context.Context, key, path string, o PutOptions) (Info, error) {
	op := s.op("put")
	f, err := os.Open(path)
	if err != nil {
		return Info{}, FileFault(op, key, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Info{}, FileFault(op, key, err)
	}
	if o.Size <= 0 {
		o.Size = st.Size()
	}
	return s.Put(ctx, key, f, o)
}

// Fetch copies the blob to a local file of mode 0600 for programs that need a file, such as ffmpeg. The file appears
// whole or not at all. fault.NotFound, fault.Full.
func (s *Store) Fetch(ctx context.Context, key, path string) error {
	op := s.op("fetch")
	r, info, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-fetch-")
	if err != nil {
		return FileFault(op, key, err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	n, err := io.Copy(f, r)
	if err != nil {
		return FileFault(op, key, err)
	}
	if n != info.Size {
		return fault.Say(op, key, fault.Corrupt, "short-blob", "The stored file has %d bytes where %d were expected; restore it from a backup.", n, info.Size)
	}
	if err := f.Close(); err != nil {
		return FileFault(op, key, err)
	}
	return FileFault(op, key, os.Rename(f.Name(), path))
}

// FileFault gives an operating system error its kind: Full for no space or quota, NotFound, Conflict; errors that carry a
// kind keep it. nil stays nil.
func FileFault(op, key string, err error) error {
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return fault.E(op, key, "", err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return &fault.Error{Op: op, Subject: key, Kind: fault.Full, Code: "disk-full", Text: "The disk is full; free some space and retry.", Err: err}
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fault.E(op, key, fault.NotFound, err)
	case errors.Is(err, os.ErrExist), errors.Is(err, syscall.EISDIR):
		return fault.E(op, key, fault.Conflict, err)
	}
	return fault.E(op, key, "", err)
}
