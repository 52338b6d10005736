package transcode

import (
	"context"

	"showreel/media"
)

// The kinds of task.
const (
	KindProxy    = "proxy"    // small rendition with sound, emitted while it grows
	KindPoster   = "poster"   // poster and keyframe thumbnails
	KindChunk    = "chunk"    // Frames frames from First for every rung, with all analysis
	KindAudio    = "audio"    // one whole audio rendition with its loudness
	KindSpeech   = "speech"   // 16 kHz mono WAV and waveform
	KindSubtitle = "subtitle" // one WebVTT rendition
	KindImage    = "image"    // one picture rendition

	KindCheck      = "check"      // the plan's Decode
	KindComplexity = "complexity" // the plan's Sampling
	KindRedact     = "redact"     // the plan's Redaction
	KindLook       = "look"       // one of the ranges of the plan's Look; First and Frames are those of its grid
	KindBoundaries = "boundaries" // one of the plan's Boundaries; First and Frames count at SmallRate
)

// The roles of a file.
const (
	RoleRung     = "rung"     // CMAF video; tfdt starts at the chunk's start
	RoleAudio    = "audio"    // CMAF audio
	RoleSprite   = "sprite"   // JPEG sheet; Index is its first tile, Frames its number of tiles
	RoleFrame    = "frame"    // JPEG of one second; Index is the second
	RolePoster   = "poster"   // JPEG
	RoleKeyframe = "keyframe" // small JPEG of a source keyframe at At
	RoleSubtitle = "subtitle" // WebVTT
	RoleWAV      = "wav"      // 16 kHz mono PCM
	RoleWaveform = "waveform" // JSON
	RoleImage    = "image"
	RoleRedacted = "redacted" // MP4, progressive
	RoleLook     = "look"     // JPEG of the frame Index, shown at At
	RoleSmall    = "small"    // raw RGB frames of SmallWidth x SmallHeight at SmallRate, nothing before or between them; Index is the first, Frames their number
)

// Task is one independent piece of a plan. Tasks of a plan may run in any order and on any machine.
type Task struct {
	ID       string   `json:"id"` // unique in the plan and stable: chunk-0003, audio-a-en-aac128
	Kind     string   `json:"kind"`
	Name     string   `json:"name,omitempty"`  // of the audio, subtitle or image rendition
	First    int64    `json:"first,omitempty"` // first frame at Plan.Rate
	Frames   int64    `json:"frames,omitempty"`
	Chunk    int      `json:"chunk,omitempty"`
	Cores    float64  `json:"cores"`    // to lease before running
	MemMB    int64    `json:"memMb"`    // to lease before running; also the child's limit
	EstCPUms int64    `json:"estCpuMs"` // user+sys, a guess from pixels and seconds
	Outputs  []Output `json:"outputs,omitempty"`
	Skip     []string `json:"skip,omitempty"` // rungs a caller already holds by their Output.Key and does not want made again
	Key      string   `json:"key"`            // hex sha256 of inputs, settings and transcoder version
}

// Output is one rung of a chunk with its own key, so that a changed template keeps the rungs it did not touch.
type Output struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Env is where and with whom a task runs.
type Env struct {
	Source   string // absolute path of the source, readable
	WorkDir  string // absolute path of an existing folder of this task alone
	Progress func(Progress)
	// Emit is told of each finished part of a proxy, in order within a track. Each part is a complete CMAF file (init
	// and fragments, decode times on the whole track's timeline). An error ends the task.
	Emit func(ctx context.Context, p Part) error
}

// Progress is how far a task is.
type Progress struct {
	Frames int64   // video frames done, or for sound the same share of the plan's frames
	Speed  float64 // seconds of content a second of wall clock
}

// Part is one finished piece of a growing track.
type Part struct {
	Track  string // the rung's name, or ProxyAudio
	Path   string
	First  int64 // video: first frame; audio: first sample
	Frames int64 // video: frames; audio: samples
	Last   bool  // nothing follows on this track
}

