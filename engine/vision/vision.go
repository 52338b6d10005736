// Package vision is the port to engines that look: labels, objects, writing, faces, moderation and shot boundaries of
// single pictures. It follows nothing through time, clusters no faces and writes no annotations: room analysis does.
//
// The role is that of Amazon Rekognition; the default engine runs in the showreel-ai program.
package vision

import (
	"context"

	"showreel/fault"
	"showreel/media"
)

// Limits of one call.
const (
	MaxBatch       = 64
	BoundaryWidth  = 48
	BoundaryHeight = 27
)

// Label is a class and how sure the engine is.
type Label struct {
	Name  string  `json:"name"`           // stable: WordNet id or the taxonomy's word
	Text  string  `json:"text"`           // for people
	Note  string  `json:"note,omitempty"` // the class's definition, for search
	Score float64 `json:"score"`          // 0..1
}

// Scene is what a whole picture shows.
type Scene struct {
	Labels   []Label   `json:"labels"` // best first, those above 0.01, at most 20
	Features []float32 `json:"-"`      // unit length; pictures that look alike lie close together
}

// Object is one thing.
type Object struct {
	Name  string    `json:"name"`
	Score float64   `json:"score"`
	Box   media.Box `json:"box"`
}

// Line is one line of writing.
type Line struct {
	Text  string        `json:"text"`
	Score float64       `json:"score"`
	Box   media.Box     `json:"box"`
	Quad  [4][2]float64 `json:"quad"` // its corners in fractions of the picture, clockwise from the text's top left
}

// FaceOptions of one call.
type FaceOptions struct {
	Vectors bool `json:"vectors,omitempty"` // biometric: ask only where it is permitted
	Small   bool `json:"small,omitempty"`   // look at overlapping tiles as well, for faces far away; several times the cost
}

// Face is one face.
type Face struct {
	Box    media.Box     `json:"box"`
	Score  float64       `json:"score"`
	Points [6][2]float64 `json:"points"`           // right eye, left eye, nose, mouth, right ear, left ear
	Sharp  float64       `json:"sharp"`            // 0..1, variance of the Laplacian, squashed
	Vector []float32     `json:"vector,omitempty"` // unit length
}

// Service is the vision engine that the rest of the program sees: a driver with the checks every driver shares.
type Service struct{ d Driver }

// New wraps a driver.
func New(d Driver) *Service { return &Service{d} }

// With is the engine with another model, by its id. Kind: fault.Unsupported where the driver knows one model an ability.
func (s *Service) With(model string) (*Service, error) {
	if c, ok := s.d.(Chooser); ok {
		return New(c.With(model)), nil
	}
	return nil, fault.Say("vision.with", model, fault.Unsupported, "one-model", "This vision engine has one model an ability; %s cannot be run beside it.", model)
}

// Labels is Driver.Labels. Kinds, here and below: fault.Invalid "not-a-picture" naming which, fault.TooLarge above
// MaxBatch, fault.Unavailable with what to install.
func (s *Service) Labels(ctx context.Context, pictures [][]byte) ([]Scene, error) {
	return batch(pictures, func(p [][]byte) ([]Scene, error) { return s.d.Labels(ctx, p) })
}

// Objects is Driver.Objects.
func (s *Service) Objects(ctx context.Context, pictures [][]byte) ([][]Object, error) {
	return batch(pictures, func(p [][]byte) ([][]Object, error) { return s.d.Objects(ctx, p) })
}

// Text is Driver.Text.
func (s *Service) Text(ctx context.Context, pictures [][]byte) ([][]Line, error) {
	return batch(pictures, func(p [][]byte) ([][]Line, error) { return s.d.Text(ctx, p) })
}

// Faces is Driver.Faces.
func (s *Service) Faces(ctx context.Context, pictures [][]byte, o FaceOptions) ([][]Face, error) {
	return batch(pictures, func(p [][]byte) ([][]Face, error) { return s.d.Faces(ctx, p, o) })
}

// Moderate is Driver.Moderate.
func (s *Service) Moderate(ctx context.Context, pictures [][]byte) ([][]Label, error) {
	return batch(pictures, func(p [][]byte) ([][]Label, error) { return s.d.Moderate(ctx, p) })
}

// Boundaries is Driver.Boundaries. Kind: fault.Invalid when the bytes are not whole frames.
func (s *Service) Boundaries(ctx context.Context, frames []byte) ([]float32, error) {
	const size = BoundaryWidth * BoundaryHeight * 3
	if len(frames)%size != 0 {
		return nil, fault.Say("vision.boundaries", "", fault.Invalid, "bad-frames", "The frames are not %d by %d RGB pictures.", BoundaryWidth, BoundaryHeight)
	}
	if len(frames) == 0 {
		return nil, nil
	}
	return s.d.Boundaries(ctx, frames)
}

// Caps is Driver.Caps.
func (s *Service) Caps(ctx context.Context) (Caps, error) { return s.d.Caps(ctx) }

func batch[T any](pictures [][]byte, fn func([][]byte) ([]T, error)) ([]T, error) {
	switch {
	case len(pictures) == 0:
		return nil, nil
	case len(pictures) > MaxBatch:
		return nil, fault.Say("vision.batch", "", fault.TooLarge, "too-many-pictures", "At most %d pictures are looked at at once.", MaxBatch)
	}
	out, err := fn(pictures)
	if err == nil && len(out) != len(pictures) {
		return nil, fault.Say("vision.batch", "", fault.Internal, "bad-answer", "The vision engine answered for %d of %d pictures.", len(out), len(pictures))
	}
	return out, err
}
