package library

import (
	"context"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

// Annotations lists what is known about a version's timeline, ordered by start, on the given tracks or all. Version 0
// is the newest. What another model found and is kept for comparison is not among them (see ResultsOf).
func (s *Service) Annotations(ctx context.Context, ref media.Ref, tracks ...media.Track) ([]media.Annotation, error) {
	ref, err := s.resolve(ctx, "asset:read", ref)
	if err != nil {
		return nil, err
	}
	where, args := `WHERE tenant = $1 AND asset = $2 AND version = $3 AND hidden = 0 AND source NOT LIKE '%`+beside+`%'`, []any{ref.Tenant, ref.Asset, ref.Version}
	if len(tracks) > 0 {
		where += ` AND track IN (` + places(4, len(tracks)) + `)`
		for _, t := range tracks {
			args = append(args, string(t))
		}
	}
	notes, err := selectNotes(ctx, s.read(), where+` ORDER BY start_at, end_at, id`, args...)
	if err != nil {
		return nil, fault.E("library.annotations", ref.Asset, "", err)
	}
	out := make([]media.Annotation, len(notes))
	for n := range notes {
		out[n] = notes[n].Annotation
	}
	return out, nil
}

// NoteIn is what a person says about a range. A nil field of a change stays as it is.
type NoteIn struct {
	Track *media.Track
	Range *media.Range
	Label *string
	Text  *string
	Lang  *string
	Box   *media.Box
}

// Annotate adds an annotation of the caller's to a version, locked by them. Version 0 is the newest.
func (s *Service) Annotate(ctx context.Context, ref media.Ref, in NoteIn) (media.Annotation, error) {
	ref, err := s.resolve(ctx, "asset:annotate", ref)
	if err != nil {
		return media.Annotation{}, err
	}
	n := note{wasStart: -1, wasEnd: -1, rev: 1}
	n.ID, n.Ref, n.Track, n.Score, n.Model = sqldb.NewID(), ref, media.TrackMarker, 1, ModelPerson
	if in.Range == nil {
		return n.Annotation, fault.Say("library.annotate", ref.Asset, fault.Invalid, "bad-range", "Say which range it is about.")
	}
	if in.Track != nil {
		n.Track = *in.Track
	}
	if err := in.apply(&n); err != nil {
		return n.Annotation, err
	}
	return n.Annotation, s.write(ctx, ref.Tenant, func(c *change) error {
		n.LockedBy = c.who.ID
		if err := c.insertNote(ctx, n); err != nil {
			return err
		}
		return c.noted(ctx, n, n, "create")
	})
}

// EditAnnotation changes an annotation and locks it for the caller: no machine overwrites it again.
func (s *Service) EditAnnotation(ctx context.Context, asset, id string, in NoteIn) (media.Annotation, error) {
	var out note
	err := s.changeNote(ctx, asset, id, func(c *change, n *note) error {
		was := *n
		if err := in.apply(n); err != nil {
			return err
		}
		out = *n
		return c.noted(ctx, was, *n, "update")
	})
	return out.Annotation, err
}

// RemoveAnnotation removes an annotation. One that a machine made stays away when the machine runs again.
func (s *Service) RemoveAnnotation(ctx context.Context, asset, id string) error {
	return s.changeNote(ctx, asset, id, func(c *change, n *note) error {
		n.hidden = true
		return c.noted(ctx, *n, *n, "delete")
	})
}

func (s *Service) changeNote(ctx context.Context, asset, id string, fn func(c *change, n *note) error) error {
	ref, err := s.resolve(ctx, "asset:annotate", media.Ref{Asset: asset})
	if err != nil {
		return err
	}
	return s.write(ctx, ref.Tenant, func(c *change) error {
		if _, err := lockAsset(ctx, c.Tx, ref.Tenant, asset); err != nil {
			return err
		}
		notes, err := selectNotes(ctx, c.Tx, `WHERE tenant = $1 AND asset = $2 AND id = $3 AND hidden = 0`, ref.Tenant, asset, id)
		if err != nil {
			return err
		}
		if len(notes) == 0 {
			return fault.Say("library.annotation", id, fault.NotFound, "annotation-not-found", "There is no such annotation; the analysis may have replaced it meanwhile.")
		}
		n := notes[0]
		n.LockedBy, n.rev = c.who.ID, n.rev+1
		if err := fn(c, &n); err != nil {
			return err
		}
		if n.hidden && n.wasStart < 0 {
			_, err := c.ExecContext(ctx, `DELETE FROM library_annotations WHERE tenant = $1 AND id = $2`, ref.Tenant, id)
			return err
		}
		return c.insertNote(ctx, n)
	})
}

// noted tells of a person's change. The caption renditions that have to be written anew are named in "captions".
func (c *change) noted(ctx context.Context, was, n note, what string) error {
	data := map[string]any{"version": n.Version, "track": n.Track, "annotation": n.ID, "change": what, "count": 1}
	var captions []string
	for _, name := range []string{was.captions(), n.captions()} {
		if name != "" && !slices.Contains(captions, name) {
			captions = append(captions, name)
		}
	}
	if len(captions) > 0 {
		data["captions"] = captions
	}
	return c.done(ctx, "asset:annotate", "annotations.written", n.Asset, data)
}

func (in NoteIn) apply(n *note) error {
	if in.Range != nil {
		n.Range = *in.Range
	}
	if n.Range.Start < 0 || n.Range.End < n.Range.Start {
		return fault.Say("library.annotate", n.Asset, fault.Invalid, "bad-range", "A range starts at 0 or later and does not end before it starts.")
	}
	if n.Track == "" || len(n.Track) > 40 || strings.Trim(string(n.Track), "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return fault.Say("library.annotate", n.Asset, fault.Invalid, "bad-track", "A track's name has lower-case letters, digits, dots and dashes.")
	}
	if in.Box != nil {
		b := *in.Box
		if b.X < 0 || b.Y < 0 || b.W <= 0 || b.H <= 0 || b.X+b.W > 1.000001 || b.Y+b.H > 1.000001 {
			return fault.Say("library.annotate", n.Asset, fault.Invalid, "bad-box", "A box lies within the picture, in fractions from 0 to 1.")
		}
		n.Box = &b
	}
	said := n.Text
	for _, err := range []error{
		setText(&n.Label, in.Label, "label", titleRunes, line),
		setText(&n.Text, in.Text, "text", descriptionRunes, prose),
		setText(&n.Lang, in.Lang, "language", 35, line),
	} {
		if err != nil {
			return err
		}
	}
	if n.Text != said && len(n.Words) > 0 {
		n.Words = media.Respell(n.Words, n.Text, n.Range)
	}
	n.settle()
	return nil
}
