// Package webhooknotify is the notify driver that POSTs messages as JSON to a web address, signed so that the receiver can
// tell them from forged or replayed ones: Showreel-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">, the form
// that Stripe made common. It follows no redirects and reaches private networks only when told so.
package webhooknotify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"showreel/engine/notify"
	"showreel/fault"
	"showreel/platform/httpd"
)

// Names of the headers a receiver reads.
const (
	HeaderSignature = "Showreel-Signature"
	HeaderEvent     = "Showreel-Event"
	HeaderID        = "Showreel-Delivery" // the message's id, the same for every try
)

// SecretMin is the least length of a secret in bytes.
const SecretMin = 16

const (
	defaultTimeout = 10 * time.Second
	answerMax      = 64 << 10         // bytes of an answer that are read
	longestAfter   = 30 * time.Minute // the longest Retry-After that is obeyed
)

// Options of a driver.
type Options struct {
	URL          string        // http:// or https://
	Secret       string        // at least SecretMin bytes
	AllowPrivate bool          // permit this machine and its private networks
	Timeout      time.Duration // for one try, the answer included; 0 is 10 s
}

// Driver sends to one address.
type Driver struct {
	address string
	host    string
	secret  []byte
	client  *http.Client
}

// New makes a driver. fault.Invalid when the address is no web address or the secret is short.
func New(o Options) (*Driver, error) {
	u, err := url.Parse(o.URL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, fault.Say("webhook.new", "", fault.Invalid, "webhook-url", "A webhook's url must begin with https:// or http://.")
	}
	if len(o.Secret) < SecretMin {
		return nil, fault.Say("webhook.new", u.Host, fault.Invalid, "webhook-secret", "A webhook's secret needs at least %d characters.", SecretMin)
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return &Driver{
		address: o.URL,
		host:    u.Host,
		secret:  []byte(o.Secret),
		client:  httpd.SafeClient(httpd.SafeOptions{AllowPrivate: o.AllowPrivate, Timeout: o.Timeout, MaxRedirects: -1, MaxBytes: answerMax}),
	}, nil
}

// Name is stable for an address and tells its host only, since paths of webhooks are often secret.
func (d *Driver) Name() string {
	sum := sha256.Sum256([]byte(d.address))
	return "webhook " + d.host + " " + hex.EncodeToString(sum[:4])
}

// Send posts one message. Any 2xx answer is success. fault.Limited for 429 and fault.Unavailable for no answer in time, 408
// and 5xx may be tried again; fault.Gone for 404 and 410, fault.Denied for a private address, fault.Invalid for others not.
func (d *Driver) Send(ctx context.Context, m notify.Message) error {
	const op = "webhook.send"
	body, err := json.Marshal(m)
	if err != nil {
		return fault.E(op, m.ID, fault.Invalid, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.address, bytes.NewReader(body))
	if err != nil {
		return fault.E(op, d.host, fault.Invalid, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Showreel")
	r.Header.Set(HeaderEvent, m.Name)
	r.Header.Set(HeaderID, m.ID)
	r.Header.Set(HeaderSignature, Sign(d.secret, time.Now(), body))
	resp, err := d.client.Do(r)
	if err != nil {
		return d.unanswered(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection can be used again
	return d.verdict(resp)
}

// unanswered hides the address, which the client's own error would tell.
func (d *Driver) unanswered(ctx context.Context, err error) error {
	const op = "webhook.send"
	if ctx.Err() != nil {
		return fault.E(op, d.host, fault.Canceled, ctx.Err())
	}
	if kind := fault.KindOf(err); kind == fault.Denied || kind == fault.Invalid {
		return fault.Say(op, d.host, kind, fault.CodeOf(err), "%s", fault.TextOf(err))
	}
	return fault.Say(op, d.host, fault.Unavailable, "webhook-no-answer", "The webhook at %s does not answer in time.", d.host)
}

func (d *Driver) verdict(resp *http.Response) error {
	kind := fault.Invalid
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests:
		kind = fault.Limited
	case code == http.StatusRequestTimeout || code >= 500:
		kind = fault.Unavailable
	case code == http.StatusNotFound || code == http.StatusGone:
		kind = fault.Gone
	}
	return &fault.Error{Op: "webhook.send", Subject: d.host, Kind: kind, Code: "webhook-refused", After: after(resp.Header.Get("Retry-After")),
		Text: "The webhook at " + d.host + " answers " + strconv.Itoa(resp.StatusCode) + "."}
}

// after reads Retry-After in either form (RFC 9110 §10.2.3); what it cannot read is 0.
func after(text string) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return min(max(time.Duration(seconds), 0), longestAfter/time.Second) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), longestAfter)
	}
	return 0
}

// Sign returns the signature header of a body sent at an instant.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret []byte, t string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Verify is what a receiver does: it checks a signature header against the body as received and refuses one that is more
// than tolerance away from now. fault.Denied with code "signature".
func Verify(secret []byte, header string, body []byte, now time.Time, tolerance time.Duration) error {
	bad := fault.Say("webhook.verify", "", fault.Denied, "signature", "The signature does not belong to this message, secret and time.")
	var t string
	var signatures [][]byte
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			t = value
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, sum)
			}
		}
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return bad
	}
	want := mac(secret, t, body)
	for _, sum := range signatures {
		if hmac.Equal(sum, want) {
			return nil
		}
	}
	return bad
}
