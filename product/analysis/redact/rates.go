package redact

import (
	_ "embed"
	"encoding/json"
)

// MissRate is how often a detector missed what was planted.
type MissRate struct {
	Kind      string `json:"kind" doc:"what was planted"`
	Missed    int    `json:"missed" doc:"of which nothing was found"`
	Partly    int    `json:"partly,omitempty" doc:"that were found and hidden, but not all of the time"`
	Of        int    `json:"of" doc:"0: not measured"`
	Hard      bool   `json:"hard,omitempty" doc:"cases made to be hard: small, fast, broken off"`
	Synthetic bool   `json:"synthetic,omitempty" doc:"planted in films that were made for it; footage does worse"`
	Set       string `json:"set" doc:"what it was measured on"`
	Models    string `json:"models,omitempty" doc:"with their versions"`
	On        string `json:"on,omitempty" doc:"date"`
}

//go:embed rates.json
var rates []byte

// Rates are the miss rates as the bench measured them last. A kind that is not there was not measured.
func Rates() []MissRate {
	var out []MissRate
	if err := json.Unmarshal(rates, &out); err != nil {
		panic("redact: " + err.Error()) // the file is part of the program
	}
	return out
}
