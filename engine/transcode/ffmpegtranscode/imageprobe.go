package ffmpegtranscode

import (
	"bufio"
	"context"
	"fmt"
	"image"
	_ "image/gif"  // DecodeConfig
	_ "image/jpeg" // DecodeConfig
	_ "image/png"  // DecodeConfig
	"os"
	"strconv"
	"strings"

	"github.com/bep/imagemeta"
	_ "golang.org/x/image/bmp"  // DecodeConfig
	_ "golang.org/x/image/tiff" // DecodeConfig
	_ "golang.org/x/image/webp" // DecodeConfig

	"showreel/fault"
	"showreel/media"
)

// imageInfo reads the size from the header before anything decodes a pixel, then asks ffprobe for the rest.
func (p *prober) imageInfo(ctx context.Context) (media.Info, error) {
	limit := p.d.limits.ImagePixels
	if w, h, ok := p.headerSize(); ok && int64(w)*int64(h) > limit {
		return media.Info{}, p.tooManyPixels(w, h, limit)
	}
	a, err := p.describe(ctx)
	if err != nil {
		return media.Info{}, err
	}
	info := a.info(p)
	info.Kind, info.Duration, info.Format = media.Image, 0, p.kind.name
	v := info.Main("video")
	if v == nil || v.Width < 1 || v.Height < 1 {
		if p.kind.demuxer == "mov" || p.undecodable() {
			return media.Info{}, p.say(fault.Unsupported, "unsupported-format", "The installed ffmpeg cannot read %s pictures. Convert the picture to JPEG and upload it again, or install a full build.", p.kind.name)
		}
		return media.Info{}, p.say(fault.Invalid, "not-media", "The picture cannot be read. It may be damaged: export it again.")
	}
	if int64(v.Width)*int64(v.Height) > limit {
		return media.Info{}, p.tooManyPixels(v.Width, v.Height, limit)
	}
	v.Duration, v.Rate, v.Nominal, v.Frames, v.Rotate = 0, media.Rate{}, media.Rate{}, 1, 0
	if tags := p.exif(); len(tags) > 0 {
		info.Tags = tags
		v.Rotate = turnOf(tags["Orientation"])
	}
	if c, ok := p.icc(); ok {
		if info.Tags == nil {
			info.Tags = map[string]string{}
		}
		info.Tags[tagProfile] = or(c.name, "unnamed")
		if c.wide {
			info.Tags[tagWideGamut] = "true"
		}
	}
	return info, nil
}

// undecodable reports whether a build of ffmpeg lacks the decoder of this kind of picture.
func (p *prober) undecodable() bool {
	names := map[string]string{"jpeg": "mjpeg", "png": "png", "webp": "webp", "bmp": "bmp", "tiff": "tiff", "gif": "gif", "exr": "exr", "psd": "psd", "dpx": "dpx"}
	name := names[p.kind.name]
	return name != "" && len(p.d.caps.Decoders) > 0 && !p.d.caps.Decoders[name]
}

func (p *prober) headerSize() (w, h int, ok bool) {
	defer func() {
		if recover() != nil { // a decoder's defect on hostile bytes
			w, h, ok = 0, 0, false
		}
	}()
	f, err := os.Open(p.path)
	if err != nil {
		return 0, 0, false
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	return c.Width, c.Height, err == nil
}

var exifFormats = map[string]imagemeta.ImageFormat{"jpeg": imagemeta.JPEG, "png": imagemeta.PNG, "webp": imagemeta.WebP, "tiff": imagemeta.TIFF}

// exif reads EXIF, IPTC and XMP fields under their own names. Unreadable metadata is no reason to refuse a picture.
func (p *prober) exif() map[string]string {
	format, ok := exifFormats[p.kind.name]
	if !ok {
		return nil
	}
	f, err := os.Open(p.path)
	if err != nil {
		return nil
	}
	defer f.Close()
	out := map[string]string{}
	_ = imagemeta.Decode(imagemeta.Options{
		R: f, ImageFormat: format, Sources: imagemeta.EXIF | imagemeta.IPTC | imagemeta.XMP, LimitNumTags: 500, LimitTagSize: 4096,
		HandleTag: func(t imagemeta.TagInfo) error {
			v := strings.ToValidUTF8(strings.TrimRight(fmt.Sprint(t.Value), "\x00 "), "")
			if _, have := out[t.Tag]; !have && v != "" && len(v) <= 1000 && !strings.HasPrefix(t.Tag, imagemeta.UnknownPrefix) {
				out[t.Tag] = v
			}
			return nil
		},
	})
	return out
}

// icc reads the embedded colour profile.
func (p *prober) icc() (profile, bool) {
	f, err := os.Open(p.path)
	if err != nil {
		return profile{}, false
	}
	defer f.Close()
	return readICC(findICC(p.kind.name, bufio.NewReader(f)))
}

// turnOf gives the clockwise degrees of an EXIF orientation (TIFF 6.0 tag 274); mirrored ones turn like their unmirrored
// twin, and the image task mirrors them.
func turnOf(orientation string) int {
	n, _ := strconv.Atoi(orientation)
	switch n {
	case 3, 4:
		return 180
	case 5, 6:
		return 90
	case 7, 8:
		return 270
	}
	return 0
}
