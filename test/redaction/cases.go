// Package redaction makes short films with things in them that must not be seen or heard, knows exactly where they are, and
// counts what is left of them after the product has hidden them. Speech is made by the packaged voices, writing is drawn on
// moving pictures, faces are pasted from a packaged photograph. It is the truth behind the tests and the bench of redaction.
package redaction

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"showreel/engine/voice"
	"showreel/media"
)

// The families of cases.
const (
	Speech  = "speech"
	Writing = "writing"
	Face    = "face"
)

const seconds = 5 // of a film with writing or a face

// Case is one film to be made.
type Case struct {
	Name, Family string
	Hard         bool // hard for our detectors
	// of speech: what is said; the secret stands between bars, a pause is "~"
	Said, Voice string
	Lang        string
	// of writing
	Written string
	Size    int // of letters, or of the face, in pixels
	// of what is seen: where it is at a second, its left upper corner in pixels of 1280 x 720, and its speed in pixels a second
	X, Y, DX, DY float64
	From, To     float64 // when it is there
}

// Truth is where the planted secret of a film is.
type Truth struct {
	Said []media.Range                            // words of the secret
	At   func(s float64) (box media.Box, ok bool) // of what is seen; nil for speech
}

// Cases lists at least 50, those of the ordinary tests first.
func Cases() []Case {
	r := rand.New(rand.NewSource(4))
	said := []struct {
		name, text string
		hard       bool
	}{
		{"card", "My card number is |four one one one, one one one one, one one one one, one one one one|. Please keep it.", false},
		{"mail", "You can write to me, the address is |peter at example dot com|, at any time.", true},
		{"phone", "Call me tonight at |zero two zero, seven nine four six, zero nine five eight|, it is urgent.", false},
		{"name", "Yesterday we met |Jennifer Williams| in the old library.", false},
		{"card with a pause", "The number is |five five zero zero, zero zero zero zero, ~ zero zero zero zero, zero zero zero four|. Thank you.", true},
		{"card in doubles", "It is |four two four two, four two four two, four two four two, four two four two|, and it ends next year.", false},
		{"phone with a pause", "The number is |zero two zero, seven nine four six, ~ zero one two three|. Did you get that?", true},
		{"name of a man", "The letter was signed by |Robert Johnson| on Monday morning.", false},
	}
	var out []Case
	for _, v := range []string{"piper-joe", "piper-jenny"} {
		for _, s := range said {
			out = append(out, Case{Name: s.name + " by " + v, Family: Speech, Said: s.text, Voice: v, Hard: s.hard})
		}
	}
	written := []string{"+44 20 7946 0958", "DE89 3704 0044 0532 0130 00", "anna.smith@example.com", "4111 1111 1111 1111", "GB82 WEST 1234 5698 7654 32", "peter@example.org", "+1 212 555 0143", "5500 0000 0000 0004"}
	for n := range 18 {
		c := Case{Name: fmt.Sprintf("writing %d", n+1), Family: Writing, Written: written[n%len(written)], Size: 30 + 4*(n%5), X: 60 + float64(r.Intn(300)), Y: 80 + float64(r.Intn(480)), From: 1, To: 3}
		switch {
		case n >= 15: // fast
			c.DX, c.Hard, c.Name = 90, true, c.Name+" moving fast"
		case n >= 12: // small
			c.Size, c.Hard, c.Name = 16, true, c.Name+" in small letters"
		case n >= 8:
			c.DX, c.DY = 20, 8
		}
		out = append(out, c)
	}
	for n := range 18 {
		c := Case{Name: fmt.Sprintf("face %d", n+1), Family: Face, Size: 60 + 20*(n%6), X: 100 + float64(r.Intn(600)), Y: 80 + float64(r.Intn(300)), DX: float64(r.Intn(80)) - 40, DY: float64(r.Intn(20)) - 10, From: 0.5, To: 4.5}
		switch {
		case n >= 15:
			c.Size, c.DX, c.Hard, c.Name = 12, 10, true, c.Name+" of 12 pixels"
		case n >= 11:
			c.X, c.DX, c.Size, c.Hard, c.Name = 20, 230, 80, true, c.Name+" moving fast"
		}
		out = append(out, c)
	}
	return out
}

// Ordinary reports whether a case is among the few that are measured in the ordinary tests.
func Ordinary(c Case) bool {
	return slices.Contains([]string{"card by piper-joe", "writing 1", "face 4"}, c.Name)
}

