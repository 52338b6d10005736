package ffmpegtranscode

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/platform/cmaf"
)

// chunk encodes and measures one chunk. A source that does not decode cleanly is tried once more, forgiving errors and
// filling gaps by time, and the result carries a warning.
func (w *work) chunk(ctx context.Context) (transcode.Result, error) {
	res, err := w.chunkOnce(ctx)
	if fault.CodeOf(err) != "source-damaged" {
		return res, err
	}
	w.b.tolerant = true
	res, err2 := w.chunkOnce(ctx)
	if err2 != nil {
		return res, err2
	}
	res.Warnings = append(res.Warnings, fmt.Sprintf("source-damaged: frames %d to %d did not decode cleanly and were patched", w.task.First, w.task.First+w.task.Frames-1))
	return res, nil
}

func (w *work) chunkOnce(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	if err := w.sweep(); err != nil {
		return res, err
	}
	threads := chunkThreads(chunkCount(w.plan))
	rungs := w.b.rungs(w.task)
	if len(rungs) == 0 && w.b.taps() == 0 && w.plan.Analysis.FramesWidth == 0 {
		return res, nil
	}
	if err := w.ffmpeg(ctx, w.b.chunk(w.task, threads), nil); err != nil {
		return res, err
	}
	if w.plan.Analysis.QC && len(rungs) > 0 {
		ssim, err := w.ssim(ctx, rungs)
		if err != nil {
			return res, err
		}
		res.SSIM, res.Metric = ssim, w.b.metric(w.task)
	}
	for _, r := range rungs {
		f, err := w.retime(r)
		if err != nil {
			return res, err
		}
		res.Files = append(res.Files, f)
	}
	if err := w.pictures(&res); err != nil {
		return res, err
	}
	return res, w.measured(&res)
}

// sweep removes what an earlier try left, so that nothing old is taken for new.
func (w *work) sweep() error {
	for _, pattern := range []string{"*.mp4", "*.cmfv", "*.txt", "sprite-*.jpg", "frame-*.jpg"} {
		old, err := filepath.Glob(filepath.Join(globQuote(w.env.WorkDir), pattern))
		if err != nil {
			return fault.E("transcode.run", w.task.ID, fault.Internal, err)
		}
		for _, f := range old {
			if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fault.E("transcode.run", w.task.ID, fault.Internal, err)
			}
		}
	}
	return nil
}

func globQuote(s string) string {
	var out []byte
	for i := range len(s) {
		if slices.Contains([]byte(`*?[\`), s[i]) {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// retime puts the chunk on the film's timeline and checks that every frame is there.
func (w *work) retime(r transcode.Rung) (transcode.File, error) {
	raw := w.path(r.Name + ".mp4")
	src, err := os.Open(raw)
	if err != nil {
		return transcode.File{}, fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	defer src.Close()
	st, err := src.Stat()
	if err != nil {
		return transcode.File{}, fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	out := w.path(r.Name + ".cmfv")
	dst, err := os.OpenFile(out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return transcode.File{}, fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	defer dst.Close()
	tick := frameTicks(w.plan.Rate)
	h := sha256.New()
	track, err := cmaf.Retime(io.MultiWriter(dst, h), src, st.Size(), w.task.First*tick, uint32(w.task.First/int64(w.plan.GOPFrames))+1)
	if err != nil {
		return transcode.File{}, w.notCMAF(err)
	}
	if int64(track.Timescale) != timescale(w.plan.Rate) {
		return transcode.File{}, fault.E("transcode.run", w.task.ID, fault.Internal, fmt.Errorf("timescale %d, wanted %d", track.Timescale, timescale(w.plan.Rate)))
	}
	ticks, bytes := int64(0), int64(0)
	for _, s := range track.Segments {
		ticks += s.Duration
	}
	for _, p := range track.Parts {
		bytes += p.Size
	}
	if frames := ticks / tick; frames != w.task.Frames || ticks%tick != 0 {
		return transcode.File{}, w.damage(fmt.Errorf("%s has %d frames, the plan %d", r.Name, frames, w.task.Frames))
	}
	if err := dst.Sync(); err != nil {
		return transcode.File{}, w.diskFault(err)
	}
	_ = os.Remove(raw) // the work folder goes away in any case
	return transcode.File{Name: r.Name, Path: out, Role: transcode.RoleRung, Frames: w.task.Frames, Bytes: bytes, SHA256: hex.EncodeToString(h.Sum(nil)), Width: r.Width, Height: r.Height}, nil
}

// notCMAF is an output without a fragment: nothing decoded. A full disk stays a full disk.
func (w *work) notCMAF(err error) error {
	if fault.Is(err, fault.Full) {
		return err
	}
	return w.damage(err)
}

func (w *work) diskFault(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fault.E("transcode.run", w.task.ID, fault.Full, err)
	}
	return fault.E("transcode.run", w.task.ID, fault.Internal, err)
}

// pictures collects the sprite sheets and the stills of the chunk.
func (w *work) pictures(res *transcode.Result) error {
	if s := w.plan.Analysis.Sprites; s != nil {
		first := w.b.firstTick(w.task.First, int64(s.IntervalMS))
		last := w.b.firstTick(w.task.First+w.task.Frames, int64(s.IntervalMS)) // of the next chunk
		perSheet := int64(s.Cols * s.Rows)
		for n := int64(0); first+n*perSheet < last; n++ {
			f, err := w.file(fmt.Sprintf("sprite/%d.jpg", int64(w.task.Chunk)*w.sheets()+n), w.path(fmt.Sprintf(spritePattern, n+1)), transcode.RoleSprite)
			if err != nil {
				return err
			}
			f.Index, f.Frames = first+n*perSheet, min(perSheet, last-first-n*perSheet)
			f.Width, f.Height = s.TileW*s.Cols, s.TileH*s.Rows
			res.Files = append(res.Files, f)
		}
	}
	if w.plan.Analysis.FramesWidth > 0 {
		last := w.b.firstTick(w.task.First+w.task.Frames, 1000)
		for n := w.b.firstTick(w.task.First, 1000); n < last; n++ {
			f, err := w.file(fmt.Sprintf("frame/%06d.jpg", n), w.path(fmt.Sprintf(framePattern, n)), transcode.RoleFrame)
			if err != nil {
				return err
			}
			f.Index, f.At = n, w.plan.Rate.At(w.b.frameOf(n, 1000))
			res.Files = append(res.Files, f)
		}
	}
	return nil
}

// sheets is how many sprite sheets a full chunk can have, so that sheet numbers of all chunks differ and grow.
func (w *work) sheets() int64 {
	s := w.plan.Analysis.Sprites
	tiles := w.b.firstTick(int64(w.plan.ChunkFrames), int64(s.IntervalMS)) + 1
	per := int64(s.Cols * s.Rows)
	return (tiles + per - 1) / per
}

// frameOf is the first frame at or after the n-th multiple of the interval.
func (b builder) frameOf(n, milliseconds int64) int64 {
	up, down := b.interval(milliseconds)
	return (n*down + up - 1) / up
}
