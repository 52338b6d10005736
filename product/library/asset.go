package library

import (
	"showreel/media"
)

// State is where an asset is on its way.
type State string

// The states.
const (
	Received   State = "received"   // the original is here, nothing else has happened
	Processing State = "processing" // a job works on it
	Ready      State = "ready"      // published
	Failed     State = "failed"     // the last job ended with an error, which the asset carries
	Held       State = "held"       // waits for a person's decision, a failed quality gate
	Trashed    State = "trashed"    // in the trash; the state it had comes back with it
)

// Known reports whether s is one of the states that processing sets.
func (s State) Known() bool {
	switch s {
	case Received, Processing, Ready, Failed, Held:
		return true
	}
	return false
}

// Asset is one thing in the library.
type Asset struct {
	ID          string            `json:"id"`
	Tenant      string            `json:"-"`
	Kind        media.Kind        `json:"kind" doc:"video, audio, image or text; empty until it was probed"`
	Name        string            `json:"name" doc:"the original's file name"`
	Title       string            `json:"title"`
	Description string            `json:"description,omitempty"`
	Tags        []string          `json:"tags"`
	Fields      map[string]string `json:"fields,omitempty" doc:"custom fields"`
	Rights
	State      State    `json:"state"`
	Version    int      `json:"version" doc:"the newest version; 0 before the first original arrived"`
	Published  int      `json:"published" doc:"the newest version that is ready; 0 if none"`
	DurationMS int64    `json:"durationMs"`
	Width      int      `json:"width,omitempty" doc:"upright display width in pixels"`
	Height     int      `json:"height,omitempty"`
	Bytes      int64    `json:"bytes" doc:"size of the newest original"`
	SHA256     string   `json:"sha256,omitempty" doc:"of the newest original"`
	CreatedMS  int64    `json:"createdMs"`
	UpdatedMS  int64    `json:"updatedMs"`
	TrashedMS  int64    `json:"trashedMs,omitempty" doc:"when it was put into the trash; 0 if it is not there"`
	CreatedBy  string   `json:"createdBy,omitempty"`
	Rev        int64    `json:"rev" doc:"grows when a person changes it or a version is added, not with processing; the ETag"`
	Error      *Failure `json:"error,omitempty" doc:"why the state is failed"`

	stored State // the state without the trash
}

// Ref names the newest version.
func (a Asset) Ref() media.Ref {
	return media.Ref{Tenant: a.Tenant, Asset: a.ID, Version: a.Version}
}

// At names one version.
func (a Asset) At(version int) media.Ref {
	return media.Ref{Tenant: a.Tenant, Asset: a.ID, Version: version}
}

// Failure is a fault as it is kept with an asset.
type Failure struct {
	Kind string `json:"kind"`
	Code string `json:"code"`
	Text string `json:"text"`
}

// NewAsset is what Create takes.
type NewAsset struct {
	Kind        media.Kind        // may be empty until probed
	Name        string            // the file's name; cleaned, never a path
	Title       string            // empty: made from the name
	Description string            //
	Tags        []string          //
	Fields      map[string]string //
	Rights                        //
	Collections []string          // ids it is put into
	Original    *VersionIn        // version 1, in the same transaction
}

// Version is one original file of an asset, immutable.
type Version struct {
	ID        string     `json:"id"`
	Asset     string     `json:"asset"`
	Number    int        `json:"number"`
	Name      string     `json:"name"`
	SHA256    string     `json:"sha256"`
	Key       string     `json:"-"` // in blob.Stores.Raw
	Bytes     int64      `json:"bytes"`
	Info      media.Info `json:"info" doc:"what probing found"`
	State     State      `json:"state"`
	CreatedMS int64      `json:"createdMs"`
	CreatedBy string     `json:"createdBy,omitempty"`
	Error     *Failure   `json:"error,omitempty"`
}

// VersionIn is what AddVersion takes. Info may be empty and set later by SetInfo.
type VersionIn struct {
	SHA256 string // hex, of the plain bytes
	Key    string // in blob.Stores.Raw
	Name   string // empty: the asset's
	Bytes  int64
	Info   media.Info
}

// Rendition is a file made from a version.
type Rendition struct {
	ID        string         `json:"id"`
	Asset     string         `json:"asset"`
	Version   int            `json:"version"`
	Name      string         `json:"name" doc:"unique within the version: v1080-avc, a-en-aac128, poster"`
	Role      string         `json:"role" doc:"rung, audio, subtitle, caption, poster, sprite, thumbs, waveform, image, proxy, wav, frame"`
	Codec     string         `json:"codec,omitempty"`
	Width     int            `json:"width,omitempty"`
	Height    int            `json:"height,omitempty"`
	Kbps      int            `json:"kbps,omitempty"`
	Lang      string         `json:"lang,omitempty" doc:"BCP 47"`
	Title     string         `json:"title,omitempty"`
	Key       string         `json:"-"` // in blob.Stores.Processed
	Bytes     int64          `json:"bytes"`
	SHA256    string         `json:"sha256,omitempty"`
	State     string         `json:"state" doc:"growing or ready"`
	Meta      map[string]any `json:"meta,omitempty"`
	CreatedMS int64          `json:"createdMs"`
}

// The states of a rendition.
const (
	RenditionGrowing = "growing" // playable, still being written
	RenditionReady   = "ready"   // complete
)

// LedgerEntry says which output came from which inputs. Outputs and inputs are names that last: a blob key, an asset's
// id, "asset/version".
type LedgerEntry struct {
	ID       string         `json:"id"`
	Asset    string         `json:"asset"`
	Version  int            `json:"version"`
	Output   string         `json:"output"`
	Inputs   []string       `json:"inputs"`
	Tool     string         `json:"tool" doc:"program and version: ffmpeg 5.1.6"`
	Settings map[string]any `json:"settings,omitempty"`
	Actor    string         `json:"actor,omitempty"`
	AtMS     int64          `json:"atMs"`
}

// Collection is a named group of assets.
type Collection struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Assets      int64  `json:"assets" doc:"how many assets outside the trash"`
	CreatedMS   int64  `json:"createdMs"`
	UpdatedMS   int64  `json:"updatedMs"`
	Rev         int64  `json:"rev"`
}

// TagCount is a tag and how many assets carry it.
type TagCount struct {
	Tag    string `json:"tag"`
	Assets int64  `json:"assets"`
}
