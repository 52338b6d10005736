package ffmpegtranscode

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
)

// longestPart ends the doubling of a proxy's parts.
const longestPart = 16 * media.Second

// proxy makes the small rendition and hands its parts on while ffmpeg works.
func (w *work) proxy(ctx context.Context) (transcode.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := w.sweep(); err != nil {
		return transcode.Result{}, err
	}
	video, err := w.grow(ctx, w.plan.Proxy.Name)
	if err != nil {
		return transcode.Result{}, err
	}
	defer video.close()
	sound, err := w.grow(ctx, transcode.ProxyAudio)
	if err != nil {
		return transcode.Result{}, err
	}
	defer sound.close()
	tail := &tailer{path: w.path(proxyAudioFile), to: sound}
	defer tail.close()
	out := &proxyPipe{video: video, tail: tail, done: func(frames int64) { w.env.Progress(transcode.Progress{Frames: frames}) }, fail: cancel, tick: frameTicks(w.plan.Rate)}

	runErr := w.ffmpeg(ctx, w.b.proxy(), out)
	if out.err != nil {
		return transcode.Result{}, out.err
	}
	if runErr != nil {
		return transcode.Result{}, runErr
	}
	if err := video.finish(); err != nil {
		return transcode.Result{}, err
	}
	if w.b.speechStream() >= 0 {
		if err := tail.drain(); err != nil {
			return transcode.Result{}, err
		}
		if err := sound.finish(); err != nil {
			return transcode.Result{}, err
		}
	}
	return w.proxyResult(video, sound)
}

func (w *work) proxyResult(video, sound *growing) (transcode.Result, error) {
	var res transcode.Result
	frames := video.ticks / frameTicks(w.plan.Rate)
	if frames == 0 {
		return res, w.damage(fmt.Errorf("the proxy has no frame"))
	}
	if frames != w.plan.Frames {
		res.Warnings = append(res.Warnings, fmt.Sprintf("proxy-frames: %d of %d", frames, w.plan.Frames))
	}
	f, err := w.file(video.track, video.path, transcode.RoleRung)
	if err != nil {
		return res, err
	}
	f.Frames, f.Width, f.Height = frames, w.plan.Proxy.Width, w.plan.Proxy.Height
	res.Files = append(res.Files, f)
	if sound.ticks > 0 {
		if f, err = w.file(sound.track, sound.path, transcode.RoleAudio); err != nil {
			return res, err
		}
		f.Frames = sound.ticks
		res.Files = append(res.Files, f)
	}
	return res, nil
}

// proxyPipe takes ffmpeg's standard output and lets the sound catch up after each fragment.
type proxyPipe struct {
	video *growing
	tail  *tailer
	done  func(frames int64)
	fail  context.CancelCauseFunc
	tick  int64
	err   error
}

// Write implements io.Writer.
func (p *proxyPipe) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	before := p.video.ticks
	_, err := p.video.Write(b)
	if err == nil && p.video.ticks > before {
		p.done(p.video.ticks / p.tick)
		err = p.tail.drain()
	}
	if err != nil {
		p.err = err
		p.fail(err)
		return 0, err
	}
	return len(b), nil
}

// growing takes a fragmented MP4 as it is written, keeps the whole of it in a file and emits parts of doubling length.
type growing struct {
	w      *work
	ctx    context.Context
	track  string
	path   string
	whole  *os.File
	buf    []byte // bytes not yet a whole box
	init   []byte // ftyp + moov
	part   []byte // fragments of the part that is being collected
	moof   []byte // waiting for its mdat
	scale  int64  // ticks a second
	ticks  int64  // of all fragments so far
	before int64  // ticks of the parts emitted
	target media.Time
	parts  int
}

