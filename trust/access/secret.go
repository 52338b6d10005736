package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
)

// secretBytes is the strength of sessions, API keys and set-up links: 256 bits, so a fast hash is enough to store them.
const secretBytes = 32

// randomText returns n random bytes as base64url without padding.
func randomText(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic("access: the system has no randomness: " + err.Error()) // crypto/rand never returns one since Go 1.24
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// digest is how secrets are stored and looked up.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// randomHex returns n random bytes in hexadecimal.
func randomHex(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic("access: the system has no randomness: " + err.Error()) // as above
	}
	return hex.EncodeToString(b)
}
