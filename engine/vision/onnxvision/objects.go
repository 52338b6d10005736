//go:build cgo

package onnxvision

import (
	"cmp"
	"context"
	"math"
	"slices"

	"showreel/engine/vision"
	"showreel/media"
	"showreel/platform/onnx"
)

const (
	objectsSide = 416
	minObject   = 0.3
	objectsIoU  = 0.6 // boxes of one class that overlap more are one thing
	maxObjects  = 100
	bins        = 11
)

// Objects implements vision.Driver: NanoDet-m, BGR with ImageNet's means, squeezed to 416.
func (d *Driver) Objects(ctx context.Context, pictures [][]byte) ([][]vision.Object, error) {
	return each(ctx, d, pictures, func(ctx context.Context, p *picture) ([]vision.Object, error) {
		in := p.resized(objectsSide, objectsSide).planes([3]float32{103.53, 116.28, 123.675}, [3]float32{57.375, 57.12, 58.395}, true)
		out, err := d.networks[objectsID].run(ctx, onnx.Floats(in, 1, 3, objectsSide, objectsSide),
			"Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5")
		if err != nil {
			return nil, err
		}
		var found []vision.Object
		for scale, stride := range []int{8, 16, 32} {
			found = append(found, cells(out[scale], out[scale+3], stride)...)
		}
		return distinct(found), nil
	})
}

// cells decodes one scale: each cell has 80 class scores, and for left, top, right and bottom a distribution over 11
// distances in strides from the cell's centre.
func cells(scores, sides []float32, stride int) []vision.Object {
	var out []vision.Object
	across := objectsSide / stride
	for cell := range across * across {
		of := scores[cell*len(cocoNames):][:len(cocoNames)]
		class := 0
		for n, s := range of {
			if s > of[class] {
				class = n
			}
		}
		if of[class] < minObject {
			continue
		}
		var far [4]float64
		for side := range far {
			far[side] = expectation(sides[(cell*4+side)*bins:][:bins]) * float64(stride)
		}
		x, y := (float64(cell%across)+.5)*float64(stride), (float64(cell/across)+.5)*float64(stride)
		out = append(out, vision.Object{Name: cocoNames[class], Score: float64(of[class]),
			Box: box(x-far[0], y-far[1], x+far[2], y+far[3], objectsSide, objectsSide)})
	}
	return out
}

// expectation is the mean of a distribution given as logits.
func expectation(logits []float32) float64 {
	top := float64(slices.Max(logits))
	var sum, mean float64
	for n, l := range logits {
		e := math.Exp(float64(l) - top)
		sum += e
		mean += e * float64(n)
	}
	return mean / sum
}

// distinct keeps the best of boxes of one class that overlap.
func distinct(found []vision.Object) []vision.Object {
	slices.SortStableFunc(found, func(a, b vision.Object) int { return cmp.Compare(b.Score, a.Score) })
	out := []vision.Object{}
	for _, o := range found {
		if len(out) < maxObjects && !slices.ContainsFunc(out, func(k vision.Object) bool { return k.Name == o.Name && iou(k.Box, o.Box) > objectsIoU }) {
			out = append(out, o)
		}
	}
	return out
}

// box turns corners in pixels into fractions of a picture of w by h, cut at its edges.
func box(x0, y0, x1, y1, w, h float64) media.Box {
	in := func(v, size float64) float64 { return min(max(v/size, 0), 1) }
	b := media.Box{X: in(x0, w), Y: in(y0, h)}
	b.W, b.H = max(0, in(x1, w)-b.X), max(0, in(y1, h)-b.Y)
	return b
}

// shared is the area that two boxes share.
func shared(a, b media.Box) float64 {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	return max(0, w) * max(0, h)
}

// iou is the area that two boxes share, of what they cover together.
func iou(a, b media.Box) float64 {
	both := shared(a, b)
	if both == 0 {
		return 0
	}
	return both / (a.W*a.H + b.W*b.H - both)
}

// cocoNames are the classes of COCO in the model's order.
var cocoNames = []string{"person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
	"fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra",
	"giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
	"baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle", "wine glass", "cup", "fork", "knife",
	"spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair",
	"couch", "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
	"microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush"}