func (w *work) grow(ctx context.Context, track string) (*growing, error) {
	g := &growing{w: w, ctx: ctx, track: track, path: w.path(track + ".cmf"), target: media.Second}
	f, err := os.OpenFile(g.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	g.whole = f
	return g, nil
}

func (g *growing) close() { _ = g.whole.Close() }

// maxBox bounds one fragment of a proxy.
const maxBox = 256 << 20

// Write implements io.Writer: whole boxes are taken out of the stream as they become complete.
func (g *growing) Write(b []byte) (int, error) {
	g.buf = append(g.buf, b...)
	for len(g.buf) >= 8 {
		n := int64(binary.BigEndian.Uint32(g.buf))
		if n < 8 || n > maxBox {
			return 0, fault.E("transcode.run", g.w.task.ID, fault.Internal, fmt.Errorf("fragment box of %d bytes", n))
		}
		if int64(len(g.buf)) < n {
			break
		}
		if err := g.box(string(g.buf[4:8]), g.buf[:n]); err != nil {
			return 0, err
		}
		g.buf = append(g.buf[:0], g.buf[n:]...)
	}
	return len(b), nil
}

func (g *growing) box(kind string, b []byte) error {
	switch kind {
	case "ftyp", "moov":
		g.init = append(g.init, b...)
		return g.keep(b)
	case "moof":
		g.moof = bytes.Clone(b)
	case "mdat":
		return g.fragment(append(g.moof, b...))
	}
	return nil // sidx, styp, mfra: nothing that parts need
}

func (g *growing) keep(b []byte) error {
	if _, err := g.whole.Write(b); err != nil {
		return g.w.diskFault(err)
	}
	return nil
}

func (g *growing) fragment(b []byte) error {
	if err := g.keep(b); err != nil {
		return err
	}
	one := append(bytes.Clone(g.init), b...)
	t, err := cmaf.Scan(bytes.NewReader(one), int64(len(one)))
	if err != nil {
		return err
	}
	g.scale = int64(t.Timescale)
	for _, s := range t.Segments {
		g.ticks += s.Duration
	}
	g.part, g.moof = append(g.part, b...), nil
	if media.FromTicks(g.ticks-g.before, g.scale) >= g.target-50*media.Millisecond {
		return g.emit(false)
	}
	return nil
}

// finish emits what is left; the last part says so. It is empty of fragments only if the stream ended on a part's edge.
func (g *growing) finish() error {
	if err := g.whole.Sync(); err != nil {
		return g.w.diskFault(err)
	}
	if len(g.part) == 0 {
		if g.parts == 0 {
			return nil
		}
		return g.w.env.Emit(g.ctx, transcode.Part{Track: g.track, First: g.units(g.before), Last: true})
	}
	return g.emit(true)
}

func (g *growing) units(ticks int64) int64 {
	if g.track == transcode.ProxyAudio {
		return ticks
	}
	return ticks / frameTicks(g.w.plan.Rate)
}

func (g *growing) emit(last bool) error {
	path := g.w.path(fmt.Sprintf("%s.%03d.cmf", g.track, g.parts))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.E("transcode.run", g.w.task.ID, fault.Internal, err)
	}
	defer f.Close()
	if _, err := io.Copy(f, io.MultiReader(bytes.NewReader(g.init), bytes.NewReader(g.part))); err != nil {
		return g.w.diskFault(err)
	}
	p := transcode.Part{Track: g.track, Path: path, First: g.units(g.before), Frames: g.units(g.ticks - g.before), Last: last}
	g.before, g.part, g.parts = g.ticks, g.part[:0], g.parts+1
	if g.parts > 1 {
		g.target = min(2*g.target, longestPart)
	}
	return g.w.env.Emit(g.ctx, p)
}

// tailer reads what another process has appended to a file.
type tailer struct {
	path string
	f    *os.File
	to   io.Writer
}

func (t *tailer) drain() error {
	if t.f == nil {
		f, err := os.Open(t.path)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return fault.E("transcode.run", "proxy", fault.Internal, err)
		}
		t.f = f
	}
	_, err := io.Copy(t.to, t.f)
	return err
}

func (t *tailer) close() {
	if t.f != nil {
		_ = t.f.Close()
	}
}
