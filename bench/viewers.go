package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The viewers: each asks for one segment of picture and of sound every two seconds, as a player does that plays 1080p.
const (
	viewerCount  = 200
	segmentEvery = 2 * time.Second
)

// grant is what the bench reads of a playing link.
type grant struct {
	HLS      string `json:"hls"`
	Download []struct {
		URL string `json:"url"`
	} `json:"download"`
}

// benchViewers lets 200 viewers on loopback play the largest rung of a film, clear and encrypted, and asks for random ranges.
func benchViewers(ctx context.Context, b *bench, film string) error {
	length, playing := 30, 20*time.Second
	if b.quick {
		length, playing = 8, 6*time.Second
	}
	path := filepath.Join(b.dir, "watched.mp4")
	if err := cutFilm(ctx, film, path, 24, length); err != nil {
		return err
	}
	s, stop, err := serve(ctx, filepath.Join(b.dir, "viewers"))
	if err != nil {
		return err
	}
	defer stop()
	up, _, _, err := ready(ctx, s, path, "watched.mp4")
	if err != nil {
		return err
	}
	var g grant
	for _, drm := range []string{"none", "cenc", "cbcs"} {
		if err := s.JSON(ctx, http.MethodPost, "/v1/assets/"+up.asset+"/play", map[string]string{"drm": drm}, &g); err != nil {
			return err
		}
		c := newCrowd()
		if err := c.find(ctx, s.URL+g.HLS); err != nil {
			return err
		}
		if err := c.play(ctx, playing); err != nil {
			return err
		}
		b.atMost(fmt.Sprintf("%d viewers p99, %s", viewerCount, map[string]string{"none": "clear"}[drm]+strings.TrimPrefix(drm, "none")), quantile(c.took, 0.99), "ms", 50, "limit",
			fmt.Sprintf("%d whole segments in %.0f s, %.0f MB/s, p50 %.1f ms, worst %.0f ms, %d wrong; the viewers run beside the server",
				len(c.took), playing.Seconds(), float64(c.bytes)/1e6/playing.Seconds(), median(c.took), quantile(c.took, 1), c.wrong))
	}
	if err := s.JSON(ctx, http.MethodPost, "/v1/assets/"+up.asset+"/play", map[string]string{}, &g); err != nil {
		return err
	}
	if len(g.Download) == 0 {
		return errors.New("no download is offered")
	}
	asked, wrong, err := ranges(ctx, s.URL+g.Download[0].URL)
	if err != nil {
		return err
	}
	b.atMost("wrong range answers", float64(wrong), "answers", 0, "the same bytes of the whole", fmt.Sprintf("%d random ranges of a download", asked))
	return stop()
}

// crowd is many viewers of one film.
type crowd struct {
	client *http.Client
	video  []string // addresses of segments in order
	audio  []string

	mu    sync.Mutex
	took  []float64 // ms until the last byte
	bytes int64
	wrong int
	sums  map[string][32]byte
}

func newCrowd() *crowd {
	return &crowd{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: viewerCount}, Timeout: 20 * time.Second}, sums: map[string][32]byte{}}
}

// find reads the manifests: the first variant is the largest, and its sound is the first of its group.
func (c *crowd) find(ctx context.Context, master string) error {
	text, err := c.get(ctx, master)
	if err != nil {
		return err
	}
	variant, sound := "", ""
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "#EXT-X-STREAM-INF") && variant == "" && strings.Contains(line, "x1080"):
			variant = lines[i+1]
		case strings.HasPrefix(line, "#EXT-X-MEDIA:") && strings.Contains(line, "TYPE=AUDIO") && sound == "":
			_, rest, _ := strings.Cut(line, `URI="`)
			sound, _, _ = strings.Cut(rest, `"`)
		}
	}
	if variant == "" || sound == "" {
		return fmt.Errorf("no 1080p variant with sound in\n%s", text)
	}
	if c.video, err = c.segments(ctx, master, variant); err != nil {
		return err
	}
	c.audio, err = c.segments(ctx, master, sound)
	return err
}

func (c *crowd) segments(ctx context.Context, master, playlist string) ([]string, error) {
	base, err := resolve(master, playlist)
	if err != nil {
		return nil, err
	}
	text, err := c.get(ctx, base)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		at, err := resolve(base, line)
		if err != nil {
			return nil, err
		}
		out = append(out, at)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no segments in\n%s", text)
	}
	return out, nil
}

func resolve(base, ref string) (string, error) {
	b, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u, err := b.Parse(ref)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

func (c *crowd) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, res.Status)
	}
	return body, err
}

// play lets the viewers play for a while, spread evenly over the segments' rhythm.
func (c *crowd) play(ctx context.Context, length time.Duration) error {
	errs := make([]error, viewerCount)
	end := time.Now().Add(length)
	var wg sync.WaitGroup
	for i := range viewerCount {
		wg.Go(func() {
			next := time.Now().Add(time.Duration(i) * segmentEvery / viewerCount)
			for n := i; next.Before(end) && errs[i] == nil; n++ {
				time.Sleep(time.Until(next))
				next = next.Add(segmentEvery)
				errs[i] = errors.Join(c.watch(ctx, c.video[n%len(c.video)]), c.watch(ctx, c.audio[n%len(c.audio)]))
			}
		})
	}
	wg.Wait()
	c.client.CloseIdleConnections()
	return errors.Join(errs...)
}

// watch fetches a segment; every viewer must get the same bytes of it.
func (c *crowd) watch(ctx context.Context, address string) error {
	began := time.Now()
	body, err := c.get(ctx, address)
	took := ms(began)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took, c.bytes = append(c.took, took), c.bytes+int64(len(body))
	if first, ok := c.sums[address]; !ok {
		c.sums[address] = sum
	} else if first != sum {
		c.wrong++
	}
	return nil
}

// ranges asks for random ranges of a file and compares them with the whole.
func ranges(ctx context.Context, address string) (asked, wrong int, err error) {
	c := newCrowd()
	whole, err := c.get(ctx, address)
	if err != nil {
		return 0, 0, err
	}
	size := int64(len(whole))
	r := rand.New(rand.NewPCG(1, 2))
	for asked = range 300 {
		from := r.Int64N(size)
		to := min(size-1, from+r.Int64N(3<<20))
		header, want := fmt.Sprintf("bytes=%d-%d", from, to), whole[from:to+1]
		switch asked % 5 {
		case 0:
			header, want = fmt.Sprintf("bytes=%d-", from), whole[from:]
		case 1:
			header, want = fmt.Sprintf("bytes=-%d", size-from), whole[from:]
		case 2:
			header, want = fmt.Sprintf("bytes=%d-%d", from, from), whole[from:from+1]
		}
		same, err := sameRange(ctx, c.client, address, header, want)
		if err != nil {
			return asked, wrong, err
		}
		if !same {
			wrong++
		}
	}
	return asked + 1, wrong, nil
}

func sameRange(ctx context.Context, client *http.Client, address, header string, want []byte) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("Range", header)
	res, err := client.Do(req)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return err == nil && res.StatusCode == http.StatusPartialContent && string(got) == string(want), err
}