// ProxyAudio is the track name of the sound that goes with a proxy.
const ProxyAudio = "a-proxy"

// Result is what a task made and measured.
type Result struct {
	Files    []File             `json:"files"`
	Scores   []Score            `json:"scores,omitempty"`
	Spans    []Span             `json:"spans,omitempty"`
	Loudness *Loudness          `json:"loudness,omitempty"`
	SSIM     map[string]float64 `json:"ssim,omitempty"`   // by rung, 0..1, mean of a sample of this chunk
	Metric   string             `json:"metric,omitempty"` // what SSIM holds and how it was sampled
	CPUms    int64              `json:"cpuMs"`

	Decoded    int64        `json:"decoded,omitempty"`    // of a check: pictures, or blocks of sound, without an error
	Complexity []Complexity `json:"complexity,omitempty"` // by size, in the order of Plan.Sampling

	Warnings []string `json:"warnings,omitempty"`
}

// Complexity is what one size of a Sampling cost: means over the sampled stretches, container bytes left out.
type Complexity struct {
	Width     int     `json:"width"`
	Height    int     `json:"height"`
	Frames    int64   `json:"frames"`    // encoded
	KeyBits   float64 `json:"keyBits"`   // of a key frame
	FrameBits float64 `json:"frameBits"` // of any other frame
}

// File is one finished output.
type File struct {
	Name   string     `json:"name"` // relative, unique in the plan: v1080-avc, sprite/3.jpg
	Path   string     `json:"path"`
	Role   string     `json:"role"`
	Frames int64      `json:"frames,omitempty"`
	Index  int64      `json:"index,omitempty"` // see the role
	At     media.Time `json:"at,omitempty"`
	Width  int        `json:"width,omitempty"`
	Height int        `json:"height,omitempty"`
	Bytes  int64      `json:"bytes"`
	SHA256 string     `json:"sha256"` // hex
}

// Score is how much a frame differs from the one before it.
type Score struct {
	Frame int64   `json:"f"` // at Plan.Rate, counted from the asset's zero
	Value float64 `json:"v"` // scdet's score, 0..100, at 160x90 gray
	Luma  float64 `json:"y"` // mean luma, 16 black .. 235 white
}

// The kinds of span.
const (
	SpanBlack     = "black"     // Value: 0
	SpanFreeze    = "freeze"    // Value: 0
	SpanSilence   = "silence"   // Value: threshold in dBFS
	SpanCrop      = "crop"      // Value: share of the picture that is border; Box: the content
	SpanInterlace = "interlace" // Value: share of the frames that look interlaced
)

// Span is a measured state of a stretch of the timeline. An open edge lies on the edge of what was looked at: the state
// may go on beyond it.
type Span struct {
	Kind      string     `json:"kind"`
	Start     media.Time `json:"start"`
	End       media.Time `json:"end"`
	Value     float64    `json:"value,omitempty"`
	Box       *media.Box `json:"box,omitempty"`
	OpenStart bool       `json:"openStart,omitempty"`
	OpenEnd   bool       `json:"openEnd,omitempty"`
}

// Loudness is EBU R128 (ITU-R BS.1770-4) of one track. Integrated, range and peak are the rendition's, after gain.
type Loudness struct {
	IntegratedLUFS float64   `json:"integratedLufs"`
	RangeLU        float64   `json:"rangeLu"`
	TruePeakDBTP   float64   `json:"truePeakDbtp"`
	SourceLUFS     float64   `json:"sourceLufs"`
	SourcePeakDBTP float64   `json:"sourcePeakDbtp"`
	GainDB         float64   `json:"gainDb"`
	Method         string    `json:"method"` // none, linear, dynamic
	Silent         bool      `json:"silent,omitempty"`
	ShortTerm      []float64 `json:"shortTerm,omitempty"` // LUFS of the source, one a second
}
