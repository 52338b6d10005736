package ffmpegtranscode

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
)

func sampleFile(size int) string { return fmt.Sprintf("sample-%d.txt", size) }

// probeWindow is the command of one window: decoding begins at the key frame before the window, because where exactly a
// sample lies does not matter and frames that nobody counts cost as much as those that count. Sizes are made one from
// the other. framecrc writes the size of each packet and nothing else.
func (b builder) probeWindow(window int) []string {
	s, v := b.plan.Sampling, b.plan.Info.Main("video")
	middle := (2*int64(window) + 1) * b.plan.Frames / (2 * int64(s.Windows))
	first := max(0, min(middle-s.WindowFrames/2, b.plan.Frames-s.WindowFrames))
	at := 0.0
	if first > 0 {
		at = v.Start.Seconds() + float64(first)/b.plan.Rate.FPS()
	}
	a := append(b.head(true), b.input(at, 1, "-noaccurate_seek", "-skip_loop_filter", "noref")...)
	a = append(a, "-filter_complex_threads", "1", "-filter_complex", strings.Join(b.sampleGraph(v.Index), ";"))
	for n, r := range s.Sizes {
		r.MaxKbps = 0
		a = append(append(a, "-map", fmt.Sprintf("[o%d]", n)), b.fpsMode("passthrough")...)
		a = append(append(a, "-frames:v", strconv.FormatInt(s.WindowFrames, 10)), b.encoder(r, int(s.WindowFrames), 1)...)
		a = append(a, "-f", "framecrc", "file:"+sampleFile(n))
	}
	return a
}

func (b builder) sampleGraph(stream int) []string {
	s, rate := b.plan.Sampling, b.plan.Rate
	var c []string
	if b.plan.Picture.Deinterlace {
		c = append(c, "bwdif=mode=send_frame:parity=auto:deint=all")
	}
	if b.conform() {
		c = append(c, "fps=fps="+rate.String()+":round=near")
	}
	c = append(c, fmt.Sprintf("trim=end_frame=%d,settb=expr=%d/%d", s.WindowFrames, rate.Den, rate.Num), "setpts=N")
	if p := b.picture(); p != "" {
		c = append(c, p)
	}
	out := []string{fmt.Sprintf("[0:%d]%s[src]", stream, strings.Join(c, ","))}
	from := "src"
	if b.plan.Picture.Fit != "" {
		out = append(out, b.fit("src", "fit", "f"))
		from = "fit"
	}
	for n, r := range s.Sizes {
		if n == len(s.Sizes)-1 {
			return append(out, fmt.Sprintf("[%s]%s[o%d]", from, b.scale(r), n))
		}
		out = append(out, fmt.Sprintf("[%s]%s,split=2[o%d][n%d]", from, b.scale(r), n, n))
		from = fmt.Sprintf("n%d", n)
	}
	return out
}

// complexity encodes the windows at the plan's small sizes and counts bits. A window that does not decode is left out.
func (w *work) complexity(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	counts := make([]bitCount, len(w.plan.Sampling.Sizes))
	var failed error
	for window := range w.plan.Sampling.Windows {
		if err := w.sweep(); err != nil {
			return res, err
		}
		if err := w.ffmpeg(ctx, w.b.probeWindow(window), nil); err != nil {
			if fault.CodeOf(err) != "source-damaged" {
				return res, err
			}
			failed = err
			continue
		}
		for n := range counts {
			if err := counts[n].read(w.path(sampleFile(n))); err != nil {
				return res, fault.E("transcode.run", w.task.ID, fault.Internal, err)
			}
		}
	}
	for n, r := range w.plan.Sampling.Sizes {
		c := counts[n]
		if c.keys == 0 || c.frames == 0 {
			return res, w.damage(errors.Join(failed, fmt.Errorf("no sample of %s", r.Name)))
		}
		res.Complexity = append(res.Complexity, transcode.Complexity{Width: r.Width, Height: r.Height, Frames: c.keys + c.frames,
			KeyBits: c.keyBits / float64(c.keys), FrameBits: c.frameBits / float64(c.frames)})
	}
	return res, nil
}

// bitCount adds up packets; the first of a file is its only key frame.
type bitCount struct {
	keys, frames       int64
	keyBits, frameBits float64
}

// read takes framecrc's lines: stream, dts, pts, duration, size, checksum.
func (c *bitCount) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	first := true
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		fields := strings.Split(sc.Text(), ",")
		if strings.HasPrefix(sc.Text(), "#") || len(fields) < 6 {
			continue
		}
		bits := 8 * float64(number(strings.TrimSpace(fields[4])))
		if first {
			c.keys, c.keyBits, first = c.keys+1, c.keyBits+bits, false
			continue
		}
		c.frames, c.frameBits = c.frames+1, c.frameBits+bits
	}
	return sc.Err()
}

// complexity is the task that samples the source.
func (s splitter) complexity() transcode.Task {
	p := s.b.plan
	var args []string
	for n := range p.Sampling.Windows {
		args = append(args, s.b.probeWindow(n)...)
	}
	v, frames := p.Info.Main("video"), int64(p.Sampling.Windows)*p.Sampling.WindowFrames
	cpu := s.decodeMS(float64(frames) / p.Rate.FPS())
	mem := 128 + memMB(v.Width, v.Height, 24)
	for _, r := range p.Sampling.Sizes {
		cpu, mem = cpu+encodeMS(r, frames), mem+memMB(r.Width, r.Height, 50)
	}
	return s.task("complexity", transcode.KindComplexity, "", args, 1, mem, cpu)
}
