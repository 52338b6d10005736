package seal

import (
	"bytes"
	"context"
	"errors"
	"io"

	"filippo.io/age"

	"showreel/engine/blob"
	"showreel/fault"
)

// Progress counts what Rewrap did.
type Progress struct {
	Seen    int64 // blobs looked at
	Changed int64 // headers written anew
}

// Rewrap moves every sealed blob under prefix to the ring's current key. Payloads stay as they are: drivers with the
// ability change the header in place, others copy the sealed bytes. It may be stopped and run again at any time.
// fault.Unsupported when d is not a sealing driver.
func Rewrap(ctx context.Context, d blob.Driver, prefix string) (Progress, error) {
	var p Progress
	s, ok := d.(*driver)
	if !ok {
		return p, fault.Say("seal.rewrap", prefix, fault.Unsupported, "not-sealing", "This store is not sealed; there is nothing to re-wrap.")
	}
	current, err := s.ring.CurrentKey(ctx)
	if err != nil {
		return p, err
	}
	for after := ""; ; {
		infos, err := s.inner.List(ctx, prefix, after, 1000)
		if err != nil || len(infos) == 0 {
			return p, err
		}
		for _, info := range infos {
			changed, err := s.rewrap(ctx, info.Key, current)
			if err != nil && !fault.Is(err, fault.NotFound) { // deleted meanwhile
				return p, err
			}
			p.Seen++
			if changed {
				p.Changed++
			}
		}
		after = infos[len(infos)-1].Key
	}
}

// rewrap moves one blob to the current key, trying again when it was replaced meanwhile.
func (d *driver) rewrap(ctx context.Context, key, current string) (changed bool, err error) {
	for range 5 {
		old, err := d.head(ctx, key)
		if err != nil {
			return false, err
		}
		id, ok := keyID(old)
		if !ok {
			return false, notSealed(key)
		}
		if id == current {
			return false, nil
		}
		e := envelope{ctx, d.ring, key}
		fileKey, err := age.DecryptHeader(old, e)
		if err != nil {
			return false, damaged("seal.rewrap", key, err)
		}
		head, err := e.header(fileKey)
		if err != nil {
			return false, wrap("seal.rewrap", key, err)
		}
		if err = d.replace(ctx, key, old, head); !fault.Is(err, fault.Stale) {
			return err == nil, err
		}
	}
	return false, fault.Say("seal.rewrap", key, fault.Stale, "", "The stored file keeps changing; run it again later.")
}

func (d *driver) head(ctx context.Context, key string) ([]byte, error) {
	r, _, err := d.inner.OpenRange(ctx, key, 0, headerSize)
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, blob.FileFault("seal.rewrap", key, err)
	}
	if len(head) != headerSize {
		return nil, notSealed(key)
	}
	return head, nil
}

// replace puts head in old's place: in place where the driver can, else by storing the sealed bytes again.
func (d *driver) replace(ctx context.Context, key string, old, head []byte) error {
	if h, ok := d.inner.(blob.HeadDriver); ok {
		return h.ReplaceHead(ctx, key, old, head)
	}
	r, info, err := d.inner.OpenRange(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	now := make([]byte, headerSize)
	if _, err := io.ReadFull(r, now); err != nil || !bytes.Equal(now, old) {
		return fault.Say("seal.rewrap", key, fault.Stale, "head-changed", "The stored file was replaced meanwhile; retry.")
	}
	_, err = d.inner.Put(ctx, key, io.MultiReader(bytes.NewReader(head), r), blob.PutOptions{Size: info.Size})
	return err
}
