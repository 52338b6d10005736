package cmaf

import (
	"encoding/json"
	"sort"

	"showreel/fault"
	"showreel/media"
)

// IndexVersion is the version of the stored index this build writes; readers refuse newer ones.
const IndexVersion = 1

// Kinds of tracks.
const (
	KindVideo = "video"
	KindAudio = "audio"
	KindText  = "text"
)

// Roles a track may have. The empty role means main.
const (
	RoleMain        = "main"
	RoleCommentary  = "commentary"
	RoleDescription = "description" // audio description
	RoleCaptions    = "captions"    // for the deaf and hard of hearing
	RoleSubtitles   = "subtitles"
	RoleForced      = "forced"
	RoleTranscribed = "transcribed" // captions that a machine made of what it heard
	RoleTranslated  = "translated"  // subtitles that a machine translated
	RoleProxy       = "proxy"       // the first quick encode: shown until a better track is complete, served to those who hold it afterwards
)

// Video ranges as HLS names them.
const (
	RangeSDR = "SDR"
	RangePQ  = "PQ"
	RangeHLG = "HLG"
)

// Index lists everything playable of one version of an asset. It is stored as JSON under idx/{asset}/{ver}.json and is
// all that packaging needs besides the tracks' bytes.
type Index struct {
	Version   int        `json:"version"`             // IndexVersion
	Duration  media.Time `json:"duration"`            // the longest track; grows while Growing
	StartedMS int64      `json:"startedMs,omitempty"` // when the first part appeared, UTC ms; the availability start of a growing manifest
	Tracks    []Track    `json:"tracks"`
	Growing   bool       `json:"growing,omitempty"` // some track will still get segments
}

// Track is one rendition: its initialisation, where its bytes lie, and its segments in order of time.
// A text track is a whole WebVTT file: one Part, no Init, no Segments.
type Track struct {
	Name       string     `json:"name"`            // unique in the index and safe in a path: v1080-avc, a-en-aac128, t-en
	Kind       string     `json:"kind"`            // video, audio, text
	Codec      string     `json:"codec,omitempty"` // RFC 6381: avc1.640028, mp4a.40.2, wvtt
	Lang       string     `json:"lang,omitempty"`  // BCP 47
	Title      string     `json:"title,omitempty"` // for people
	Role       string     `json:"role,omitempty"`  // one of the Role constants
	Default    bool       `json:"default,omitempty"`
	Width      int        `json:"width,omitempty"`  // shown width in pixels, sample aspect applied
	Height     int        `json:"height,omitempty"` // shown height in pixels
	SampleRate int        `json:"sampleRate,omitempty"`
	Channels   int        `json:"channels,omitempty"`
	Rate       media.Rate `json:"rate,omitzero"`        // samples a second: pictures of video, access units of sound (375/8 for AAC at 48 kHz)
	VideoRange string     `json:"videoRange,omitempty"` // SDR, PQ, HLG
	Timescale  uint32     `json:"timescale,omitempty"`  // ticks a second
	PeakBPS    int64      `json:"peakBps,omitempty"`    // RFC 8216 peak segment bit rate
	AverageBPS int64      `json:"averageBps,omitempty"`
	Init       []byte     `json:"init,omitempty"` // ftyp + moov
	Parts      []Part     `json:"parts"`
	Segments   []Segment  `json:"segments,omitempty"`
	Complete   bool       `json:"complete"` // no more segments will come
}

// Part is one stored object that holds a run of a track's segments.
type Part struct {
	Key    string `json:"key"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"` // hex, of the plain bytes
}

// Segment is what a player requests: one or more fragments (moof + mdat), starting with a key frame, 2 s or longer where
// the fragments allow it. Start and Duration are in ticks of the track's timescale; Offset and Size are bytes in its part.
type Segment struct {
	Part         int   `json:"p,omitempty"`
	Offset       int64 `json:"o"`
	Size         int64 `json:"s"`
	Start        int64 `json:"t"` // base decode time of its first sample
	Duration     int64 `json:"d"`
	Keyframe     bool  `json:"k,omitempty"`  // it starts with a sync sample
	KeyframeSize int64 `json:"ks,omitempty"` // bytes of that sample
}

// End is the segment's end in ticks.
func (s Segment) End() int64 { return s.Start + s.Duration }

// DecodeIndex reads a stored index. fault.Corrupt if it is not one, fault.Unsupported if a newer build wrote it.
func DecodeIndex(b []byte) (Index, error) {
	var x Index
	if err := json.Unmarshal(b, &x); err != nil {
		return Index{}, fault.E("cmaf.index", "", fault.Corrupt, err)
	}
	if x.Version > IndexVersion || x.Version < 1 {
		return Index{}, fault.Say("cmaf.index", "", fault.Unsupported, "index-version",
			"This asset was packaged by a newer version of Showreel; update this server.")
	}
	for i := range x.Tracks {
		if err := x.Tracks[i].check(); err != nil {
			return Index{}, err
		}
	}
	return x, nil
}

// Encode renders the index for storage.
func (x Index) Encode() ([]byte, error) {
	x.Version = IndexVersion
	b, err := json.Marshal(x)
	if err != nil {
		return nil, fault.E("cmaf.index", "", fault.Internal, err)
	}
	return b, nil
}