// Make writes the film of a case into dir.
func (c Case) Make(ctx context.Context, dir, samples string, speaks *voice.Service) (path string, truth Truth, err error) {
	path = filepath.Join(dir, strings.ReplaceAll(c.Name, " ", "-")+".mp4")
	back := filepath.Join(samples, "big-buck-bunny-30s.mp4")
	at := fmt.Sprint(2 + len(c.Name)%17)
	args := []string{"-hide_banner", "-loglevel", "error", "-y", "-ss", at, "-t", fmt.Sprint(seconds), "-i", back}
	end := []string{"-r", "25", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"}
	x, y := fmt.Sprintf("%g+%g*t", c.X, c.DX), fmt.Sprintf("%g+%g*t", c.Y, c.DY)
	there := fmt.Sprintf("between(t,%g,%g)", c.From, c.To)
	switch c.Family {
	case Speech:
		wav := path + ".wav"
		truth.Said, err = c.speak(ctx, speaks, wav)
		if err != nil {
			return path, truth, err
		}
		args = append([]string{"-hide_banner", "-loglevel", "error", "-y", "-stream_loop", "-1", "-i", back, "-i", wav, "-map", "0:v", "-map", "1:a", "-vf", "scale=640:360", "-shortest", "-c:a", "aac", "-b:a", "160k"}, end...)
	case Writing:
		font := path + ".txt"
		if err := os.WriteFile(font, []byte(c.Written), 0o600); err != nil {
			return path, truth, err
		}
		args = append(append(args, "-an", "-vf", fmt.Sprintf("scale=1280:720,fps=25,drawtext=textfile=%s:font='DejaVu Sans':fontsize=%d:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=6:x='%s':y='%s':enable='%s'", font, c.Size, x, y, there)), end...)
		w := 0.58 * float64(c.Size) * float64(len(c.Written))
		truth.At = c.box(w, float64(c.Size))
	case Face:
		side := float64(c.Size) * 240 / 106 // the face is 106 of 240 pixels wide
		args = append(args, "-loop", "1", "-i", filepath.Join(samples, "astronaut.png"), "-an", "-filter_complex",
			fmt.Sprintf("[0:v]scale=1280:720,fps=25,setpts=PTS-STARTPTS[b];[1:v]crop=240:240:100:20,scale=%d:%d[f];[b][f]overlay=x='%s':y='%s':enable='%s':shortest=1[o]", int(side), int(side), x, y, there), "-map", "[o]", "-t", fmt.Sprint(seconds))
		args = append(args, end...)
		inner := c
		inner.X, inner.Y = c.X+side*71/240, c.Y+side*52/240
		truth.At = inner.box(float64(c.Size), float64(c.Size)*1.2)
	}
	if said, err := exec.CommandContext(ctx, "ffmpeg", append(args, path)...).CombinedOutput(); err != nil {
		return path, truth, fmt.Errorf("%s: %w: %s", c.Name, err, said)
	}
	return path, truth, nil
}

func (c Case) box(w, h float64) func(float64) (media.Box, bool) {
	return func(s float64) (media.Box, bool) {
		b := media.Box{X: (c.X + c.DX*s) / 1280, Y: (c.Y + c.DY*s) / 720, W: w / 1280, H: h / 720}
		return b, s >= c.From && s <= c.To && b.X >= 0 && b.X+b.W <= 1
	}
}

// speak says the text part by part, so that it is known when the secret is said: each part's sound lies where it was put.
func (c Case) speak(ctx context.Context, speaks *voice.Service, path string) ([]media.Range, error) {
	var pcm []int16
	var out []media.Range
	rate := 0
	for n, part := range strings.Split(c.Said, "|") {
		for k, piece := range strings.Split(part, "~") {
			if strings.Trim(piece, " .,") == "" {
				continue
			}
			s, err := speaks.Say(ctx, voice.Request{Text: strings.TrimSpace(piece), Voice: c.Voice})
			if err != nil {
				return nil, err
			}
			if rate = s.Rate; k > 0 {
				pcm = append(pcm, make([]int16, rate*9/10)...)
			}
			if len(pcm) == 0 {
				pcm = make([]int16, rate/2)
			}
			first, last := sounding(s.PCM, rate)
			from := len(pcm)
			pcm = append(pcm, s.PCM...)
			if n%2 == 1 {
				out = append(out, media.Range{Start: media.FromTicks(int64(from+first), int64(rate)), End: media.FromTicks(int64(from+last), int64(rate))})
			}
		}
	}
	pcm = append(pcm, make([]int16, rate/2)...)
	raw := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+2*len(pcm)))
	raw = append(raw, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	raw = binary.LittleEndian.AppendUint32(raw, uint32(rate))
	raw = binary.LittleEndian.AppendUint32(raw, uint32(2*rate))
	raw = append(raw, "\x02\x00\x10\x00data"...)
	raw = binary.LittleEndian.AppendUint32(raw, uint32(2*len(pcm)))
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	return out, os.WriteFile(path, raw, 0o600)
}

// sounding is where a part's sound begins and ends: above a fiftieth of full scale.
func sounding(pcm []int16, _ int) (first, last int) {
	first, last = len(pcm), 0
	for n, v := range pcm {
		if v > 650 || v < -650 {
			first, last = min(first, n), n
		}
	}
	return min(first, last), last
}
