package media

// Ref names one version of an asset of a tenant.
type Ref struct {
	Tenant  string `json:"tenant"`
	Asset   string `json:"asset"`
	Version int    `json:"version"`
}

// Box is a rectangle in fractions of the upright picture, origin top left.
type Box struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// Track names the lane of the timeline an annotation lies on.
type Track string

// The tracks that exist. Others may follow; readers skip what they do not know.
const (
	TrackShot     Track = "shot"     // one per shot, Score = the cut's strength at its start
	TrackFinding  Track = "finding"  // quality
	TrackSilence  Track = "silence"  // sound below the silence threshold
	TrackBlack    Track = "black"    // black picture
	TrackFreeze   Track = "freeze"   // picture that does not change
	TrackChapter  Track = "chapter"  // named ranges
	TrackCaption  Track = "caption"  // cues
	TrackMarker   Track = "marker"   // made by people
	TrackLoudness Track = "loudness" // short-term loudness, one per second
)

// Annotation is one thing known about a range of a version: what, where, how sure, who says so. A value with LockedBy
// set belongs to that person and no machine overwrites it.
type Annotation struct {
	ID string `json:"id"`
	Ref
	Track      Track    `json:"track"`
	Range      Range    `json:"range"`
	Label      string   `json:"label,omitempty"` // machine-readable
	Text       string   `json:"text,omitempty"`  // human-readable
	Lang       string   `json:"lang,omitempty"`
	Score      float64  `json:"score"` // 0..1 unless the track says otherwise
	Box        *Box     `json:"box,omitempty"`
	Person     string   `json:"person,omitempty"`
	Model      string   `json:"model"` // who says so: "ffmpeg scdet 5.1", "person"
	Run        string   `json:"run,omitempty"`
	Inputs     []string `json:"inputs,omitempty"`
	Supersedes string   `json:"supersedes,omitempty"`
	LockedBy   string   `json:"lockedBy,omitempty"`
}
