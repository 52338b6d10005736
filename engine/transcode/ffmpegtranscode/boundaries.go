package ffmpegtranscode

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
)

const smallFile = "small.rgb"

// boundaries makes the small frames first .. first+count by time, whatever the source's rate. HDR is not tone mapped: a
// change of shot is one in any light.
func (b builder) boundaries(first, count int64) []string {
	v := b.plan.Info.Main("video")
	start, rate := v.Start.Seconds(), transcode.SmallRate()
	begin := rate.At(first).Seconds()
	at := start + begin - 1/rate.FPS()
	switch {
	case b.indexed():
	case b.tolerant:
		at = 0
	default:
		at -= unindexedLead
	}
	var c []string
	if b.plan.Picture.Deinterlace {
		c = append(c, "yadif=mode=send_frame:parity=auto:deint=interlaced")
	}
	c = append(c, fmt.Sprintf("setpts=PTS-(%s)/TB", seconds(start)), fmt.Sprintf("fps=fps=%s:round=up:start_time=%s", rate, seconds(begin)),
		fmt.Sprintf("scale=%d:%d:flags=area", transcode.SmallWidth, transcode.SmallHeight), "format=rgb24")
	a := append(b.head(true), b.input(at, 1, "-copyts", "-noaccurate_seek")...)
	a = append(a, "-map", fmt.Sprintf("0:%d", v.Index), "-vf", strings.Join(c, ","), "-frames:v", strconv.FormatInt(count, 10))
	return append(append(a, b.fpsMode("passthrough")...), "-f", "rawvideo", "file:"+smallFile)
}

// boundaries writes one stretch of small frames. A source that does not decode cleanly is tried once more, forgiving
// errors. A film may end before its container says; no frame at all is damage.
func (w *work) boundaries(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	err := w.ffmpeg(ctx, w.b.boundaries(w.task.First, w.task.Frames), nil)
	if fault.CodeOf(err) == "source-damaged" || err == nil && !exists(w.path(smallFile)) {
		w.b.tolerant = true
		err = w.ffmpeg(ctx, w.b.boundaries(w.task.First, w.task.Frames), nil)
	}
	if err != nil {
		return res, err
	}
	f, err := w.file(fmt.Sprintf("small/%d.rgb", w.task.First), w.path(smallFile), transcode.RoleSmall)
	if err != nil {
		return res, w.damage(err)
	}
	f.Index, f.Frames = w.task.First, f.Bytes/transcode.SmallSize
	f.Width, f.Height = transcode.SmallWidth, transcode.SmallHeight
	if f.Frames == 0 {
		return res, w.damage(fmt.Errorf("no small frame"))
	}
	res.Files = []transcode.File{f}
	return res, nil
}

// boundaries makes a task of each stretch that the plan asks small frames of.
func (s splitter) boundaries() []transcode.Task {
	v := s.b.plan.Info.Main("video")
	var out []transcode.Task
	for _, r := range s.b.plan.Boundaries {
		first, count := transcode.SmallFrames(r)
		t := s.task(fmt.Sprintf("boundaries-%d", first), transcode.KindBoundaries, "", s.b.boundaries(first, count), 1, 96+memMB(v.Width, v.Height, 12), s.decodeMS(r.Len().Seconds()))
		t.First, t.Frames = first, count
		out = append(out, t)
	}
	return out
}
