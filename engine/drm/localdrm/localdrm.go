// Package localdrm makes random content keys and keeps them in a table of its own, each sealed with AES-256-GCM under a
// secret of the key ring. It speaks to no key server and holds no key in the clear longer than a request.
package localdrm

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"io/fs"

	"showreel/engine/drm"
	"showreel/fault"
	"showreel/platform/sqldb"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema is the table of the driver.
func Schema() sqldb.Schema {
	sub, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		panic("localdrm: " + err.Error()) // the folder is embedded above
	}
	return sqldb.Schema{Name: "drm", FS: sub}
}

// Secrets gives a 32-byte secret that never changes for a name; *keys.Ring is one.
type Secrets interface {
	Secret(ctx context.Context, name string) ([]byte, error)
}

// sealSecret names the secret that seals the keys of this format.
const sealSecret = "drm-content-keys-1"

// Driver implements drm.Driver.
type Driver struct {
	db      *sqldb.DB
	secrets Secrets
}

// New makes the driver; the database must have Schema.
func New(db *sqldb.DB, secrets Secrets) *Driver { return &Driver{db: db, secrets: secrets} }

// aead is AES-256-GCM under the ring's secret.
func (d *Driver) aead(ctx context.Context) (cipher.AEAD, error) {
	secret, err := d.secrets.Secret(ctx, sealSecret)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fault.E("localdrm.seal", "", fault.Internal, err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fault.E("localdrm.seal", "", fault.Internal, err)
	}
	return gcm, nil
}

// Keys implements drm.Driver. Of two processes that make a key at once, the first one's is kept and both return it.
func (d *Driver) Keys(ctx context.Context, tenant, contentID string, classes []drm.Class) ([]drm.ContentKey, error) {
	stored, err := d.load(ctx, tenant, contentID)
	if err != nil {
		return nil, err
	}
	for _, c := range classes {
		if _, ok := stored[c]; ok {
			continue
		}
		if err := d.make(ctx, tenant, contentID, classes, stored); err != nil {
			return nil, err
		}
		if stored, err = d.load(ctx, tenant, contentID); err != nil {
			return nil, err
		}
		break
	}
	out := make([]drm.ContentKey, len(classes))
	for i, c := range classes {
		if out[i], err = d.open(ctx, tenant, contentID, c, stored[c]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type row struct{ kid, sealed string }

func (d *Driver) load(ctx context.Context, tenant, contentID string) (map[drm.Class]row, error) {
	rows, err := d.db.Read().QueryContext(ctx, `SELECT class, kid, sealed FROM drm_keys WHERE tenant = $1 AND content = $2`, tenant, contentID)
	if err != nil {
		return nil, fault.E("localdrm.load", contentID, "", err)
	}
	defer rows.Close()
	out := map[drm.Class]row{}
	for rows.Next() {
		var c drm.Class
		var r row
		if err := rows.Scan(&c, &r.kid, &r.sealed); err != nil {
			return nil, fault.E("localdrm.load", contentID, "", err)
		}
		out[c] = r
	}
	if err := rows.Err(); err != nil {
		return nil, fault.E("localdrm.load", contentID, "", err)
	}
	return out, nil
}

func (d *Driver) make(ctx context.Context, tenant, contentID string, classes []drm.Class, have map[drm.Class]row) error {
	seal, err := d.aead(ctx)
	if err != nil {
		return err
	}
	fresh := map[drm.Class]row{}
	for _, c := range classes {
		if _, ok := have[c]; ok {
			continue
		}
		var kid, key [16]byte
		rand.Read(kid[:]) // never fails
		rand.Read(key[:])
		id := hex.EncodeToString(kid[:])
		sealed := seal.Seal(nil, nil, key[:], aad(tenant, contentID, c, id))
		fresh[c] = row{id, base64.StdEncoding.EncodeToString(sealed)}
	}
	return d.db.Write(ctx, func(tx *sqldb.Tx) error {
		for c, r := range fresh {
			_, err := tx.ExecContext(ctx, `INSERT INTO drm_keys (tenant, content, class, kid, sealed, created_ms)
				VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, content, class) DO NOTHING`,
				tenant, contentID, string(c), r.kid, r.sealed, sqldb.NowMS())
			if err != nil {
				return fault.E("localdrm.make", contentID, "", err)
			}
		}
		return nil
	})
}

func aad(tenant, contentID string, c drm.Class, kid string) []byte {
	return []byte("drm\x00" + tenant + "\x00" + contentID + "\x00" + string(c) + "\x00" + kid)
}

func (d *Driver) open(ctx context.Context, tenant, contentID string, c drm.Class, r row) (drm.ContentKey, error) {
	out := drm.ContentKey{Class: c}
	damaged := fault.Say("localdrm.open", contentID, fault.Corrupt, "keys", "A stored content key is damaged; rotate the keys of this content.")
	kid, err := hex.DecodeString(r.kid)
	sealed, err2 := base64.StdEncoding.DecodeString(r.sealed)
	if err != nil || err2 != nil || len(kid) != 16 {
		return out, damaged
	}
	seal, err := d.aead(ctx)
	if err != nil {
		return out, err
	}
	key, err := seal.Open(nil, nil, sealed, aad(tenant, contentID, c, r.kid))
	if err != nil || len(key) != 16 {
		return out, damaged
	}
	copy(out.KID[:], kid)
	copy(out.Key[:], key)
	return out, nil
}

// Rotate implements drm.Driver.
func (d *Driver) Rotate(ctx context.Context, tenant, contentID string) error {
	return d.Forget(ctx, tenant, contentID)
}

// Forget implements drm.Driver.
func (d *Driver) Forget(ctx context.Context, tenant, contentID string) error {
	return d.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM drm_keys WHERE tenant = $1 AND content = $2`, tenant, contentID)
		if err != nil {
			return fault.E("localdrm.forget", contentID, "", err)
		}
		return nil
	})
}
