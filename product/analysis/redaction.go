package analysis

import (
	"context"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis/redact"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// What can be hidden.
const (
	HideFaces  = "faces"  // every face
	HidePeople = "people" // everybody, from head to foot
	HidePerson = "person" // the faces of some people
	HidePII    = "pii"    // personal data that is said or written
	HideText   = "text"   // all writing in the picture
	HideWords  = "words"  // some words, said or written
	HideRanges = "ranges" // what a person names

	HideWithheld = "withheld" // the faces of people who withdrew, which every redaction hides besides
)

// Ways to hide.
const (
	SoundMute   = "mute"
	CoverFill   = "fill"
	CoverPixels = "pixelate"
)

// HideAsk says what to hide, and how.
type HideAsk struct {
	What    []string    `json:"what" minItems:"1" maxItems:"8" doc:"faces, people (bodies), person, pii, text, words, ranges, withheld"`
	People  []string    `json:"people,omitempty" maxItems:"100" doc:"ids or names, with person"`
	Kinds   []string    `json:"kinds,omitempty" maxItems:"20" doc:"with pii: card, email, phone, iban, national-id, plate, name; empty is all"`
	Words   []string    `json:"words,omitempty" maxItems:"500" doc:"with words"`
	Ranges  []HideRange `json:"ranges,omitempty" maxItems:"500" doc:"with ranges"`
	Sound   string      `json:"sound,omitempty" enum:",bleep,mute" doc:"bleep where empty"`
	Cover   string      `json:"cover,omitempty" enum:",blur,fill,pixelate" doc:"blur where empty"`
	Preview bool        `json:"preview,omitempty" doc:"stop when it is known what would be hidden, so that a person can correct it"`
}

// HideRange is a stretch that a person names.
type HideRange struct {
	StartMS int64      `json:"startMs" minimum:"0"`
	EndMS   int64      `json:"endMs" minimum:"1"`
	Sound   bool       `json:"sound,omitempty" doc:"silence it"`
	Box     *media.Box `json:"box,omitempty" doc:"cover this part of the picture"`
}

// The states of a redaction.
const (
	RedactionMaking   = "making"
	RedactionMarked   = "marked"   // waits for a person to correct what will be hidden
	RedactionDraft    = "draft"    // waits for a person's signature
	RedactionApproved = "approved" // is one of the asset's renditions
	RedactionRejected = "rejected"
	RedactionReplaced = "replaced" // by one that hides more
	RedactionFailed   = "failed"
)

// Redaction is a rendition in which something is hidden, from the wish to the signature.
type Redaction struct {
	ID          string          `json:"id"`
	Asset       string          `json:"asset"`
	Version     int             `json:"version"`
	State       string          `json:"state" enum:"making,marked,draft,approved,rejected,replaced,failed"`
	Ask         HideAsk         `json:"ask"`
	Report      RedactionReport `json:"report"`
	Problem     string          `json:"problem,omitempty"`
	CreatedBy   string          `json:"createdBy,omitempty"`
	CreatedMS   int64           `json:"createdMs"`
	DecidedBy   string          `json:"decidedBy,omitempty"`
	DecidedName string          `json:"decidedName,omitempty" doc:"as the person signed"`
	DecidedMS   int64           `json:"decidedMs,omitempty"`
	Published   string          `json:"published,omitempty" doc:"the asset that plays it, once it is signed"`
	Replaces    string          `json:"replaces,omitempty" doc:"the redaction that this one takes the place of when it is signed"`
	Reason      string          `json:"reason,omitempty" doc:"why it was made, where nobody asked for it here"`

	tenant, key, captions string
}

func (r Redaction) ref() media.Ref {
	return media.Ref{Tenant: r.tenant, Asset: r.Asset, Version: r.Version}
}

// RedactionReport is what was hidden, what that is worth, and what is still found.
type RedactionReport struct {
	Marks    []HiddenMark      `json:"marks" nullable:"false"`
	Silences []HiddenSpan      `json:"silences" nullable:"false" doc:"of the sound, as they were hidden"`
	Left     []Leftover        `json:"left" nullable:"false" doc:"what the detectors find in the finished rendition"`
	Rates    []redact.MissRate `json:"rates" nullable:"false" doc:"how often each detector misses, as far as it was measured"`
	Deaf     bool              `json:"deaf,omitempty" doc:"the recogniser of speech could not listen to a part of the result; what is left there was measured by its level alone"`
	Pictures int               `json:"pictures" doc:"looked at to find what to hide"`
	Checked  int               `json:"checked" doc:"pictures of the finished rendition looked at"`
	Width    int               `json:"width,omitempty"`
	Height   int               `json:"height,omitempty"`
	Bytes    int64             `json:"bytes"`
	SHA256   string            `json:"sha256"`
	Tool     string            `json:"tool"`
}

// HiddenMark is one thing that was hidden.
type HiddenMark struct {
	redact.Mark
	StartMS int64      `json:"startMs"`
	EndMS   int64      `json:"endMs"`
	Box     *media.Box `json:"box,omitempty" doc:"around all places where it was seen"`
}

// HiddenSpan is a stretch of sound that was hidden.
type HiddenSpan struct {
	StartMS int64   `json:"startMs"`
	EndMS   int64   `json:"endMs"`
	LeftDB  float64 `json:"leftDb" doc:"level of what is left besides the tone, in dBFS"`
}

// Leftover is something that a detector finds in the finished rendition.
type Leftover struct {
	In      string     `json:"in" enum:"sound,picture"`
	Kind    string     `json:"kind"`
	StartMS int64      `json:"startMs"`
	Box     *media.Box `json:"box,omitempty"`
	Text    string     `json:"text,omitempty"`
	Score   float64    `json:"score"`
	Hidden  bool       `json:"hidden" doc:"it lies where something was hidden; otherwise it was not marked"`
}

const opRedact = "analysis.redact"

// Redact asks for a rendition of a version, 0 the newest, in which something is hidden. It is made by a durable flow and is
// a draft until a person signs it. Checks "asset:process". Kinds: fault.Invalid "redact-what", fault.Unsupported for what
// is neither film nor sound, fault.Conflict "analysis-missing" where what it reads is not known yet, fault.Unavailable
// where this machine renders nothing.
func (s *Service) Redact(ctx context.Context, asset string, version int, ask HideAsk) (Redaction, error) {
	a, v, err := s.version(ctx, "asset:process", asset, version)
	if err != nil {
		return Redaction{}, err
	}
	if v.Info.Kind != media.Video && v.Info.Kind != media.Audio {
		return Redaction{}, fault.Say(opRedact, asset, fault.Unsupported, "redact-kind", "Parts of films and sounds can be hidden; this is neither.")
	}
	if err := ask.check(asset); err != nil {
		return Redaction{}, err
	}
	ref := a.At(v.Number)
	if ask.wants(HidePeople) && len(ask.People) > 0 { // some people are hidden by their faces
		ask.What = append(slices.DeleteFunc(slices.Clone(ask.What), func(w string) bool { return w == HidePeople || w == HidePerson }), HidePerson)
	}
	if ask.People, err = s.peopleNamed(ctx, ref.Tenant, ask.People); err != nil {
		return Redaction{}, err
	}
	if err := s.readyToHide(ctx, ref, v, ask); err != nil {
		return Redaction{}, err
	}
	who := access.WhoFrom(ctx)
	r := Redaction{ID: sqldb.NewID(), Asset: asset, Version: v.Number, State: RedactionMaking, Ask: ask, Report: emptyReport(), CreatedBy: who.ID, CreatedMS: sqldb.NowMS(), tenant: ref.Tenant}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error { return s.beginRedaction(ctx, tx, r, v.Info.Kind) })
	return r, err
}

