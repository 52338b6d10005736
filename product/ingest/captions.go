package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/text/language"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// maxCues is the most cues of one caption file: those of a day of talk.
const maxCues = 20_000

// maxLanguage is the longest language tag in bytes that RFC 5646 §4.4.1 asks to be kept whole.
const maxLanguage = 35

// PutCaptions adds or replaces the captions a person brings for a published asset in a language (BCP 47): SRT, WebVTT, ASS
// or TTML, told apart by the name's ending. Their cues become annotations, locked by that person; they are served as WebVTT
// and judged, but a finding never unpublishes. Checks "asset:update". Errors: fault.Invalid "bad-language", those of
// transcode.ReadCaptions, fault.TooLarge "too-many-cues" above 20,000, fault.Conflict "not-ready".
func (s *Service) PutCaptions(ctx context.Context, asset, lang, name string, data []byte) (library.Rendition, error) {
	ref, tag, err := s.captionsAt(ctx, asset, lang)
	if err != nil {
		return library.Rendition{}, err
	}
	c, err := transcode.ReadCaptions(name, data)
	if err != nil {
		return library.Rendition{}, err
	}
	if len(c.Cues) > maxCues {
		return library.Rendition{}, fault.Say(opCaptions, asset, fault.TooLarge, "too-many-cues", "The file has %d cues; %d are taken. Split the film or join cues.", len(c.Cues), maxCues)
	}
	who := access.WhoFrom(ctx)
	var notes []media.Annotation
	for _, q := range c.Cues {
		notes = append(notes, media.Annotation{Range: q.Range, Text: q.Text, Lang: tag})
	}
	track := captionTrack{name: library.CaptionsOf(tag), lang: tag, by: who.ID}
	return s.writeCaptions(ctx, ref, track, c, func(lib *library.Service, tx *sqldb.Tx) error {
		if err := lib.PutCues(ctx, ref, track.name, notes); err != nil {
			return err
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "asset:update", Subject: asset, Data: map[string]any{"captions": tag, "cues": len(c.Cues)}})
	})
}

// RemoveCaptions takes away the captions that people brought in a language, with their cues. Checks "asset:update". Errors:
// fault.Invalid "bad-language", fault.NotFound "no-captions", fault.Conflict "not-ready".
func (s *Service) RemoveCaptions(ctx context.Context, asset, lang string) error {
	ref, tag, err := s.captionsAt(ctx, asset, lang)
	if err != nil {
		return err
	}
	name, found := library.CaptionsOf(tag), false
	made, err := s.deps.Library.Renditions(ctx, ref)
	if err != nil {
		return err
	}
	for _, r := range made {
		found = found || r.Name == name
	}
	if !found {
		return fault.Say(opCaptions, asset, fault.NotFound, "no-captions", "Nobody has added captions in %s.", tag)
	}
	who := access.WhoFrom(ctx)
	return s.dropCaptions(ctx, ref, name, func(lib *library.Service, tx *sqldb.Tx) error {
		if err := lib.PutCues(ctx, ref, name, nil); err != nil {
			return err
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "asset:update", Subject: asset, Data: map[string]any{"captions": tag, "cues": 0}})
	})
}

const opCaptions = "ingest.captions"

// captionsAt checks who asks, the language, and that the asset has a published version for captions, and returns that
// version and the tag in its canonical form.
func (s *Service) captionsAt(ctx context.Context, asset, lang string) (ref media.Ref, tag string, err error) {
	who, err := s.may(ctx, "asset:update", access.Resource{Kind: "asset", ID: asset})
	if err != nil {
		return ref, "", err
	}
	t, err := language.Parse(lang)
	if err != nil || len(t.String()) > maxLanguage {
		return ref, "", fault.Say(opCaptions, asset, fault.Invalid, "bad-language", "%q is not a language; use a BCP 47 tag such as en or pt-BR.", lang)
	}
	a, err := s.deps.Library.Get(ctx, asset)
	if err != nil {
		return ref, "", err
	}
	if a.Published == 0 || (a.Kind != media.Video && a.Kind != media.Audio) {
		return ref, "", fault.Say(opCaptions, asset, fault.Conflict, "not-ready", "Captions can be added to a film or sound that is published.")
	}
	return media.Ref{Tenant: who.Tenant, Asset: asset, Version: a.Published}, t.String(), nil
}

// captionTrack is what a caption rendition is besides its cues.
type captionTrack struct {
	name string // library.CaptionsOf its language
	lang string // BCP 47
	by   string // the person who brought it
}

