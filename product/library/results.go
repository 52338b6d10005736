package library

import (
	"context"
	"slices"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

// Results is what one machine found on a track of a version.
type Results struct {
	Track  media.Track
	Source string       // only what the same source wrote is replaced: "speech", "speech@whisper-tiny"; "" is the track's own maker
	Run    string       // which run found it
	Within *media.Range // only what begins in it is replaced: a piece of a long result; nil replaces all
	List   []media.Annotation
}

// PutAnnotations is PutResults of the track's own maker. If every new annotation has a language, only those languages
// are replaced.
func (s *Service) PutAnnotations(ctx context.Context, ref media.Ref, track media.Track, run string, list []media.Annotation) error {
	return s.PutResults(ctx, ref, Results{Track: track, Run: run, List: list})
}

// PutResults replaces what a source wrote on a track of a version by what it found now. What a person made, changed,
// accepted or removed stays as they left it, whichever source or model comes again: a new annotation that says the same
// as a locked or removed one about the same stretch is dropped. ID, Ref, Track, Source and Run are set here.
func (s *Service) PutResults(ctx context.Context, ref media.Ref, r Results) error {
	tenant, err := s.may(ctx, "asset:process", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return err
	}
	if r.Track == "" {
		return fault.E("library.annotations", ref.Asset, fault.Invalid, nil)
	}
	for _, a := range r.List {
		if a.Range.Start < 0 || a.Range.End < a.Range.Start || a.Model == "" || a.Model == ModelPerson {
			return fault.E("library.annotations", ref.Asset, fault.Invalid, nil)
		}
	}
	ref.Tenant = tenant
	return s.write(ctx, tenant, func(c *change) error {
		if _, err := findVersion(ctx, c.Tx, ref); err != nil {
			return err
		}
		written, err := c.replaceNotes(ctx, ref, r)
		if err != nil {
			return err
		}
		data := map[string]any{"version": ref.Version, "track": r.Track, "run": r.Run, "count": written}
		if r.Source != "" {
			data["source"] = r.Source
		}
		return c.done(ctx, "asset:process", "annotations.written", ref.Asset, data)
	})
}

func (c *change) replaceNotes(ctx context.Context, ref media.Ref, r Results) (int, error) {
	where, args := `tenant = $1 AND asset = $2 AND version = $3 AND track = $4`, []any{ref.Tenant, ref.Asset, ref.Version, string(r.Track)}
	kept, err := selectNotes(ctx, c.Tx, `WHERE `+where+` AND locked_by <> ''`, args...)
	if err != nil {
		return 0, err
	}
	where, args = where+` AND source = $5 AND locked_by = ''`, append(args, r.Source)
	if r.Within != nil {
		where, args = where+` AND start_at >= $6 AND start_at < $7`, append(args, int64(r.Within.Start), int64(r.Within.End))
	} else if langs := languages(r.List); len(langs) > 0 && r.Source == "" {
		where, args = where+` AND lang IN (`+places(6, len(langs))+`)`, append(args, langs...)
	}
	if _, err := c.ExecContext(ctx, `DELETE FROM library_annotations WHERE `+where, args...); err != nil {
		return 0, err
	}
	written := 0
	for _, a := range r.List {
		if slices.ContainsFunc(kept, func(n note) bool { return n.decides(a) }) {
			continue
		}
		a.ID, a.Ref, a.Track, a.Source, a.Run, a.LockedBy = sqldb.NewID(), ref, r.Track, r.Source, r.Run, ""
		if err := c.insertNote(ctx, machines(a)); err != nil {
			return 0, err
		}
		written++
	}
	return written, nil
}

// machines is a fresh result: what it says now is what the machine said.
func machines(a media.Annotation) note {
	return note{Annotation: a, wasStart: a.Range.Start, wasEnd: a.Range.End, was: said{Label: a.Label, Text: a.Text, Box: a.Box}, rev: 1}
}

// languages lists the languages of the annotations, or nothing if one has none.
func languages(list []media.Annotation) []any {
	var out []any
	for _, a := range list {
		if a.Lang == "" {
			return nil
		}
		if !slices.Contains(out, any(a.Lang)) {
			out = append(out, a.Lang)
		}
	}
	return out
}

// decides reports whether a person's decision n already covers the machine's new annotation a: both are about the same
// stretch, and a says what the machine said when the person decided, or what the person made of it.
func (n note) decides(a media.Annotation) bool {
	if !about(a.Range, media.Range{Start: n.wasStart, End: n.wasEnd}) && !about(a.Range, n.Range) {
		return false
	}
	if n.wasStart < 0 && n.Track == media.TrackMarker {
		return false
	}
	switch n.Track {
	case media.TrackSpeech, media.TrackTranslation, media.TrackSpeaker: // labels name the voices of one run; in one stretch one thing is said
		return true
	case media.TrackCaption:
		return n.Lang == a.Lang && (a.Label == n.Label || a.Label == n.was.Label) // a rendition's cues decide that rendition's
	}
	if a.Label != n.was.Label && a.Label != n.Label {
		return false
	}
	if a.Box != nil && (n.was.Box != nil || n.Box != nil) {
		return touches(a.Box, n.was.Box) || touches(a.Box, n.Box)
	}
	switch n.Track {
	case media.TrackEntity, media.TrackPhrase, media.TrackPII, media.TrackTopic, media.TrackSummary, media.TrackModeration:
		return fold(a.Text) == fold(n.was.Text) || fold(a.Text) == fold(n.Text)
	}
	return true
}

// about reports whether two ranges lie on each other for the most part: at least half of the new one, or half of both
// together. Two points are about the same when they are equal.
func about(a, n media.Range) bool {
	if a == n {
		return true
	}
	shared := a.Intersect(n).Len()
	return shared > 0 && (2*shared >= a.Len() || 2*shared >= max(a.End, n.End)-min(a.Start, n.Start))
}

// sameBox is how much two boxes share, of what both cover, to be about one thing.
const sameBox = 0.3

func touches(a, b *media.Box) bool {
	if a == nil || b == nil {
		return false
	}
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	if w <= 0 || h <= 0 {
		return false
	}
	return w*h >= sameBox*(a.W*a.H+b.W*b.H-w*h)
}
