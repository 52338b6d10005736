package analysis

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// Person is somebody who is seen or heard in the library.
type Person struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Note      string         `json:"note,omitempty"`
	Consent   *PersonConsent `json:"consent,omitempty" doc:"that stands now"`
	Withdrawn string         `json:"withdrawn,omitempty" enum:",revoked,expired" doc:"why this person is not recognised any more"`
	Faces     int            `json:"faces" doc:"stretches in which their face is seen"`
	Voices    int            `json:"voices" doc:"assets in which their voice is heard"`
	Assets    int            `json:"assets" doc:"that show or hold them"`
	Picture   string         `json:"picture,omitempty" doc:"address of the crop of their best face"`
	CreatedMS int64          `json:"createdMs"`
	UpdatedMS int64          `json:"updatedMs"`

	tenant string
}

// PersonConsent is a person's agreement to be recognised.
type PersonConsent struct {
	ID        string `json:"id"`
	Basis     string `json:"basis" doc:"in words"`
	Document  string `json:"document,omitempty" doc:"where it is written: a reference or an address"`
	GivenMS   int64  `json:"givenMs"`
	ExpiresMS int64  `json:"expiresMs,omitempty" doc:"0: never"`
	EndedMS   int64  `json:"endedMs,omitempty"`
	EndedWhy  string `json:"endedWhy,omitempty" enum:",revoked,expired,replaced"`
}

// Biometrics is a tenant's setting: whether its faces and voices may be compared, and on what basis.
type Biometrics struct {
	Enabled    bool   `json:"enabled"`
	Basis      string `json:"basis,omitempty" doc:"in words: why faces and voices may be compared"`
	Document   string `json:"document,omitempty"`
	EachPerson bool   `json:"eachPerson" doc:"only people with a consent of their own are recognised; otherwise everybody but those who withdrew"`
	ExpiresMS  int64  `json:"expiresMs,omitempty" doc:"when the basis ends by itself; 0: never"`
	ChangedMS  int64  `json:"changedMs,omitempty"`
	Vectors    int    `json:"vectors" doc:"biometric vectors that are stored now"`
}

// The kinds of track that people are recognised by.
const (
	kindFace  = "face"
	kindVoice = "voice"
)

// How a track got its person.
const (
	howConfirmed = "confirmed" // a person said so
	howMatched   = "matched"   // it resembles one that a person named
)

// Why a consent ended.
const (
	endedRevoked  = "revoked"
	endedExpired  = "expired"
	endedReplaced = "replaced"
)

// place is where on a timeline something is seen or heard. It outlives analyses, models and vectors.
type place struct {
	Asset   string      `json:"asset"`
	Version int         `json:"version"`
	Range   media.Range `json:"range"`
	Box     *media.Box  `json:"box,omitempty"`
}

// sighted is one face through a shot, or one voice through an asset.
type sighted struct {
	ID      string
	Tenant  string
	Asset   string
	Version int
	Kind    string
	Range   media.Range
	Person  string
	How     string
	Group   string
	Score   float64 // how good a likeness it is, 0..1
	Detail  sightedDetail
	Vector  []float32 // only while vectors are compared
	Model   string    // of the vector
}

// sightedDetail is read whole.
type sightedDetail struct {
	Spots []media.Spot  `json:"spots,omitempty"` // of a face: where it is, one a picture
	Best  int64         `json:"best,omitempty"`  // the second of its best picture
	Box   media.Box     `json:"box,omitzero"`    // there
	Label string        `json:"label,omitempty"` // of a voice: S1
	Turns []media.Range `json:"turns,omitempty"`
}

func (x sighted) ref() media.Ref {
	return media.Ref{Tenant: x.Tenant, Asset: x.Asset, Version: x.Version}
}

// place is what a person's decision about this track is remembered by.
func (x sighted) place() place {
	p := place{Asset: x.Asset, Version: x.Version, Range: x.Range}
	if x.Kind == kindFace {
		box := x.Detail.Box
		p.Box, p.Range = &box, media.Range{Start: at(x.Detail.Best), End: at(x.Detail.Best + 1)}
		return p
	}
	for _, r := range x.Detail.Turns { // the longest turn
		if r.Len() > p.Range.Len() || p.Range == x.Range {
			p.Range = r
		}
	}
	return p
}

// sameFace is how much of what both boxes cover must be common for a decision to be about a face.
const sameFace = 0.25

// fits is how well a track is what a decision was made about, 0 not at all.
func (x sighted) fits(p place) float64 {
	if x.Asset != p.Asset || x.Version != p.Version {
		return 0
	}
	if x.Kind == kindVoice {
		shared := media.Time(0)
		for _, r := range x.Detail.Turns {
			shared += r.Intersect(p.Range).Len()
		}
		return float64(shared) / float64(max(1, p.Range.Len()))
	}
	best := 0.0
	for _, s := range x.Detail.Spots {
		if gap := s.At - p.Range.Start; p.Box == nil || gap <= -media.Second || gap >= media.Second {
			continue
		}
		if o := overlapOf(s.Box, *p.Box); o >= sameFace {
			best = max(best, o)
		}
	}
	return best
}

// is reports whether a decision was made about a track.
func (x sighted) is(p place) bool {
	f := x.fits(p)
	return f > 0 && (x.Kind == kindFace || f >= 0.5)
}

// The verdicts of links.
const (
	verdictIs       = "is"       // this is the person
	verdictNot      = "not"      // this is not the person
	verdictTogether = "together" // these two are one
	verdictApart    = "apart"    // these two are not
	verdictWithheld = "withheld" // somebody who withdrew: not compared again, to be blurred in redactions
)

// link is a decision.
type link struct {
	ID      string
	Tenant  string
	Verdict string
	Kind    string
	At      place
	Other   *place // of together and apart
	Person  string // of is, not and withheld
	By      string
}

// now is the room's clock.
func (s *Service) now() time.Time {
	if s.deps.Now != nil {
		return s.deps.Now()
	}
	return time.Now()
}

func (s *Service) nowMS() int64 { return s.now().UnixMilli() }

// may asks access about people and returns the caller.
func (s *Service) may(ctx context.Context, action, kind, id string) (access.Who, error) {
	who := access.WhoFrom(ctx)
	return who, s.deps.Access.Check(ctx, action, access.Resource{Kind: kind, ID: id})
}

// noteDeed writes an audit entry about people. It never holds a vector.
func (s *Service) noteDeed(ctx context.Context, tx *sqldb.Tx, tenant, action, subject, reason string, data map[string]any) error {
	who := access.WhoFrom(ctx)
	return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: tenant, Actor: who.ID, ActorKind: who.Kind, Action: action, Subject: subject, Reason: reason, Data: data})
}

const (
	mostName = 120
	mostNote = 2000
)

// personText checks a line or a text that a person wrote.
func personText(op, what, text string, most int, needed bool) (string, error) {
	text = strings.TrimSpace(text)
	if needed && text == "" {
		return "", fault.Say(op, "", fault.Invalid, "missing-"+what, "Say the %s in words.", what)
	}
	if utf8.RuneCountInString(text) > most || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) {
		return "", fault.Say(op, "", fault.Invalid, "bad-"+what, "A %s has at most %d characters and no control characters.", what, most)
	}
	return text, nil
}

func noPerson(id string) error {
	return fault.Say("analysis.people", id, fault.NotFound, "person-not-found", "There is no such person here.")
}

func noFace(id string) error {
	return fault.Say("analysis.people", id, fault.NotFound, "face-not-found", "There is no such face or voice here; the analysis may have replaced it.")
}

func jsonText(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}