// beginRedaction writes a new redaction and the start of its flow.
func (s *Service) beginRedaction(ctx context.Context, tx *sqldb.Tx, r Redaction, kind media.Kind) error {
	if err := putRedaction(ctx, tx, r); err != nil {
		return err
	}
	data := map[string]any{"redaction": r.ID, "what": r.Ask.What}
	if r.Reason != "" {
		data["reason"], data["replaces"] = r.Reason, r.Replaces
	}
	if err := s.redactionAudit(ctx, tx, r, "asset:process", data); err != nil {
		return err
	}
	if err := s.redactionEvent(ctx, tx, r); err != nil {
		return err
	}
	return s.deps.Flow.StartIn(ctx, tx, flowRedaction, "redaction/"+r.ID, redactionStart{ID: r.ID, Ref: r.ref(), Kind: kind})
}

func (s *Service) redactionEvent(ctx context.Context, tx *sqldb.Tx, r Redaction) error {
	return s.event(ctx, tx, r.ref(), "asset.redacting", map[string]any{"version": r.Version, "redaction": r.ID, "state": r.State, "published": r.Published})
}

func emptyReport() RedactionReport {
	return RedactionReport{Marks: []HiddenMark{}, Silences: []HiddenSpan{}, Left: []Leftover{}, Rates: []redact.MissRate{}}
}

func (s *Service) redactionAudit(ctx context.Context, tx *sqldb.Tx, r Redaction, action string, data map[string]any) error {
	who := access.WhoFrom(ctx)
	return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: r.tenant, Actor: who.ID, ActorKind: who.Kind, Action: action, Subject: r.Asset, Data: data})
}

