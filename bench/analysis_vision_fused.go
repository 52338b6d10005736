package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/product/analysis/shots"
)

// fusedShots finds the changes as the product does: the trace, small frames where it does not tell, the network where
// there may be a change.
func fusedShots(ctx context.Context, b *bench, e *eyes, path string, truth []transition) error {
	trace, err := shotTrace(ctx, path)
	if err != nil {
		return err
	}
	raw, err := ffmpegOut(ctx, "-i", path, "-vf", fmt.Sprintf("fps=%s:round=up:start_time=0,scale=%d:%d:flags=area", transcode.SmallRate(), shots.Width, shots.Height), "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
	if err != nil {
		return err
	}
	length := trace.Rate.At(int64(len(trace.Frames)))
	for _, with := range []string{"trace alone", "trace and arithmetic", "fused"} {
		var stretches []shots.Stretch
		asked, looked := 0, media.Time(0)
		cpu, _, err := e.spent(func() error {
			if with == "trace alone" {
				return nil
			}
			for _, d := range shots.Doubts(trace, smallLooks(raw), media.Range{End: length}) {
				x := stretchOf(raw, d)
				looked += d.Len()
				if with == "fused" {
					n, err := e.answer(ctx, trace, &x)
					if err != nil {
						return err
					}
					asked += n
				}
				stretches = append(stretches, x)
			}
			return nil
		})
		if err != nil {
			return err
		}
		var found []float64
		for _, c := range shots.Detect(trace, stretches) {
			found = append(found, c.Middle().Seconds()*shotRate)
		}
		s := scored(truth, found)
		if with != "fused" {
			b.atLeast("shots: hard cuts, ours, "+with, s.cuts(), "F1", 0, "a part of the whole", s.String())
			b.atLeast("shots: all, ours, "+with, s.all(), "F1", 0, "a part of the whole", s.String())
			continue
		}
		for n, w := range s.wrong {
			b.mistaken("shots", float64(len(s.wrong)-n), "%s", w)
		}
		b.on.model, b.on.cpu = "transnetv2 1.0.5, trace and arithmetic of ours", cpu
		note := fmt.Sprintf("generated; thresholds chosen on films of other seeds; %s; %.0f of %.0f s looked at closely, the network asked about %.0f s, %.0f CPU-s", s, looked.Seconds(), length.Seconds(),
			float64(asked)/transcode.SmallRate().FPS(), cpu.Seconds())
		b.atLeast("shots: hard cuts, fused", s.cuts(), "F1", .95, "generated truth", note)
		b.atLeast("shots: all, fused", s.all(), "F1", .85, "generated truth", note)
	}
	return nil
}

// answer asks the network about the suspects of a stretch and returns how many frames that were.
func (e *eyes) answer(ctx context.Context, trace shots.Trace, x *shots.Stretch) (int, error) {
	asked := 0
	for _, p := range x.Suspects(trace) {
		odds, err := e.Boundaries(ctx, x.Pix[p[0]*shots.FrameSize:p[1]*shots.FrameSize])
		if err != nil {
			return 0, err
		}
		x.Answer(p[0], odds)
		asked += p[1] - p[0]
	}
	return asked, nil
}

// stretchOf cuts a range out of a whole film's small frames.
func stretchOf(raw []byte, r media.Range) shots.Stretch {
	first, n := transcode.SmallFrames(r)
	total := int64(len(raw) / shots.FrameSize)
	first = min(first, total)
	return shots.Stretch{Start: transcode.SmallRate().At(first), Pix: raw[first*shots.FrameSize : min(first+n, total)*shots.FrameSize]}
}

// smallLooks is one picture a second.
func smallLooks(raw []byte) []shots.Look {
	var out []shots.Look
	for sec := int64(0); ; sec++ {
		at := media.Time(sec) * media.Second
		n := transcode.SmallRate().Frame(at)
		if int(n+1)*shots.FrameSize > len(raw) {
			return out
		}
		l := shots.Look{At: at, Luma: make([]float64, shots.Width*shots.Height)}
		for k := range l.Luma {
			p := raw[int(n)*shots.FrameSize+3*k:]
			l.Luma[k] = .299*float64(p[0]) + .587*float64(p[1]) + .114*float64(p[2])
		}
		out = append(out, l)
	}
}

// shotTrace measures every frame as the ladder's decode does.
func shotTrace(ctx context.Context, path string) (shots.Trace, error) {
	out, err := ffmpegOut(ctx, "-i", path, "-an", "-vf", "scale=160:90,format=gray,scdet=t=10,format=yuv420p,signalstats,metadata=print:file=-", "-f", "null", "-")
	if err != nil {
		return shots.Trace{}, err
	}
	t := shots.Trace{Rate: media.Rate{Num: shotRate, Den: 1}}
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "frame:") {
			t.Frames = append(t.Frames, shots.Frame{})
			continue
		}
		key, value, _ := strings.Cut(sc.Text(), "=")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || len(t.Frames) == 0 {
			continue // another filter's word
		}
		switch f := &t.Frames[len(t.Frames)-1]; key {
		case "lavfi.scd.score":
			f.Diff = v
		case "lavfi.signalstats.YAVG":
			f.Luma = v
		}
	}
	return t, nil
}
