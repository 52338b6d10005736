package ffmpegtranscode

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"showreel/engine/transcode"
)

// sampleShare is one in how many frames of a chunk is compared with the source, between 8 and 24 of them in a row:
// decoding them twice costs about one percent of encoding the chunk.
const sampleShare = 48

// sample is the compared part of a chunk, in frames of the chunk. It begins one frame into the middle GOP: seeking a
// quarter of a frame before a key frame would decode the whole GOP before it.
func (b builder) sample(t transcode.Task) (first, count int64) {
	gop := int64(b.plan.GOPFrames)
	first = t.Frames / 2 / gop * gop
	if first+1 < t.Frames {
		first++
	}
	return first, min(max(8, min(24, t.Frames/sampleShare)), t.Frames-first)
}

// metric says in words what Result.SSIM holds.
func (b builder) metric(t transcode.Task) string {
	first, count := b.sample(t)
	return fmt.Sprintf("SSIM (ffmpeg ssim, all planes, at the rung's size) of frames %d to %d", t.First+first, t.First+first+count-1)
}

// ssimArgs compares the sample of every rung of the chunk with the source, scaled the same way, in one run.
func (b builder) ssimArgs(t transcode.Task) []string {
	first, count := b.sample(t)
	rungs := b.rungs(t)
	lead := 0
	if b.plan.Picture.Deinterlace && t.First+first > 0 {
		lead = 1
	}
	at, options := b.seek(t.First+first, lead)
	a := append(b.head(true), b.input(at, 2, options...)...)
	for _, r := range rungs {
		if s := (float64(first) - 0.25) / b.plan.Rate.FPS(); s > 0 {
			a = append(a, "-ss", seconds(s))
		}
		a = append(a, "-protocol_whitelist", "file,pipe", "-f", "mov", "-i", "file:"+r.Name+".mp4")
	}
	g := &graph{}
	g.add("[0:%d]%s,trim=start_frame=%d,setpts=N[fr]", b.plan.Info.Main("video").Index, b.frames(t.First+first, count, lead), lead)
	base := "fr"
	if pic := b.picture(); pic != "" {
		g.add("[%s]%s[pic]", base, pic)
		base = "pic"
	}
	if b.plan.Picture.Fit != "" {
		g.parts = append(g.parts, b.fit(base, "fit", "f"))
		base = "fit"
	}
	heads := ""
	for i := range rungs {
		heads += fmt.Sprintf("[b%d]", i)
	}
	g.add("[%s]split=%d%s", base, len(rungs), heads)
	for i, r := range rungs {
		g.add("[b%d]%s[ref%d]", i, b.scale(r), i)
		g.add("[%d:v]trim=end_frame=%d,settb=expr=%d/%d,setpts=N,setsar=1[out%d]", i+1, count, b.plan.Rate.Den, b.plan.Rate.Num, i)
		g.add("[out%d][ref%d]ssim,metadata=mode=print:key=lavfi.ssim.All:file=%s[m%d]", i, i, ssimFile(i), i)
		g.outputs = append(g.outputs, b.sink("m"+strconv.Itoa(i)))
	}
	a = append(a, "-filter_complex", strings.Join(g.parts, ";"))
	for _, o := range g.outputs {
		a = append(a, o...)
	}
	return a
}

func ssimFile(i int) string { return fmt.Sprintf("ssim-%d.txt", i) }

// ssim runs the comparison and gives the mean of each rung.
func (w *work) ssim(ctx context.Context, rungs []transcode.Rung) (map[string]float64, error) {
	if err := w.ffmpeg(ctx, w.b.ssimArgs(w.task), nil); err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for i, r := range rungs {
		sum, n := 0.0, 0
		err := w.reading(ssimFile(i), func(p printed) {
			if v, ok := p.tags["lavfi.ssim.All"]; ok {
				sum, n = sum+float(v), n+1
			}
		})
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out[r.Name] = sum / float64(n)
		}
	}
	return out, nil
}
