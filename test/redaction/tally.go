package redaction

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"showreel/product/analysis/redact"
)

// TestSet names what rates are measured on.
const TestSet = "test/redaction: films of a cartoon with packaged voices, drawn writing and a pasted photograph"

// Tally counts outcomes into miss rates: one row a family, and one for those of its cases that were made to be hard.
func Tally(all []Outcome, on string) []redact.MissRate {
	var out []redact.MissRate
	set := fmt.Sprintf("%s (%d of its %d films were measured)", TestSet, len(all), len(Cases()))
	for _, family := range []string{Face, Speech, Writing} {
		for _, hard := range []bool{false, true} {
			r := redact.MissRate{Kind: family, Hard: hard, Synthetic: true, Set: set, On: on}
			var models []string
			for _, o := range all {
				if o.Family != family || o.Hard != hard {
					continue
				}
				r.Of++
				switch {
				case o.Missed:
					r.Missed++
				case len(o.Leaks) > 0:
					r.Partly++
				}
				models = append(models, o.Models...)
			}
			slices.Sort(models)
			r.Models = strings.Join(slices.Compact(models), ", ")
			if r.Of > 0 {
				out = append(out, r)
			}
		}
	}
	return out
}

// Append adds an outcome to a file, a line each, so that slices that run one after another are counted together.
func Append(path string, o Outcome) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	return json.NewEncoder(f).Encode(o)
}

// Outcomes reads such a file; of a case that was measured again the last outcome counts.
func Outcomes(path string) ([]Outcome, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	last := map[string]Outcome{}
	for d := json.NewDecoder(strings.NewReader(string(raw))); d.More(); {
		var o Outcome
		if err := d.Decode(&o); err != nil {
			return nil, err
		}
		last[o.Name] = o
	}
	var out []Outcome
	for _, c := range Cases() {
		if o, ok := last[c.Name]; ok {
			out = append(out, o)
		}
	}
	return out, nil
}
