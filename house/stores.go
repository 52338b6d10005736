package house

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"showreel/engine/blob"
	"showreel/engine/blob/fileblob"
	"showreel/engine/blob/s3blob"
	"showreel/engine/drm/localdrm"
	"showreel/engine/flow"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/engine/kv"
	"showreel/engine/kv/sqlkv"
	"showreel/fault"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/product/analysis"
	"showreel/product/delivery"
	"showreel/product/ingest"
	"showreel/product/library"
	"showreel/product/quality"
	"showreel/trust/access"
	"showreel/trust/audit"
	"showreel/trust/seal"
)

// openData makes the data folder and claims it for this process.
func (h *House) openData(context.Context) error {
	abs, err := filepath.Abs(h.cfg.Data)
	if err != nil {
		return fault.E("house.open", h.cfg.Data, fault.Invalid, err)
	}
	h.cfg.Data = abs
	for _, dir := range []string{abs, h.path("tmp")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fault.Say("house.open", dir, fault.Unavailable, "data-folder", "The data folder %s cannot be made: %v", dir, err)
		}
	}
	lock, err := os.OpenFile(h.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Say("house.open", abs, fault.Unavailable, "data-folder", "The data folder %s cannot be written: %v", abs, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fault.Say("house.open", abs, fault.Conflict, "data-in-use",
			"Another Showreel process works on %s. Use it with --server, or stop it first.", abs), lock.Close())
	}
	h.onClose(lock.Close)
	return h.readInstance()
}

// schemas lists every table set of the business database, in the order rooms stand on each other.
func schemas() []sqldb.Schema {
	return []sqldb.Schema{outbox.Schema(), sqlkv.Schema(), audit.Schema(), access.Schema(), flow.Schema(), localdrm.Schema(),
		library.Schema(), ingest.Schema(), quality.Schema(), delivery.Schema(), analysis.Schema()}
}

// openStores opens the databases, the keys and the small records.
func (h *House) openStores(ctx context.Context) error {
	db, err := sqldb.Open(ctx, h.cfg.DB)
	if err != nil {
		return err
	}
	h.db = db
	h.onClose(db.Close)
	for _, s := range schemas() {
		if err := db.Migrate(ctx, s); err != nil {
			return err
		}
	}
	h.outbox = outbox.New(db)
	dir, ok := strings.CutPrefix(h.cfg.Keys, "file:")
	if !ok {
		return fault.Say("house.open", h.cfg.Keys, fault.Invalid, "keys", "The setting keys must be file:/a/folder.")
	}
	driver, err := filekeys.Open(dir)
	if err != nil {
		return err
	}
	h.ring = keys.New(driver)
	if err := h.openKV(ctx); err != nil {
		return err
	}
	return h.checkRing(ctx)
}

func (h *House) openKV(ctx context.Context) error {
	db := h.db
	if h.cfg.KV != h.cfg.DB {
		var err error
		if db, err = sqldb.Open(ctx, h.cfg.KV); err != nil {
			return err
		}
		h.onClose(db.Close)
		if err := db.Migrate(ctx, sqlkv.Schema()); err != nil {
			return err
		}
	}
	h.kv = kv.New(sqlkv.New(db))
	return nil
}

// openBlobs opens the three stores, sealed where the configuration says so.
func (h *House) openBlobs(ctx context.Context) error {
	for _, s := range []struct {
		name, url string
		into      **blob.Store
	}{
		{"raw", h.cfg.Blob.Raw, &h.blobs.Raw},
		{"processed", h.cfg.Blob.Processed, &h.blobs.Processed},
		{"generated", h.cfg.Blob.Generated, &h.blobs.Generated},
	} {
		driver, remote, err := openBlob(ctx, s.name, s.url)
		if err != nil {
			return fault.Say("house.open", "blob."+s.name, fault.KindOf(err), fault.CodeOf(err), "blob.%s: %s", s.name, fault.TextOf(err))
		}
		if h.cfg.Seal == "on" || h.cfg.Seal == "auto" && !remote {
			driver = seal.Driver(driver, h.ring)
		}
		*s.into = blob.New(driver, s.name)
	}
	return nil
}

func openBlob(ctx context.Context, name, address string) (d blob.Driver, remote bool, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, false, fault.Say("house.open", name, fault.Invalid, "blob-url", "The address of blob.%s cannot be read.", name)
	}
	switch u.Scheme {
	case "file":
		path := u.Path
		if path == "" {
			path = u.Opaque
		}
		d, err = fileblob.Open(path)
		return d, false, err
	case "s3":
		d, err = s3blob.Open(ctx, address)
		return d, true, err
	}
	return nil, false, fault.Say("house.open", name, fault.Invalid, "blob-url", "The address of blob.%s must start with file: or s3:.", name)
}
