package delivery

import (
	"container/list"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"showreel/fault"
)

// diskCache keeps blocks that memory has no room for. Files are encrypted with a key that lives as long as the process, so
// that sealed media never lies readable on disk; the folder is emptied at start, for nothing in it can be read again.
type diskCache struct {
	dir   string
	limit int64
	aead  cipher.AEAD

	mu    sync.Mutex
	used  int64
	next  int64
	order *list.List // of *spilled, most recent first
	at    map[string]*list.Element
}

type spilled struct {
	key  string
	file string
	size int64
}

// openDiskCache makes the folder its own: what is in it is deleted.
func openDiskCache(dir string, limit int64) (*diskCache, error) {
	dir = filepath.Join(dir, "blocks")
	if err := os.RemoveAll(dir); err != nil {
		return nil, fault.E("delivery.cache", dir, fault.Unavailable, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.E("delivery.cache", dir, fault.Unavailable, err)
	}
	var key [32]byte
	rand.Read(key[:]) // never fails
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fault.E("delivery.cache", dir, fault.Internal, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fault.E("delivery.cache", dir, fault.Internal, err)
	}
	return &diskCache{dir: dir, limit: limit, aead: aead, order: list.New(), at: map[string]*list.Element{}}, nil
}

// get returns a block, nil when it is not there or damaged.
func (d *diskCache) get(key string) []byte {
	d.mu.Lock()
	e, ok := d.at[key]
	if !ok {
		d.mu.Unlock()
		return nil
	}
	d.order.MoveToFront(e)
	file := e.Value.(*spilled).file // the list holds nothing else
	d.mu.Unlock()
	sealed, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	data, err := d.aead.Open(nil, nil, sealed, []byte(key))
	if err != nil {
		return nil
	}
	return data
}

func (d *diskCache) put(key string, data []byte) error {
	d.mu.Lock()
	if _, ok := d.at[key]; ok {
		d.mu.Unlock()
		return nil
	}
	d.next++
	s := &spilled{key: key, file: filepath.Join(d.dir, fmt.Sprintf("%016x", d.next))}
	d.mu.Unlock()
	sealed := d.aead.Seal(nil, nil, data, []byte(key))
	if err := os.WriteFile(s.file, sealed, 0o600); err != nil {
		_ = os.Remove(s.file) // what was written is useless; the first error counts
		return fault.E("delivery.cache", d.dir, fault.Full, err)
	}
	s.size = int64(len(sealed))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at[key] = d.order.PushFront(s)
	d.used += s.size
	for d.used > d.limit && d.order.Len() > 0 {
		old := d.order.Remove(d.order.Back()).(*spilled) // the list holds nothing else
		delete(d.at, old.key)
		d.used -= old.size
		if err := os.Remove(old.file); err != nil {
			return fault.E("delivery.cache", d.dir, "", err)
		}
	}
	return nil
}
