package quality

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/outbox"
	"showreel/platform/run"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// DefaultPolicy is used where a template names none.
const DefaultPolicy = "web"

// Deps is what the room needs.
type Deps struct {
	DB      *sqldb.DB
	Outbox  *outbox.Outbox
	Access  *access.Service
	Audit   *audit.Log
	Library *library.Service
	Files   Pictures     // the processed store; nil means findings without thumbnails
	Log     *slog.Logger // nil discards
}

// Service is the room. It is safe for concurrent use.
type Service struct {
	deps     Deps
	policies map[string]Policy
}

// New makes the room. It panics where a policy that is part of the program is broken, which the tests rule out.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	all, err := BuiltIn()
	if err != nil {
		panic(err)
	}
	return &Service{deps: d, policies: all}
}

// Policies lists the policies by name.
func (s *Service) Policies(ctx context.Context) ([]Policy, error) {
	if err := s.deps.Access.Check(ctx, "policy:read", access.Resource{Kind: "policy"}); err != nil {
		return nil, err
	}
	var out []Policy
	for _, p := range s.policies {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Policy) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Inspect judges a run and replaces the version's findings by what it finds; a waiver lasts where the same thing is
// found again. It returns what blocks publishing, in words. It implements ingest's gate. fault.Invalid "no-policy".
func (s *Service) Inspect(ctx context.Context, ref media.Ref, policy, run string, ev Evidence) ([]string, error) {
	if err := s.deps.Access.Check(ctx, "asset:process", access.Resource{Kind: "asset", ID: ref.Asset, Tenant: ref.Tenant}); err != nil {
		return nil, err
	}
	p, err := s.policy(policy)
	if err != nil {
		return nil, err
	}
	found := Judge(p, ev)
	before, err := findingsOf(ctx, s.deps.DB.Read(), ref)
	if err != nil {
		return nil, fault.E("quality.inspect", ref.Asset, "", err)
	}
	s.complete(ctx, ref, run, found, before, ev.Stills)
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := deleteFindings(ctx, tx, ref); err != nil {
			return err
		}
		return s.write(ctx, tx, ref, run, found)
	})
	return blocking(found), err
}

func (s *Service) policy(name string) (Policy, error) {
	if name == "" {
		name = DefaultPolicy
	}
	p, ok := s.policies[name]
	if !ok {
		return p, fault.Say("quality.policy", name, fault.Invalid, "no-policy", "There is no quality policy %q; GET /v1/policies lists them.", name)
	}
	return p, nil
}

// complete gives new findings what the store needs, their thumbnails, and the waivers that last.
func (s *Service) complete(ctx context.Context, ref media.Ref, run string, found, before []Finding, stills map[int64]string) {
	now := sqldb.NowMS()
	for n := range found {
		f := &found[n]
		f.ID, f.Ref, f.Run, f.CreatedMS = sqldb.NewID(), ref, run, now
		f.ThumbKey = s.thumb(ctx, *f, stills)
		for _, b := range before {
			if b.State == Waived && b.same(*f) {
				f.State, f.WaivedBy, f.WaivedMS, f.Reason = Waived, b.WaivedBy, b.WaivedMS, b.Reason
			}
		}
		f.show()
	}
}

// thumb copies the still nearest to the finding's middle to where it outlives the analysis. A finding without picture
// is still a finding.
func (s *Service) thumb(ctx context.Context, f Finding, stills map[int64]string) string {
	if s.deps.Files == nil || len(stills) == 0 {
		return ""
	}
	middle := int64((f.Range.Start + f.Range.Len()/2) / media.Second)
	nearest, ok := int64(0), false
	for sec := range stills {
		if d := distance(sec, middle); !ok || d < distance(nearest, middle) || (d == distance(nearest, middle) && sec < nearest) {
			nearest, ok = sec, true
		}
	}
	r, info, err := s.deps.Files.Open(ctx, stills[nearest])
	if err != nil {
		s.deps.Log.WarnContext(ctx, "a finding has no thumbnail", "asset", f.Ref.Asset, "err", err)
		return ""
	}
	defer r.Close()
	key := f.Ref.Tenant + "/r/" + f.Ref.Asset + "/" + strconv.Itoa(f.Ref.Version) + "/finding/" + f.ID + ".jpg"
	if _, err := s.deps.Files.Put(ctx, key, r, blob.PutOptions{Size: info.Size}); err != nil {
		s.deps.Log.WarnContext(ctx, "a finding has no thumbnail", "asset", f.Ref.Asset, "err", err)
		return ""
	}
	return key
}

func distance(a, b int64) int64 {
	if a < b {
		return b - a
	}
	return a - b
}

// write stores findings, draws them on the timeline and tells of them.
func (s *Service) write(ctx context.Context, tx *sqldb.Tx, ref media.Ref, run string, found []Finding) error {
	for _, f := range found {
		if err := insertFinding(ctx, tx, f); err != nil {
			return err
		}
	}
	all, err := findingsOf(ctx, tx, ref)
	if err != nil {
		return err
	}
	var notes []media.Annotation
	for _, f := range all {
		notes = append(notes, media.Annotation{Range: f.Range, Label: f.Check, Text: f.Text, Score: weight[f.Severity], Model: "quality/" + f.Policy})
	}
	if err := s.deps.Library.InTx(tx).PutAnnotations(ctx, ref, media.TrackFinding, run, notes); err != nil {
		return err
	}
	return s.deps.Outbox.Write(ctx, tx, ref.Tenant, "finding.written", ref.Asset, map[string]any{"version": ref.Version, "run": run, "findings": len(found), "blocking": len(blocking(found))})
}

// weight is a finding's score on the timeline.
var weight = map[Severity]float64{Info: 0.2, Warning: 0.6, Error: 1}

