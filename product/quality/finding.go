package quality

import (
	"showreel/media"
)

// Severity says how much a finding matters.
type Severity string

// The severities. Only Error blocks publishing.
const (
	Off     Severity = "off"     // the check is not made
	Info    Severity = "info"    // good to know
	Warning Severity = "warning" // look at it
	Error   Severity = "error"   // blocks publishing until waived
)

// The checks.
const (
	CheckFrames       = "frames"        // frames lost or added against the plan
	CheckDuration     = "duration"      // length against the source
	CheckSkew         = "av-skew"       // sound against picture
	CheckDecode       = "decode"        // the source or the output does not decode cleanly
	CheckBlack        = "black"         // black picture inside the film
	CheckFreeze       = "freeze"        // picture that stands still
	CheckSilence      = "silence"       // no sound
	CheckLoudness     = "loudness"      // integrated loudness off its target
	CheckTruePeak     = "true-peak"     // sound that clips
	CheckInterlace    = "interlace"     // comb lines in a progressive output
	CheckCrop         = "crop"          // unexpected borders
	CheckSimilarity   = "similarity"    // a rung that differs too much from its source
	CheckCaptionSpeed = "caption-speed" // too many characters a second
	CheckCaptionTimes = "caption-times" // cues that overlap, run backwards or lie outside the film
	CheckManifest     = "manifest"      // structure a player would stumble over
)

// Finding is one result of a check on a range of a version.
type Finding struct {
	ID        string      `json:"id"`
	Ref       media.Ref   `json:"-"`
	AssetID   string      `json:"asset"`
	OfVersion int         `json:"version"`
	Check     string      `json:"check"`
	Severity  Severity    `json:"severity" enum:"info,warning,error"`
	Range     media.Range `json:"-"`
	StartMS   int64       `json:"startMs"`
	EndMS     int64       `json:"endMs"`
	Rendition string      `json:"rendition,omitempty" doc:"the rung, sound or caption it is about"`
	Text      string      `json:"text"`
	Value     float64     `json:"value" doc:"what was measured, in unit"`
	Limit     float64     `json:"limit" doc:"what the policy allows, in unit"`
	Unit      string      `json:"unit,omitempty"`
	Metric    string      `json:"metric,omitempty"`
	ThumbKey  string      `json:"-"`
	Thumb     string      `json:"thumb,omitempty" doc:"address of a picture of the place"`
	Policy    string      `json:"policy"`
	Run       string      `json:"run"`
	State     string      `json:"state" enum:"open,waived"`
	WaivedBy  string      `json:"waivedBy,omitempty"`
	WaivedMS  int64       `json:"waivedMs,omitempty"`
	Reason    string      `json:"reason,omitempty"`
	CreatedMS int64       `json:"createdMs"`
}

// The states of a finding.
const (
	Open   = "open"
	Waived = "waived"
)

// Blocks reports whether the finding stands in the way of publishing.
func (f Finding) Blocks() bool { return f.Severity == Error && f.State == Open }

// same reports whether two runs found the same thing, so that a waiver lasts: the same check on the same rendition at
// overlapping or equal places.
func (f Finding) same(o Finding) bool {
	if f.Check != o.Check || f.Rendition != o.Rendition {
		return false
	}
	return f.Range == o.Range || f.Range.Overlaps(o.Range)
}

// show fills what people read from what is stored.
func (f *Finding) show() {
	f.AssetID, f.OfVersion, f.StartMS, f.EndMS = f.Ref.Asset, f.Ref.Version, f.Range.Start.MS(), f.Range.End.MS()
	if f.ThumbKey != "" {
		f.Thumb = "/v1/findings/" + f.ID + "/thumb.jpg"
	}
}
