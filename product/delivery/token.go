package delivery

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"showreel/fault"
	"showreel/media"
)

// Claims are what a play token permits. Short names keep the path short.
type Claims struct {
	Tenant    string   `json:"t"`
	Asset     string   `json:"a"`
	Version   int      `json:"v"`
	NotBefore int64    `json:"n"`           // UTC ms
	Expires   int64    `json:"e"`           // UTC ms
	Scope     string   `json:"s,omitempty"` // "" plays; ScopeDownload may download too
	Allow     []string `json:"ga,omitempty"`
	Deny      []string `json:"gd,omitempty"` // ISO 3166-1 alpha-2
	Network   string   `json:"ip,omitempty"` // only from this prefix, 203.0.113.0/24
	Session   string   `json:"i,omitempty"`  // names the play session in limits
	Platform  string   `json:"p,omitempty"`
	MaxHeight int      `json:"h,omitempty"`
	DRM       string   `json:"d,omitempty"` // cenc or cbcs: clear bytes are never given out
	ClipFrom  int64    `json:"cf,omitempty"`
	ClipTo    int64    `json:"ct,omitempty"` // ms; 0 and 0 is the whole
}

// ScopeDownload is the scope of tokens that may also download a film as one file.
const ScopeDownload = "dl"

// Clip is the clip as a range, empty for the whole.
func (c Claims) Clip() media.Range {
	if c.ClipTo == 0 {
		return media.Range{}
	}
	return media.Range{Start: media.FromMS(c.ClipFrom), End: media.FromMS(c.ClipTo)}
}

// maxToken bounds what is looked at, in bytes.
const maxToken = 2048

var (
	tokenText = base64.RawURLEncoding.Strict()

	errToken = fault.Say("delivery.token", "", fault.Denied, "bad-token",
		"This playing link is not valid: it was changed or cut. Copy it again from where it came from.")
)

// seal renders claims as {claims}.{key id}.{mac}. The MAC is HMAC-SHA256 over claims and key id.
func seal(c Claims, keyID string, secret []byte) (string, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", fault.E("delivery.token", c.Asset, fault.Internal, err)
	}
	signed := tokenText.EncodeToString(b) + "." + keyID
	return signed + "." + tokenText.EncodeToString(mac(signed, secret)), nil
}

func mac(signed string, secret []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("showreel play token 1\x00"))
	m.Write([]byte(signed))
	return m.Sum(nil)
}

// unseal checks a token and returns its claims; secret gives the secret of a key id. The MAC is compared in constant time
// and before the claims are read. fault.Denied with code "bad-token" for anything that is not a token of ours.
func unseal(token string, secret func(keyID string) ([]byte, error)) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, errToken
	}
	signed, sum, ok := cutLast(token)
	payload, keyID, ok2 := cutLast(signed)
	if !ok || !ok2 || keyID == "" || len(keyID) > 64 {
		return Claims{}, errToken
	}
	given, err := tokenText.DecodeString(sum)
	if err != nil {
		return Claims{}, errToken
	}
	key, err := secret(keyID)
	if err != nil {
		return Claims{}, err
	}
	if !hmac.Equal(given, mac(signed, key)) {
		return Claims{}, errToken
	}
	b, err := tokenText.DecodeString(payload)
	if err != nil {
		return Claims{}, errToken
	}
	var c Claims
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields() // a restriction this build does not know must not be ignored
	if err := d.Decode(&c); err != nil {
		return Claims{}, errToken
	}
	return c, nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// permits checks time, address and country. A country that is not known is refused where countries matter.
// fault.Gone "expired-token", fault.Denied "early-token", "other-network", "outside-territory".
func (c Claims) permits(now time.Time, addr netip.Addr, country string) error {
	switch ms := now.UnixMilli(); {
	case ms >= c.Expires:
		return fault.Say("delivery.token", c.Asset, fault.Gone, "expired-token", "This playing link has ended. Ask whoever sent it for a fresh one.")
	case ms < c.NotBefore:
		return fault.Say("delivery.token", c.Asset, fault.Denied, "early-token", "This playing link is not valid yet.")
	}
	if c.Network != "" {
		p, err := netip.ParsePrefix(c.Network)
		if err != nil || !p.Contains(addr.Unmap()) {
			return fault.Say("delivery.token", c.Asset, fault.Denied, "other-network", "This playing link was made for another network.")
		}
	}
	if len(c.Allow)+len(c.Deny) == 0 {
		return nil
	}
	if country == "" || slices.Contains(c.Deny, country) || len(c.Allow) > 0 && !slices.Contains(c.Allow, country) {
		return fault.Say("delivery.token", c.Asset, fault.Denied, "outside-territory", "This film may not be played in your country.")
	}
	return nil
}