func blocking(found []Finding) []string {
	var out []string
	for _, f := range found {
		if f.Blocks() {
			out = append(out, f.Text)
		}
	}
	return out
}

// Captions judges captions that came after publishing and replaces what was found about the same rendition. The policy
// is the default one where none is named.
func (s *Service) Captions(ctx context.Context, ref media.Ref, policy, rendition, vtt string) error {
	p, err := s.policy(policy)
	if err != nil {
		return err
	}
	version, err := s.deps.Library.Version(ctx, ref)
	if err != nil {
		return err
	}
	j := judge{policy: p, ev: Evidence{Plan: transcode.Plan{Info: version.Info}, Captions: map[string]string{rendition: vtt}}, whole: media.Range{End: version.Info.Duration}}
	j.captions()
	run := sqldb.NewID()
	s.complete(ctx, ref, run, j.out, nil, nil)
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := deleteCaptionFindings(ctx, tx, ref, rendition); err != nil {
			return err
		}
		return s.write(ctx, tx, ref, run, j.out)
	})
}

// Blocked returns what still blocks publishing, in words.
func (s *Service) Blocked(ctx context.Context, ref media.Ref) ([]string, error) {
	found, err := findingsOf(ctx, s.deps.DB.Read(), ref)
	if err != nil {
		return nil, fault.E("quality.blocked", ref.Asset, "", err)
	}
	return blocking(found), nil
}

// Findings lists what was found about a version, by start; version 0 is the newest.
func (s *Service) Findings(ctx context.Context, asset string, version int) ([]Finding, error) {
	if err := s.deps.Access.Check(ctx, "finding:read", access.Resource{Kind: "finding"}); err != nil {
		return nil, err
	}
	a, err := s.deps.Library.Get(ctx, asset)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		version = a.Version
	}
	list, err := findingsOf(ctx, s.deps.DB.Read(), media.Ref{Tenant: access.WhoFrom(ctx).Tenant, Asset: asset, Version: version})
	if err != nil {
		return nil, fault.E("quality.findings", asset, "", err)
	}
	return list, nil
}

// The length a reason must have.
const (
	minReason = 3
	maxReason = 500
)

// Waive lets a finding stand, by a person, for a reason. When none blocks any more, ingest releases the held job.
// Errors: fault.NotFound, fault.Invalid "no-reason", fault.Conflict "waived".
func (s *Service) Waive(ctx context.Context, id, reason string) (Finding, error) {
	const op = "quality.waive"
	who := access.WhoFrom(ctx)
	if err := s.deps.Access.Check(ctx, "finding:waive", access.Resource{Kind: "finding", ID: id}); err != nil {
		return Finding{}, err
	}
	reason = strings.TrimSpace(strings.ToValidUTF8(reason, "\uFFFD"))
	if n := utf8.RuneCountInString(reason); n < minReason || n > maxReason {
		return Finding{}, fault.Say(op, id, fault.Invalid, "no-reason", "Give a reason of %d to %d characters; it is kept with the finding.", minReason, maxReason)
	}
	f, err := findingByID(ctx, s.deps.DB.Read(), who.Tenant, id)
	if err != nil {
		return Finding{}, err
	}
	f.State, f.WaivedBy, f.WaivedMS, f.Reason = Waived, who.ID, sqldb.NowMS(), reason
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		done, err := waive(ctx, tx, f)
		if err != nil {
			return err
		}
		if !done {
			return fault.Say(op, id, fault.Conflict, "waived", "Somebody has waived this finding already.")
		}
		err = s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "finding:waive", Subject: id, Reason: reason,
			Data: map[string]any{"asset": f.Ref.Asset, "version": f.Ref.Version, "check": f.Check, "severity": f.Severity}})
		if err != nil {
			return err
		}
		return s.deps.Outbox.Write(ctx, tx, who.Tenant, "finding.waived", f.Ref.Asset, map[string]any{"finding": id, "version": f.Ref.Version, "check": f.Check, "reason": reason})
	})
	return f, err
}

// Thumb opens a finding's picture. fault.NotFound where it has none.
func (s *Service) Thumb(ctx context.Context, id string) (io.ReadCloser, int64, error) {
	if err := s.deps.Access.Check(ctx, "finding:read", access.Resource{Kind: "finding", ID: id}); err != nil {
		return nil, 0, err
	}
	f, err := findingByID(ctx, s.deps.DB.Read(), access.WhoFrom(ctx).Tenant, id)
	if err != nil {
		return nil, 0, err
	}
	if f.ThumbKey == "" || s.deps.Files == nil {
		return nil, 0, fault.Say("quality.thumb", id, fault.NotFound, "no-thumbnail", "This finding has no picture.")
	}
	r, info, err := s.deps.Files.Open(ctx, f.ThumbKey)
	return r, info.Size, err
}

// Forget removes what the room keeps about an asset, in the transaction that purges it. Thumbnails lie among the
// version's renditions and go with them.
func (s *Service) Forget(ctx context.Context, tx *sqldb.Tx, ref media.Ref) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM quality_findings WHERE tenant=$1 AND asset=$2`, ref.Tenant, ref.Asset)
	return err
}

// Erase takes a person's name off the waivers they gave; the reasons stay.
func (s *Service) Erase(ctx context.Context, subject string) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE quality_findings SET waived_by='erased' WHERE waived_by=$1`, subject)
		return err
	})
}

// Abilities says what the room can do, for doctor.
func (s *Service) Abilities(context.Context) []run.Ability {
	return []run.Ability{{Name: "quality gate", State: run.OK, Text: fmt.Sprintf("%d policies, %d checks", len(s.policies), len(checkNames))}}
}
