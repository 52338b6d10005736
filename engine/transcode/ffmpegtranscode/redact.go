package ffmpegtranscode

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
)

// hushedFile holds the sound after what is hidden has been taken out of it, without loss.
const hushedFile = "hushed.flac"

// cells is how many cells of colour stay of the picture's shorter side where it is covered: whatever is hidden, be it as
// large as the picture, keeps at most nine of them, blurred into each other.
const cells = 9

// openSound decodes the sound that people hear first to raw samples on the standard output, from the asset's zero.
func (b builder) openSound(stream int) []string {
	o := transcode.AudioOut{Stream: stream, Codec: "aac"}
	a := append(b.head(false), b.input(0, 1, "-copyts", "-vn", "-sn", "-dn")...)
	return append(a, "-filter_complex", fmt.Sprintf("%s,%s,aformat=sample_fmts=flt[o]", b.zeroed(stream), b.form(o)), "-map", "[o]", "-f", "f32le", "pipe:1")
}

// closeSound packs raw samples without loss.
func (b builder) closeSound(channels int) []string {
	a := append(b.head(false), "-protocol_whitelist", "file,pipe", "-f", "f32le", "-ar", strconv.Itoa(transcode.RedactRate), "-ac", strconv.Itoa(channels), "-i", "pipe:0")
	return append(a, "-c:a", "flac", "-compression_level", "0", "-sample_fmt", "s16", "-f", "flac", "file:"+hushedFile)
}

// channels of the sound that openSound gives.
func (b builder) channels(stream int) int {
	for _, s := range b.plan.Info.Streams {
		if s.Index == stream {
			return min(max(s.Channels, 1), 8)
		}
	}
	return 1
}

