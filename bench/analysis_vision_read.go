package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"showreel/engine/speech/speechtest"
	"showreel/engine/vision"
	"showreel/media"
)

// captioned is a frame with two captions drawn on it.
type captioned struct {
	jpg    []byte
	bounds image.Rectangle
	truth  []caption
}

// peerFrames is how many of the frames the peer reads too.
const peerFrames = 30

// benchCaptions draws captions on moving film, and counts the characters that are read right. The truth is exact because
// it is synthetic: fonts, sizes and styles of lower thirds and subtitles, no handwriting, no perspective.
func benchCaptions(ctx context.Context, b *bench, e *eyes, film string) error {
	n := 120
	if b.quick {
		n = 20
	}
	all, err := captionFrames(ctx, film, n)
	if err != nil {
		return err
	}
	caps, err := e.Caps(ctx)
	if err != nil {
		return err
	}
	var ours [][]vision.Line
	cpu, wall, err := e.spent(func() error {
		for _, c := range all {
			got, err := e.Text(ctx, [][]byte{c.jpg})
			if err != nil {
				return err
			}
			ours = append(ours, got[0])
		}
		return nil
	})
	if err != nil {
		return err
	}
	set := fmt.Sprintf("%d synthetic captions on moving film, 16 to 48 px of 720", 2*len(all))
	b.searched("text", set)
	s := readScores(b, all, ours)
	few := readScores(nil, all[:min(peerFrames, len(all))], ours)
	peer := rapidOCR(ctx, b, all[:min(peerFrames, len(all))], few)
	b.on = about{ability: "text", test: set, synthetic: true, model: caps.Models["text"], cpu: cpu, wall: wall}
	b.atLeast("on-screen text: characters right", s.right(), "%", 95, peer, fmt.Sprintf("%d characters; %s; %.0f CPU-ms a frame", s.all, s.notes(), 1000*cpu.Seconds()/float64(len(all))))
	b.atLeast("on-screen text: captions exact", 100*float64(s.exact)/float64(s.lines), "%", 80, "drawn truth", fmt.Sprintf("%d of %d; %d lines read where nothing was drawn", s.exact, s.lines, s.extra))
	return nil
}

// captionFrames are frames of two films with captions drawn on them.
func captionFrames(ctx context.Context, film string, n int) ([]captioned, error) {
	bunny, err := stills(ctx, film, 3, 17, n/2)
	if err != nil {
		return nil, err
	}
	street, err := stills(ctx, filepath.Join(cacheDir(), "samples", "street-footage.avi"), 1, 70, n/2)
	if err != nil {
		return nil, err
	}
	fonts, err := captionFonts()
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(11, 4))
	var out []captioned
	for _, img := range append(bunny, street...) {
		c := captioned{bounds: img.Bounds()}
		c.truth = append(c.truth, drawCaption(r, fonts, img, image.Rect(30, 20, 1250, 330)), drawCaption(r, fonts, img, image.Rect(30, 400, 1250, 700)))
		if c.jpg, err = jpegOf(img, 70+r.IntN(25)); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(out), func(a, b int) { out[a], out[b] = out[b], out[a] })
	return out, nil
}

// readScore counts what was read of captions.
type readScore struct {
	all, wrong, exact, extra, lines int
	by                              map[string][2]int // style or size to characters and wrong ones
}

func (s readScore) right() float64 { return 100 * (1 - float64(s.wrong)/float64(max(1, s.all))) }

func (s readScore) notes() string {
	var out []string
	for key, v := range s.by {
		out = append(out, fmt.Sprintf("%s %.1f", key, 100*(1-float64(v[1])/float64(v[0]))))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// readScores compares lines with captions; b, unless nil, keeps the mistakes.
func readScores(b *bench, all []captioned, got [][]vision.Line) readScore {
	s := readScore{by: map[string][2]int{}}
	for k, f := range all {
		rest := got[k]
		for _, c := range f.truth {
			var read string
			read, rest = wordsAt(rest, c.covers, f.bounds)
			off, length := speechtest.Edits([]rune(c.words), []rune(read)), len([]rune(c.words))
			s.all, s.wrong, s.lines = s.all+length, s.wrong+min(off, length), s.lines+1
			if off == 0 {
				s.exact++
			} else if b != nil {
				b.mistaken("text", float64(off), "%s, %.0f px: %q read as %q", c.style, c.size, c.words, read)
			}
			for _, key := range []string{c.style, fmt.Sprintf("%d px", int(c.size)/10*10)} {
				was := s.by[key]
				s.by[key] = [2]int{was[0] + length, was[1] + min(off, length)}
			}
		}
		s.extra += len(rest)
		for _, l := range rest {
			if b != nil {
				b.mistaken("text", 1.5*l.Score, "nothing was drawn there: %q read (%.2f)", l.Text, l.Score)
			}
		}
	}
	return s
}

//go:embed peer_rapidocr.py
var peerReader string

// rapidOCR lets RapidOCR 3.10 read the same frames with its default models on one thread, and says how it did beside
// ours on the same. Its environment lies in the cache.
func rapidOCR(ctx context.Context, b *bench, all []captioned, ours readScore) string {
	python := filepath.Join(cacheDir(), "peers", "rapidocr", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		b.say("SKIPPED PEER: RapidOCR: %s is missing. Make a venv there with rapidocr==3.10.0 and onnxruntime.", python)
		return "RapidOCR: not there"
	}
	dir := filepath.Join(b.dir, "captions")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "RapidOCR: " + err.Error()
	}
	for n, c := range all {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.jpg", n)), c.jpg, 0o644); err != nil {
			return "RapidOCR: " + err.Error()
		}
	}
	cmd := exec.CommandContext(ctx, python, "-c", peerReader, dir)
	cmd.Env, cmd.Stderr = append(os.Environ(), "OMP_NUM_THREADS=1"), b.log
	out, err := cmd.Output()
	var answer struct {
		CPU    float64
		Frames [][]struct {
			Text       string
			Score      float64
			X, Y, W, H float64
		}
	}
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil || len(answer.Frames) != len(all) {
		b.say("SKIPPED PEER: RapidOCR does not run: %v", err)
		return "RapidOCR: does not run here"
	}
	got := make([][]vision.Line, len(all))
	for n, f := range answer.Frames {
		for _, l := range f {
			got[n] = append(got[n], vision.Line{Text: l.Text, Score: l.Score, Box: media.Box{X: l.X, Y: l.Y, W: l.W, H: l.H}})
		}
	}
	s := readScores(nil, all, got)
	return fmt.Sprintf("RapidOCR 3.10, %d frames of them: %.1f %%, %.0f CPU-ms a frame (ours on those %.1f %%)", len(all), s.right(), 1000*answer.CPU/float64(len(all)), ours.right())
}

// wordsAt joins the lines that lie on a caption, in reading order, and returns the other lines.
func wordsAt(lines []vision.Line, where, frame image.Rectangle) (string, []vision.Line) {
	var words []string
	var rest []vision.Line
	for _, l := range lines {
		x, y := (l.Box.X+l.Box.W/2)*float64(frame.Dx()), (l.Box.Y+l.Box.H/2)*float64(frame.Dy())
		if image.Pt(int(x), int(y)).In(where.Inset(-6)) {
			words = append(words, l.Text)
		} else {
			rest = append(rest, l)
		}
	}
	return strings.Join(words, " "), rest
}
