package ffmpegtranscode

import (
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
)

// keyframeThumbs is how many small pictures of key frames stand in for sprites until the ladder is decoded.
const keyframeThumbs = 12

// poster writes the poster and thumbnails of key frames spread over the film. Seeking to each is cheaper than reading all.
func (w *work) poster(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	if err := w.ffmpeg(ctx, w.b.poster(), quiet{}); err != nil || !exists(w.path(posterFile)) {
		if err := w.ffmpeg(ctx, w.b.keyframe(0, "", 1280, posterFile), quiet{}); err != nil {
			return res, err
		}
	}
	f, err := w.file(posterFile, w.path(posterFile), transcode.RolePoster)
	if err != nil {
		return res, w.damage(err)
	}
	f.At = media.FromSeconds(w.b.posterAt()) - w.plan.Info.Main("video").Start
	f.Width, f.Height = w.size(f.Path)
	res.Files = append(res.Files, f)
	for n, k := range pickKeyframes(w.plan.Info.Main("video"), keyframeThumbs) {
		name := fmt.Sprintf("key-%02d.jpg", n)
		at := (k + w.plan.Info.Main("video").Start).Seconds()
		if err := w.ffmpeg(ctx, w.b.keyframe(at, "", 160, name), quiet{}); err != nil {
			return res, err
		}
		if !exists(w.path(name)) {
			continue
		}
		f, err := w.file("key/"+fmt.Sprintf("%02d.jpg", n), w.path(name), transcode.RoleKeyframe)
		if err != nil {
			return res, err
		}
		f.At, f.Index = k, int64(n)
		f.Width, f.Height = w.size(f.Path)
		res.Files = append(res.Files, f)
	}
	return res, nil
}

// pickKeyframes spreads up to n of the stream's key frames over its length.
func pickKeyframes(v *media.Stream, n int) []media.Time {
	if len(v.Keyframes) <= n {
		return v.Keyframes
	}
	out := make([]media.Time, 0, n)
	for i := range n {
		out = append(out, v.Keyframes[i*len(v.Keyframes)/n])
	}
	return out
}

func exists(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Size() > 0
}

func (w *work) size(path string) (width, height int) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return 0, 0
	}
	return c.Width, c.Height
}

// image writes one picture rendition, with the source's colour profile.
func (w *work) image(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	for _, i := range w.plan.Images {
		if i.Name != w.task.Name {
			continue
		}
		if err := w.ffmpeg(ctx, w.b.image(i), quiet{}); err != nil {
			return res, err
		}
		if exists(w.path(imageFile(i))) {
			if err := w.keepICC(w.path(imageFile(i)), i.Format); err != nil {
				return res, err
			}
		}
		f, err := w.file(i.Name, w.path(imageFile(i)), transcode.RoleImage)
		if err != nil {
			return res, w.damage(err)
		}
		f.Width, f.Height = w.size(f.Path)
		res.Files = []transcode.File{f}
		return res, nil
	}
	return res, fault.Say("transcode.run", w.task.ID, fault.Invalid, "bad-plan", "The plan has no picture called %s.", w.task.Name)
}

// bitmapSubtitles are pictures of text; reading them needs text recognition.
var bitmapSubtitles = map[string]bool{"hdmv_pgs_subtitle": true, "dvd_subtitle": true, "dvb_subtitle": true, "xsub": true, "dvb_teletext": true}

// subtitle writes one WebVTT, from a stream of the source or from the source itself.
func (w *work) subtitle(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	for _, o := range w.plan.Subtitles {
		if o.Name != w.task.Name {
			continue
		}
		c, err := w.captions(ctx, o)
		if err != nil {
			return res, err
		}
		path := w.path(o.Name + ".vtt")
		if err := os.WriteFile(path, c.WebVTT(), 0o600); err != nil {
			return res, w.diskFault(err)
		}
		f, err := w.file(o.Name, path, transcode.RoleSubtitle)
		if err != nil {
			return res, err
		}
		f.Frames = int64(len(c.Cues))
		res.Files, res.Warnings = []transcode.File{f}, c.Warnings
		return res, nil
	}
	return res, fault.Say("transcode.run", w.task.ID, fault.Invalid, "bad-plan", "The plan has no captions called %s.", w.task.Name)
}

func (w *work) captions(ctx context.Context, o transcode.SubtitleOut) (transcode.Captions, error) {
	path, name := w.env.Source, "source."+strings.TrimPrefix(w.plan.Info.Format, ".")
	if o.Stream >= 0 {
		for _, s := range w.plan.Info.Streams {
			if s.Index == o.Stream && bitmapSubtitles[s.Codec] {
				return transcode.Captions{}, fault.Say("transcode.run", o.Name, fault.Unsupported, "bitmap-captions", "These captions are pictures (%s) and cannot be turned into text. Upload a caption file.", s.Codec)
			}
		}
		if err := w.ffmpeg(ctx, w.b.subtitle(o.Stream), quiet{}); err != nil {
			return transcode.Captions{}, err
		}
		path, name = w.path(subtitleFile), filepath.Base(subtitleFile)
	}
	b, err := readLimited(path, transcode.MaxCaptionBytes+1)
	if err != nil {
		return transcode.Captions{}, fault.E("transcode.run", o.Name, fault.Internal, err)
	}
	c, err := transcode.ReadCaptions(name, b)
	if err != nil {
		return c, err
	}
	if v := w.plan.Info.Main("video"); v != nil && o.Stream >= 0 {
		c.Shift(-v.Start)
	}
	return c, nil
}

func readLimited(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}
