package transcode

import (
	"strings"

	"showreel/fault"
	"showreel/media"
)

// Check reports the first thing in the plan that no driver could carry out: Invalid "bad-plan".
func (p Plan) Check() error {
	names := map[string]bool{}
	for _, r := range p.Rungs {
		if err := r.check(names); err != nil {
			return err
		}
	}
	if p.Proxy != nil {
		if err := p.Proxy.check(names); err != nil {
			return err
		}
	}
	if s := p.Sampling; s != nil {
		if s.Windows < 1 || s.WindowFrames < 1 || len(s.Sizes) == 0 {
			return badPlan("sampling", "Sampling needs windows, frames and sizes.")
		}
		for _, r := range s.Sizes {
			if err := r.check(names); err != nil {
				return err
			}
		}
	}
	for _, r := range p.Boundaries {
		if r.Empty() || r.Start < 0 || r.Len() > MaxBoundaries {
			return badPlan("boundaries", "A stretch of small frames begins at zero or later and lasts at most %d s.", MaxBoundaries/media.Second)
		}
	}
	if err := p.checkRedaction(); err != nil {
		return err
	}
	if err := p.checkVideo(); err != nil {
		return err
	}
	for _, a := range p.Audios {
		if err := checkName(a.Name, names); err != nil {
			return err
		}
		if s := p.stream(a.Stream); s == "" || s != "audio" {
			return badPlan(a.Name, "The plan takes sound from stream %d, which is not an audio stream.", a.Stream)
		}
	}
	for _, t := range p.Subtitles {
		if err := checkName(t.Name, names); err != nil {
			return err
		}
		if t.Stream >= 0 && p.stream(t.Stream) != "subtitle" {
			return badPlan(t.Name, "The plan takes captions from stream %d, which is not a subtitle stream.", t.Stream)
		}
	}
	for _, i := range p.Images {
		if err := checkName(i.Name, names); err != nil {
			return err
		}
		if i.MaxW < 1 || i.MaxH < 1 || (i.Format != "jpeg" && i.Format != "webp") {
			return badPlan(i.Name, "A picture rendition needs a size and the format jpeg or webp.")
		}
	}
	return nil
}

func (p Plan) checkVideo() error {
	if len(p.Rungs) == 0 && p.Proxy == nil {
		return nil
	}
	if p.Info.Main("video") == nil {
		return badPlan("video", "The plan makes video from a source that has none.")
	}
	if !p.Rate.Known() || p.Frames < 1 {
		return badPlan("video", "The plan has no frame rate or no frames.")
	}
	if p.GOPFrames < 1 || p.ChunkFrames < p.GOPFrames || p.ChunkFrames%p.GOPFrames != 0 {
		return badPlan("video", "A chunk must be a whole number of GOPs (%d frames in %d).", p.GOPFrames, p.ChunkFrames)
	}
	switch p.Picture.Fit {
	case "", "cover", "contain", "blur":
	default:
		return badPlan("video", "The fit %q is unknown; use cover, contain or blur.", p.Picture.Fit)
	}
	switch p.Picture.Rotate {
	case 0, 90, 180, 270:
	default:
		return badPlan("video", "A picture is turned by 0, 90, 180 or 270 degrees, not %d.", p.Picture.Rotate)
	}
	if c := p.Picture.Crop; c != nil && (c.X < 0 || c.Y < 0 || c.W <= 0 || c.H <= 0 || c.X+c.W > 1.0001 || c.Y+c.H > 1.0001) {
		return badPlan("video", "The crop lies outside the picture.")
	}
	if s := p.Analysis.Sprites; s != nil && (s.TileW < 2 || s.TileH < 2 || s.IntervalMS < 1 || s.Cols < 1 || s.Rows < 1) {
		return badPlan("sprites", "Sprites need a tile size, an interval and a grid.")
	}
	return nil
}

func (r Rung) check(names map[string]bool) error {
	if err := checkName(r.Name, names); err != nil {
		return err
	}
	if r.Width < 2 || r.Height < 2 || r.Width%2 != 0 || r.Height%2 != 0 {
		return badPlan(r.Name, "A rung's size must be even and at least 2x2, not %dx%d.", r.Width, r.Height)
	}
	switch r.Codec {
	case "avc", "hevc", "av1":
		return nil
	}
	return badPlan(r.Name, "The video codec %q is unknown; use avc, hevc or av1.", r.Codec)
}

func (p Plan) stream(index int) string {
	for _, s := range p.Info.Streams {
		if s.Index == index {
			return s.Type
		}
	}
	return ""
}

// checkName keeps names fit for a file and a URL, and unique.
func checkName(name string, seen map[string]bool) error {
	ok := name != "" && len(name) <= 64 && strings.IndexFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}) < 0
	if !ok {
		return badPlan(name, "A rendition's name is letters, digits, dash and underscore.")
	}
	if seen[name] {
		return badPlan(name, "Two renditions of the plan have the name %s.", name)
	}
	seen[name] = true
	return nil
}

func badPlan(subject, text string, args ...any) error {
	return fault.Say("transcode.plan", subject, fault.Invalid, "bad-plan", text, args...)
}
