package transcode

import "showreel/media"

// Plan says what to make of one source. It is plain data: two equal plans over equal bytes give equal tasks.
type Plan struct {
	Info        media.Info    `json:"info"`
	Rate        media.Rate    `json:"rate"`   // frame rate of every rung; a source off this grid is conformed to it first
	Frames      int64         `json:"frames"` // frames of every rung at Rate; 0 without video
	GOPFrames   int           `json:"gopFrames"`
	ChunkFrames int           `json:"chunkFrames"` // a multiple of GOPFrames
	Rungs       []Rung        `json:"rungs,omitempty"`
	Picture     Picture       `json:"picture"`
	Audios      []AudioOut    `json:"audios,omitempty"`
	Subtitles   []SubtitleOut `json:"subtitles,omitempty"`
	Analysis    Analysis      `json:"analysis"`
	Speech      bool          `json:"speech,omitempty"`      // 16 kHz mono WAV of the default audio
	WaveformPPS int           `json:"waveformPps,omitempty"` // waveform points a second; 0 none
	Proxy       *Rung         `json:"proxy,omitempty"`       // made first, in growing parts, with sound
	Poster      bool          `json:"poster,omitempty"`      // poster and keyframe thumbnails
	Images      []ImageOut    `json:"images,omitempty"`
	Decode      bool          `json:"decode,omitempty"`     // decode the whole source and make nothing
	Sampling    *Sampling     `json:"sampling,omitempty"`   // measure how complex the picture is, before the ladder is settled
	Redaction   *Redaction    `json:"redaction,omitempty"`  // hide sound and boxes in a rendition of its own
	Look        *Look         `json:"look,omitempty"`       // pictures to look at closely
	Boundaries  []media.Range `json:"boundaries,omitempty"` // stretches to give as small frames, for finding shots
}

// Sampling says how a source's complexity is measured: stretches of it are encoded at small sizes and the bits are
// counted. Sizes are uncapped rungs, the largest first; their rates are not bounded by MaxKbps.
type Sampling struct {
	Windows      int    `json:"windows"`      // spread evenly; each begins at the source's key frame before its place
	WindowFrames int64  `json:"windowFrames"` // at Plan.Rate
	Sizes        []Rung `json:"sizes"`
}

// Rung is one video rendition. Width and Height are the stored, upright, even size in square pixels.
type Rung struct {
	Name    string `json:"name"` // v1080-avc
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Codec   string `json:"codec"`             // avc, hevc, av1
	Preset  string `json:"preset,omitempty"`  // veryfast when empty
	Profile string `json:"profile,omitempty"` // high when empty and avc
	CRF     int    `json:"crf"`               // 23 when 0
	MaxKbps int    `json:"maxKbps"`           // peak rate; 0 uncapped
	BufKbps int    `json:"bufKbps,omitempty"` // VBV size in kbit; 2 × MaxKbps when 0
}

// Picture is what happens to the picture before it is scaled to the rungs. The source's own rotation flag, sample aspect
// ratio and colour range are always applied and need no entry here.
type Picture struct {
	Rotate      int        `json:"rotate,omitempty"` // clockwise degrees on top of the source's own flag: 0, 90, 180, 270
	Deinterlace bool       `json:"deinterlace,omitempty"`
	ToneMap     bool       `json:"toneMap,omitempty"` // HDR (PQ, HLG) to BT.709
	Crop        *media.Box `json:"crop,omitempty"`    // in fractions of the upright picture
	Fit         string     `json:"fit,omitempty"`     // "" scales to the rung; cover, contain, blur frame it to Width x Height first
	Width       int        `json:"width,omitempty"`   // of the frame for Fit; the largest rung's when 0
	Height      int        `json:"height,omitempty"`
}

// AudioOut is one audio rendition of one source track.
type AudioOut struct {
	Name       string  `json:"name"`   // a-en-aac128
	Stream     int     `json:"stream"` // the container's stream index
	Lang       string  `json:"lang,omitempty"`
	Title      string  `json:"title,omitempty"`
	Codec      string  `json:"codec"` // aac, opus
	Kbps       int     `json:"kbps"`
	Channels   int     `json:"channels,omitempty"`   // 0 keeps the source's layout
	TargetLUFS float64 `json:"targetLufs,omitempty"` // integrated loudness; 0 leaves it alone
	TruePeakDB float64 `json:"truePeakDb,omitempty"` // ceiling in dBTP; -1 when 0
	Default    bool    `json:"default,omitempty"`
}

// SubtitleOut is one WebVTT rendition of a text subtitle stream. Stream -1 is the source file itself, a subtitle file.
type SubtitleOut struct {
	Name   string `json:"name"` // t-en
	Stream int    `json:"stream"`
	Lang   string `json:"lang,omitempty"`
	Title  string `json:"title,omitempty"`
	Forced bool   `json:"forced,omitempty"`
}

// Analysis is what is measured on the same decode as the ladder.
type Analysis struct {
	Shots       bool     `json:"shots,omitempty"`
	QC          bool     `json:"qc,omitempty"` // black, freeze, crop, interlace; SSIM of each rung on a sample
	Sprites     *Sprites `json:"sprites,omitempty"`
	FramesWidth int      `json:"framesWidth,omitempty"` // width of one JPEG a second; 0 none
}

// Sprites says how scrubbing thumbnails are laid out.
type Sprites struct {
	TileW      int `json:"tileW"`
	TileH      int `json:"tileH"`
	IntervalMS int `json:"intervalMs"`
	Cols       int `json:"cols"`
	Rows       int `json:"rows"`
}

// ImageOut is one rendition of a picture. It never grows beyond its source.
type ImageOut struct {
	Name    string `json:"name"`
	Format  string `json:"format"` // jpeg, webp
	MaxW    int    `json:"maxW"`
	MaxH    int    `json:"maxH"`
	Quality int    `json:"quality,omitempty"` // 1..100, 82 when 0
}
