package delivery

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"showreel/engine/drm"
	"showreel/fault"
	"showreel/platform/cmaf"
	"showreel/platform/httpd"
)

// licenceRequest and licence are W3C Encrypted Media Extensions §9.1, Clear Key.
type licenceRequest struct {
	KIDs []string `json:"kids"`
	Type string   `json:"type"`
}

type licence struct {
	Keys []jwk  `json:"keys"`
	Type string `json:"type"`
}

// jwk is a symmetric JSON Web Key.
type jwk struct {
	Type string `json:"kty"`
	KID  string `json:"kid"`
	Key  string `json:"k"`
}

const (
	maxLicenceRequest = 16 << 10
	maxKIDs           = 64
)

// giveLicence answers a ClearKey licence request with the keys of the tracks the token may see.
func (s *Service) giveLicence(w http.ResponseWriter, r *http.Request, c Claims) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxLicenceRequest))
	if err != nil {
		return fault.E("delivery.licence", c.Asset, fault.Invalid, err)
	}
	var in licenceRequest
	if json.Unmarshal(body, &in) != nil || len(in.KIDs) == 0 || len(in.KIDs) > maxKIDs {
		return fault.Say("delivery.licence", c.Asset, fault.Invalid, "licence-request",
			`A ClearKey licence request is JSON of the form {"kids":["…"],"type":"temporary"}.`)
	}
	keys, err := s.permitted(r, c)
	if err != nil {
		return err
	}
	out := licence{Keys: []jwk{}, Type: "temporary"}
	for _, want := range in.KIDs {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(want, "="))
		if err != nil || len(raw) != 16 {
			return fault.Say("delivery.licence", c.Asset, fault.Invalid, "licence-request", "A key id is 16 bytes in base64url.")
		}
		if k, ok := keys[[16]byte(raw)]; ok {
			out.Keys = append(out.Keys, jwk{"oct", base64.RawURLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(k.Key[:])})
		}
	}
	if len(out.Keys) == 0 {
		return fault.Say("delivery.licence", c.Asset, fault.Denied, "no-key", "This playing link does not open those keys.")
	}
	b, err := json.Marshal(out)
	if err != nil {
		return fault.E("delivery.licence", c.Asset, fault.Internal, err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b) // a broken connection has nobody to tell
	return nil
}

// giveKey answers with a raw 16-byte key, as HLS's identity key format wants it.
func (s *Service) giveKey(w http.ResponseWriter, r *http.Request, c Claims, name string) error {
	raw, err := hex.DecodeString(name)
	if err != nil || len(raw) != 16 {
		return fault.Say("delivery.key", c.Asset, fault.NotFound, "no-key", "There is no such key.")
	}
	keys, err := s.permitted(r, c)
	if err != nil {
		return err
	}
	k, ok := keys[[16]byte(raw)]
	if !ok {
		return fault.Say("delivery.key", c.Asset, fault.Denied, "no-key", "This playing link does not open that key.")
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(k.Key[:]) // a broken connection has nobody to tell
	return nil
}

// permitted returns the keys of the tracks a token may see, by key id, after the rights and the rate were checked.
func (s *Service) permitted(r *http.Request, c Claims) (map[[16]byte]drm.ContentKey, error) {
	ctx := r.Context()
	if c.DRM == "" {
		return nil, fault.Say("delivery.key", c.Asset, fault.NotFound, "no-key", "This film is not encrypted; it needs no key.")
	}
	if err := s.limits.take(c.Session, s.deps.Now()); err != nil {
		return nil, err
	}
	if err := s.usable(ctx, c.Tenant, c.Asset, c.Platform); err != nil {
		return nil, err
	}
	x, err := s.index(ctx, c.ref())
	if err != nil {
		return nil, err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return nil, err
	}
	keys, err := s.contentKeys(ctx, c, x)
	if err != nil {
		return nil, err
	}
	out := map[[16]byte]drm.ContentKey{}
	for _, t := range v.Tracks() {
		if k, ok := keys[classOf(t)]; ok && t.Kind != cmaf.KindText {
			out[k.KID] = k
		}
	}
	return out, nil
}

// keyLimits bounds how often one play session may ask for keys.
type keyLimits struct {
	mu sync.Mutex
	of map[string]*rate.Limiter
}

const (
	keysPerSecond = 2
	keysBurst     = 60
	keptSessions  = 10_000
)

func (l *keyLimits) take(session string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil || len(l.of) >= keptSessions {
		l.of = map[string]*rate.Limiter{}
	}
	one := l.of[session]
	if one == nil {
		one = rate.NewLimiter(keysPerSecond, keysBurst)
		l.of[session] = one
	}
	if !one.AllowN(now, 1) {
		return &fault.Error{Op: "delivery.key", Kind: fault.Limited, Code: "too-many-keys", After: time.Second,
			Text: "This player asks for keys too often; wait a moment."}
	}
	return nil
}

// problem answers with an error and keeps it out of caches.
func problem(w http.ResponseWriter, r *http.Request, err error) { httpd.Problem(w, r, err) }