// writeCaptions stores cues as WebVTT, lets the library know with whatever more in one transaction, and puts the track into
// the index. A changed file gets a new key: what players have cached under the old one stays true.
func (s *Service) writeCaptions(ctx context.Context, ref media.Ref, t captionTrack, c transcode.Captions, more func(*library.Service, *sqldb.Tx) error) (library.Rendition, error) {
	vtt := c.WebVTT()
	r := rendition{Name: t.name, Role: "caption", Codec: "wvtt", Lang: t.lang, Bytes: int64(len(vtt)), Meta: map[string]any{"by": t.by, "cues": len(c.Cues)}}
	w := work{s: s, in: start{Tenant: ref.Tenant, Asset: ref.Asset, Version: ref.Version}}
	r.Key = w.processedKey(fmt.Sprintf("%s-%d.vtt", r.Name, sqldb.NowMS()))
	info, err := s.deps.Blobs.Processed.Put(ctx, r.Key, bytes.NewReader(vtt), blob.PutOptions{Size: r.Bytes})
	if err != nil {
		return library.Rendition{}, err
	}
	r.SHA256 = info.SHA256
	out := w.forLibrary([]rendition{r}, false)
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		lib := s.deps.Library.InTx(tx)
		if err := lib.PutRenditions(asSystem(ctx, ref.Tenant), ref, out); err != nil || more == nil {
			return err
		}
		return more(lib, tx)
	})
	if err != nil {
		return library.Rendition{}, err
	}
	err = s.editIndex(ctx, ref, func(x *cmaf.Index) error {
		made := textTrack(r, cmaf.RoleCaptions)
		if old := x.Track(r.Name); old != nil {
			*old = made
		} else {
			x.Tracks = append(x.Tracks, made)
		}
		return nil
	})
	if err != nil || s.deps.Gate == nil {
		return out[0], err
	}
	return out[0], s.deps.Gate.Captions(asSystem(ctx, ref.Tenant), ref, "", r.Name, string(vtt))
}

// dropCaptions takes a caption track out of the index, the library and the findings.
func (s *Service) dropCaptions(ctx context.Context, ref media.Ref, name string, more func(*library.Service, *sqldb.Tx) error) error {
	err := s.editIndex(ctx, ref, func(x *cmaf.Index) error {
		x.Tracks = slices.DeleteFunc(x.Tracks, func(t cmaf.Track) bool { return t.Name == name && t.Kind == cmaf.KindText })
		return nil
	})
	if err != nil {
		return err
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		lib := s.deps.Library.InTx(tx)
		if err := lib.DropRendition(asSystem(ctx, ref.Tenant), ref, name); err != nil || more == nil {
			return err
		}
		return more(lib, tx)
	})
	if err != nil || s.deps.Gate == nil {
		return err
	}
	return s.deps.Gate.Captions(asSystem(ctx, ref.Tenant), ref, "", name, "WEBVTT\n")
}

// edited writes caption tracks anew after a person has changed, added or removed one of their cues.
func (s *Service) edited(ctx context.Context, e outbox.Event) error {
	var told struct {
		Version  int      `json:"version"`
		Captions []string `json:"captions"`
	}
	if err := json.Unmarshal(e.Data, &told); err != nil {
		return fault.E(opCaptions, e.Subject, fault.Corrupt, err)
	}
	ref := media.Ref{Tenant: e.Tenant, Asset: e.Subject, Version: told.Version}
	for _, name := range told.Captions {
		if err := s.rewrite(asSystem(ctx, e.Tenant), ref, name); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// rewrite makes a caption track of its cues on the timeline as they are now; without any the track goes. A track whose cues
// never lay on the timeline, brought before they did or with the film, is left alone.
func (s *Service) rewrite(ctx context.Context, ref media.Ref, name string) error {
	t, known, err := s.captionTrackOf(ctx, ref, name)
	if err != nil || known && !t.onTimeline {
		return err
	}
	notes, err := s.deps.Library.Annotations(ctx, ref, media.TrackCaption)
	if err != nil {
		return err
	}
	var c transcode.Captions
	for _, n := range notes {
		if n.Label != name || n.Text == "" || n.Range.Empty() {
			continue
		}
		c.Cues = append(c.Cues, transcode.Cue{Range: n.Range, Text: n.Text})
		if !known {
			t.lang, t.by = n.Lang, n.LockedBy
		}
	}
	if len(c.Cues) == 0 {
		if !known {
			return nil
		}
		return s.dropCaptions(ctx, ref, name, nil)
	}
	_, err = s.writeCaptions(ctx, ref, t.captionTrack, c, nil)
	return err
}

// knownTrack is a caption track that is published already.
type knownTrack struct {
	captionTrack
	onTimeline bool
}

func (s *Service) captionTrackOf(ctx context.Context, ref media.Ref, name string) (knownTrack, bool, error) {
	t := knownTrack{captionTrack: captionTrack{name: name}}
	made, err := s.deps.Library.Renditions(ctx, ref)
	if err != nil {
		return t, false, err
	}
	for _, r := range made {
		if r.Name != name || r.Codec != "wvtt" {
			continue
		}
		t.lang = r.Lang
		t.by, _ = r.Meta["by"].(string)
		_, t.onTimeline = r.Meta["cues"]
		return t, true, nil
	}
	return t, false, nil
}
