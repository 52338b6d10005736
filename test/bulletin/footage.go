package main

import (
	"context"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"showreel/platform/child"
)

// footage is moving pictures, decoded by ffmpeg as they are needed.
type footage struct {
	out  *io.PipeReader
	done chan error
	stop context.CancelFunc
}

func openFootage(ctx context.Context, dir string, p picture, frames int) footage {
	ctx, stop := context.WithCancel(ctx)
	r, w := io.Pipe()
	f := footage{out: r, done: make(chan error, 1), stop: stop}
	size := fmt.Sprintf("fps=%d,scale=%d:%d:force_original_aspect_ratio=increase:flags=bilinear+accurate_rnd,crop=%d:%d", fps, wide, high, wide, high)
	go func() {
		_, err := child.Run(ctx, child.Spec{Path: "ffmpeg", NoNetwork: true, Stdout: w, Wall: 10 * time.Minute, Args: []string{"-v", "error", "-nostdin", "-threads", "1",
			"-ss", strconv.FormatFloat(p.At, 'f', 3, 64), "-i", filepath.Join(dir, p.File), "-vf", size, "-frames:v", strconv.Itoa(frames), "-an", "-f", "rawvideo", "-pix_fmt", "rgba", "-"}})
		_ = w.CloseWithError(err)
		f.done <- err
	}()
	return f
}

func (f footage) paint(dst *image.RGBA, _, _ int) error {
	_, err := io.ReadFull(f.out, dst.Pix)
	return err
}

func (f footage) window(int, int) image.Rectangle { return image.Rect(0, 0, wide, high) }

func (f footage) close() {
	f.stop()
	_ = f.out.Close()
	<-f.done
}

// music decodes the pieces one after the other: mono, soundRate.
func music(ctx context.Context, dir string, names []string) ([]float32, error) {
	var all []float32
	for _, name := range names {
		var raw samples
		if _, err := child.Run(ctx, child.Spec{Path: "ffmpeg", NoNetwork: true, Stdout: &raw, Wall: time.Minute,
			Args: []string{"-v", "error", "-nostdin", "-i", filepath.Join(dir, name), "-ac", "1", "-ar", strconv.Itoa(soundRate), "-f", "s16le", "-"}}); err != nil {
			return nil, err
		}
		all = append(all, raw.floats()...)
	}
	return all, nil
}
