package vision

import "context"

// Driver is what a vision engine implements. Pictures are encoded JPEG, PNG or WebP, upright, at most MaxBatch at once;
// every answer has one entry a picture, in order. Every method is safe for concurrent use.
type Driver interface {
	// Labels classifies pictures and gives their feature vectors.
	Labels(ctx context.Context, pictures [][]byte) ([]Scene, error)
	// Objects finds things with boxes.
	Objects(ctx context.Context, pictures [][]byte) ([][]Object, error)
	// Text reads writing.
	Text(ctx context.Context, pictures [][]byte) ([][]Line, error)
	// Faces finds faces, with vectors where Options asks for them.
	Faces(ctx context.Context, pictures [][]byte, o FaceOptions) ([][]Face, error)
	// Moderate scores pictures against the classes of Caps.Moderation.
	Moderate(ctx context.Context, pictures [][]byte) ([][]Label, error)
	// Boundaries gives for each frame of a run of small RGB frames (BoundaryWidth × BoundaryHeight × 3 bytes each) the
	// probability that a shot begins there.
	Boundaries(ctx context.Context, frames []byte) ([]float32, error)
	// Caps says what this engine can do now, and what is missing.
	Caps(ctx context.Context) (Caps, error)
}

// Chooser is a driver of which several models can do one ability.
type Chooser interface {
	// With is the same driver with an installed model, by its id, in the place of the one that is in use for the model's
	// role: to run two side by side. Kinds of its calls: fault.NotFound, code "no-model", and fault.Unsupported for a model
	// that this engine cannot run.
	With(model string) Driver
}

// Caps is what an engine can do: ability to model id and version. An ability that is not there says why in Missing.
type Caps struct {
	Models     map[string]string `json:"models"`               // "labels", "objects", "text", "faces", "vectors", "moderate", "boundaries"
	Missing    map[string]string `json:"missing,omitempty"`    // ability to what to install, for people
	Features   int               `json:"features,omitempty"`   // length of Scene.Features
	Moderation []string          `json:"moderation,omitempty"` // classes that Moderate scores
	Languages  []string          `json:"languages,omitempty"`  // ISO 639-1, that Text reads
}
