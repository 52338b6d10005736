package analysis

import (
	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/media"
	"showreel/product/analysis/shots"
	"showreel/product/analysis/timbre"
)

// found is what one piece found, in the engine's own terms; only the fields of its ability are set.
type found struct {
	Piece piece  `json:"piece"`
	Model string `json:"model"`
	CPUMS int64  `json:"cpuMs,omitempty"` // where the engine tells it

	Talk       []media.Range      `json:"talk,omitempty"`       // sound: where somebody speaks, on the asset's timeline
	Quiet      []media.Range      `json:"quiet,omitempty"`      // sound: where nothing is heard, on the asset's timeline
	Timbre     []timbre.Stretch   `json:"timbre,omitempty"`     // sound: where nobody speaks
	Transcript *speech.Transcript `json:"transcript,omitempty"` // speech: times count from Piece.Range.Start
	Windows    []media.Range      `json:"windows,omitempty"`    // speakers: on the asset's timeline
	Voices     [][]float32        `json:"voices,omitempty"`     // one a window; in a file only within Sealed
	Sealed     string             `json:"sealed,omitempty"`     // vectors that are biometric

	Labels   [][]vision.Label  `json:"labels,omitempty"`   // labels, moderation: one list a picture
	Features [][]float32       `json:"features,omitempty"` // labels: one a picture
	Objects  [][]vision.Object `json:"objects,omitempty"`
	Lines    [][]vision.Line   `json:"lines,omitempty"`
	Faces    [][]vision.Face   `json:"faces,omitempty"`
	Looks    []look            `json:"looks,omitempty"`   // picture
	Changes  []shots.Change    `json:"changes,omitempty"` // shots
	Spotted  []spotted         `json:"spotted,omitempty"` // examples
}
