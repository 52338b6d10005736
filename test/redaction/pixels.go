package redaction

import (
	"context"
	"fmt"
	"io"
	"math"
	"os/exec"

	"showreel/media"
)

// Pictures are compared at the size and half the rate at which films are made.
const (
	seenWidth, seenHeight = 1280, 720
	seenFPS               = 12.5
	visible               = 0.3 // of the film's fine detail that is still in the draft: below it nothing can be read or recognised
	detailed              = 2.0 // grey levels of fine detail: a smoother place shows nothing that could be left
	hiddenShare           = 0.1 // of the pictures: a secret that is hidden in fewer was missed
)

// grey is every second picture of a film, one byte a pixel.
func grey(ctx context.Context, path string) ([][]byte, error) {
	cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-i", path, "-an", "-vf",
		fmt.Sprintf("select='not(mod(n,2))',scale=%d:%d,format=gray", seenWidth, seenHeight), "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var all [][]byte
	for {
		p := make([]byte, seenWidth*seenHeight)
		if _, err := io.ReadFull(out, p); err != nil {
			break // the end, or a broken film that Wait tells of
		}
		all = append(all, p)
	}
	return all, cmd.Wait()
}

// detail is the mean of how much pixels of a box differ from the mean of their neighbours: what makes letters legible and
// faces recognisable, and what neither blur nor squares leave.
func detail(p []byte, b media.Box) float64 {
	x0, y0 := max(1, int(b.X*seenWidth)), max(1, int(b.Y*seenHeight))
	x1, y1 := min(seenWidth-2, int((b.X+b.W)*seenWidth)), min(seenHeight-2, int((b.Y+b.H)*seenHeight))
	sum, n := 0.0, 0
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			at := y*seenWidth + x
			around := (int(p[at-1]) + int(p[at+1]) + int(p[at-seenWidth]) + int(p[at+seenWidth])) / 4
			sum += math.Abs(float64(int(p[at]) - around))
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// shows reports how much of a box's detail is still there; ok is false where the film has none.
func shows(film, draft []byte, b media.Box) (share float64, ok bool) {
	was := detail(film, b)
	if was < detailed {
		return 0, false
	}
	return detail(draft, b) / was, true
}

type markRow struct {
	In, Kind string
	Dropped  bool
	Spots    []struct {
		AtMS int64
		Box  media.Box
	}
}

// see judges what was seen, by pixels: where the truth is, and at every place that was marked. Besides, the product's own
// detectors have looked at the finished picture again.
func (s Setup) see(ctx context.Context, o *Outcome, film, draft string, r report, truth Truth) error {
	before, err := grey(ctx, film)
	if err != nil {
		return err
	}
	after, err := grey(ctx, draft)
	if err != nil {
		return err
	}
	seen, total := visibly(before, after, truth)
	if total == 0 {
		return fmt.Errorf("%s: its truth is nowhere to be seen", o.Name)
	}
	if o.Missed = float64(total-len(seen)) < hiddenShare*float64(total); !o.Missed {
		o.Leaks = seen
	}
	return s.left(ctx, o, before, after, r)
}

// visibly lists when the truth can be seen, of how many pictures that have it.
func visibly(before, after [][]byte, truth Truth) (seen []string, total int) {
	for n := range min(len(before), len(after)) {
		at := float64(n) / seenFPS
		where, ok := truth.At(at)
		if !ok {
			continue
		}
		share, ok := shows(before[n], after[n], where)
		if !ok {
			continue
		}
		if total++; share >= visible {
			seen = append(seen, fmt.Sprintf("%.2f of it at %.2f s", share, at))
		}
	}
	return seen, total
}

// Shown is the share of a film's pictures with something in them in which it can be seen in another film, which may be an
// address.
func Shown(ctx context.Context, film, other string, truth Truth) (float64, error) {
	before, err := grey(ctx, film)
	if err != nil {
		return 0, err
	}
	after, err := grey(ctx, other)
	if err != nil {
		return 0, err
	}
	seen, total := visibly(before, after, truth)
	if total == 0 {
		return 0, fmt.Errorf("%s: nothing can be compared in %d and %d pictures", other, len(before), len(after))
	}
	return float64(len(seen)) / float64(total), nil
}

// left lists what can still be seen where something was marked.
func (s Setup) left(ctx context.Context, o *Outcome, before, after [][]byte, r report) error {
	var marks struct{ Items []markRow }
	if err := s.Server.JSON(ctx, "GET", "/v1/assets/"+o.Asset+"/redactions/"+o.ID+"/marks", nil, &marks); err != nil {
		return err
	}
	for _, m := range marks.Items {
		for _, spot := range m.Spots {
			n := int(math.Round(float64(spot.AtMS) / 1000 * seenFPS))
			if m.In != "picture" || m.Dropped || n >= len(before) || n >= len(after) {
				continue
			}
			if share, ok := shows(before[n], after[n], spot.Box); ok && share >= visible {
				o.Left = append(o.Left, fmt.Sprintf("%.2f of a %s at %d ms", share, m.Kind, spot.AtMS))
			}
		}
	}
	for _, l := range r.Report.Left {
		if l.In == "picture" && l.Hidden && l.Box != nil {
			o.Left = append(o.Left, fmt.Sprintf("a detector finds a %s at %d ms %+v %s", l.Kind, l.StartMS, *l.Box, l.Text))
		}
	}
	return nil
}
