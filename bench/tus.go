package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"showreel/test/world"
)

// serve starts a server on a data folder; stop ends it, once, however often it is called.
func serve(ctx context.Context, data string) (s *world.Server, stop func() error, err error) {
	s, err = world.Start(ctx, data)
	if err != nil {
		return nil, nil, err
	}
	return s, sync.OnceValue(s.Stop), nil
}

// sent is a finished upload.
type sent struct {
	asset, job string
	took       time.Duration // from the first request to the last answer
	end        time.Time     // of the last answer
}

// patchBytes is how much one request carries, as the command line does.
const patchBytes = 64 << 20

// upload sends a file by the tus protocol (1.0.0).
func upload(ctx context.Context, s *world.Server, path, name string) (sent, error) {
	f, err := os.Open(path)
	if err != nil {
		return sent{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return sent{}, err
	}
	began := time.Now()
	res, err := tus(ctx, s, http.MethodPost, s.URL+"/v1/uploads/", nil, 0, "Upload-Length", strconv.FormatInt(st.Size(), 10),
		"Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(name)))
	if err != nil {
		return sent{}, err
	}
	location, err := res.Request.URL.Parse(res.Header.Get("Location"))
	if err != nil {
		return sent{}, err
	}
	for at := int64(0); at < st.Size(); {
		n := min(patchBytes, st.Size()-at)
		res, err = tus(ctx, s, http.MethodPatch, location.String(), io.NewSectionReader(f, at, n), n, "Upload-Offset", strconv.FormatInt(at, 10), "Content-Type", "application/offset+octet-stream")
		if err != nil {
			return sent{}, err
		}
		at += n
	}
	end := time.Now()
	return sent{asset: res.Header.Get("Showreel-Asset"), job: res.Header.Get("Showreel-Job"), took: end.Sub(began), end: end}, nil
}

// tus sends one request and closes its answer.
func tus(ctx context.Context, s *world.Server, method, url string, body io.Reader, size int64, headers ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	req.Header.Set("Authorization", "Bearer "+s.Key)
	req.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("%s %s: %s: %s", method, url, res.Status, said)
	}
	return res, err
}

// job is what the bench reads of a job.
type job struct {
	State    string  `json:"state"`
	Stage    string  `json:"stage"`
	Progress float64 `json:"progress"`
	CPUMS    int64   `json:"cpuMs"` // of the tasks
	Error    *struct {
		Code string `json:"code"`
		Text string `json:"text"`
	} `json:"error"`
}

// waitJob asks for a job until it satisfies done or has ended, and returns when that was seen.
func waitJob(ctx context.Context, s *world.Server, id string, done func(job) bool) (job, time.Time, error) {
	for {
		var j job
		if err := s.JSON(ctx, http.MethodGet, "/v1/jobs/"+id, nil, &j); err != nil {
			return j, time.Time{}, err
		}
		if done(j) {
			return j, time.Now(), nil
		}
		switch j.State {
		case "done", "failed", "cancelled", "held":
			return j, time.Now(), fmt.Errorf("job %s is %s: %+v\n%s", id, j.State, j.Error, s.Log())
		}
		select {
		case <-ctx.Done():
			return j, time.Time{}, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func isDone(j job) bool { return j.State == "done" }

// ready uploads a film, waits until its job is done and returns how long that took after the upload ended.
func ready(ctx context.Context, s *world.Server, path, name string) (sent, job, time.Duration, error) {
	up, err := upload(ctx, s, path, name)
	if err != nil {
		return up, job{}, 0, err
	}
	j, at, err := waitJob(ctx, s, up.job, isDone)
	return up, j, at.Sub(up.end), err
}
