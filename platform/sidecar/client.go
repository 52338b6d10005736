package sidecar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"

	"showreel/fault"
)

// Reach opens a way to a helper: it returns the base address to call, an http.Client that gets there, and what to call
// when the call is over. A Local starts its program here when it does not run.
type Reach interface {
	Open(ctx context.Context) (Way, error)
	Close() error
}

// Way is one way to a helper, held for one call.
type Way struct {
	Base  string // "http://helper" or "https://host:port"
	HTTP  *http.Client
	Token string
	Done  func(err error) // told how the call went; nil is allowed
	Ways  int             // how many helpers take turns here; 0 is one
}

// Client calls a helper.
type Client struct{ reach Reach }

// New returns a client over a way to reach the helper.
func New(r Reach) *Client { return &Client{r} }

// Close ends what was started.
func (c *Client) Close() error { return c.reach.Close() }

// tries is how often a call is sent when the helper dies while it works on it, or when the only one cannot be reached.
const tries = 2

// Call sends a head and parts to path and decodes the answer's head into out (nil ignores it); the answer's parts are
// returned. A helper that died during the call is started again, or another one of the pool is taken, and asked once
// more. One that cannot be reached has done nothing, so every other one of the pool is tried. Kinds: those of the
// helper's own answer; fault.Unavailable with code "helper-unreachable" or "helper-died"; fault.Canceled.
func (c *Client) Call(ctx context.Context, path string, head any, parts [][]byte, out any) ([][]byte, error) {
	body, err := encode(head, parts)
	if err != nil {
		return nil, fault.E("sidecar.call", path, fault.Internal, err)
	}
	died, away := 0, 0
	for {
		ways, got, err := c.once(ctx, path, body, out)
		if err == nil || ctx.Err() != nil {
			return got, err
		}
		switch fault.CodeOf(err) {
		case "helper-died":
			died++
		case "helper-unreachable":
			away++
		default:
			return got, err
		}
		if died >= tries || away >= max(ways, tries) {
			return got, err
		}
	}
}

// once sends the call one time, and says how many helpers there are.
func (c *Client) once(ctx context.Context, path string, body []byte, out any) (int, [][]byte, error) {
	way, err := c.reach.Open(ctx)
	if err != nil {
		return 0, nil, err
	}
	parts, err := post(ctx, way, path, body, out)
	if way.Done != nil {
		way.Done(err)
	}
	return way.Ways, parts, err
}

func post(ctx context.Context, way Way, path string, body []byte, out any) ([][]byte, error) {
	const op = "sidecar.call"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, way.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fault.E(op, path, fault.Internal, err)
	}
	req.Header.Set("Content-Type", ContentType)
	if way.Token != "" {
		req.Header.Set("Authorization", "Bearer "+way.Token)
	}
	res, err := way.HTTP.Do(req)
	if err != nil {
		return nil, lost(ctx, path, err)
	}
	defer res.Body.Close()
	count(ctx, res)
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fault.Say(op, path, fault.Denied, "helper-token", "The helper at %s refuses our token; give both sides the same one.", way.Base)
	case http.StatusNotFound:
		return nil, fault.Say(op, path, fault.Unavailable, "helper-role", "The helper program does not play this role; start it with the role or point the server elsewhere.")
	default:
		raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		if err != nil {
			return nil, lost(ctx, path, err)
		}
		return nil, readFault(op, raw)
	}
	raw, parts, err := readMessage(res.Body)
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, lost(ctx, path, err)
		}
		return nil, err
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			return nil, broken("its answer is not what was asked for", err)
		}
	}
	return parts, nil
}

// lost explains a call that got no whole answer.
func lost(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return fault.E("sidecar.call", path, fault.Canceled, context.Cause(ctx))
	}
	f := &fault.Error{Op: "sidecar.call", Subject: path, Kind: fault.Unavailable, Code: "helper-died", Err: err,
		Text: "The helper program ended while it worked on this. It is started again by itself; a file that ends it every time is reported here."}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		f.Code, f.Text = "helper-unreachable", "The helper program cannot be reached. Start it, or correct its address in the configuration."
	}
	return f
}
