package audit

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// origin is the log's name in checkpoints and the name of its signing key.
const origin = "showreel/audit"

// purpose names the signing key in the ring.
const purpose = "audit"

// VerifierKey returns the public key that checks this log's checkpoints and proofs, in the text form of signed notes.
func (l *Log) VerifierKey(ctx context.Context) (string, error) {
	public, err := l.ring.Public(ctx, purpose)
	if err != nil {
		return "", err
	}
	return verifierKey(public)
}

func verifierKey(public ed25519.PublicKey) (string, error) {
	key, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return "", fault.E("audit.key", origin, fault.Internal, err)
	}
	return key, nil
}

// Checkpoint returns the newest signed checkpoint, for keeping elsewhere. fault.NotFound before the first.
func (l *Log) Checkpoint(ctx context.Context) (string, error) {
	var text string
	err := l.db.Read().QueryRowContext(ctx, `SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1`).Scan(&text)
	if sqldb.NotFound(err) {
		return "", fault.Say("audit.checkpoint", "", fault.NotFound, "no-checkpoint", "Nothing has been recorded yet.")
	}
	return text, err
}

// signer is note.Signer over the key ring.
type signer struct {
	note.Verifier
	sign func(msg []byte) ([]byte, error)
}

func (s signer) Sign(msg []byte) ([]byte, error) { return s.sign(msg) }

// checkpoint renders and signs a tree's head as c2sp.org/tlog-checkpoint.
func (l *Log) checkpoint(ctx context.Context, t tlog.Tree) (string, error) {
	v, err := l.verifier(ctx)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, t.N, t.Hash)
	sign := func(msg []byte) ([]byte, error) { return l.ring.Sign(ctx, purpose, msg) }
	signed, err := note.Sign(&note.Note{Text: text}, signer{v, sign})
	return string(signed), err
}

func (l *Log) verifier(ctx context.Context) (note.Verifier, error) {
	key, err := l.VerifierKey(ctx)
	if err != nil {
		return nil, err
	}
	return newVerifier(key)
}

func newVerifier(key string) (note.Verifier, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, fault.Say("audit.key", "", fault.Invalid, "bad-verifier-key", "This is not the public key of an audit log.")
	}
	return v, nil
}

// openCheckpoint checks a checkpoint's signature and reads it. fault.Corrupt with code "bad-checkpoint".
func openCheckpoint(v note.Verifier, text string) (tlog.Tree, error) {
	bad := func(err error) error {
		return &fault.Error{Op: "audit.checkpoint", Kind: fault.Corrupt, Code: "bad-checkpoint",
			Text: "This checkpoint was not signed by this audit log.", Err: err}
	}
	n, err := note.Open([]byte(text), note.VerifierList(v))
	if err != nil {
		return tlog.Tree{}, bad(err)
	}
	lines := strings.SplitN(n.Text, "\n", 4)
	if len(lines) < 4 || lines[0] != origin {
		return tlog.Tree{}, bad(nil)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 {
		return tlog.Tree{}, bad(err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, bad(err)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}
