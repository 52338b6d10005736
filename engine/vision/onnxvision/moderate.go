//go:build cgo

package onnxvision

import (
	"context"

	"showreel/engine/vision"
	"showreel/platform/onnx"
)

// nudity is the one class that open_nsfw scores. It errs on skin-coloured things: people review, nothing is blocked by it.
const nudity = "nudity"

// Moderate implements vision.Driver: open_nsfw, BGR minus Caffe's means, resized to 256 and the middle 224 of it.
func (d *Driver) Moderate(ctx context.Context, pictures [][]byte) ([][]vision.Label, error) {
	const whole, side = 256, 224
	return each(ctx, d, pictures, func(ctx context.Context, p *picture) ([]vision.Label, error) {
		edge := float64(whole-side) / 2
		x, y := edge*float64(p.w)/whole, edge*float64(p.h)/whole
		middle := p.cut(rect{x, y, float64(p.w) - x, float64(p.h) - y}, side, side)
		out, err := d.networks[moderateID].run(ctx, onnx.Floats(middle.rows([3]float32{104, 117, 123}, three(1), true), 1, side, side, 3), "outputs")
		if err != nil {
			return nil, err
		}
		return []vision.Label{{Name: nudity, Text: "Nudity", Score: float64(out[0][1])}}, nil
	})
}
