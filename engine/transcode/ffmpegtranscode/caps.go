package ffmpegtranscode

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/platform/child"
)

// flavour is what the argument builder must know of a version.
type flavour struct {
	version string
	major   int
}

// fpsMode is -fps_mode, which came with 5.1; 5.0 knows only -vsync, and 8 no longer takes that.
func (f flavour) fpsMode(mode string) []string {
	if f.major >= 6 {
		return []string{"-fps_mode", mode}
	}
	return []string{"-vsync", mode}
}

var versionPattern = regexp.MustCompile(`ffmpeg version n?(\d+)(?:\.(\d+))?(?:\.(\d+))?`)

// limiting reports whether alimiter can give back its delay, which it learnt in 5.1.
func (f flavour) limiting() bool { return !strings.HasPrefix(f.version, "5.0") }

// flavourOf reads "5.1.9". A build from the development tree has no number and counts as 8.
func flavourOf(version string) (flavour, error) {
	head, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(head)
	if err != nil {
		return flavour{version, 8}, nil
	}
	if major < 5 {
		return flavour{}, fault.Say("transcode.open", version, fault.Unavailable, "ffmpeg-too-old", "ffmpeg %s is too old; install version 5 or later.", version)
	}
	return flavour{version, major}, nil
}

// readCaps asks the program itself.
func (d *Driver) readCaps(ctx context.Context) (transcode.Caps, error) {
	// Asked at once: the server's start waits for it.
	var (
		questions = [4]string{"-version", "-encoders", "-filters", "-decoders"}
		answers   [4]string
		errs      [4]error
		wg        sync.WaitGroup
	)
	for i, q := range questions {
		wg.Go(func() { answers[i], errs[i] = d.ask(ctx, q) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return transcode.Caps{}, err
		}
	}
	c := transcode.Caps{Name: "ffmpeg", Version: parseVersion(answers[0]), Encoders: parseList(answers[1]), Filters: parseList(answers[2]), Decoders: parseList(answers[3])}
	var missing []string
	for _, e := range []string{"libx264", "aac", "mjpeg"} {
		if !c.Encoders[e] {
			missing = append(missing, "encoder "+e)
		}
	}
	for _, f := range []string{"scale", "scdet", "blackdetect", "freezedetect", "cropdetect", "idet", "metadata", "tile", "ebur128", "loudnorm", "bwdif", "fps", "trim"} {
		if !c.Filters[f] {
			missing = append(missing, "filter "+f)
		}
	}
	if len(missing) > 0 {
		return c, fault.Say("transcode.open", d.ffmpeg, fault.Unavailable, "ffmpeg-incomplete", "This ffmpeg lacks %s; install a full build.", strings.Join(missing, ", "))
	}
	return c, nil
}

func (d *Driver) ask(ctx context.Context, arg string) (string, error) {
	var out bytes.Buffer
	_, err := child.Run(ctx, child.Spec{Path: d.ffmpeg, Args: []string{"-hide_banner", arg}, Stdout: &out, Wall: 30 * time.Second, NoNetwork: true})
	if fault.CodeOf(err) == "child-missing" {
		return "", fault.Say("transcode.open", d.ffmpeg, fault.Unavailable, "ffmpeg-missing", "ffmpeg is not installed; install it (apt-get install ffmpeg) or set transcode.ffmpeg to its path.")
	}
	return out.String(), err
}

func parseVersion(text string) string {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		first, _, _ := strings.Cut(strings.TrimPrefix(text, "ffmpeg version "), " ")
		return first
	}
	v := m[1]
	for _, part := range m[2:] {
		if part != "" {
			v += "." + part
		}
	}
	return v
}

// parseList reads the second column of -encoders, -decoders and -filters.
func parseList(text string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 3 || !strings.HasPrefix(line, " ") || f[1] == "=" {
			continue
		}
		out[f[1]] = true
	}
	return out
}
