// Package seal encrypts blobs at rest. It decorates a blob.Driver: each blob becomes a file in the age format
// (age-encryption.org/v1) whose file key is wrapped by engine/keys in a stanza of our own, bound to the blob's key so that
// sealed blobs cannot be exchanged for each other. Any range of the plain bytes can be read, and rotating keys rewrites
// headers only. It hides neither keys (names) nor sizes, and it is not for encrypted delivery to players (see engine/drm).
//
// The header is padded to a fixed length by a second stanza, which readers of the format ignore, so the plain size follows
// from the sealed size alone. The first line of the file and the stanza's type are the format tag: another cipher would
// come under another tag.
package seal

import (
	"context"
	"errors"
	"io"

	"filippo.io/age"

	"showreel/engine/blob"
	"showreel/engine/keys"
	"showreel/fault"
)

// Driver returns a driver that seals what it puts into inner and opens what it reads. It has none of inner's abilities
// that would show sealed bytes: no local file, no direct URLs, no parts.
func Driver(inner blob.Driver, ring *keys.Ring) blob.Driver { return &driver{inner: inner, ring: ring} }

type driver struct {
	inner blob.Driver
	ring  *keys.Ring
}

// Put implements blob.Driver.
func (d *driver) Put(ctx context.Context, key string, r io.Reader, o blob.PutOptions) (blob.Info, error) {
	sealed, err := age.EncryptReader(r, envelope{ctx, d.ring, key})
	if err != nil {
		return blob.Info{}, fault.E("seal.put", key, "", err)
	}
	size := int64(-1)
	if o.Size >= 0 {
		size = sealedSize(o.Size)
	}
	info, err := d.inner.Put(ctx, key, sealed, blob.PutOptions{Size: size, IfAbsent: o.IfAbsent})
	if err != nil {
		return blob.Info{}, err
	}
	return plain(info)
}

// Stat implements blob.Driver. The size is computed, not authenticated; opening the blob does that.
func (d *driver) Stat(ctx context.Context, key string) (blob.Info, error) {
	info, err := d.inner.Stat(ctx, key)
	if err != nil {
		return blob.Info{}, err
	}
	return plain(info)
}

// Delete implements blob.Driver.
func (d *driver) Delete(ctx context.Context, key string) error { return d.inner.Delete(ctx, key) }

// List implements blob.Driver.
func (d *driver) List(ctx context.Context, prefix, after string, limit int) ([]blob.Info, error) {
	infos, err := d.inner.List(ctx, prefix, after, limit)
	if err != nil {
		return nil, err
	}
	for i := range infos {
		if infos[i], err = plain(infos[i]); err != nil {
			return nil, err
		}
	}
	return infos, nil
}

// OpenRange implements blob.Driver.
func (d *driver) OpenRange(ctx context.Context, key string, off, n int64) (io.ReadCloser, blob.Info, error) {
	info, err := d.Stat(ctx, key)
	if err != nil {
		return nil, blob.Info{}, err
	}
	r, err := d.open(ctx, key)
	if err != nil {
		return nil, blob.Info{}, err
	}
	info.Size = r.size
	end := r.size
	if off = min(off, end); n >= 0 && n < end-off {
		end = off + n
	}
	return &stream{r: r, off: off, end: end}, info, nil
}

// ReaderAt implements blob.Driver.
func (d *driver) ReaderAt(ctx context.Context, key string) (blob.ReaderAtCloser, error) {
	return d.open(ctx, key)
}

// open authenticates header and length. It tries twice, because a header may be read while Rewrap replaces it.
func (d *driver) open(ctx context.Context, key string) (*reader, error) {
	src, err := d.inner.ReaderAt(ctx, key)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		at, size, err := age.DecryptReaderAt(source{src}, src.Size(), envelope{ctx, d.ring, key})
		if err == nil {
			return &reader{key: key, src: src, at: at, size: size}, nil
		}
		if err = damaged("seal.open", key, err); attempt > 0 || !fault.Is(err, fault.Corrupt) {
			_ = src.Close() // the first error says more
			return nil, err
		}
	}
}

// plain turns the facts of a sealed blob into those of its plain bytes.
func plain(info blob.Info) (blob.Info, error) {
	size, ok := plainSize(info.Size)
	if !ok {
		return blob.Info{}, notSealed(info.Key)
	}
	info.Size, info.SHA256 = size, ""
	return info, nil
}

func notSealed(key string) error {
	return fault.Say("seal.open", key, fault.Corrupt, "not-sealed",
		"This stored file is not sealed although the store is; it was put there by something else, or sealing was switched on later. Store it again.")
}

// damaged gives errors of the age library their kind: what it cannot authenticate is Corrupt; errors of keys and storage
// keep theirs.
func damaged(op, key string, err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return wrap(op, key, err)
	}
	return &fault.Error{Op: op, Subject: key, Kind: fault.Corrupt, Code: "sealed-damaged",
		Text: "The stored file is damaged or was changed; restore it from a backup.", Err: err}
}

func wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return fault.E(op, key, "", err)
}

// source gives read errors of the inner driver a kind, so that they are not taken for damage.
type source struct{ io.ReaderAt }

func (s source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = blob.FileFault("seal.read", "", err)
	}
	return n, err
}
