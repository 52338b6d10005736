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
	facesSide = 256
	minFace   = 0.5
	sureFace  = 0.9 // below this a face is looked at again, from nearer
	facesIoU  = 0.3
	tileShare = 0.7 // a tile begins this share of a tile after the last, so a face up to 0.3 of a tile is whole in one
	minTile   = 160 // smaller tiles only enlarge blur
)

// Faces implements vision.Driver: BlazeFace (back camera) on the picture in a black square; with Small on overlapping
// tiles of a half and a quarter of its longer side as well, and what they find is merged.
func (d *Driver) Faces(ctx context.Context, pictures [][]byte, o vision.FaceOptions) ([][]vision.Face, error) {
	return each(ctx, d, pictures, func(ctx context.Context, p *picture) ([]vision.Face, error) {
		found, err := d.facesIn(ctx, p, p.all())
		if err != nil {
			return nil, err
		}
		if o.Small {
			for _, t := range tiles(p) {
				more, err := d.facesIn(ctx, p, t)
				if err != nil {
					return nil, err
				}
				found = append(found, more...)
			}
		}
		faces, err := d.confirmed(ctx, p, onePerFace(found))
		if err != nil {
			return nil, err
		}
		for n := range faces {
			f := &faces[n]
			f.Sharp = sharpness(p, f.Box)
			if o.Vectors {
				if f.Vector, err = d.vector(ctx, p, *f); err != nil {
					return nil, err
				}
			}
		}
		return faces, nil
	})
}

