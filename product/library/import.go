package library

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

// Correction is a person's decision as it is exported: what stands now, and what the machine had said. Rejected ones do
// not show among the annotations.
type Correction struct {
	media.Annotation
	Was      *media.Range `json:"was,omitempty" doc:"the machine's range; absent for what a person made"`
	WasLabel string       `json:"wasLabel,omitempty"`
	WasText  string       `json:"wasText,omitempty"`
	WasBox   *media.Box   `json:"wasBox,omitempty"`
	Rejected bool         `json:"rejected,omitempty"`
}

// Corrections lists what people made, changed, accepted or rejected on a version, by start.
func (s *Service) Corrections(ctx context.Context, ref media.Ref) ([]Correction, error) {
	ref, err := s.resolve(ctx, "asset:read", ref)
	if err != nil {
		return nil, err
	}
	notes, err := selectNotes(ctx, s.read(), `WHERE tenant = $1 AND asset = $2 AND version = $3 AND locked_by <> '' ORDER BY start_at, end_at, id`, ref.Tenant, ref.Asset, ref.Version)
	if err != nil {
		return nil, fault.E("library.corrections", ref.Asset, "", err)
	}
	out := make([]Correction, len(notes))
	for i, n := range notes {
		out[i] = Correction{Annotation: n.Annotation, Rejected: n.hidden}
		if n.wasStart >= 0 {
			out[i].Was = &media.Range{Start: n.wasStart, End: n.wasEnd}
			out[i].WasLabel, out[i].WasText, out[i].WasBox = n.was.Label, n.was.Text, n.was.Box
		}
	}
	return out, nil
}

// mostImported bounds one import.
const mostImported = 200_000

// Import puts exported annotations and corrections onto a version, where machines' results keep their source and
// people's decisions stay decisions: the next analysis leaves them alone. What the version has already (the same id, or
// a machine's result that a correction decides) is not doubled. A decision of somebody unknown here belongs to the
// caller. It returns how many were put. Version 0 is the newest.
func (s *Service) Import(ctx context.Context, ref media.Ref, list []media.Annotation, corrections []Correction) (int, error) {
	const op = "library.import"
	ref, err := s.resolve(ctx, "asset:annotate", ref)
	if err != nil {
		return 0, err
	}
	if len(list)+len(corrections) > mostImported {
		return 0, fault.Say(op, ref.Asset, fault.TooLarge, "too-many-annotations", "At most %d annotations are taken in at once; split them.", mostImported)
	}
	list, corrections = ofVersion(ref.Version, list, corrections)
	notes, err := importable(op, ref, list, corrections)
	if err != nil {
		return 0, err
	}
	return len(notes), s.write(ctx, ref.Tenant, func(c *change) error {
		if _, err := lockAsset(ctx, c.Tx, ref.Tenant, ref.Asset); err != nil {
			return err
		}
		tracks := map[media.Track]int{}
		for _, n := range notes {
			if n.LockedBy != "" {
				n.LockedBy = c.who.ID
				if err := c.undecided(ctx, n); err != nil {
					return err
				}
			}
			if err := c.replaceNote(ctx, n); err != nil {
				return err
			}
			tracks[n.Track]++
		}
		for track, count := range tracks {
			if err := c.event(ctx, "annotations.written", ref.Asset, map[string]any{"version": ref.Version, "track": track, "change": "import", "count": count}); err != nil {
				return err
			}
		}
		return c.record(ctx, "asset:annotate", ref.Asset, map[string]any{"imported": len(notes), "version": ref.Version})
	})
}

// ofVersion keeps what an export of several versions says of one: that of the same number, or of the newest in it.
func ofVersion(version int, list []media.Annotation, corrections []Correction) ([]media.Annotation, []Correction) {
	seen, newest := map[int]bool{}, 0
	for _, a := range list {
		seen[a.Version], newest = true, max(newest, a.Version)
	}
	for _, x := range corrections {
		seen[x.Version], newest = true, max(newest, x.Version)
	}
	if len(seen) < 2 {
		return list, corrections
	}
	if !seen[version] {
		version = newest
	}
	var notes []media.Annotation
	for _, a := range list {
		if a.Version == version {
			notes = append(notes, a)
		}
	}
	var decided []Correction
	for _, x := range corrections {
		if x.Version == version {
			decided = append(decided, x)
		}
	}
	return notes, decided
}

// importable turns what was exported into notes of this version; corrections come last and win.
func importable(op string, ref media.Ref, list []media.Annotation, corrections []Correction) ([]note, error) {
	decided := map[string]bool{}
	for _, x := range corrections {
		decided[x.ID] = true
	}
	var out []note
	for _, a := range list {
		if decided[a.ID] || a.LockedBy != "" {
			continue // it comes with the corrections
		}
		if a.Model == "" || a.Model == ModelPerson {
			return nil, fault.Say(op, ref.Asset, fault.Invalid, "bad-annotation", "An annotation without a model can only come as a correction.")
		}
		out = append(out, machines(a))
	}
	for _, x := range corrections {
		n := note{Annotation: x.Annotation, wasStart: -1, wasEnd: -1, hidden: x.Rejected, rev: 1}
		n.LockedBy = "somebody"
		if x.Was != nil {
			n.wasStart, n.wasEnd, n.was = x.Was.Start, x.Was.End, said{Label: x.WasLabel, Text: x.WasText, Box: x.WasBox}
		}
		out = append(out, n)
	}
	for i := range out {
		n := &out[i]
		if n.Range.Start < 0 || n.Range.End < n.Range.Start || n.Track == "" {
			return nil, fault.Say(op, ref.Asset, fault.Invalid, "bad-annotation", "Annotation %d has no track or no valid range.", i+1)
		}
		n.Ref = ref
	}
	return out, nil
}

// undecided removes the machine's results that a decision covers.
func (c *change) undecided(ctx context.Context, n note) error {
	there, err := selectNotes(ctx, c.Tx, `WHERE tenant = $1 AND asset = $2 AND version = $3 AND track = $4 AND locked_by = ''`, n.Tenant, n.Asset, n.Version, string(n.Track))
	if err != nil {
		return err
	}
	for _, m := range there {
		if n.decides(m.Annotation) {
			if _, err := c.ExecContext(ctx, `DELETE FROM library_annotations WHERE id = $1 AND tenant = $2`, m.ID, n.Tenant); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaceNote inserts under the exported id where that is this version's or free, else under one made of it and the
// version, so that importing again changes nothing.
func (c *change) replaceNote(ctx context.Context, n note) error {
	var tenant, asset string
	var version int
	err := c.QueryRowContext(ctx, `SELECT tenant, asset, version FROM library_annotations WHERE id = $1`, n.ID).Scan(&tenant, &asset, &version)
	switch {
	case n.ID == "":
		n.ID = sqldb.NewID()
	case err == nil && (tenant != n.Tenant || asset != n.Asset || version != n.Version):
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%s/%d", n.ID, n.Tenant, n.Asset, n.Version))
		n.ID = hex.EncodeToString(sum[:16])
	case err != nil && !sqldb.NotFound(err):
		return err
	}
	return c.insertNote(ctx, n)
}