// redact is the command that makes the rendition: the picture, what stands in its place and the mask of where, which comes
// as pipe:0, and the sound that has been made already.
func (b builder) redact(sound bool) []string {
	r := b.plan.Redaction
	a := b.head(true)
	last := 0
	if r.Rung != nil {
		at, options := b.seek(0, 0)
		a = append(a, b.input(at, 2, options...)...)
		w, h := transcode.MaskSize(r.Rung.Width, r.Rung.Height)
		a = append(a, "-protocol_whitelist", "file,pipe", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", w, h), "-framerate", b.plan.Rate.String(), "-i", "pipe:0")
		last = 2
	}
	if sound {
		a = append(a, "-protocol_whitelist", "file,pipe", "-f", "flac", "-i", "file:"+hushedFile)
	}
	if r.Rung != nil {
		a = append(a, "-filter_complex_threads", "2", "-filter_complex", strings.Join(b.redactGraph(), ";"), "-map", "[o]")
		a = append(append(a, b.fpsMode("passthrough")...), "-frames:v", strconv.FormatInt(b.plan.Frames, 10))
		a = append(a, b.encoder(*r.Rung, b.plan.GOPFrames, 2)...)
	}
	if sound {
		a = append(a, "-map", fmt.Sprintf("%d:a", last))
		a = append(a, b.soundCodec("aac", r.Kbps, 0)...)
	}
	return append(a, "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-movflags", "+faststart", "-f", "mp4", "file:"+r.Name+".mp4")
}

func (b builder) redactGraph() []string {
	r := b.plan.Redaction
	rung := *r.Rung
	g := []string{fmt.Sprintf("[0:%d]%s[fr]", b.plan.Info.Main("video").Index, b.frames(0, b.plan.Frames, 0))}
	from := "fr"
	if p := b.picture(); p != "" {
		g, from = append(g, fmt.Sprintf("[fr]%s[pic]", p)), "pic"
	}
	g = append(g, fmt.Sprintf("[%s]%s,split=2[a][b]", from, b.scale(rung)))
	short := min(rung.Width, rung.Height)
	w, h := max(2, rung.Width*cells/short), max(2, rung.Height*cells/short)
	switch {
	case r.Fill:
		g = append(g, "[b]lutyuv=y=16:u=128:v=128[h]")
	case r.Pixels:
		g = append(g, fmt.Sprintf("[b]scale=%d:%d:flags=area,format=yuv444p,scale=%d:%d:flags=neighbor,format=yuv420p[h]", w, h, rung.Width, rung.Height))
	default:
		g = append(g, fmt.Sprintf("[b]scale=%d:%d:flags=area,format=yuv444p,gblur=sigma=0.8,scale=%d:%d:flags=bilinear,format=yuv420p[h]", w, h, rung.Width, rung.Height))
	}
	return append(g, fmt.Sprintf("[1:v]scale=%d:%d:flags=neighbor,format=yuv420p[m]", rung.Width, rung.Height), "[a][h][m]maskedmerge[o]")
}

// redact makes the rendition: first the sound, sample by sample, then the picture with it.
func (w *work) redact(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	r := w.plan.Redaction
	if r == nil {
		return res, fault.Say("transcode.run", w.task.ID, fault.Invalid, "bad-plan", "The plan hides nothing.")
	}
	stream := w.b.speechStream()
	for {
		if err := w.sweep(); err != nil {
			return res, err
		}
		err := w.redactOnce(ctx, stream)
		if fault.CodeOf(err) == "source-damaged" && !w.b.tolerant {
			w.b.tolerant = true
			continue
		}
		if err != nil {
			return res, err
		}
		break
	}
	f, err := w.file(r.Name, w.path(r.Name+".mp4"), transcode.RoleRedacted)
	if err != nil {
		return res, err
	}
	if r.Rung != nil {
		f.Width, f.Height, f.Frames = r.Rung.Width, r.Rung.Height, w.plan.Frames
	}
	res.Files = []transcode.File{f}
	return res, nil
}

func (w *work) redactOnce(ctx context.Context, stream int) error {
	if stream >= 0 {
		if err := w.hush(ctx, stream); err != nil {
			return err
		}
	}
	r := w.plan.Redaction
	var mask io.Reader
	if r.Rung != nil {
		mw, mh := transcode.MaskSize(r.Rung.Width, r.Rung.Height)
		mask = r.Mask(w.plan.Rate, w.plan.Frames+1, mw, mh)
	}
	return w.fed(ctx, w.b.redact(stream >= 0), mask, nil)
}

// hush lets the sound run through this program: decoded by one child, hidden here, packed by another.
func (w *work) hush(ctx context.Context, stream int) error {
	n := w.b.channels(stream)
	from, to := io.Pipe()
	pack := *w
	pack.cpuMS = 0
	packed := make(chan error, 1)
	go func() {
		err := pack.fed(ctx, w.b.closeSound(n), from, quiet{})
		_ = from.CloseWithError(io.ErrClosedPipe) // never fails
		packed <- err
	}()
	err := w.ffmpeg(ctx, w.b.openSound(stream), w.plan.Redaction.Hush(to, n))
	_ = to.CloseWithError(err) // never fails; nil is the end
	after := <-packed
	w.cpuMS += pack.cpuMS
	if err != nil && after != nil && fault.KindOf(err) == fault.Internal {
		return after
	}
	if err != nil {
		return err
	}
	return after
}

const lookPattern = "look-%06d.jpg"

// look is the command that writes every so many frames of a stretch as JPEGs.
func (b builder) look(first, frames int64) []string {
	l := b.plan.Look
	at, options := b.seek(first, 0)
	a := append(b.head(true), b.input(at, 2, options...)...)
	c := []string{b.frames(first, frames, 0)}
	if l.Every > 1 {
		c = append(c, fmt.Sprintf("framestep=step=%d", l.Every))
	}
	if p := b.picture(); p != "" {
		c = append(c, p)
	}
	c = append(c, "scale=w=iw*sar:h=ih", fmt.Sprintf("scale=%d:-2:out_range=pc", l.Width), "setsar=1,format=yuvj420p")
	a = append(a, "-filter_complex", fmt.Sprintf("[0:%d]%s[o]", b.plan.Info.Main("video").Index, strings.Join(c, ",")), "-map", "[o]")
	return append(append(a, b.fpsMode("passthrough")...), "-c:v", "mjpeg", "-q:v", "2", "-f", "image2", "-start_number", "0", "file:"+lookPattern)
}

// look writes the pictures of one stretch.
func (w *work) look(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	err := w.ffmpeg(ctx, w.b.look(w.task.First, w.task.Frames), nil)
	if fault.CodeOf(err) == "source-damaged" {
		w.b.tolerant = true
		err = w.ffmpeg(ctx, w.b.look(w.task.First, w.task.Frames), nil)
	}
	if err != nil {
		return res, err
	}
	for n := int64(0); n*int64(w.plan.Look.Every) < w.task.Frames; n++ {
		name := fmt.Sprintf(lookPattern, n)
		if !exists(w.path(name)) {
			break
		}
		at := w.task.First + n*int64(w.plan.Look.Every)
		f, err := w.file(filepath.Join("look", strconv.FormatInt(at, 10)+".jpg"), w.path(name), transcode.RoleLook)
		if err != nil {
			return res, err
		}
		f.Index, f.At = at, w.plan.Rate.At(at)
		res.Files = append(res.Files, f)
	}
	if len(res.Files) == 0 {
		return res, w.damage(fmt.Errorf("no picture to look at"))
	}
	return res, nil
}

// redaction makes the tasks of what the plan hides and of what it looks at.
func (s splitter) redaction() []transcode.Task {
	p := s.b.plan
	var out []transcode.Task
	if l := p.Look; l != nil {
		v := p.Info.Main("video")
		for _, r := range l.Ranges {
			first := max(0, p.Rate.Frame(r.Start))
			frames := min(p.Rate.Frames(r.End), p.Frames) - first
			if frames < 1 {
				continue
			}
			t := s.task(fmt.Sprintf("look-%d", first), transcode.KindLook, "", s.b.look(first, frames), 2, 128+memMB(v.Width, v.Height, 16), s.decodeMS(float64(frames)/p.Rate.FPS()))
			t.First, t.Frames = first, frames
			out = append(out, t)
		}
	}
	if r := p.Redaction; r != nil {
		what, _ := json.Marshal(r) // plain data always encodes
		mem, cpu := int64(256), int64(p.Info.Duration.Seconds()*80)
		if v := p.Info.Main("video"); v != nil && r.Rung != nil {
			mem += memMB(v.Width, v.Height, 24) + memMB(r.Rung.Width, r.Rung.Height, 60)
			cpu += s.decodeMS(1e9) + 2*encodeMS(*r.Rung, p.Frames)
		}
		stream := s.b.speechStream()
		args := append(s.b.redact(stream >= 0), string(what), "redact-1")
		if stream >= 0 {
			args = append(append(args, s.b.openSound(stream)...), s.b.closeSound(s.b.channels(stream))...)
		}
		t := s.task("redact", transcode.KindRedact, r.Name, args, 2, mem, cpu)
		t.Frames = p.Frames
		out = append(out, t)
	}
	return out
}
