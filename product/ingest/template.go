package ingest

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"showreel/fault"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

// DefaultTemplate is used where nobody named one.
const DefaultTemplate = "web"

// Template is a job template: a recipe as data. A change makes a new version; running jobs keep the one they began with.
type Template struct {
	Name      string         `json:"name" yaml:"name" pattern:"^[a-z0-9][a-z0-9-]{0,47}$"`
	Version   int            `json:"version" yaml:"version"`
	Title     string         `json:"title" yaml:"title" maxLength:"100"`
	About     string         `json:"about,omitempty" yaml:"about" maxLength:"500"`
	Lane      string         `json:"lane,omitempty" yaml:"lane"`
	Priority  int            `json:"priority,omitempty" yaml:"priority"`
	Video     *VideoRecipe   `json:"video,omitempty" yaml:"video"`
	Proxy     *ProxyRecipe   `json:"proxy,omitempty" yaml:"proxy"`
	Audio     *AudioRecipe   `json:"audio,omitempty" yaml:"audio"`
	Subtitles bool           `json:"subtitles,omitempty" yaml:"subtitles"`
	Analysis  AnalysisRecipe `json:"analysis" yaml:"analysis"`
	Images    ImageRecipe    `json:"images" yaml:"images"`
	Policy    string         `json:"policy,omitempty" yaml:"policy" doc:"quality policy, see /v1/policies"`
	Review    bool           `json:"review,omitempty" yaml:"review" doc:"a person must release each job before it is published"`
	BuiltIn   bool           `json:"builtIn" yaml:"-"`
	CreatedMS int64          `json:"createdMs,omitempty" yaml:"-"`
}

// VideoRecipe says how pictures are encoded.
type VideoRecipe struct {
	Codec   string       `json:"codec" yaml:"codec" enum:"avc,hevc,av1"`
	Preset  string       `json:"preset" yaml:"preset"`
	Profile string       `json:"profile,omitempty" yaml:"profile"`
	CRF     int          `json:"crf" yaml:"crf"`
	MaxFPS  float64      `json:"maxFPS,omitempty" yaml:"maxFPS"`
	Aspect  string       `json:"aspect,omitempty" yaml:"aspect" doc:"output shape, 9:16; empty keeps the source's"`
	Fit     string       `json:"fit,omitempty" yaml:"fit" doc:"cover, contain or blur, where aspect is set"`
	GOPMS   int          `json:"gopMs,omitempty" yaml:"gopMS" doc:"group of pictures, 2000 when 0"`
	ChunkMS int          `json:"chunkMs,omitempty" yaml:"chunkMS" doc:"target length of a unit of work, 40000 when 0"`
	Rungs   []RungRecipe `json:"rungs" yaml:"rungs"`

	FixedLadder bool `json:"fixedLadder,omitempty" yaml:"fixedLadder" doc:"make every rung that fits, without sampling how complex the film is"`
}

// RungRecipe is one rung: Size is its class, the short side of a 16:9 box it must fit into.
type RungRecipe struct {
	Size    int `json:"size" yaml:"size"`
	MaxKbps int `json:"maxKbps" yaml:"maxKbps"`
	CRF     int `json:"crf,omitempty" yaml:"crf"`
}

// ProxyRecipe is the quick rendition people can watch while the rest is made.
type ProxyRecipe struct {
	Size       int    `json:"size" yaml:"size"`
	Preset     string `json:"preset" yaml:"preset"`
	CRF        int    `json:"crf" yaml:"crf"`
	MaxKbps    int    `json:"maxKbps" yaml:"maxKbps"`
	MinSeconds int    `json:"minSeconds" yaml:"minSeconds" doc:"shorter sources are ready sooner without a proxy"`
}

// AudioRecipe says how sound is encoded.
type AudioRecipe struct {
	Codec          string  `json:"codec" yaml:"codec" enum:"aac,opus"`
	KbpsPerChannel int     `json:"kbpsPerChannel" yaml:"kbpsPerChannel"`
	Surround       string  `json:"surround" yaml:"surround" enum:"keep,stereo,both"`
	LoudnessLUFS   float64 `json:"loudnessLUFS" yaml:"loudnessLUFS"`
	TruePeakDB     float64 `json:"truePeakDB" yaml:"truePeakDB"`
}

// AnalysisRecipe says what is learnt from the same decode.
type AnalysisRecipe struct {
	Shots       bool          `json:"shots,omitempty" yaml:"shots"`
	QC          bool          `json:"qc,omitempty" yaml:"qc"`
	FramesWidth int           `json:"framesWidth,omitempty" yaml:"framesWidth" doc:"width of one still a second for recognition, 0 for none"`
	Speech      bool          `json:"speech,omitempty" yaml:"speech" doc:"16 kHz mono copy for speech recognition"`
	WaveformPPS int           `json:"waveformPPS,omitempty" yaml:"waveformPPS" doc:"waveform peaks a second, 0 for none"`
	Sprites     *SpriteRecipe `json:"sprites,omitempty" yaml:"sprites"`
}

// SpriteRecipe describes scrubbing pictures.
type SpriteRecipe struct {
	TileW      int `json:"tileW" yaml:"tileW"`
	IntervalMS int `json:"intervalMs" yaml:"intervalMS"`
	Cols       int `json:"cols" yaml:"cols"`
	Rows       int `json:"rows" yaml:"rows"`
}

// ImageRecipe says which renditions a picture gets.
type ImageRecipe struct {
	Format  string      `json:"format" yaml:"format" enum:"jpeg,webp"`
	Quality int         `json:"quality" yaml:"quality"`
	WebP    bool        `json:"webp,omitempty" yaml:"webp" doc:"each size as WebP too"`
	Sizes   []ImageSize `json:"sizes" yaml:"sizes"`
}

