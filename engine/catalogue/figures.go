package catalogue

import (
	_ "embed" // measured figures
	"encoding/json"
	"slices"
	"strings"

	"showreel/fault"
)

// Measured is the file of figures that the bench writes (go run ./bench -record analysis).
//
//go:embed figures.json
var Measured []byte

// Measure is one measured value of an ability; Missing says why there is none.
type Measure struct {
	Ability   string  `json:"ability"`
	Figure    string  `json:"figure"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Target    string  `json:"target,omitempty"`
	Met       bool    `json:"met"`
	Test      string  `json:"test"`
	Synthetic bool    `json:"synthetic"`
	Model     string  `json:"model"` // ids and versions, with commas between
	Peer      string  `json:"peer,omitempty"`
	CPUS      float64 `json:"cpuS,omitempty"`
	WallS     float64 `json:"wallS,omitempty"`
	Machine   string  `json:"machine"`
	Date      string  `json:"date"`
	Missing   string  `json:"missing,omitempty"`
}

// Measures reads the figures. Kind: fault.Corrupt.
func Measures(raw []byte) ([]Measure, error) {
	var in struct {
		Figures []Measure `json:"figures"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fault.Say("catalogue.figures", "", fault.Corrupt, "bad-figures", "The measured figures cannot be read: %v", err)
	}
	return in.Figures, nil
}

// Names reports whether the figure was measured with one of these models, or without a model where none is named.
func (m Measure) Names(ids map[string]bool) bool {
	if m.Model == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(m.Model, ","), func(part string) bool {
		id, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		return ids[id]
	})
}
