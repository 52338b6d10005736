package analysis

import "showreel/media"

// State is where an ability stands with a version.
type State string

// The states.
const (
	Absent      State = ""            // never asked for
	Waiting     State = "waiting"     // asked for, its turn comes
	Running     State = "running"     //
	Done        State = "done"        //
	Failed      State = "failed"      // Text says why; the other abilities went on
	Unavailable State = "unavailable" // Text says what is missing; it runs by itself when that appears
	Cancelled   State = "cancelled"   // a person ended it
)

// Over reports whether nothing more happens by itself in its run.
func (s State) Over() bool { return s != Waiting && s != Running }

// Standing is one ability's state with a version, and its receipt.
type Standing struct {
	Ability    string        `json:"ability"`
	Title      string        `json:"title" doc:"for people"`
	State      State         `json:"state" enum:",waiting,running,done,failed,unavailable,cancelled" doc:"empty: never asked for"`
	Code       string        `json:"code,omitempty" doc:"of what went wrong"`
	Text       string        `json:"text,omitempty" doc:"why it failed, or what is missing"`
	Model      string        `json:"model,omitempty" doc:"id and version of what did it"`
	Run        string        `json:"run,omitempty"`
	OnRequest  bool          `json:"onRequest,omitempty" doc:"it is done only where it is asked for by name"`
	Tracks     []media.Track `json:"tracks" nullable:"false" doc:"of the timeline that it writes"`
	Pieces     int           `json:"pieces" doc:"of its work"`
	PiecesDone int           `json:"piecesDone"`
	Found      int           `json:"found" doc:"annotations written"`
	CPUMS      int64         `json:"cpuMs" doc:"processor time, where the engine tells it"`
	WallMS     int64         `json:"wallMs" doc:"time its pieces took"`
	StartedMS  int64         `json:"startedMs,omitempty"`
	EndedMS    int64         `json:"endedMs,omitempty"`
}

// The lanes of a run.
const (
	LaneFresh = "fresh" // a new original: the transcript comes before the ladder
	LaneAsked = "asked" // a person asked
	LaneBatch = "batch" // many assets again
)

// Run is one durable flow over a version.
type Run struct {
	ID        string `json:"id"`
	Asset     string `json:"asset"`
	Version   int    `json:"version"`
	Lane      string `json:"lane"`
	State     string `json:"state" enum:"open,done,failed,cancelled"`
	CreatedBy string `json:"createdBy,omitempty"`
	CreatedMS int64  `json:"createdMs"`
	EndedMS   int64  `json:"endedMs,omitempty"`

	tenant string
}

// The states of a run.
const (
	runOpen      = "open"
	runDone      = "done"
	runFailed    = "failed"
	runCancelled = "cancelled"
)

func (r Run) ref() media.Ref { return media.Ref{Tenant: r.tenant, Asset: r.Asset, Version: r.Version} }
