package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/media"
	"showreel/product/ingest"
)

// ladder is one film and the plan the web template makes of it.
type ladder struct {
	b    *bench
	svc  *transcode.Service
	film string
	sha  string
	info media.Info
	plan transcode.Plan
}

// encoded is what one way of encoding cost and made.
type encoded struct {
	use      usage
	reported time.Duration // what the tasks say they cost
	chunks   []chunk
}

// chunk is one finished chunk with its files by rung.
type chunk struct {
	first, frames int64
	files         map[string]string
}

// benchLadder compares the processor time of the product's way, every rung and every measurement from one decode in
// chunks, with four others, and looks at the pictures it made.
func benchLadder(ctx context.Context, b *bench, film string) error {
	l, err := newLadder(ctx, b, film)
	if err != nil {
		return err
	}
	chunked, err := l.encode(ctx, "chunked", l.plan)
	if err != nil {
		return err
	}
	alone := l.plan
	alone.Analysis = transcode.Analysis{}
	ladderOnly, err := l.encode(ctx, "ladder", alone)
	if err != nil {
		return err
	}
	whole := l.plan
	whole.ChunkFrames = int((whole.Frames + int64(whole.GOPFrames) - 1) / int64(whole.GOPFrames) * int64(whole.GOPFrames))
	unchunked, err := l.encode(ctx, "whole", whole)
	if err != nil {
		return err
	}
	rungs, passes, err := l.separate(ctx)
	if err != nil {
		return err
	}
	l.costs(chunked, ladderOnly, unchunked, rungs, passes)
	if err := l.benchSSIM(ctx, chunked, unchunked); err != nil {
		return err
	}
	return l.benchEdges(ctx, chunked)
}

func newLadder(ctx context.Context, b *bench, film string) (*ladder, error) {
	driver, err := ffmpegtranscode.New(ctx, ffmpegtranscode.Config{})
	if err != nil {
		return nil, err
	}
	l := &ladder{b: b, svc: transcode.New(driver), film: film}
	if l.sha, err = sha256File(film); err != nil {
		return nil, err
	}
	if l.info, err = l.svc.Probe(ctx, film); err != nil {
		return nil, err
	}
	t, err := webTemplate()
	if err != nil {
		return nil, err
	}
	if b.quick {
		t.Video.ChunkMS = 3_000 // two chunks even of six seconds
	}
	l.plan, err = ingest.Plan(t, l.info)
	return l, err
}

// webTemplate is the template the targets speak of.
func webTemplate() (ingest.Template, error) {
	all, err := ingest.BuiltIn()
	if err != nil {
		return ingest.Template{}, err
	}
	for _, t := range all {
		if t.Name == ingest.DefaultTemplate {
			return t, nil
		}
	}
	return ingest.Template{}, fmt.Errorf("there is no template %s", ingest.DefaultTemplate)
}

// encode runs the chunk tasks of a plan one after the other.
func (l *ladder) encode(ctx context.Context, name string, p transcode.Plan) (encoded, error) {
	tasks, err := l.svc.Split(p, l.sha)
	if err != nil {
		return encoded{}, err
	}
	var out encoded
	for _, t := range tasks {
		if t.Kind != transcode.KindChunk {
			continue
		}
		dir := filepath.Join(l.b.dir, "ladder", name, t.ID)
		var res transcode.Result
		use, err := spent(func() error {
			res, err = l.svc.Run(ctx, p, t, transcode.Env{Source: l.film, WorkDir: dir})
			return err
		})
		if err != nil {
			return out, err
		}
		out.use.own, out.use.children, out.use.wall = out.use.own+use.own, out.use.children+use.children, out.use.wall+use.wall
		out.reported += time.Duration(res.CPUms) * time.Millisecond
		c := chunk{first: t.First, frames: t.Frames, files: map[string]string{}}
		for _, f := range res.Files {
			if f.Role == transcode.RoleRung {
				c.files[f.Name] = f.Path
			}
		}
		out.chunks = append(out.chunks, c)
	}
	l.b.say("%s: %d chunks, %.1f CPU-s, %.1f s", name, len(out.chunks), out.use.cpu().Seconds(), out.use.wall.Seconds())
	return out, nil
}

