package seal

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"filippo.io/age"

	"showreel/engine/keys"
	"showreel/fault"
)

// The format, age-encryption.org/v1: a text header, a 16 byte nonce, then chunks of 64 KiB, each with a 16 byte tag.
const (
	headerSize = 1024 // ours, by padding
	nonceSize  = 16
	chunkSize  = 64 << 10
	tagSize    = 16

	intro      = "age-encryption.org/v1\n"
	stanzaType = "showreel-1"
	padType    = "pad-grease" // the format's name for stanzas that mean nothing
	footer     = "---"
)

// macLine is the length of the header's last line: footer, space, 43 digits of base64, newline.
const macLine = len(footer) + 1 + 43 + 1

// sealedSize is the size of the file that holds n plain bytes.
func sealedSize(n int64) int64 {
	chunks := max(1, (n+chunkSize-1)/chunkSize)
	return headerSize + nonceSize + n + chunks*tagSize
}

// plainSize undoes sealedSize; ok is false for a size that no sealed file has.
func plainSize(sealed int64) (n int64, ok bool) {
	payload := sealed - headerSize - nonceSize
	if payload < tagSize {
		return 0, false
	}
	chunks := (payload + chunkSize + tagSize - 1) / (chunkSize + tagSize)
	n = payload - chunks*tagSize
	return n, n >= 0 && sealedSize(n) == sealed
}

// envelope is age's Recipient and Identity over the key ring for one blob.
type envelope struct {
	ctx  context.Context
	ring *keys.Ring
	key  string // of the blob
}

func (e envelope) aad() []byte { return []byte("showreel seal 1\x00" + e.key) }

// Wrap implements age.Recipient.
func (e envelope) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	w, err := e.ring.Wrap(e.ctx, fileKey, e.aad())
	if err != nil {
		return nil, err
	}
	own := &age.Stanza{Type: stanzaType, Args: []string{w.KeyID}, Body: w.Data}
	pad := &age.Stanza{Type: padType, Args: []string{""}}
	room := headerSize - len(intro) - macLine - len(text(own)) - len(text(pad))
	if room < 1 {
		return nil, fault.Say("seal.wrap", e.key, fault.Internal, "wrapped-key-too-long", "The key service's wrapped key does not fit the seal's header.")
	}
	pad.Args[0] = strings.Repeat("-", room)
	return []*age.Stanza{own, pad}, nil
}

// Unwrap implements age.Identity.
func (e envelope) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type == stanzaType && len(s.Args) == 1 {
			fileKey, err := e.ring.Unwrap(e.ctx, keys.Wrapped{KeyID: s.Args[0], Data: s.Body}, e.aad())
			if fault.Is(err, fault.NotFound) { // the key is missing, not the blob
				err = &fault.Error{Op: "seal.open", Subject: e.key, Kind: fault.Unavailable, Code: fault.CodeOf(err), Text: fault.TextOf(err), Err: err}
			}
			return fileKey, err
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// header writes a whole header around an existing file key, which the library offers for new keys only.
func (e envelope) header(fileKey []byte) ([]byte, error) {
	stanzas, err := e.Wrap(fileKey)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(intro)
	for _, s := range stanzas {
		b.WriteString(text(s))
	}
	b.WriteString(footer)
	macKey, err := hkdf.Key(sha256.New, fileKey, nil, "header", sha256.Size)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, macKey)
	mac.Write(b.Bytes())
	fmt.Fprintf(&b, " %s\n", base64.RawStdEncoding.EncodeToString(mac.Sum(nil)))
	return b.Bytes(), nil
}

// text renders a stanza: its body in lines of 64 digits of which the last is shorter, perhaps empty.
func text(s *age.Stanza) string {
	var b strings.Builder
	b.WriteString("-> " + s.Type)
	for _, arg := range s.Args {
		b.WriteString(" " + arg)
	}
	b.WriteByte('\n')
	body := base64.RawStdEncoding.EncodeToString(s.Body)
	for len(body) >= 64 {
		b.WriteString(body[:64] + "\n")
		body = body[64:]
	}
	b.WriteString(body + "\n")
	return b.String()
}

// keyID reads the master key's id from a header.
func keyID(header []byte) (string, bool) {
	rest, ok := strings.CutPrefix(string(header), intro+"-> "+stanzaType+" ")
	if !ok {
		return "", false
	}
	id, _, ok := strings.Cut(rest, "\n")
	return id, ok && id != ""
}
