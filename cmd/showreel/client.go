package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"showreel/fault"
)

// client speaks the product's HTTP API.
type client struct {
	base string // no trailing slash
	key  string
	http *http.Client
}

// problem is an RFC 9457 answer.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// kinds maps a status back to the fault it was made from.
var kinds = map[int]fault.Kind{
	400: fault.Invalid, 401: fault.Unauthenticated, 403: fault.Denied, 404: fault.NotFound, 409: fault.Conflict, 410: fault.Gone,
	412: fault.Stale, 413: fault.TooLarge, 415: fault.Unsupported, 422: fault.Invalid, 428: fault.Invalid, 429: fault.Limited,
	503: fault.Unavailable, 507: fault.Full,
}

func (c *client) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	target := path
	if !strings.Contains(path, "://") {
		target = c.base + path
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fault.E("client", path, fault.Invalid, err)
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	return req, nil
}

// send performs the request; an answer of 400 and above becomes a fault.
func (c *client) send(req *http.Request) (*http.Response, error) {
	res, err := c.http.Do(req)
	if err != nil {
		if req.Context().Err() != nil {
			return nil, fault.E("client", req.URL.Path, fault.Canceled, err)
		}
		return nil, &fault.Error{Op: "client", Subject: req.URL.Host, Kind: fault.Unavailable, Code: "no-server",
			Text: fmt.Sprintf("The server at %s does not answer. Is it running? (showreel serve)", c.base), Err: err}
	}
	if res.StatusCode < 400 {
		return res, nil
	}
	defer res.Body.Close()
	return nil, problemOf(req, res)
}

func problemOf(req *http.Request, res *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fault.E("client", req.URL.Path, fault.Unavailable, err)
	}
	kind, ok := kinds[res.StatusCode]
	if !ok {
		kind = fault.Internal
	}
	var p problem
	if json.Unmarshal(body, &p) != nil || p.Detail == "" {
		p.Detail = fmt.Sprintf("The server answered %s.", res.Status)
	}
	return fault.Say("client", req.URL.Path, kind, p.Type[strings.LastIndex(p.Type, "/")+1:], "%s", p.Detail)
}

// call sends in as JSON (nothing when nil) and decodes the answer into out (ignored when nil).
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fault.E("client", path, fault.Internal, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.send(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if out == nil || res.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fault.E("client", path, fault.Internal, err)
	}
	return nil
}

// fetch reads what is not JSON, such as captions.
func (c *client) fetch(ctx context.Context, path string) ([]byte, error) {
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.send(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fault.E("client", path, fault.Unavailable, err)
	}
	return body, nil
}

// page is one page of a list.
type page struct {
	Items []json.RawMessage `json:"items"`
	Next  string            `json:"next"`
}

// each calls fn for every item of a paged list.
func (c *client) each(ctx context.Context, path string, query url.Values, fn func(json.RawMessage) error) error {
	for {
		var p page
		if err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &p); err != nil {
			return err
		}
		for _, item := range p.Items {
			if err := fn(item); err != nil {
				return err
			}
		}
		if p.Next == "" {
			return nil
		}
		query.Set("cursor", p.Next)
	}
}

// wait pauses between polls.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fault.E("client", "", fault.Canceled, ctx.Err())
	case <-time.After(d):
		return nil
	}
}
