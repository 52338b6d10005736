package analysis

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"

	"showreel/engine/keys"
	"showreel/fault"
	"showreel/platform/sqldb"
)

// vectorScope is the scope of the key that seals a tenant's vectors. The other scopes are runs.
const vectorScope = "vectors"

// vault seals with one data key. Whoever has destroyed the key's row has made every copy of what it sealed unreadable.
type vault struct{ aead cipher.AEAD }

func keyAAD(tenant, scope string) []byte {
	return []byte("showreel biometrics 1\x00" + tenant + "\x00" + scope)
}

// openVault reads a scope's key; ok is false where it has none, because nothing is sealed there or it was destroyed.
func (s *Service) openVault(ctx context.Context, q sqldb.Querier, tenant, scope string) (v vault, ok bool, err error) {
	if s.deps.Keys == nil {
		return v, false, nil
	}
	list, err := collect(ctx, q, func(r scanner) (w string, err error) { return w, r.Scan(&w) },
		`SELECT wrapped FROM analysis_keys WHERE tenant = $1 AND scope = $2`, tenant, scope)
	if err != nil || len(list) == 0 {
		return v, false, err
	}
	w, err := keys.Parse(list[0])
	if err != nil {
		return v, false, err
	}
	key, err := s.deps.Keys.Unwrap(ctx, w, keyAAD(tenant, scope))
	if err != nil {
		return v, false, err
	}
	v, err = newVault(key)
	return v, err == nil, err
}

// makeVault makes a scope's key where it has none.
func (s *Service) makeVault(ctx context.Context, tx *sqldb.Tx, tenant, scope string) error {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return fault.E("analysis.vault", tenant, fault.Internal, err)
	}
	w, err := s.deps.Keys.Wrap(ctx, key, keyAAD(tenant, scope))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO analysis_keys (tenant, scope, wrapped) VALUES ($1,$2,$3) ON CONFLICT (tenant, scope) DO NOTHING`, tenant, scope, w.String())
	return err
}

// dropVault removes the key of a run whose pieces are joined.
func (s *Service) dropVault(ctx context.Context, tenant, scope string) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM analysis_keys WHERE tenant = $1 AND scope = $2`, tenant, scope)
		return err
	})
}

func newVault(key []byte) (vault, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return vault{}, fault.E("analysis.vault", "", fault.Internal, err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return vault{}, fault.E("analysis.vault", "", fault.Internal, err)
	}
	return vault{aead}, nil
}

// seal encrypts bytes for a place, which must be named again to open them. The nonce stands in front; a key seals far
// fewer than the 2^32 messages that random nonces allow (NIST SP 800-38D, 8.3).
func (v vault) seal(plain []byte, place string) (string, error) {
	nonce := make([]byte, v.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fault.E("analysis.vault", place, fault.Internal, err)
	}
	return base64.StdEncoding.EncodeToString(v.aead.Seal(nonce, nonce, plain, []byte(place))), nil
}

func (v vault) open(sealed, place string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err == nil && len(raw) > v.aead.NonceSize() {
		var plain []byte
		if plain, err = v.aead.Open(nil, raw[:v.aead.NonceSize()], raw[v.aead.NonceSize():], []byte(place)); err == nil {
			return plain, nil
		}
	}
	return nil, fault.E("analysis.vault", place, fault.Corrupt, err)
}

// sealVector packs a unit vector into 16 bits a value, which moves a cosine by less than 1e-4, and seals it.
func (v vault) sealVector(x []float32, place string) (string, error) {
	raw := make([]byte, 0, 2*len(x))
	for _, f := range x {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(math.Round(32767*max(-1, min(1, float64(f)))))))
	}
	return v.seal(raw, place)
}

func (v vault) openVector(sealed, place string) ([]float32, error) {
	raw, err := v.open(sealed, place)
	out := make([]float32, len(raw)/2)
	for n := range out {
		out[n] = float32(int16(binary.LittleEndian.Uint16(raw[2*n:]))) / 32767
	}
	return out, err
}

// biometric is the part of a piece's result that never lies in a file unsealed.
type biometric struct {
	Voices  [][]float32   `json:"voices,omitempty"`
	Vectors [][][]float32 `json:"vectors,omitempty"` // of Faces, one a face
}

// hideVectors moves a result's vectors into its sealed part, under the key of its run.
func (t *target) hideVectors(ctx context.Context, p piece, f found) (found, error) {
	var b biometric
	b.Voices, f.Voices = f.Voices, nil
	some := len(b.Voices) > 0
	faces := f.Faces
	f.Faces = nil
	for _, list := range faces {
		var own [][]float32
		list = append(list[:0:0], list...)
		for n := range list {
			own, list[n].Vector = append(own, list[n].Vector), nil
			some = some || own[n] != nil
		}
		b.Vectors, f.Faces = append(b.Vectors, own), append(f.Faces, list)
	}
	if !some {
		return f, nil
	}
	if t.s.deps.Keys == nil {
		return f, fault.Say("analysis.vault", t.ref.Asset, fault.Unavailable, "no-keys", "Voices and faces are not compared without a key ring.")
	}
	v, ok, err := t.s.openVault(ctx, t.s.deps.DB.Read(), t.ref.Tenant, t.run)
	if err == nil && !ok {
		err = t.s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error { return t.s.makeVault(ctx, tx, t.ref.Tenant, t.run) })
		if err == nil {
			v, _, err = t.s.openVault(ctx, t.s.deps.DB.Read(), t.ref.Tenant, t.run)
		}
	}
	if err != nil {
		return f, err
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return f, fault.E("analysis.vault", t.ref.Asset, fault.Internal, err)
	}
	f.Sealed, err = v.seal(raw, t.pieceKey(p))
	return f, err
}

// showVectors undoes hideVectors; ok is false where the key was destroyed, so that the piece has to be done again.
func (t *target) showVectors(ctx context.Context, p piece, f *found) (ok bool, err error) {
	if f.Sealed == "" {
		return true, nil
	}
	v, ok, err := t.s.openVault(ctx, t.s.deps.DB.Read(), t.ref.Tenant, t.run)
	if err != nil || !ok {
		return false, err
	}
	raw, err := v.open(f.Sealed, t.pieceKey(p))
	if err != nil {
		return false, err
	}
	var b biometric
	if err := json.Unmarshal(raw, &b); err != nil {
		return false, fault.E("analysis.vault", t.ref.Asset, fault.Corrupt, err)
	}
	f.Voices, f.Sealed = b.Voices, ""
	for n, list := range b.Vectors {
		for k := range list {
			f.Faces[n][k].Vector = list[k]
		}
	}
	return true, nil
}
