package ffmpegtranscode

import (
	"context"
	"time"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
)

// Limits bound what a hostile source can cost.
type Limits struct {
	VideoPixels int64         // of one frame of video; 0 is 40 million, above 8K
	ImagePixels int64         // of a picture; 0 is 160 million
	Streams     int           // of a container; 0 is 128
	ProbeWall   time.Duration // of probing; 0 is 2 minutes
	StallAfter  time.Duration // without a new frame; 0 is 60 s
	FileMB      int64         // of one output file; 0 is 256 GiB
}

func (l Limits) filled() Limits {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&l.VideoPixels, 40_000_000)
	set(&l.ImagePixels, 160_000_000)
	set(&l.FileMB, 256<<10)
	if l.Streams == 0 {
		l.Streams = 128
	}
	if l.ProbeWall == 0 {
		l.ProbeWall = 2 * time.Minute
	}
	if l.StallAfter == 0 {
		l.StallAfter = time.Minute
	}
	return l
}

// Config says which programs to use.
type Config struct {
	FFmpeg  string // program name or path; "ffmpeg" when empty
	FFprobe string // "ffprobe" when empty
	Limits  Limits
	Nice    int // of every child
}

// Driver runs ffmpeg. It is safe for concurrent use.
type Driver struct {
	ffmpeg, ffprobe string
	limits          Limits
	nice            int
	caps            transcode.Caps
	flavour         flavour
}

var _ transcode.Driver = (*Driver)(nil)

// New reads the version and abilities of the installed ffmpeg. Errors: Unavailable "ffmpeg-missing" when there is none,
// "ffmpeg-too-old" below version 5, "ffmpeg-incomplete" when it lacks an encoder or filter nothing works without.
func New(ctx context.Context, c Config) (*Driver, error) {
	d := &Driver{ffmpeg: c.FFmpeg, ffprobe: c.FFprobe, limits: c.Limits.filled(), nice: c.Nice}
	if d.ffmpeg == "" {
		d.ffmpeg = "ffmpeg"
	}
	if d.ffprobe == "" {
		d.ffprobe = "ffprobe"
	}
	caps, err := d.readCaps(ctx)
	if err != nil {
		return nil, err
	}
	d.caps = caps
	d.flavour, err = flavourOf(caps.Version)
	return d, err
}

// Caps says what the installed ffmpeg can do.
func (d *Driver) Caps() transcode.Caps { return d.caps }

// Probe implements transcode.Driver.
func (d *Driver) Probe(ctx context.Context, path, name string) (media.Info, error) {
	p := prober{d: d, path: path, name: name}
	return p.probe(ctx)
}

func sayProbe(name string, kind fault.Kind, code, text string, args ...any) error {
	return fault.Say("transcode.probe", name, kind, code, text, args...)
}
