//go:build cgo

package onnxvision

import (
	"context"

	"golang.org/x/sync/errgroup"

	"showreel/engine/vision"
	"showreel/platform/onnx"
)

// TransNetV2 looks at windows of 100 frames, of which the middle 50 count.
const (
	windowFrames = 100
	windowStep   = 50
	windowEdge   = 25
)

// Boundaries implements vision.Driver. TransNetV2 marks the last frame of a shot, and the middle of a dissolve or fade;
// the answer is one frame later, so that a cut's mark lies on the new shot's first frame. The film's ends are repeated.
func (d *Driver) Boundaries(ctx context.Context, frames []byte) ([]float32, error) {
	const size = vision.BoundaryWidth * vision.BoundaryHeight * 3
	total := len(frames) / size
	out := make([]float32, total)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(d.o.Workers)
	for at := 0; at < total; at += windowStep {
		g.Go(func() error {
			window := make([]byte, 0, windowFrames*size)
			for n := at - windowEdge; n < at-windowEdge+windowFrames; n++ {
				f := min(max(n, 0), total-1)
				window = append(window, frames[f*size:(f+1)*size]...)
			}
			got, err := d.networks[boundariesID].run(ctx, onnx.Bytes(window, 1, windowFrames, vision.BoundaryHeight, vision.BoundaryWidth, 3), "single")
			if err != nil {
				return err
			}
			for n := range min(windowStep, total-at) {
				if at+n+1 < total {
					out[at+n+1] = got[0][windowEdge+n]
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}
