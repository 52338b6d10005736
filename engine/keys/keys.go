// Package keys is the port to secret keys: wrapping data keys (envelope encryption), signing, and stable named secrets.
// Callers use the concrete Ring; drivers (filekeys here, vault and KMS elsewhere) implement Driver and pass keystest. Master
// keys never leave a driver. It is not for passwords or API keys of people (see trust/access).
package keys

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	"showreel/fault"
)

// maxPlain is the most bytes Wrap takes: it is for keys, not for data.
const maxPlain = 4096

// Wrapped is a data key encrypted by a master key.
type Wrapped struct {
	KeyID string // which master key; no spaces, at most 128 bytes
	Data  []byte // opaque ciphertext
}

// A Driver holds master keys. Drivers are safe for concurrent use and by several processes at once.
type Driver interface {
	// Wrap encrypts plain with the current master key, bound to aad.
	Wrap(ctx context.Context, plain, aad []byte) (Wrapped, error)
	// Unwrap undoes Wrap. fault.NotFound for an unknown KeyID, fault.Corrupt when data or aad differ from what was wrapped.
	Unwrap(ctx context.Context, w Wrapped, aad []byte) ([]byte, error)
	// Sign makes an Ed25519 signature with the purpose's own key, which is created at first use and never changes.
	Sign(ctx context.Context, purpose string, msg []byte) ([]byte, error)
	// Public returns the Ed25519 public key of a purpose.
	Public(ctx context.Context, purpose string) (ed25519.PublicKey, error)
	// Rotate makes a new master key current and returns its id. Older ones still unwrap.
	Rotate(ctx context.Context) (keyID string, err error)
	// CurrentKey returns the id of the master key Wrap uses now.
	CurrentKey(ctx context.Context) (string, error)
	// Secret returns 32 bytes that are the same for a name forever and tell nothing about those of another name.
	Secret(ctx context.Context, name string) ([]byte, error)
}

// Ring is what the product sees of its keys.
type Ring struct{ d Driver }

// New makes a ring over a driver.
func New(d Driver) *Ring { return &Ring{d: d} }

// Wrap encrypts a small secret with the current master key. The same aad must be given to Unwrap; it binds the secret to
// its place and is not stored. fault.Invalid above 4096 bytes.
func (r *Ring) Wrap(ctx context.Context, plain, aad []byte) (Wrapped, error) {
	if len(plain) == 0 || len(plain) > maxPlain {
		return Wrapped{}, fault.Say("keys.wrap", "", fault.Invalid, "bad-secret",
			"A wrapped secret has 1 to %d bytes; wrap a data key and encrypt the data with it.", maxPlain)
	}
	w, err := r.d.Wrap(ctx, plain, aad)
	return w, wrap("keys.wrap", "", err)
}

// Unwrap returns what was wrapped. fault.NotFound when the master key is not in the ring, fault.Corrupt when the data was
// changed or aad is another.
func (r *Ring) Unwrap(ctx context.Context, w Wrapped, aad []byte) ([]byte, error) {
	plain, err := r.d.Unwrap(ctx, w, aad)
	return plain, wrap("keys.unwrap", w.KeyID, err)
}

// Sign returns the Ed25519 signature of msg by the key of a purpose ("audit", "token").
func (r *Ring) Sign(ctx context.Context, purpose string, msg []byte) ([]byte, error) {
	if err := checkName("keys.sign", purpose); err != nil {
		return nil, err
	}
	sig, err := r.d.Sign(ctx, purpose, msg)
	return sig, wrap("keys.sign", purpose, err)
}

// Verify returns fault.Corrupt with code "bad-signature" unless sig is the purpose's signature of msg.
func (r *Ring) Verify(ctx context.Context, purpose string, msg, sig []byte) error {
	public, err := r.Public(ctx, purpose)
	if err != nil {
		return err
	}
	if len(sig) != ed25519.SignatureSize || !ed25519.Verify(public, msg, sig) {
		return fault.Say("keys.verify", purpose, fault.Corrupt, "bad-signature", "The signature does not match.")
	}
	return nil
}

// Public returns the Ed25519 public key of a purpose.
func (r *Ring) Public(ctx context.Context, purpose string) (ed25519.PublicKey, error) {
	if err := checkName("keys.public", purpose); err != nil {
		return nil, err
	}
	public, err := r.d.Public(ctx, purpose)
	return public, wrap("keys.public", purpose, err)
}

// Rotate makes a new master key current and returns its id. What older keys wrapped still unwraps; seal.Rewrap and the
// like move it to the new key.
func (r *Ring) Rotate(ctx context.Context) (string, error) {
	id, err := r.d.Rotate(ctx)
	return id, wrap("keys.rotate", "", err)
}

// CurrentKey returns the id of the master key that Wrap uses now.
func (r *Ring) CurrentKey(ctx context.Context) (string, error) {
	id, err := r.d.CurrentKey(ctx)
	return id, wrap("keys.current", "", err)
}

// Secret returns 32 bytes that never change for a name, for MACs and tokens.
func (r *Ring) Secret(ctx context.Context, name string) ([]byte, error) {
	if err := checkName("keys.secret", name); err != nil {
		return nil, err
	}
	secret, err := r.d.Secret(ctx, name)
	return secret, wrap("keys.secret", name, err)
}

// String renders a wrapped key as text for a row, "keyid:base64". Parse undoes it.
func (w Wrapped) String() string { return w.KeyID + ":" + base64.RawURLEncoding.EncodeToString(w.Data) }

// Parse reads what Wrapped.String wrote. fault.Corrupt otherwise.
func Parse(s string) (Wrapped, error) {
	id, data, ok := strings.Cut(s, ":")
	raw, err := base64.RawURLEncoding.DecodeString(data)
	if !ok || id == "" || err != nil {
		return Wrapped{}, fault.Say("keys.parse", "", fault.Corrupt, "bad-wrapped-key", "The stored key is damaged; restore it from a backup.")
	}
	return Wrapped{KeyID: id, Data: raw}, nil
}

func checkName(op, name string) error {
	if name == "" || len(name) > 128 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fault.Say(op, "", fault.Invalid, "bad-name", "A key purpose or secret name is 1 to 128 visible characters.")
	}
	return nil
}

func wrap(op, subject string, err error) error {
	if err == nil {
		return nil
	}
	return fault.E(op, subject, "", err)
}