// ImageSize is one picture rendition: its longer side is at most Max pixels.
type ImageSize struct {
	Name string `json:"name" yaml:"name"`
	Max  int    `json:"max" yaml:"max"`
}

var templateName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,47}$`)

// ParseTemplate reads a template from YAML; unknown fields are errors. fault.Invalid "bad-template" names the line.
func ParseTemplate(data []byte) (Template, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var t Template
	if err := dec.Decode(&t); err != nil {
		return Template{}, fault.Say("ingest.template", "", fault.Invalid, "bad-template", "The template cannot be read: %s.", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return t, t.Check()
}

// Check reports the first thing wrong with the template as fault.Invalid "bad-template".
func (t Template) Check() error {
	bad := func(format string, args ...any) error {
		return fault.Say("ingest.template", t.Name, fault.Invalid, "bad-template", "The template is not usable: %s.", fmt.Sprintf(format, args...))
	}
	switch {
	case !templateName.MatchString(t.Name):
		return bad("its name must be lower-case letters, digits and hyphens, at most 48")
	case t.Video == nil && t.Audio == nil:
		return bad("it makes neither picture nor sound; give it a video or an audio part")
	case t.Priority < 0 || t.Priority > 100:
		return bad("priority must be 0 to 100")
	case t.Lane != "" && !validLane(t.Lane):
		return bad("lane must be interactive, normal or batch")
	}
	for _, check := range []func() string{t.checkVideo, t.checkAudio, t.checkImages} {
		if text := check(); text != "" {
			return bad("%s", text)
		}
	}
	return nil
}

func (t Template) checkVideo() string {
	v := t.Video
	if v == nil {
		return ""
	}
	if !slices.Contains([]string{"avc", "hevc", "av1"}, v.Codec) {
		return "video.codec must be avc, hevc or av1"
	}
	if len(v.Rungs) == 0 || len(v.Rungs) > 12 {
		return "video.rungs needs 1 to 12 entries"
	}
	seen := map[int]bool{}
	for _, r := range v.Rungs {
		if r.Size < 90 || r.Size > 4320 || r.MaxKbps < 50 || r.MaxKbps > 200_000 {
			return "each rung needs a size of 90 to 4320 and maxKbps of 50 to 200000"
		}
		if seen[r.Size] {
			return fmt.Sprintf("rung %d is there twice", r.Size)
		}
		seen[r.Size] = true
	}
	if v.CRF < 1 || v.CRF > 51 {
		return "video.crf must be 1 to 51"
	}
	if v.Aspect != "" {
		if _, _, ok := aspectOf(v.Aspect); !ok {
			return "video.aspect must look like 9:16"
		}
		if !slices.Contains([]string{"cover", "contain", "blur"}, v.Fit) {
			return "video.fit must be cover, contain or blur where aspect is set"
		}
	}
	if v.GOPMS != 0 && (v.GOPMS < 500 || v.GOPMS > 10_000) {
		return "video.gopMS must be 500 to 10000"
	}
	if v.ChunkMS != 0 && (v.ChunkMS < 1_000 || v.ChunkMS > 120_000) {
		return "video.chunkMS must be 1000 to 120000"
	}
	if p := t.Proxy; p != nil && (p.Size < 90 || p.Size > 1080 || p.MaxKbps < 50 || p.Preset == "" || p.CRF < 1 || p.CRF > 51) {
		return "proxy needs a size of 90 to 1080, a preset, a crf and maxKbps"
	}
	return ""
}

func (t Template) checkAudio() string {
	a := t.Audio
	if a == nil {
		return ""
	}
	switch {
	case a.Codec != "aac" && a.Codec != "opus":
		return "audio.codec must be aac or opus"
	case a.KbpsPerChannel < 8 || a.KbpsPerChannel > 320:
		return "audio.kbpsPerChannel must be 8 to 320"
	case !slices.Contains([]string{"keep", "stereo", "both"}, a.Surround):
		return "audio.surround must be keep, stereo or both"
	case a.LoudnessLUFS < -40 || a.LoudnessLUFS > -5:
		return "audio.loudnessLUFS must be -40 to -5"
	case a.TruePeakDB < -9 || a.TruePeakDB > 0:
		return "audio.truePeakDB must be -9 to 0"
	}
	return ""
}

func (t Template) checkImages() string {
	for _, s := range t.Images.Sizes {
		if s.Name == "" || s.Max < 16 || s.Max > 16_384 {
			return "each image size needs a name and a max of 16 to 16384"
		}
	}
	if len(t.Images.Sizes) > 0 && t.Images.Format != "jpeg" && t.Images.Format != "webp" {
		return "images.format must be jpeg or webp"
	}
	return ""
}

// BuiltIn reads the templates that come with the program, ordered by name.
func BuiltIn() ([]Template, error) {
	names, err := fs.Glob(templateFiles, "templates/*.yaml")
	if err != nil {
		return nil, fault.E("ingest.templates", "", fault.Internal, err)
	}
	var out []Template
	for _, name := range names {
		data, err := templateFiles.ReadFile(name)
		if err != nil {
			return nil, fault.E("ingest.templates", name, fault.Internal, err)
		}
		t, err := ParseTemplate(data)
		if err != nil {
			return nil, err
		}
		t.BuiltIn = true
		out = append(out, t)
	}
	return out, nil
}

func validLane(lane string) bool {
	return lane == LaneInteractive || lane == LaneNormal || lane == LaneBatch
}

func aspectOf(s string) (w, h int, ok bool) {
	n, err := fmt.Sscanf(s, "%d:%d", &w, &h)
	return w, h, err == nil && n == 2 && w > 0 && h > 0 && w <= 100 && h <= 100
}