// Finish sets the fields of the index that follow from its tracks: Version, Duration and Growing.
func (x *Index) Finish() {
	x.Version, x.Duration, x.Growing = IndexVersion, 0, false
	for i := range x.Tracks {
		t := &x.Tracks[i]
		x.Duration = max(x.Duration, t.Duration())
		x.Growing = x.Growing || !t.Complete
	}
}

// Track returns the track of that name, or nil.
func (x *Index) Track(name string) *Track {
	for i := range x.Tracks {
		if x.Tracks[i].Name == name {
			return &x.Tracks[i]
		}
	}
	return nil
}

// Of returns the tracks of a kind in stored order.
func (x *Index) Of(kind string) []*Track {
	var out []*Track
	for i := range x.Tracks {
		if x.Tracks[i].Kind == kind {
			out = append(out, &x.Tracks[i])
		}
	}
	return out
}

// check refuses an index whose numbers would make packaging read outside its parts.
func (t *Track) check() error {
	bad := func(what string) error {
		return fault.Say("cmaf.index", t.Name, fault.Corrupt, "index", "The index of track %s is damaged (%s); reprocess the asset.", t.Name, what)
	}
	if !safeName(t.Name) {
		return bad("name")
	}
	if len(t.Segments) > 0 && t.Timescale == 0 {
		return bad("timescale")
	}
	var prev int64
	for _, s := range t.Segments {
		if s.Part < 0 || s.Part >= len(t.Parts) || s.Offset < 0 || s.Size <= 0 || s.Size > MaxSegment ||
			s.Offset > t.Parts[s.Part].Size-s.Size || s.Duration < 0 || s.Start < prev {
			return bad("segments")
		}
		prev = s.Start
	}
	return nil
}

func safeName(s string) bool {
	if s == "" || len(s) > 100 || s[0] == '.' || s[0] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// EndTicks is the end of the last segment, 0 without segments.
func (t *Track) EndTicks() int64 {
	if n := len(t.Segments); n > 0 {
		return t.Segments[n-1].End()
	}
	return 0
}

// Duration is the end of the last segment on the asset's timeline.
func (t *Track) Duration() media.Time { return media.FromTicks(t.EndTicks(), int64(t.Timescale)) }

// Bytes is the stored size of all parts.
func (t *Track) Bytes() int64 {
	var n int64
	for _, p := range t.Parts {
		n += p.Size
	}
	return n
}

// At returns the index of the segment that holds tick, clamped to the first and last; -1 without segments.
func (t *Track) At(tick int64) int {
	n := sort.Search(len(t.Segments), func(i int) bool { return t.Segments[i].Start > tick })
	if n == 0 && len(t.Segments) > 0 {
		return 0
	}
	return n - 1
}

// Append adds a part that continues the track: its segments must follow the present end. It takes the initialisation
// and the format from the first part appended to an empty track. fault.Invalid if the timescales differ or time runs back.
func (t *Track) Append(part Part, segs Track) error {
	if len(t.Segments) == 0 {
		name, lang, title, role, def := t.Name, t.Lang, t.Title, t.Role, t.Default
		parts := t.Parts
		*t = segs
		t.Name, t.Lang, t.Title, t.Role, t.Default, t.Parts, t.Segments = name, lang, title, role, def, parts, nil
		t.Complete = false
	}
	if segs.Timescale != t.Timescale {
		return fault.Say("cmaf.append", t.Name, fault.Invalid, "parts-differ", "The parts of track %s have different timescales.", t.Name)
	}
	if len(segs.Segments) > 0 && segs.Segments[0].Start < t.EndTicks() {
		return fault.Say("cmaf.append", t.Name, fault.Invalid, "parts-overlap", "A part of track %s starts before the end of the one before it.", t.Name)
	}
	t.Parts = append(t.Parts, part)
	for _, s := range segs.Segments {
		s.Part = len(t.Parts) - 1
		t.Segments = append(t.Segments, s)
	}
	t.measure()
	return nil
}

// measure sets PeakBPS and AverageBPS from the segments. The peak is RFC 8216's: the largest rate of any run of
// segments that lasts 0.5 to 1.5 target durations.
func (t *Track) measure() {
	t.PeakBPS, t.AverageBPS = 0, 0
	if t.Timescale == 0 || len(t.Segments) == 0 {
		return
	}
	var bytes, ticks, target int64
	for _, s := range t.Segments {
		bytes, ticks, target = bytes+s.Size, ticks+s.Duration, max(target, s.Duration)
	}
	t.AverageBPS = rateBPS(bytes, ticks, t.Timescale)
	for i := range t.Segments {
		var b, d int64
		for _, s := range t.Segments[i:] {
			b, d = b+s.Size, d+s.Duration
			if 2*d > 3*target {
				break
			}
			if 2*d >= target {
				t.PeakBPS = max(t.PeakBPS, rateBPS(b, d, t.Timescale))
			}
		}
	}
	t.PeakBPS = max(t.PeakBPS, t.AverageBPS)
}

func rateBPS(bytes, ticks int64, scale uint32) int64 {
	if ticks <= 0 {
		return 0
	}
	return int64(float64(bytes) * 8 * float64(scale) / float64(ticks))
}
