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

	TrackSpeech      Track = "speech"      // one per utterance: Text, Words, Lang; Label is the speaker's ("S1"), Person who it is
	TrackSpeaker     Track = "speaker"     // turns: Label "S1"; overlapping turns overlap here
	TrackSound       Track = "sound"       // Label speech, music, silence, noise
	TrackLabel       Track = "label"       // what a picture shows, one per label and shot: Label is the class, Text its name
	TrackObject      Track = "object"      // one per object and shot, with its Path
	TrackText        Track = "text"        // writing in the picture, one per caption however many frames show it
	TrackFace        Track = "face"        // one per face and shot, with its Path; Person who it is
	TrackModeration  Track = "moderation"  // what a person should look at: Label is the taxonomy's class
	TrackPII         Track = "pii"         // personal data in speech, captions or picture: Label is its kind
	TrackScene       Track = "scene"       // shots that belong together
	TrackKeyframe    Track = "keyframe"    // the sharpest new picture of a shot
	TrackColour      Track = "colour"      // dominant colours of a shot: Label "#rrggbb", Score its share
	TrackPicture     Track = "picture"     // how good the picture is: Label blur, dark, bright, noise
	TrackEntity      Track = "entity"      // a person, place, organisation, date or sum named in words: Label is its type
	TrackPhrase      Track = "phrase"      // key phrases
	TrackTopic       Track = "topic"       // what a stretch is about
	TrackSentiment   Track = "sentiment"   // Score -1..1
	TrackSummary     Track = "summary"     // sentences that say it all, each with the range it was taken from
	TrackAdBreak     Track = "adbreak"     // where a break disturbs least
	TrackTranslation Track = "translation" // what is said, in English by a machine: one per utterance
	TrackExample     Track = "example"     // found by a person's examples: Label is the example's name
)

// Word is one spoken word.
type Word struct {
	Text  string  `json:"text"` // with its punctuation
	Start Time    `json:"start"`
	End   Time    `json:"end"`
	Score float64 `json:"score"` // 0..1, the model's confidence
}

// Spot is where something is at one instant; between two spots it moves in a straight line.
type Spot struct {
	At  Time `json:"at"`
	Box Box  `json:"box"`
}

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
	Score      float64  `json:"score"`           // 0..1 unless the track says otherwise
	Box        *Box     `json:"box,omitempty"`   // of a thing that moves: where it is seen best
	Path       []Spot   `json:"path,omitempty"`  // of a thing that moves, in order
	Words      []Word   `json:"words,omitempty"` // of speech, in order
	Person     string   `json:"person,omitempty"`
	Model      string   `json:"model"`            // who says so: "ffmpeg scdet 5.1", "person"
	Source     string   `json:"source,omitempty"` // which ability it came from; a run replaces only its own source's results
	Run        string   `json:"run,omitempty"`
	Inputs     []string `json:"inputs,omitempty"`
	Supersedes string   `json:"supersedes,omitempty"`
	LockedBy   string   `json:"lockedBy,omitempty"`
}
