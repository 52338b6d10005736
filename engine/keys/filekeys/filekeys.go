// Package filekeys keeps master keys in one file of mode 0600: the embedded default for a single machine, or for several
// that share the file. Data keys are wrapped with AES-256-GCM; signing keys (Ed25519) and named secrets are derived from a
// root secret by HKDF-SHA256 (RFC 5869). Whoever reads the file reads everything: back it up apart from the data. It is
// not for hardware or remote key services.
package filekeys

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"showreel/engine/keys"
	"showreel/fault"
)

// ringFile is the name of the key file in the folder.
const ringFile = "ring.json"

// ring is the file's content. The last master is current.
type ring struct {
	Version int      `json:"version"`
	Root    []byte   `json:"root"` // 32 bytes
	Masters []master `json:"masters"`
}

type master struct {
	ID        string `json:"id"`
	CreatedMS int64  `json:"createdMs"`
	Key       []byte `json:"key"` // 32 bytes
}

// Driver is an opened key file. It implements keys.Driver.
type Driver struct {
	dir string

	mu   sync.RWMutex
	ring ring
}

// Open opens the folder, making it and a fresh ring where there is none. fault.Denied when others may read the file,
// fault.Corrupt when it is damaged, fault.Unavailable when it cannot be read or written.
func Open(dir string) (*Driver, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	d := &Driver{dir: dir}
	err := d.locked(func() error {
		err := d.load()
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return d.save(ring{Version: 1, Root: random(32), Masters: []master{newMaster()}})
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func newMaster() master {
	return master{ID: "f-" + hex.EncodeToString(random(8)), CreatedMS: time.Now().UnixMilli(), Key: random(32)}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

func unusable(dir string, err error) error {
	return &fault.Error{Op: "filekeys.open", Subject: dir, Kind: fault.Unavailable, Code: "key-folder",
		Text: "The key folder cannot be used; check that it exists and belongs to this user.", Err: err}
}

// locked runs fn while no other process changes the file.
func (d *Driver) locked(fn func() error) error {
	lock, err := os.OpenFile(filepath.Join(d.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return unusable(d.dir, err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return unusable(d.dir, err)
	}
	return fn()
}

// load reads and checks the file.
func (d *Driver) load() error {
	path := filepath.Join(d.dir, ringFile)
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil {
		return unusable(d.dir, err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return fault.Say("filekeys.open", path, fault.Denied, "key-file-mode",
			"The key file can be read by other users; run chmod 600 on it, and rotate the keys if someone may have read it.")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return unusable(d.dir, err)
	}
	r, err := parse(data)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ring = r
	return nil
}

func parse(data []byte) (ring, error) {
	var r ring
	err := json.Unmarshal(data, &r)
	ok := err == nil && r.Version == 1 && len(r.Root) == 32 && len(r.Masters) > 0
	for _, m := range r.Masters {
		ok = ok && m.ID != "" && len(m.Key) == 32
	}
	if !ok {
		// The parser's error could quote key material: it is left out.
		return ring{}, fault.Say("filekeys.open", ringFile, fault.Corrupt, "key-file-damaged",
			"The key file is damaged; restore it from a backup. Without it, sealed files cannot be read.")
	}
	return r, nil
}

// save writes the file so that it is there whole or not at all, and takes it into use.
func (d *Driver) save(r ring) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fault.E("filekeys.save", d.dir, fault.Internal, err)
	}
	if err := writeFile(d.dir, ringFile, append(data, '\n')); err != nil {
		return unusable(d.dir, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ring = r
	return nil
}

func writeFile(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, ".tmp-") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (d *Driver) current() master {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.ring.Masters[len(d.ring.Masters)-1]
}

// byID finds a master key; one that another process made since is read from the file.
func (d *Driver) byID(id string) (master, error) {
	for attempt := range 2 {
		d.mu.RLock()
		for _, m := range d.ring.Masters {
			if m.ID == id {
				d.mu.RUnlock()
				return m, nil
			}
		}
		d.mu.RUnlock()
		if attempt == 0 {
			if err := d.load(); err != nil {
				return master{}, err
			}
		}
	}
	return master{}, fault.Say("filekeys.unwrap", id, fault.NotFound, "no-such-key",
		"The key that protects this is not in the key file; restore the key file that belongs to this data.")
}

func (m master) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(m.Key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Wrap implements keys.Driver. The ciphertext is 28 bytes longer than plain.
func (d *Driver) Wrap(_ context.Context, plain, aad []byte) (keys.Wrapped, error) {
	m := d.current()
	aead, err := m.aead()
	if err != nil {
		return keys.Wrapped{}, fault.E("filekeys.wrap", m.ID, fault.Internal, err)
	}
	return keys.Wrapped{KeyID: m.ID, Data: aead.Seal(nil, nil, plain, aad)}, nil
}

// Unwrap implements keys.Driver.
func (d *Driver) Unwrap(_ context.Context, w keys.Wrapped, aad []byte) ([]byte, error) {
	m, err := d.byID(w.KeyID)
	if err != nil {
		return nil, err
	}
	aead, err := m.aead()
	if err != nil {
		return nil, fault.E("filekeys.unwrap", m.ID, fault.Internal, err)
	}
	plain, err := aead.Open(nil, nil, w.Data, aad)
	if err != nil {
		return nil, fault.E("filekeys.unwrap", m.ID, fault.Corrupt, err)
	}
	return plain, nil
}

// derive returns 32 bytes for a use and a name.
func (d *Driver) derive(use, name string) ([]byte, error) {
	d.mu.RLock()
	root := d.ring.Root
	d.mu.RUnlock()
	key, err := hkdf.Key(sha256.New, root, nil, "showreel "+use+" v1\x00"+name, 32)
	if err != nil {
		return nil, fault.E("filekeys.derive", name, fault.Internal, err)
	}
	return key, nil
}

func (d *Driver) signer(purpose string) (ed25519.PrivateKey, error) {
	seed, err := d.derive("sign", purpose)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// Sign implements keys.Driver.
func (d *Driver) Sign(_ context.Context, purpose string, msg []byte) ([]byte, error) {
	key, err := d.signer(purpose)
	if err != nil {
		return nil, err
	}
	return ed25519.Sign(key, msg), nil
}

// Public implements keys.Driver.
func (d *Driver) Public(_ context.Context, purpose string) (ed25519.PublicKey, error) {
	key, err := d.signer(purpose)
	if err != nil {
		return nil, err
	}
	return key.Public().(ed25519.PublicKey), nil
}

// Secret implements keys.Driver.
func (d *Driver) Secret(_ context.Context, name string) ([]byte, error) {
	return d.derive("secret", name)
}

// CurrentKey implements keys.Driver.
func (d *Driver) CurrentKey(context.Context) (string, error) { return d.current().ID, nil }

// Rotate implements keys.Driver.
func (d *Driver) Rotate(context.Context) (string, error) {
	m := newMaster()
	err := d.locked(func() error {
		if err := d.load(); err != nil {
			return err
		}
		d.mu.RLock()
		next := d.ring
		d.mu.RUnlock()
		next.Masters = append(next.Masters[:len(next.Masters):len(next.Masters)], m)
		return d.save(next)
	})
	return m.ID, err
}