// separate does the same by plain ffmpeg as a script would: one command a rung, then one command for each measurement. It
// makes no sample of SSIM, so it does a little less than a chunk.
func (l *ladder) separate(ctx context.Context) (rungs, passes usage, err error) {
	dir := filepath.Join(l.b.dir, "ladder", "separate")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return rungs, passes, err
	}
	gop := fmt.Sprint(l.plan.GOPFrames)
	rungs, err = spent(func() error {
		for _, r := range l.plan.Rungs {
			err := ffmpeg(ctx, "-threads", "2", "-i", l.film, "-map", "0:v", "-an", "-vf", fmt.Sprintf("scale=%d:%d,format=yuv420p", r.Width, r.Height),
				"-c:v", "libx264", "-preset", r.Preset, "-profile:v", r.Profile, "-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-crf", fmt.Sprint(r.CRF),
				"-maxrate", fmt.Sprintf("%dk", r.MaxKbps), "-bufsize", fmt.Sprintf("%dk", r.BufKbps), "-threads", "2", filepath.Join(dir, r.Name+".mp4"))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return rungs, passes, err
	}
	a := l.plan.Analysis
	measures := [][]string{
		{"-vf", "scale=160:90,format=gray,scdet=t=10,format=yuv420p,signalstats,metadata=mode=print:file=" + filepath.Join(dir, "shots.txt"), "-f", "null", "-"},
		{"-vf", "scale=320:180,format=yuv420p,blackdetect=d=0:pic_th=0.98:pix_th=0.10,freezedetect=n=0.001:d=0.25,cropdetect=limit=24:round=2:reset=0,metadata=mode=print:file=" + filepath.Join(dir, "checks.txt"), "-f", "null", "-"},
		{"-vf", "crop=320:180,idet,metadata=mode=print:file=" + filepath.Join(dir, "interlace.txt"), "-f", "null", "-"},
		{"-vf", fmt.Sprintf("fps=1000/%d,scale=%d:%d,tile=%dx%d", a.Sprites.IntervalMS, a.Sprites.TileW, a.Sprites.TileH, a.Sprites.Cols, a.Sprites.Rows), "-q:v", "4", filepath.Join(dir, "sprite-%d.jpg")},
		{"-vf", fmt.Sprintf("fps=1,scale=%d:-2", a.FramesWidth), "-q:v", "3", filepath.Join(dir, "frame-%d.jpg")},
	}
	passes, err = spent(func() error {
		for _, m := range measures {
			if err := ffmpeg(ctx, append([]string{"-threads", "2", "-i", l.film, "-map", "0:v"}, m...)...); err != nil {
				return err
			}
		}
		return nil
	})
	l.b.say("separate: %.1f CPU-s for the rungs, %.1f CPU-s for the measurements", rungs.cpu().Seconds(), passes.cpu().Seconds())
	return rungs, passes, err
}

// costs prints the comparison. Chunks of three seconds start an encoder every three seconds, so the quick run allows more.
func (l *ladder) costs(chunked, ladderOnly, unchunked encoded, rungs, passes usage) {
	cpu := chunked.use.cpu().Seconds()
	length := fmt.Sprintf("%d chunks of %.0f s; CPU-s: %.1f", len(chunked.chunks), l.plan.Rate.At(int64(l.plan.ChunkFrames)).Seconds(), cpu)
	slack, note := 1.10, ""
	if l.b.quick {
		slack, note = 1.30, "; quick target for such short chunks"
	}
	apart := (rungs.cpu() + passes.cpu()).Seconds()
	l.b.atMost("one decode, CPU", cpu/apart, "x", 0.75, "one ffmpeg a rung + 5 separate passes",
		fmt.Sprintf("%s, against %.1f + %.1f", length, rungs.cpu().Seconds(), passes.cpu().Seconds()))
	l.b.atMost("analysis beside the ladder, CPU", cpu/ladderOnly.use.cpu().Seconds(), "x", slack, "the ladder alone",
		fmt.Sprintf("%s, against %.1f%s", length, ladderOnly.use.cpu().Seconds(), note))
	l.b.atMost("chunked, CPU", cpu/unchunked.use.cpu().Seconds(), "x", slack, "one chunk",
		fmt.Sprintf("%s, against %.1f%s", length, unchunked.use.cpu().Seconds(), note))
	off := 100 * (chunked.reported - chunked.use.children).Abs().Seconds() / chunked.use.children.Seconds()
	l.b.atMost("CPU that tasks report, off by", off, "%", 2, "user + system time of the children",
		fmt.Sprintf("reported %.1f s, measured %.1f s, and %.2f s in this process", chunked.reported.Seconds(), chunked.use.children.Seconds(), chunked.use.own.Seconds()))
}

// names joins the rungs for notes.
func (l *ladder) names() string {
	var out []string
	for _, r := range l.plan.Rungs {
		out = append(out, r.Name)
	}
	return strings.Join(out, ", ")
}
