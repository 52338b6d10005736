package catalogue

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"showreel/fault"
)

// unpack writes the members of an archive that a source names into folder and checks them: one hash over all files in name
// order, and the exact number of bytes. Kind: fault.Corrupt, code "source-changed".
func unpack(archive string, s Source, folder string) error {
	const op = "catalogue.unpack"
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o755)); err != nil {
		return disk(op, folder, err)
	}
	left := s.Bytes
	save := func(name string, r io.Reader) error {
		f, err := os.OpenFile(filepath.Join(folder, path.Base(name)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return disk(op, folder, err)
		}
		n, err := io.Copy(f, io.LimitReader(r, left+1))
		left -= n
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return disk(op, archive, err)
		}
		if left < 0 {
			return changed(s, "it is larger than it was")
		}
		return nil
	}
	var err error
	if s.whole() {
		err = openThen(archive, func(f *os.File) error { return save(s.base(), f) })
	} else {
		outer, inner, nested := strings.Cut(s.File, "!")
		if nested {
			err = members(archive, outer, func(name string, r io.Reader) error { return tarMembers(name, r, inner, save) })
		} else {
			err = members(archive, outer, save)
		}
	}
	if err != nil {
		return err
	}
	return checkSource(folder, s)
}

// checkSource compares a folder of unpacked files with the list.
func checkSource(folder string, s Source) error {
	sum, n, err := sumFiles(folder)
	switch {
	case err != nil:
		return disk("catalogue.check", folder, err)
	case n == 0:
		return changed(s, "the file is not in it")
	case n != s.Bytes || sum != s.SHA256:
		return changed(s, "its sha256 is "+sum+", not "+s.SHA256)
	}
	return nil
}

func changed(s Source, why string) error {
	return fault.Say("catalogue.check", s.Name, fault.Corrupt, "source-changed", "%s of %s %s is not the file we know: %s. It was not used.", s.base(), s.Name, s.Version, why)
}

func openThen(name string, fn func(*os.File) error) error {
	f, err := os.Open(name)
	if err != nil {
		return fault.Say("catalogue.open", name, fault.Unavailable, "source-missing", "The file %s cannot be read: %v", name, errors.Unwrap(err))
	}
	defer f.Close()
	return fn(f)
}

// members calls fn for each file of an archive whose name matches, by the archive's own order.
func members(archive, pattern string, fn func(name string, r io.Reader) error) error {
	return openThen(archive, func(f *os.File) error {
		if !zipped(archive) {
			return tarMembers(archive, f, pattern, fn)
		}
		info, err := f.Stat()
		if err != nil {
			return disk("catalogue.unpack", archive, err)
		}
		z, err := zip.NewReader(f, info.Size())
		if err != nil {
			return broken(archive, err)
		}
		for _, e := range z.File {
			if ok, err := path.Match(pattern, e.Name); err != nil || !ok || e.FileInfo().IsDir() {
				continue
			}
			r, err := e.Open()
			if err != nil {
				return broken(archive, err)
			}
			err = fn(e.Name, r)
			if err = errors.Join(err, r.Close()); err != nil {
				return err
			}
		}
		return nil
	})
}

func zipped(name string) bool {
	return slices.Contains([]string{".whl", ".jar", ".zip"}, path.Ext(name))
}

func broken(archive string, err error) error {
	return &fault.Error{Op: "catalogue.unpack", Subject: archive, Kind: fault.Corrupt, Code: "broken-archive", Err: err,
		Text: "The archive " + filepath.Base(archive) + " cannot be read: " + err.Error() + "."}
}

// tarMembers reads .tgz, .tar.gz, .tar.zst and .tar.
func tarMembers(name string, r io.Reader, pattern string, fn func(name string, r io.Reader) error) error {
	switch path.Ext(name) {
	case ".tgz", ".gz":
		g, err := gzip.NewReader(r)
		if err != nil {
			return broken(name, err)
		}
		defer g.Close()
		r = g
	case ".zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return broken(name, err)
		}
		defer z.Close()
		r = z
	}
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(name, err)
		}
		clean := strings.TrimPrefix(h.Name, "./")
		if ok, err := path.Match(pattern, clean); err != nil || !ok || h.Typeflag != tar.TypeReg {
			continue
		}
		if err := fn(clean, t); err != nil {
			return err
		}
	}
}

// sumFiles hashes the files of a folder one after the other in name order.
func sumFiles(folder string) (sum string, bytes int64, err error) {
	h := sha256.New()
	names, err := filesIn(folder)
	for _, name := range names {
		n, err := addFile(h, name)
		if err != nil {
			return "", 0, err
		}
		bytes += n
	}
	return hex.EncodeToString(h.Sum(nil)), bytes, err
}

func sumFile(name string) (string, int64, error) {
	h := sha256.New()
	n, err := addFile(h, name)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

func addFile(h hash.Hash, name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(h, f)
}

// filesIn lists the regular files of a folder by name; a folder that is not there has none.
func filesIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), ".part") {
			out = append(out, filepath.Join(folder, e.Name()))
		}
	}
	return out, err
}
