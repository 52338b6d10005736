package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"showreel/platform/cmaf"
)

// benchSSIM compares what chunking loses: the mean SSIM of every frame of every rung with the source, of the joined chunks
// and of one chunk.
func (l *ladder) benchSSIM(ctx context.Context, chunked, unchunked encoded) error {
	worst, notes := -1.0, []string{}
	for _, r := range l.plan.Rungs {
		joined := filepath.Join(l.b.dir, "ladder", r.Name+"-joined.mp4")
		if err := join(chunked, r.Name, joined); err != nil {
			return err
		}
		parts, whole, err := l.ssim(ctx, joined, unchunked.chunks[0].files[r.Name], r.Width, r.Height)
		if err != nil {
			return err
		}
		worst = max(worst, whole-parts)
		notes = append(notes, fmt.Sprintf("%s %.5f of %.5f", r.Name, parts, whole))
	}
	l.b.atMost("SSIM lost by chunking", worst, "", 0.0005, "one chunk", "worst rung, all frames: "+strings.Join(notes, ", "))
	return nil
}

// join puts the chunks of a rung into one file as stitching does.
func join(e encoded, rung, path string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	var parts []cmaf.PartIn
	for _, c := range e.chunks {
		f, err := os.Open(c.files[rung])
		if err != nil {
			return err
		}
		defer f.Close()
		st, err := f.Stat()
		if err != nil {
			return err
		}
		parts = append(parts, cmaf.PartIn{R: f, Size: st.Size(), StartTicks: -1}) // chunks carry their place
	}
	_, err = cmaf.Join(out, parts)
	return err
}

// ssim returns the means of two encodings against the film scaled to their size.
func (l *ladder) ssim(ctx context.Context, one, two string, w, h int) (a, b float64, err error) {
	stats := []string{filepath.Join(l.b.dir, "ssim-1.txt"), filepath.Join(l.b.dir, "ssim-2.txt")}
	graph := fmt.Sprintf("[2:v]setpts=N,scale=%d:%d,setsar=1,format=yuv420p,split=2[r1][r2];[0:v]setpts=N,setsar=1[a];[1:v]setpts=N,setsar=1[b];[a][r1]ssim=f=%s[x];[b][r2]ssim=f=%s[y]", w, h, stats[0], stats[1])
	if err := ffmpeg(ctx, "-i", one, "-i", two, "-i", l.film, "-filter_complex", graph, "-map", "[x]", "-f", "null", "-", "-map", "[y]", "-f", "null", "-"); err != nil {
		return 0, 0, err
	}
	if a, err = l.mean(stats[0]); err != nil {
		return 0, 0, err
	}
	b, err = l.mean(stats[1])
	return a, b, err
}

// mean reads ffmpeg's SSIM file: one line a frame with "All:0.98".
func (l *ladder) mean(path string) (float64, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	sum, n := 0.0, 0
	for line := range strings.Lines(string(raw)) {
		_, rest, ok := strings.Cut(line, "All:")
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		if err != nil {
			return 0, err
		}
		sum, n = sum+v, n+1
	}
	if int64(n) < l.plan.Frames {
		return 0, fmt.Errorf("%s compared %d frames of %d", path, n, l.plan.Frames)
	}
	return sum / float64(n), nil
}

// The size at which pictures are compared by content.
const (
	lookW = 160
	lookH = 90
)

// benchEdges looks whether the first and the last picture of every chunk of every rung are the film's pictures of those
// numbers: nearer to them than to their neighbours.
func (l *ladder) benchEdges(ctx context.Context, chunked encoded) error {
	film, err := look(ctx, l.film)
	if err != nil {
		return err
	}
	edges, wrong, distinct := 0, 0, 0
	for _, c := range chunked.chunks {
		for _, r := range l.plan.Rungs {
			made, err := look(ctx, c.files[r.Name])
			if err != nil {
				return err
			}
			if int64(len(made)) != c.frames {
				return fmt.Errorf("%s of the chunk at %d decodes to %d frames, not %d", r.Name, c.first, len(made), c.frames)
			}
			for _, n := range []int64{0, c.frames - 1} {
				edges++
				same, telling := match(made[n], film, int(c.first+n))
				if !same {
					wrong++
					l.b.say("%s: frame %d of the chunk at %d is not the film's", r.Name, n, c.first)
				}
				if telling {
					distinct++
				}
			}
		}
	}
	l.b.atMost("chunk edges that show another picture", float64(wrong), "edges", 0, "the film's frame of that number",
		fmt.Sprintf("%d edges of %s; %d of them differ visibly from their neighbours", edges, l.names(), distinct))
	return nil
}

// look decodes a film to small gray pictures.
func look(ctx context.Context, path string) ([][]byte, error) {
	raw, err := ffmpegOut(ctx, "-i", path, "-map", "0:v", "-vf", fmt.Sprintf("scale=%d:%d:flags=area,format=gray", lookW, lookH), "-fps_mode", "passthrough", "-f", "rawvideo", "-")
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for len(raw) >= lookW*lookH {
		out, raw = append(out, raw[:lookW*lookH]), raw[lookW*lookH:]
	}
	return out, nil
}

// match reports whether a picture is frame n of the film, and whether its neighbours differ enough to tell. Still pictures
// are equal to their neighbours within the encoder's noise of a tenth of a grey level.
func match(picture []byte, film [][]byte, n int) (same, telling bool) {
	const noise, alike = 0.1, 4.0
	own := difference(picture, film[n])
	same, telling = own < alike, true
	for k := max(0, n-2); k <= min(len(film)-1, n+2); k++ {
		if k == n {
			continue
		}
		same = same && difference(picture, film[k]) > own-noise
		telling = telling && difference(film[n], film[k]) > 0.5
	}
	return same, telling
}

// difference is the mean absolute difference in grey levels.
func difference(a, b []byte) float64 {
	sum := 0
	for i := range a {
		sum += max(int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return float64(sum) / float64(len(a))
}
