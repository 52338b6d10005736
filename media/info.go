package media

// Kind is what an asset is.
type Kind string

// The four kinds.
const (
	Video Kind = "video"
	Audio Kind = "audio"
	Image Kind = "image"
	Text  Kind = "text"
)

// Info is what probing a file found. Streams keep the container's order; Index is the container's stream index.
type Info struct {
	Kind       Kind              `json:"kind"`
	Format     string            `json:"format"`   // container short name, "mov,mp4", "matroska"
	Duration   Time              `json:"duration"` // 0 for pictures and text
	Bytes      int64             `json:"bytes"`
	BitRateBPS int64             `json:"bitRateBps"`
	Streams    []Stream          `json:"streams"`
	Chapters   []Chapter         `json:"chapters,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`     // container tags, EXIF fields
	Timecode   string            `json:"timecode,omitempty"` // start timecode of the source
	Raw        []byte            `json:"-"`                  // the tool's whole JSON answer, for export
}

// Stream is one elementary stream.
type Stream struct {
	Index      int      `json:"index"`
	Type       string   `json:"type"`  // video, audio, subtitle, data
	Codec      string   `json:"codec"` // h264, aac, subrip
	Profile    string   `json:"profile,omitempty"`
	Lang       string   `json:"lang,omitempty"` // BCP 47
	Title      string   `json:"title,omitempty"`
	Default    bool     `json:"default,omitempty"`
	Forced     bool     `json:"forced,omitempty"`
	Cover      bool     `json:"cover,omitempty"` // attached picture, not moving video
	Duration   Time     `json:"duration"`
	Start      Time     `json:"start"`
	BitRateBPS int64    `json:"bitRateBps,omitempty"`
	Width      int      `json:"width,omitempty"`  // stored
	Height     int      `json:"height,omitempty"` // stored
	SAR        [2]int   `json:"sar,omitempty"`    // sample aspect ratio, 1:1 when unknown
	Rotate     int      `json:"rotate,omitempty"` // clockwise degrees to show it upright: 0, 90, 180, 270
	Rate       Rate     `json:"rate"`             // average
	Nominal    Rate     `json:"nominal"`          // r_frame_rate
	VFR        bool     `json:"vfr,omitempty"`    // measured, not guessed from the header
	Frames     int64    `json:"frames,omitempty"`
	PixFmt     string   `json:"pixFmt,omitempty"`
	BitDepth   int      `json:"bitDepth,omitempty"`
	FieldOrder string   `json:"fieldOrder,omitempty"` // progressive, tt, bb, tb, bt
	Primaries  string   `json:"primaries,omitempty"`
	Transfer   string   `json:"transfer,omitempty"` // smpte2084 and arib-std-b67 are HDR
	Matrix     string   `json:"matrix,omitempty"`
	ColorRange string   `json:"colorRange,omitempty"`
	Keyframes  []Time   `json:"-"` // when the container's index tells
	SampleRate int      `json:"sampleRate,omitempty"`
	Channels   int      `json:"channels,omitempty"`
	Layout     string   `json:"layout,omitempty"`
	Captions   []string `json:"captions,omitempty"` // closed captions inside the video: cea-608, cea-708
}

// Chapter is a named range of the source.
type Chapter struct {
	Range Range  `json:"range"`
	Title string `json:"title"`
}

// HDR reports whether the stream's transfer is PQ or HLG.
func (s Stream) HDR() bool { return s.Transfer == "smpte2084" || s.Transfer == "arib-std-b67" }

// Shown returns the upright display size in square pixels: stored size, sample aspect and rotation applied.
func (s Stream) Shown() (width, height int) {
	w, h := s.Width, s.Height
	if s.SAR[0] > 0 && s.SAR[1] > 0 {
		w = int((int64(w)*int64(s.SAR[0]) + int64(s.SAR[1])/2) / int64(s.SAR[1]))
	}
	if s.Rotate == 90 || s.Rotate == 270 {
		return h, w
	}
	return w, h
}

// Main returns the first real stream of the type, or nil.
func (i Info) Main(typ string) *Stream {
	for n := range i.Streams {
		if s := &i.Streams[n]; s.Type == typ && !s.Cover {
			return s
		}
	}
	return nil
}

// All returns every real stream of the type in order.
func (i Info) All(typ string) []Stream {
	var out []Stream
	for _, s := range i.Streams {
		if s.Type == typ && !s.Cover {
			out = append(out, s)
		}
	}
	return out
}
