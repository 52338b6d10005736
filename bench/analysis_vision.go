package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"showreel/engine/vision"
	"showreel/engine/vision/remotevision"
	"showreel/platform/sidecar"
)

// eyes is the vision engine in its real program, and what it has spent.
type eyes struct {
	*vision.Service
	client *sidecar.Client
}

// cacheDir is where set-up keeps samples, models, native libraries and peers.
func cacheDir() string {
	if dir := os.Getenv("SHOWREEL_CACHE"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/root"
	}
	return filepath.Join(home, ".cache", "showreel")
}

// openEyes starts the program; nil and a loud line where it is not built.
func openEyes(b *bench) *eyes {
	path := helperProgram()
	if _, err := os.Stat(path); err != nil {
		b.say("SKIPPED: everything of %s that looks: %s is missing; build it, or name it in SHOWREEL_AI.", b.area, path)
		return nil
	}
	dir := filepath.Join(b.dir, "eyes")
	local := sidecar.NewLocal(sidecar.LocalOptions{Name: "vision", Path: path, Dir: dir,
		Args: []string{"serve", "--roles", "vision", "--models", filepath.Join(cacheDir(), "models"), "--native", filepath.Join(cacheDir(), "native"), "--listen", "unix:%SOCKET%"}})
	return &eyes{client: sidecar.New(local)}
}

// seeing is a part that looks: the film and the program are there, or the part says what is missing.
func seeing(part func(context.Context, *bench, *eyes, string) error) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		film := sampleFilm(b)
		e := openEyes(b)
		if e == nil || film == "" {
			return errors.New("the sample film or bin/showreel-ai is missing (make samples build)")
		}
		defer e.client.Close()
		e.Service = vision.New(remotevision.New(e.client))
		if _, err := e.Caps(ctx); err != nil { // starts the program
			return err
		}
		return part(ctx, b, e, film)
	}
}

// cpu is the processor time that the program has used.
func (e *eyes) cpu() (time.Duration, error) {
	for _, pid := range descendants(os.Getpid()) {
		if helperRole(pid) == "vision" {
			return cpuOf(pid)
		}
	}
	return 0, errors.New("the vision program does not run")
}

// spent is the processor time of a piece of work, and its time on the clock.
func (e *eyes) spent(work func() error) (cpu, wall time.Duration, err error) {
	before, err := e.cpu()
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	if err := work(); err != nil {
		return 0, 0, err
	}
	wall = time.Since(begun)
	after, err := e.cpu()
	return after - before, wall, err
}

// stills are n pictures of a part of a film at even distances, 1280 by 720.
func stills(ctx context.Context, film string, from, seconds float64, n int) ([]*image.RGBA, error) {
	return frames(ctx, film, from, fmt.Sprintf("fps=%f,scale=1280:720", float64(n)/seconds), 1280, 720, n)
}

// frames are n frames of a film from a second on, filtered to w by h.
func frames(ctx context.Context, film string, from float64, filter string, w, h, n int) ([]*image.RGBA, error) {
	args := []string{"-i", film, "-vf", filter, "-frames:v", strconv.Itoa(n), "-f", "rawvideo", "-pix_fmt", "rgba", "-"}
	if from > 0 { // not for photos, of which some have no time
		args = append([]string{"-ss", fmt.Sprint(from)}, args...)
	}
	out, err := ffmpegOut(ctx, args...)
	if err != nil {
		return nil, err
	}
	var all []*image.RGBA
	for size := 4 * w * h; len(out) >= size; out = out[size:] {
		all = append(all, &image.RGBA{Pix: out[:size:size], Stride: 4 * w, Rect: image.Rect(0, 0, w, h)})
	}
	if len(all) != n {
		return nil, fmt.Errorf("%s: %d frames from second %g, wanted %d", filepath.Base(film), len(all), from, n)
	}
	return all, nil
}

// jpegOf encodes as a frame grabber does.
func jpegOf(img image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// benchLooking measures processor time a picture for each ability, on 720p frames of two films, one thread, one worker.
func benchLooking(ctx context.Context, b *bench, e *eyes, film string) error {
	n := 24
	if b.quick {
		n = 8
	}
	b.on = about{ability: "looking", test: "1280x720 frames of Big Buck Bunny and of street footage"}
	bunny, err := stills(ctx, film, 3, 17, n/2)
	if err != nil {
		return err
	}
	street, err := stills(ctx, filepath.Join(cacheDir(), "samples", "street-footage.avi"), 1, 60, n/2)
	if err != nil {
		return err
	}
	var pictures [][]byte
	for _, img := range append(bunny, street...) {
		raw, err := jpegOf(img, 85)
		if err != nil {
			return err
		}
		pictures = append(pictures, raw)
	}
	small := make([]byte, 750*vision.BoundaryWidth*vision.BoundaryHeight*3) // a minute at 12.5 frames a second
	for i := range small {
		small[i] = byte(i * i >> 9)
	}
	for _, c := range []struct {
		name  string
		limit float64 // ms of a core
		look  func([][]byte) error
	}{
		{"labels", 70, func(p [][]byte) error { _, err := e.Labels(ctx, p); return err }},
		{"objects", 110, func(p [][]byte) error { _, err := e.Objects(ctx, p); return err }},
		{"text", 900, func(p [][]byte) error { _, err := e.Text(ctx, p); return err }},
		{"faces", 70, func(p [][]byte) error { _, err := e.Faces(ctx, p, vision.FaceOptions{}); return err }},
		{"faces with tiles", 700, func(p [][]byte) error { _, err := e.Faces(ctx, p, vision.FaceOptions{Small: true}); return err }},
		{"moderate", 70, func(p [][]byte) error { _, err := e.Moderate(ctx, p); return err }},
	} {
		if err := c.look(pictures[:1]); err != nil { // loads the model
			return err
		}
		cpu, wall, err := e.spent(func() error { return c.look(pictures) })
		if err != nil {
			return err
		}
		b.atMost("looking: "+c.name, cpu.Seconds()*1000/float64(len(pictures)), "CPU-ms a picture", c.limit, "limit",
			fmt.Sprintf("%d JPEG frames of 1280x720, decoding inside; %.0f ms on the clock", len(pictures), wall.Seconds()*1000/float64(len(pictures))))
	}
	cpu, _, err := e.spent(func() error { _, err := e.Boundaries(ctx, small); return err })
	if err != nil {
		return err
	}
	b.atMost("looking: shot boundaries", cpu.Seconds(), "CPU-s a minute of film", 40, "limit", "TransNetV2 at 12.5 frames a second")
	return nil
}