func (a HideAsk) wants(what string) bool { return slices.Contains(a.What, what) }

func (a HideAsk) check(asset string) error {
	bad := func(text string, args ...any) error {
		return fault.Say(opRedact, asset, fault.Invalid, "redact-what", text, args...)
	}
	all := []string{HideFaces, HidePeople, HidePerson, HidePII, HideText, HideWords, HideRanges, HideWithheld}
	if len(a.What) == 0 {
		return bad("Say what to hide: %s.", list(all))
	}
	for _, w := range a.What {
		if !slices.Contains(all, w) {
			return bad("%q cannot be hidden; choose of %s.", w, list(all))
		}
	}
	if !slices.Contains([]string{"", "bleep", SoundMute}, a.Sound) || !slices.Contains([]string{"", "blur", CoverFill, CoverPixels}, a.Cover) {
		return bad("Sound is hidden by bleep or mute, the picture by blur, fill or pixelate.")
	}
	switch {
	case a.wants(HidePerson) && len(a.People) == 0:
		return bad("Say whom to hide, by name or id; everybody is hidden by people.")
	case a.wants(HideWords) && len(a.Words) == 0:
		return bad("Say which words to hide.")
	case a.wants(HideRanges) && len(a.Ranges) == 0:
		return bad("Say which ranges to hide.")
	}
	for _, r := range a.Ranges {
		b := r.Box
		if r.StartMS < 0 || r.EndMS <= r.StartMS || !r.Sound && b == nil || b != nil && (b.X < 0 || b.Y < 0 || b.W <= 0 || b.H <= 0 || b.X+b.W > 1.0001 || b.Y+b.H > 1.0001) {
			return bad("A range ends after it starts and hides its sound, a box within the picture, or both.")
		}
	}
	return nil
}

// readyToHide refuses a redaction that would hide nothing because nobody has looked yet.
func (s *Service) readyToHide(ctx context.Context, ref media.Ref, v library.Version, ask HideAsk) error {
	if s.deps.Renderer == nil {
		return fault.Say(opRedact, ref.Asset, fault.Unavailable, "no-renderer", "No program here makes renditions; turn rooms.ingest on.")
	}
	need := map[string]bool{}
	sounds, seen := v.Info.Main("audio") != nil, v.Info.Main("video") != nil
	if ask.wants(HidePII) || ask.wants(HideWords) {
		need[Speech], need[Text] = sounds, seen
	}
	if ask.wants(HideText) {
		need[Text] = seen
	}
	if ask.wants(HidePerson) || ask.wants(HideWithheld) {
		need[Faces] = seen
	}
	stand, err := standings(ctx, s.deps.DB.Read(), ref)
	if err != nil {
		return fault.E(opRedact, ref.Asset, "", err)
	}
	var absent []string
	for name, needed := range need {
		if needed && stand[name].State != Done {
			absent = append(absent, name)
		}
	}
	slices.Sort(absent)
	if len(absent) > 0 {
		return fault.Say(opRedact, ref.Asset, fault.Conflict, "analysis-missing", "What is to be hidden is not known yet. Run showreel analyze %s --only %s --wait first.", ref.Asset, strings.Join(absent, ","))
	}
	if ask.wants(HidePII) {
		if _, err := s.analyzerReady(ctx); err != nil {
			return err
		}
	}
	if seen && ask.wants(HidePeople) {
		if _, err := s.seeing("objects")(ctx); err != nil {
			return err
		}
	}
	if seen && ask.looksForFaces() {
		if _, err := s.seeing("faces")(ctx); err != nil {
			return err
		}
	}
	return nil
}

// looksForFaces reports whether faces are hidden whatever the registry of people says.
func (a HideAsk) looksForFaces() bool {
	return a.wants(HideFaces) || a.wants(HidePeople) || a.wants(HidePerson) || a.wants(HideWithheld)
}

// peopleNamed turns names into ids. fault.Invalid "redact-what" for somebody who is not in the registry.
func (s *Service) peopleNamed(ctx context.Context, tenant string, named []string) ([]string, error) {
	if len(named) == 0 {
		return nil, nil
	}
	all, err := personsOf(ctx, s.deps.DB.Read(), tenant)
	if err != nil {
		return nil, fault.E(opRedact, "", "", err)
	}
	var out []string
	for _, n := range named {
		id := ""
		for _, p := range all {
			if p.ID == n || id == "" && strings.EqualFold(p.Name, strings.TrimSpace(n)) {
				id = p.ID
			}
		}
		if id == "" {
			return nil, fault.Say(opRedact, n, fault.Invalid, "redact-what", "There is nobody called %s in the registry of people; name one of their faces first.", n)
		}
		out = append(out, id)
	}
	return out, nil
}
