package speech

import (
	"context"

	"showreel/media"
)

// Driver is what a speech engine implements. Sound is 16 kHz mono, signed 16 bit; times count from the first sample.
// Every method is safe for concurrent use.
type Driver interface {
	// Transcribe turns speech into words. The sound is at most MaxPiece long; it should begin and end in silence.
	Transcribe(ctx context.Context, pcm []int16, o Options) (Transcript, error)

	// Activity finds the stretches in which somebody speaks, in order, not overlapping.
	Activity(ctx context.Context, pcm []int16) ([]media.Range, error)

	// Voices returns one vector of unit length for each window (0.4 to 10 s): voices of one person lie close together.
	Voices(ctx context.Context, pcm []int16, windows []media.Range) ([][]float32, error)

	// Caps says what this engine can do now, and what is missing.
	Caps(ctx context.Context) (Caps, error)
}

// Caps is what an engine can do. An ability that is not there says why in Missing, in words for people.
type Caps struct {
	Transcribe string            `json:"transcribe,omitempty"` // model id and version of the accurate tier, "" if absent
	Fast       string            `json:"fast,omitempty"`       // of the fast tier
	Activity   string            `json:"activity,omitempty"`
	Voices     string            `json:"voices,omitempty"`
	Languages  []string          `json:"languages,omitempty"` // ISO 639-1, that Transcribe knows
	Translate  bool              `json:"translate,omitempty"` // into English
	Missing    map[string]string `json:"missing,omitempty"`   // ability ("transcribe") to what to install
}
