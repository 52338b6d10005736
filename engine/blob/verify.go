package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"showreel/fault"
)

// verifier hashes and counts what a driver reads and turns a mismatch into an error in place of io.EOF, so that no
// driver can publish bytes that differ from what was promised.
type verifier struct {
	op, key string
	r       io.Reader
	h       hash.Hash
	n       int64
	want    PutOptions
	err     error // sticky
}

func newVerifier(op, key string, r io.Reader, o PutOptions) *verifier {
	return &verifier{op: op, key: key, r: r, h: sha256.New(), want: o}
}

// Read implements io.Reader. Where the size is known, the end is checked together with the last bytes and these are held
// back when something is wrong: a driver that stops at the announced size never sees a complete but wrong blob.
func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.r.Read(p)
	v.h.Write(p[:n])
	v.n += int64(n)
	if err == nil && n > 0 && v.n == v.want.Size {
		err = v.probe()
	}
	if v.want.Size >= 0 && v.n > v.want.Size {
		err = v.wrongSize()
	}
	if err == io.EOF {
		err = v.end()
	}
	v.err = err
	if err != nil && err != io.EOF {
		n = 0
	}
	return n, err
}

// probe looks for a byte too many after the announced size.
func (v *verifier) probe() error {
	var extra [1]byte
	for range 100 {
		n, err := v.r.Read(extra[:])
		v.n += int64(n)
		if n > 0 || err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (v *verifier) end() error {
	if v.want.Size >= 0 && v.n != v.want.Size {
		return v.wrongSize()
	}
	if v.want.SHA256 != "" && v.sum() != v.want.SHA256 {
		return fault.Say(v.op, v.key, fault.Corrupt, "wrong-checksum",
			"The received bytes do not match the announced SHA-256; send the file again.")
	}
	return io.EOF
}

func (v *verifier) wrongSize() error {
	return fault.Say(v.op, v.key, fault.Corrupt, "wrong-size",
		"Received %d bytes where %d were announced; send the file again.", v.n, v.want.Size)
}

func (v *verifier) sum() string { return hex.EncodeToString(v.h.Sum(nil)) }

func validSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == hex.EncodeToString(b)
}
