package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"showreel/fault"
)

// patchBytes is how much one PATCH carries: a lost connection costs at most this much.
const patchBytes = 64 << 20

// uploaded is what the server says of a finished upload.
type uploaded struct{ Asset, Job string }

// upload sends a file by the tus protocol (1.0.0, core and creation), resuming after broken connections.
func (c *client) upload(ctx context.Context, path string, meta map[string]string, progress func(sent int64)) (uploaded, error) {
	f, err := os.Open(path)
	if err != nil {
		return uploaded{}, fault.Say("add", path, fault.Invalid, "cannot-read", "%s cannot be read: %v", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return uploaded{}, fault.E("add", path, fault.Invalid, err)
	}
	location, done, err := c.tusCreate(ctx, info.Size(), meta)
	if err != nil || info.Size() == 0 {
		return done, err
	}
	for offset, failures := int64(0), 0; ; {
		next, done, err := c.tusPatch(ctx, location, f, offset, min(patchBytes, info.Size()-offset))
		switch {
		case err == nil && next == info.Size():
			progress(next)
			return done, nil
		case err == nil:
			offset, failures = next, 0
			progress(offset)
		case !fault.Transient(err) || failures == 6 || ctx.Err() != nil:
			return uploaded{}, err
		default:
			failures++
			if err := wait(ctx, time.Duration(1<<failures)*100*time.Millisecond); err != nil {
				return uploaded{}, err
			}
			if at, headErr := c.tusOffset(ctx, location); headErr == nil {
				offset = at
			} else if !fault.Transient(headErr) {
				return uploaded{}, errors.Join(err, headErr)
			}
		}
	}
}

func (c *client) tusCreate(ctx context.Context, size int64, meta map[string]string) (string, uploaded, error) {
	req, err := c.request(ctx, http.MethodPost, "/v1/uploads/", nil)
	if err != nil {
		return "", uploaded{}, err
	}
	header := ""
	for k, v := range meta {
		if v != "" {
			if header != "" {
				header += ","
			}
			header += k + " " + base64.StdEncoding.EncodeToString([]byte(v))
		}
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Upload-Length", strconv.FormatInt(size, 10))
	req.Header.Set("Upload-Metadata", header)
	res, err := c.send(req)
	if err != nil {
		return "", uploaded{}, err
	}
	defer res.Body.Close()
	location, err := res.Request.URL.Parse(res.Header.Get("Location"))
	if err != nil {
		return "", uploaded{}, fault.E("add", "", fault.Internal, err)
	}
	return location.String(), doneHeaders(res), nil
}

func (c *client) tusPatch(ctx context.Context, location string, f *os.File, offset, n int64) (int64, uploaded, error) {
	req, err := c.request(ctx, http.MethodPatch, location, io.NewSectionReader(f, offset, n))
	if err != nil {
		return offset, uploaded{}, err
	}
	req.ContentLength = n
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	res, err := c.send(req)
	if err != nil {
		return offset, uploaded{}, err
	}
	defer res.Body.Close()
	next, err := strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
	if err != nil {
		return offset, uploaded{}, fault.E("add", "", fault.Internal, err)
	}
	return next, doneHeaders(res), nil
}

func (c *client) tusOffset(ctx context.Context, location string) (int64, error) {
	req, err := c.request(ctx, http.MethodHead, location, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	res, err := c.send(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
}

func doneHeaders(res *http.Response) uploaded {
	return uploaded{Asset: res.Header.Get("Showreel-Asset"), Job: res.Header.Get("Showreel-Job")}
}
