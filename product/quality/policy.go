package quality

import (
	"bytes"
	"embed"
	"io/fs"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"showreel/fault"
)

//go:embed policies/*.yaml
var policyFiles embed.FS

// Policy says which checks count for a kind of destination.
type Policy struct {
	Name    string          `json:"name" yaml:"name"`
	Version int             `json:"version" yaml:"version"`
	Title   string          `json:"title" yaml:"title"`
	About   string          `json:"about" yaml:"about"`
	Checks  map[string]Rule `json:"checks" yaml:"checks"`
}

// Rule is one check's limits. A field that the check does not use is 0.
type Rule struct {
	Severity Severity `json:"severity" yaml:"severity"`
	Max      float64  `json:"max,omitempty" yaml:"max" doc:"largest value allowed: frames, ms, LU, dBTP, share, characters a second"`
	Min      float64  `json:"min,omitempty" yaml:"min" doc:"smallest value allowed: SSIM"`
	MinMS    int64    `json:"minMs,omitempty" yaml:"minMS" doc:"shorter stretches are let pass"`
	Edges    bool     `json:"edges,omitempty" yaml:"edges" doc:"stretches at the head and tail count too"`
}

var checkNames = []string{CheckFrames, CheckDuration, CheckSkew, CheckDecode, CheckBlack, CheckFreeze, CheckSilence, CheckLoudness,
	CheckTruePeak, CheckInterlace, CheckCrop, CheckSimilarity, CheckCaptionSpeed, CheckCaptionTimes, CheckManifest}

// ParsePolicy reads a policy from YAML. fault.Invalid "bad-policy" says what is wrong.
func ParsePolicy(data []byte) (Policy, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var p Policy
	if err := dec.Decode(&p); err != nil {
		return Policy{}, fault.Say("quality.policy", "", fault.Invalid, "bad-policy", "The policy cannot be read: %s.", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	for name, r := range p.Checks {
		if !slices.Contains(checkNames, name) {
			return Policy{}, fault.Say("quality.policy", p.Name, fault.Invalid, "bad-policy", "The policy names the check %q, which does not exist. Checks: %s.", name, strings.Join(checkNames, ", "))
		}
		if !slices.Contains([]Severity{Off, Info, Warning, Error}, r.Severity) {
			return Policy{}, fault.Say("quality.policy", p.Name, fault.Invalid, "bad-policy", "The severity of %s must be off, info, warning or error.", name)
		}
	}
	if p.Name == "" || len(p.Checks) == 0 {
		return Policy{}, fault.Say("quality.policy", p.Name, fault.Invalid, "bad-policy", "A policy needs a name and at least one check.")
	}
	return p, nil
}

// BuiltIn reads those that come with the program, by name.
func BuiltIn() (map[string]Policy, error) {
	names, err := fs.Glob(policyFiles, "policies/*.yaml")
	if err != nil {
		return nil, fault.E("quality.policies", "", fault.Internal, err)
	}
	out := map[string]Policy{}
	for _, name := range names {
		data, err := policyFiles.ReadFile(name)
		if err != nil {
			return nil, fault.E("quality.policies", name, fault.Internal, err)
		}
		p, err := ParsePolicy(data)
		if err != nil {
			return nil, err
		}
		out[p.Name] = p
	}
	return out, nil
}
