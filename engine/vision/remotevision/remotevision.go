// Package remotevision is the vision engine at the other end of a wire: New is the server's side, which asks a helper
// program, and Mount is the program's, which answers with the engine it holds. Pictures travel as one part each, vectors as
// parts of little-endian float32, the rest as JSON. It looks at nothing itself.
package remotevision

import (
	"context"
	"encoding/binary"
	"math"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/platform/sidecar"
)

// Paths of the calls.
const (
	pathLabels     = "/v1/vision/labels"
	pathObjects    = "/v1/vision/objects"
	pathText       = "/v1/vision/text"
	pathFaces      = "/v1/vision/faces"
	pathModerate   = "/v1/vision/moderate"
	pathBoundaries = "/v1/vision/boundaries"
	pathCaps       = "/v1/vision/caps"
)

// Driver implements vision.Driver by asking a helper.
type Driver struct {
	c     *sidecar.Client
	model string // "" is the one in use
}

// choice is the head of a call that names a model.
type choice struct {
	Model string `json:"model"`
}

// With implements vision.Chooser.
func (d *Driver) With(model string) vision.Driver { return &Driver{d.c, model} }

// head names the model where one was chosen.
func (d *Driver) head() any {
	if d.model == "" {
		return nil
	}
	return choice{d.model}
}

// New returns the engine that the client reaches. The caller closes the client.
func New(c *sidecar.Client) *Driver { return &Driver{c: c} }

// Labels implements vision.Driver.
func (d *Driver) Labels(ctx context.Context, pictures [][]byte) ([]vision.Scene, error) {
	var scenes []vision.Scene
	parts, err := d.c.Call(ctx, pathLabels, d.head(), pictures, &scenes)
	if err != nil {
		return nil, err
	}
	if len(parts) != len(scenes) {
		return nil, strange(pathLabels)
	}
	for n, p := range parts {
		if scenes[n].Features, err = floats(pathLabels, p); err != nil {
			return nil, err
		}
	}
	return scenes, nil
}

// Objects implements vision.Driver.
func (d *Driver) Objects(ctx context.Context, pictures [][]byte) (out [][]vision.Object, err error) {
	_, err = d.c.Call(ctx, pathObjects, d.head(), pictures, &out)
	return out, err
}

// Text implements vision.Driver.
func (d *Driver) Text(ctx context.Context, pictures [][]byte) (out [][]vision.Line, err error) {
	_, err = d.c.Call(ctx, pathText, d.head(), pictures, &out)
	return out, err
}

// Faces implements vision.Driver.
func (d *Driver) Faces(ctx context.Context, pictures [][]byte, o vision.FaceOptions) ([][]vision.Face, error) {
	var faces [][]vision.Face
	parts, err := d.c.Call(ctx, pathFaces, o, pictures, &faces)
	if err != nil || !o.Vectors {
		return faces, err
	}
	for n := range faces {
		for m := range faces[n] {
			if len(parts) == 0 {
				return nil, strange(pathFaces)
			}
			if faces[n][m].Vector, err = floats(pathFaces, parts[0]); err != nil {
				return nil, err
			}
			parts = parts[1:]
		}
	}
	return faces, nil
}

// Moderate implements vision.Driver.
func (d *Driver) Moderate(ctx context.Context, pictures [][]byte) (out [][]vision.Label, err error) {
	_, err = d.c.Call(ctx, pathModerate, d.head(), pictures, &out)
	return out, err
}

// A long film's frames travel in pieces. Each brings a margin that is not counted, of a length and at places that are
// multiples of the default engine's window, so that its answer does not depend on the cutting.
const (
	pieceFrames  = 20_000 // 78 MB
	marginFrames = 100
)

// Boundaries implements vision.Driver.
func (d *Driver) Boundaries(ctx context.Context, frames []byte) ([]float32, error) {
	const size = vision.BoundaryWidth * vision.BoundaryHeight * 3
	total := len(frames) / size
	out := make([]float32, 0, total)
	for at := 0; at < total; at += pieceFrames {
		from, to := max(0, at-marginFrames), min(total, at+pieceFrames+marginFrames)
		parts, err := d.c.Call(ctx, pathBoundaries, nil, [][]byte{frames[from*size : to*size]}, nil)
		if err != nil {
			return nil, err
		}
		if len(parts) != 1 {
			return nil, strange(pathBoundaries)
		}
		got, err := floats(pathBoundaries, parts[0])
		if err != nil {
			return nil, err
		}
		if len(got) != to-from {
			return nil, strange(pathBoundaries)
		}
		out = append(out, got[at-from:min(len(got), at-from+pieceFrames)]...)
	}
	return out, nil
}

// Caps implements vision.Driver.
func (d *Driver) Caps(ctx context.Context) (c vision.Caps, err error) {
	_, err = d.c.Call(ctx, pathCaps, d.head(), nil, &c)
	return c, err
}

func strange(path string) error {
	return fault.Say("vision.remote", path, fault.Corrupt, "bad-message", "The vision helper and the server do not understand each other; run the same version of both.")
}

func floats(path string, raw []byte) ([]float32, error) {
	if len(raw)%4 != 0 {
		return nil, strange(path)
	}
	out := make([]float32, len(raw)/4)
	for n := range out {
		out[n] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*n:]))
	}
	return out, nil
}

func part(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}
