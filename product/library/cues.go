package library

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

// Captions are annotations like any others, one a cue, on media.TrackCaption. Their Label is the name of the rendition that is
// written from them; a change of one cue is told in the event annotations.written, whose "captions" names the renditions to
// write anew.

// CaptionsOf names the rendition of the captions that people bring in a language: t-en-person. lang is BCP 47.
func CaptionsOf(lang string) string {
	lang = strings.ToLower(lang)
	if lang == "" || strings.Trim(lang, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		lang = "und"
	}
	return "t-" + lang + "-person"
}

// settle gives a cue of a person's the rendition of its language, also when the language has changed.
func (n *note) settle() {
	if n.Track == media.TrackCaption && (!strings.HasPrefix(n.Label, "t-") || strings.HasSuffix(n.Label, "-person")) {
		n.Label = CaptionsOf(n.Lang)
	}
}

// captions names the rendition a note belongs to, "" for what is no caption.
func (n note) captions() string {
	if n.Track != media.TrackCaption {
		return ""
	}
	return n.Label
}

// PutCues replaces the cues of the caption rendition name on a version by a person's, locked by the caller; none removes
// them. Ranges are on the version's timeline. ID, Ref, Track, Label, Model, Score and LockedBy are set here. Checks
// "asset:update". Errors: fault.NotFound, fault.Denied, fault.Invalid for a cue that ends before it starts.
func (s *Service) PutCues(ctx context.Context, ref media.Ref, name string, list []media.Annotation) error {
	tenant, err := s.may(ctx, "asset:update", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return err
	}
	ref.Tenant = tenant
	for _, a := range list {
		if a.Range.Start < 0 || a.Range.End < a.Range.Start {
			return fault.Say("library.cues", ref.Asset, fault.Invalid, "bad-range", "A range starts at 0 or later and does not end before it starts.")
		}
	}
	return s.write(ctx, tenant, func(c *change) error {
		if _, err := findVersion(ctx, c.Tx, ref); err != nil {
			return err
		}
		_, err := c.ExecContext(ctx, `DELETE FROM library_annotations WHERE tenant = $1 AND asset = $2 AND version = $3 AND track = $4 AND label = $5`,
			tenant, ref.Asset, ref.Version, string(media.TrackCaption), name)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(list, cuesAtOnce) {
			if err := c.insertCues(ctx, ref, name, part); err != nil {
				return err
			}
		}
		return c.event(ctx, "annotations.written", ref.Asset, map[string]any{
			"version": ref.Version, "track": media.TrackCaption, "label": name, "change": "replace", "count": len(list)})
	})
}

// cuesAtOnce is how many cues one statement writes: 400 of 24 values are below SQLite's 32,766 parameters. A film's 1,500
// cues take some 40 ms so.
const cuesAtOnce = 400

func (c *change) insertCues(ctx context.Context, ref media.Ref, name string, list []media.Annotation) error {
	var rows []string
	var args []any
	for _, a := range list {
		n := []any{sqldb.NewID(), ref.Tenant, ref.Asset, ref.Version, string(media.TrackCaption), int64(a.Range.Start), int64(a.Range.End), name, a.Text,
			a.Lang, 1.0, "", "", ModelPerson, "", "", "", "", c.who.ID, -1, -1, 0, 1, c.now}
		marks := make([]string, len(n))
		for i := range n {
			marks[i] = "$" + strconv.Itoa(len(args)+i+1)
		}
		rows, args = append(rows, "("+strings.Join(marks, ",")+")"), append(args, n...)
	}
	_, err := c.ExecContext(ctx, `INSERT INTO library_annotations (`+annotationColumns+`, was_start, was_end, hidden, rev, updated_ms) VALUES `+strings.Join(rows, ","), args...)
	return err
}
