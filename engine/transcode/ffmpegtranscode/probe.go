package ffmpegtranscode

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/child"
)

// prober is one probing of one file.
type prober struct {
	d    *Driver
	path string
	name string
	size int64
	kind sniffed
}

func (p *prober) probe(ctx context.Context) (media.Info, error) {
	head, err := p.head()
	if err != nil {
		return media.Info{}, err
	}
	p.kind = sniff(head, p.name)
	switch {
	case p.kind.playlist:
		return media.Info{}, p.say(fault.Unsupported, "playlist-refused", "This is a playlist that points at other files, not media. Upload the media files themselves.")
	case p.kind.text != "":
		return p.textInfo()
	case p.kind.demuxer == "":
		return media.Info{}, p.say(fault.Invalid, "not-media", "This is not a video, a sound, a picture or a text that can be read. Check that the file is what its name says.")
	case p.kind.image:
		return p.imageInfo(ctx)
	}
	if p.kind.demuxer == "mov" {
		if err := p.checkBoxes(); err != nil {
			return media.Info{}, err
		}
	}
	return p.mediaInfo(ctx)
}

func (p *prober) head() ([]byte, error) {
	f, err := os.Open(p.path)
	if err != nil {
		return nil, fault.E("transcode.probe", p.name, fault.Internal, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fault.E("transcode.probe", p.name, fault.Internal, err)
	}
	p.size = st.Size()
	head, err := io.ReadAll(io.LimitReader(f, sniffBytes))
	if err != nil {
		return nil, fault.E("transcode.probe", p.name, fault.Internal, err)
	}
	return head, nil
}

// mediaInfo asks ffprobe twice at once: for the description, and for the packets of the first moving picture, which tell
// the true frame times.
func (p *prober) mediaInfo(ctx context.Context) (media.Info, error) {
	var (
		wg        sync.WaitGroup
		packets   packetList
		packetErr error
	)
	wg.Go(func() {
		_, packetErr = p.ffprobe(ctx, &packets, "-select_streams", "V:0", "-show_entries", "packet=pts,dts,duration,flags", "-of", "csv=p=0")
	})
	answer, err := p.describe(ctx)
	wg.Wait()
	if err != nil {
		return media.Info{}, err
	}
	if packetErr != nil && fault.Is(packetErr, fault.Canceled) {
		return media.Info{}, packetErr
	}
	info := answer.info(p)
	if len(info.Streams) > p.d.limits.Streams {
		return media.Info{}, p.say(fault.Unsupported, "too-many-streams", "The file has %d streams; at most %d are taken.", len(info.Streams), p.d.limits.Streams)
	}
	if v := info.Main("video"); v != nil {
		if err := p.measure(v, answer, &packets); err != nil {
			return media.Info{}, err
		}
	}
	return p.settle(info)
}

// settle decides the kind from what streams there are.
func (p *prober) settle(info media.Info) (media.Info, error) {
	video, audio := info.Main("video"), info.Main("audio")
	switch {
	case video != nil && video.Frames > 0:
		info.Kind = media.Video
		if int64(video.Width)*int64(video.Height) > p.d.limits.VideoPixels {
			return media.Info{}, p.tooManyPixels(video.Width, video.Height, p.d.limits.VideoPixels)
		}
		if video.Width < 1 || video.Height < 1 {
			return media.Info{}, p.say(fault.Invalid, "no-frames", "The video has no picture size. Export it again.")
		}
		end := video.Start + video.Duration
		for _, s := range info.Streams {
			if s.Type == "audio" {
				end = max(end, s.Start+s.Duration)
			}
		}
		info.Duration = end - video.Start
	case audio != nil && audio.SampleRate > 0 && info.Duration > 0:
		info.Kind = media.Audio
		for i := range info.Streams {
			if info.Streams[i].Type == "video" && !info.Streams[i].Cover {
				info.Streams[i].Type = "data"
			}
		}
	case video != nil:
		return media.Info{}, p.say(fault.Invalid, "no-frames", noFramesText)
	default:
		return media.Info{}, p.say(fault.Invalid, "not-media", "The file has neither picture nor sound. Check that it is what its name says.")
	}
	return info, nil
}

func (p *prober) say(kind fault.Kind, code, text string, args ...any) error {
	return sayProbe(p.name, kind, code, text, args...)
}

func (p *prober) tooManyPixels(w, h int, limit int64) error {
	return p.say(fault.Unsupported, "too-many-pixels", "The picture is %d x %d pixels; at most %d million are taken. Scale it down and upload it again.", w, h, limit/1_000_000)
}

// describe runs ffprobe for format, streams and chapters.
func (p *prober) describe(ctx context.Context) (*answer, error) {
	var out bytes.Buffer
	res, err := p.ffprobe(ctx, &out, "-show_format", "-show_streams", "-show_chapters", "-of", "json")
	if err != nil {
		return nil, p.explain(err, res.StderrTail)
	}
	a := &answer{raw: out.Bytes()}
	if err := json.Unmarshal(a.raw, a); err != nil {
		return nil, fault.E("transcode.probe", p.name, fault.Internal, err)
	}
	if len(a.Streams) == 0 {
		if p.kind.demuxer == "mov" && !p.kind.image {
			return nil, p.say(fault.Invalid, "no-frames", noFramesText)
		}
		return nil, p.explain(fault.E("transcode.probe", p.name, fault.Internal, nil), res.StderrTail)
	}
	return a, nil
}

// ffprobe runs the program on the file with every guard.
func (p *prober) ffprobe(ctx context.Context, stdout io.Writer, args ...string) (child.Result, error) {
	limit := p.d.limits.VideoPixels
	if p.kind.image {
		limit = p.d.limits.ImagePixels
	}
	all := []string{"-v", "error", "-protocol_whitelist", "file,pipe", "-max_pixels", strconv.FormatInt(limit, 10), "-f", p.kind.demuxer}
	if !p.kind.image {
		all = append(all, "-max_streams", strconv.Itoa(p.d.limits.Streams*2))
	}
	all = append(all, args...)
	all = append(all, "-i", "file:"+p.path)
	return child.Run(ctx, child.Spec{
		Path: p.d.ffprobe, Args: all, Stdout: stdout, MemMB: 2048, FileMB: 1, Nice: p.d.nice, NoNetwork: true,
		CPUSeconds: 600, Wall: p.d.limits.ProbeWall + time.Duration(p.size/50_000_000)*time.Second,
	})
}

// explain turns ffprobe's last words into one of the port's codes.
func (p *prober) explain(err error, said string) error {
	switch fault.CodeOf(err) {
	case "child-missing":
		return p.say(fault.Unavailable, "ffmpeg-missing", "ffprobe is not installed; install ffmpeg or set transcode.ffprobe to its path.")
	case "child-wall", "child-cpu-limit", "child-killed", "child-file-limit":
		return p.say(fault.Unsupported, "probe-limit", "Reading this file's description takes more time or memory than is allowed. Export it again in a common format.")
	}
	if fault.Is(err, fault.Canceled) {
		return err
	}
	switch {
	case strings.Contains(said, "moov atom not found"):
		return p.say(fault.Invalid, "no-moov", noMoovText)
	case strings.Contains(said, "Picture size") || strings.Contains(said, "max pixel count") || strings.Contains(said, "Image dimensions"):
		return p.say(fault.Unsupported, "too-many-pixels", "The picture has more pixels than are taken. Scale it down and upload it again.")
	case strings.Contains(said, "Truncating packet") || strings.Contains(said, "End of file"):
		return p.say(fault.Invalid, "truncated", truncatedText)
	case strings.Contains(said, "Unknown input format"):
		return p.say(fault.Unsupported, "unsupported-format", "The installed ffmpeg cannot read %s files. Convert the file and upload it again.", p.kind.name)
	}
	return p.say(fault.Invalid, "not-media", "The file looks like %s but cannot be read. It may be damaged: export it again and upload the new file.", p.kind.name)
}

const (
	noFramesText  = "The video holds no frames. Export it again and upload the new file."
	noMoovText    = "The file has no index (moov): the recording was not finished. Repair or export it again, then upload the new file."
	truncatedText = "The file ends too early: part of it is missing. Upload it again from a complete copy."
)

// textInfo reads a text file's facts; a subtitle file also gets its one stream.
func (p *prober) textInfo() (media.Info, error) {
	info := media.Info{Kind: media.Text, Format: p.kind.name, Bytes: p.size}
	if p.kind.text != "subtitle" || p.size > transcode.MaxCaptionBytes {
		return info, nil
	}
	b, err := os.ReadFile(p.path)
	if err != nil {
		return media.Info{}, fault.E("transcode.probe", p.name, fault.Internal, err)
	}
	c, err := transcode.ReadCaptions(p.name, b)
	if err != nil || len(c.Cues) == 0 {
		return info, nil // readable text all the same
	}
	info.Streams = []media.Stream{{Type: "subtitle", Codec: c.Format, Lang: c.Lang, Duration: c.Cues[len(c.Cues)-1].Range.End}}
	info.Duration = info.Streams[0].Duration
	return info, nil
}
