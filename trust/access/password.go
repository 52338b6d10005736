package access

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"showreel/fault"
)

// PasswordCost is how hard argon2id works.
type PasswordCost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultPasswordCost is the first choice of OWASP's password storage sheet: 19 MiB, 2 passes, 1 lane.
func DefaultPasswordCost() PasswordCost {
	return PasswordCost{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1}
}

// The bounds of a password in characters, after NIST SP 800-63B-4 §3.1.1: long, no rules of composition.
const (
	passwordMin = 10
	passwordMax = 256
)

// checkPassword refuses what is too short, too long, or among the first that are guessed. Errors: fault.Invalid "bad-password"
// and "weak-password".
func checkPassword(password, email, name string) error {
	const op = "access.password"
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return fault.Say(op, "", fault.Invalid, "bad-password", "The password must be valid text.")
	case n < passwordMin:
		return fault.Say(op, "", fault.Invalid, "weak-password", "The password has %d characters; use at least %d. Several words are easiest to remember.", n, passwordMin)
	case n > passwordMax:
		return fault.Say(op, "", fault.Invalid, "bad-password", "The password has %d characters; use at most %d.", n, passwordMax)
	}
	if guessable(password, email, name) {
		return fault.Say(op, "", fault.Invalid, "weak-password", "The password is easy to guess: it is made of frequent words, names, dates or keys in a row. Use several words that have nothing to do with each other or with you.")
	}
	return nil
}

// hashPassword returns the PHC string of argon2id over the NFKC form. At most two run at once, which bounds memory.
func (s *Service) hashPassword(ctx context.Context, password string) (string, error) {
	release, err := s.holdHashing(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", fault.E("access.password", "", fault.Internal, err)
	}
	c := s.deps.Cost
	key := argon2.IDKey(prepared(password), salt, c.Passes, c.MemoryKiB, c.Lanes, 32)
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, c.Lanes, enc(salt), enc(key)), nil
}

// verifyPassword reports whether the password matches the stored PHC string.
func (s *Service) verifyPassword(ctx context.Context, password, stored string) (bool, error) {
	var version int
	var c PasswordCost
	fields := strings.Split(stored, "$")
	if len(fields) != 6 || fields[1] != "argon2id" {
		return false, fault.E("access.password", "", fault.Corrupt, nil)
	}
	if _, err := fmt.Sscanf(fields[2]+" "+fields[3], "v=%d m=%d,t=%d,p=%d", &version, &c.MemoryKiB, &c.Passes, &c.Lanes); err != nil {
		return false, fault.E("access.password", "", fault.Corrupt, err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(fields[4])
	if err != nil {
		return false, fault.E("access.password", "", fault.Corrupt, err)
	}
	release, err := s.holdHashing(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	key := argon2.IDKey(prepared(password), salt, c.Passes, c.MemoryKiB, c.Lanes, 32)
	return same(base64.RawStdEncoding.EncodeToString(key), fields[5]), nil
}

func (s *Service) holdHashing(ctx context.Context) (release func(), err error) {
	select {
	case s.hashing <- struct{}{}:
		return func() { <-s.hashing }, nil
	case <-ctx.Done():
		return nil, fault.E("access.password", "", fault.Canceled, ctx.Err())
	}
}

// prepared makes the same characters the same bytes, whatever the keyboard composed.
func prepared(password string) []byte { return []byte(norm.NFKC.String(password)) }