// confirmed looks at each unsure face again, from nearer, and leaves out those that are none then.
func (d *Driver) confirmed(ctx context.Context, p *picture, faces []vision.Face) ([]vision.Face, error) {
	out := []vision.Face{}
	for _, f := range faces {
		if f.Score < sureFace {
			w, h := float64(p.w), float64(p.h)
			half := 1.1 * max(f.Box.W*w, f.Box.H*h)
			cx, cy := (f.Box.X+f.Box.W/2)*w, (f.Box.Y+f.Box.H/2)*h
			again, err := d.facesIn(ctx, p, rect{max(cx-half, 0), max(cy-half, 0), min(cx+half, w), min(cy+half, h)})
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(again, func(a vision.Face) bool { return iou(a.Box, f.Box) > facesIoU }) {
				continue
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// facesIn looks at a part of the picture. A face that the part's edge cuts, where that is not the picture's, is left to
// the neighbouring part.
func (d *Driver) facesIn(ctx context.Context, p *picture, r rect) ([]vision.Face, error) {
	part := p
	if r != p.all() {
		scale := min(1, facesSide/max(r.x1-r.x0, r.y1-r.y0))
		part = p.cut(r, max(1, int((r.x1-r.x0)*scale)), max(1, int((r.y1-r.y0)*scale)))
	}
	sq, scale, dx, dy := part.letterbox(facesSide)
	out, err := d.networks[facesID].run(ctx, onnx.Floats(sq.rows(three(127.5), three(127.5), false), 1, facesSide, facesSide, 3),
		"Identity", "Identity_1", "Identity_2", "Identity_3")
	if err != nil {
		return nil, err
	}
	fx, fy := (r.x1-r.x0)/float64(part.w)/scale, (r.y1-r.y0)/float64(part.h)/scale
	place := func(x, y float64) (float64, float64) { return r.x0 + (x-dx)*fx, r.y0 + (y-dy)*fy }
	var faces []vision.Face
	faces = append(faces, anchors(out[0], out[2], 16, 2, p, place)...)
	faces = append(faces, anchors(out[1], out[3], 32, 6, p, place)...)
	if r == p.all() {
		return faces, nil
	}
	edge := 0.02 * (r.x1 - r.x0)
	return slices.DeleteFunc(faces, func(f vision.Face) bool {
		x0, y0 := f.Box.X*float64(p.w), f.Box.Y*float64(p.h)
		x1, y1 := x0+f.Box.W*float64(p.w), y0+f.Box.H*float64(p.h)
		return (r.x0 > 0 && x0 < r.x0+edge) || (r.y0 > 0 && y0 < r.y0+edge) ||
			(r.x1 < float64(p.w) && x1 > r.x1-edge) || (r.y1 < float64(p.h) && y1 > r.y1-edge)
	}), nil
}

// anchors decodes one scale: per anchor 16 numbers in pixels of the square, the centre's offset, width, height, and six
// points' offsets from the anchor, which lies in the middle of its cell.
func anchors(scores, values []float32, stride, perCell int, p *picture, place func(x, y float64) (float64, float64)) []vision.Face {
	var out []vision.Face
	w, h := float64(p.w), float64(p.h)
	across := facesSide / stride
	for n, logit := range scores {
		score := 1 / (1 + math.Exp(-float64(logit)))
		if score < minFace {
			continue
		}
		v := values[16*n:]
		ax, ay := (float64(n/perCell%across)+.5)*float64(stride), (float64(n/perCell/across)+.5)*float64(stride)
		cx, cy := ax+float64(v[0]), ay+float64(v[1])
		x0, y0 := place(cx-float64(v[2])/2, cy-float64(v[3])/2)
		x1, y1 := place(cx+float64(v[2])/2, cy+float64(v[3])/2)
		f := vision.Face{Box: box(x0, y0, x1, y1, w, h), Score: score}
		for i := range f.Points {
			x, y := place(ax+float64(v[4+2*i]), ay+float64(v[5+2*i]))
			f.Points[i] = [2]float64{min(max(x/w, 0), 1), min(max(y/h, 0), 1)}
		}
		if f.Box.W > 0 && f.Box.H > 0 {
			out = append(out, f)
		}
	}
	return out
}

// onePerFace keeps the best of boxes that overlap, or of which one lies in the other.
func onePerFace(found []vision.Face) []vision.Face {
	slices.SortStableFunc(found, func(a, b vision.Face) int { return cmp.Compare(b.Score, a.Score) })
	out := []vision.Face{}
	for _, f := range found {
		if !slices.ContainsFunc(out, func(k vision.Face) bool {
			inside := shared(k.Box, f.Box) / min(k.Box.W*k.Box.H, f.Box.W*f.Box.H)
			return iou(k.Box, f.Box) > facesIoU || inside > 0.6
		}) {
			out = append(out, f)
		}
	}
	return out
}

// tiles cover a picture with overlapping squares of a half and a quarter of its longer side.
func tiles(p *picture) []rect {
	var out []rect
	long := float64(max(p.w, p.h))
	for _, side := range []float64{long / 2, long / 4} {
		if side < minTile {
			break
		}
		for _, y := range starts(float64(p.h), side) {
			for _, x := range starts(float64(p.w), side) {
				out = append(out, rect{x, y, min(x+side, float64(p.w)), min(y+side, float64(p.h))})
			}
		}
	}
	return out
}

// starts spreads tiles evenly over a length.
func starts(length, side float64) []float64 {
	if length <= side {
		return []float64{0}
	}
	n := int(math.Ceil((length-side)/(side*tileShare) - 1e-9))
	out := make([]float64, n+1)
	for i := range out {
		out[i] = (length - side) * float64(i) / float64(n)
	}
	return out
}

// sharpness is the variance of the Laplacian of a face at 112 pixels, v / (v + 200): 0.5 is a face that is just sharp.
func sharpness(p *picture, b media.Box) float64 {
	const side = 112
	w, h := float64(p.w), float64(p.h)
	face := p.cut(rect{b.X * w, b.Y * h, (b.X + b.W) * w, (b.Y + b.H) * h}, side, side)
	grey := make([]float64, side*side)
	for i := range grey {
		grey[i] = 0.299*float64(face.pix[3*i]) + 0.587*float64(face.pix[3*i+1]) + 0.114*float64(face.pix[3*i+2])
	}
	var sum, squares float64
	for y := 1; y < side-1; y++ {
		for x := 1; x < side-1; x++ {
			i := y*side + x
			l := grey[i-1] + grey[i+1] + grey[i-side] + grey[i+side] - 4*grey[i]
			sum += l
			squares += l * l
		}
	}
	n := float64((side - 2) * (side - 2))
	v := squares/n - (sum/n)*(sum/n)
	return v / (v + 200)
}

// vector is FaceRes on the face's square, 1.2 times its box, turned so that the eyes lie level; RGB as it is.
func (d *Driver) vector(ctx context.Context, p *picture, f vision.Face) ([]float32, error) {
	const side = 224
	w, h := float64(p.w), float64(p.h)
	right, left := f.Points[0], f.Points[1]
	turn := math.Atan2((left[1]-right[1])*h, (left[0]-right[0])*w)
	half := 1.2 * max(f.Box.W*w, f.Box.H*h) / 2
	cx, cy := (f.Box.X+f.Box.W/2)*w, (f.Box.Y+f.Box.H/2)*h
	ux, uy := math.Cos(turn)*half, math.Sin(turn)*half
	origin := point{cx - ux + uy, cy - uy - ux}
	face := p.warp(origin, point{origin.x + 2*ux, origin.y + 2*uy}, point{origin.x - 2*uy, origin.y + 2*ux}, side, side)
	out, err := d.networks[vectorsID].run(ctx, onnx.Floats(face.rows(three(0), three(1), false), 1, side, side, 3), "global_pooling_Mean")
	if err != nil {
		return nil, err
	}
	return unit(out[0]), nil
}
