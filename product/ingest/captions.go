package ingest

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/text/language"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// PutCaptions adds or replaces the captions a person brings for a published asset in a language: SRT, WebVTT, ASS or
// TTML, told apart by the name's ending. They become WebVTT, appear in the manifests and are judged, but a finding never
// unpublishes. Errors: fault.Invalid "bad-language", those of transcode.ReadCaptions, fault.Conflict "not-ready".
func (s *Service) PutCaptions(ctx context.Context, asset, lang, name string, data []byte) (library.Rendition, error) {
	const op = "ingest.captions"
	who, err := s.may(ctx, "asset:update", access.Resource{Kind: "asset", ID: asset})
	if err != nil {
		return library.Rendition{}, err
	}
	tag, err := language.Parse(lang)
	if err != nil || len(lang) > 12 {
		return library.Rendition{}, fault.Say(op, asset, fault.Invalid, "bad-language", "%q is not a language; use a BCP 47 tag such as en or pt-BR.", lang)
	}
	a, err := s.deps.Library.Get(ctx, asset)
	if err != nil {
		return library.Rendition{}, err
	}
	if a.Published == 0 || (a.Kind != media.Video && a.Kind != media.Audio) {
		return library.Rendition{}, fault.Say(op, asset, fault.Conflict, "not-ready", "Captions can be added to a film or sound that is published.")
	}
	c, err := transcode.ReadCaptions(name, data)
	if err != nil {
		return library.Rendition{}, err
	}
	ref := media.Ref{Tenant: who.Tenant, Asset: asset, Version: a.Published}
	vtt := c.WebVTT()
	// A changed file gets a new key: what players have cached under the old one stays true.
	r := rendition{Name: "t-" + langOr(tag.String(), "und") + "-person", Role: "caption", Codec: "wvtt", Lang: tag.String(), Bytes: int64(len(vtt)), Meta: map[string]any{"by": who.ID}}
	w := work{s: s, in: start{Tenant: ref.Tenant, Asset: ref.Asset, Version: ref.Version}}
	r.Key = w.processedKey(fmt.Sprintf("%s-%d.vtt", r.Name, sqldb.NowMS()))
	info, err := s.deps.Blobs.Processed.Put(ctx, r.Key, bytes.NewReader(vtt), blob.PutOptions{Size: r.Bytes})
	if err != nil {
		return library.Rendition{}, err
	}
	r.SHA256 = info.SHA256
	err = s.editIndex(ctx, ref, func(x *cmaf.Index) error {
		t := textTrack(r, cmaf.RoleCaptions)
		if old := x.Track(r.Name); old != nil {
			*old = t
		} else {
			x.Tracks = append(x.Tracks, t)
		}
		return nil
	})
	if err != nil {
		return library.Rendition{}, err
	}
	out := w.forLibrary([]rendition{r}, false)
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.deps.Library.InTx(tx).PutRenditions(asSystem(ctx, ref.Tenant), ref, out); err != nil {
			return err
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "asset:update", Subject: asset, Data: map[string]any{"captions": r.Lang, "cues": len(c.Cues)}})
	})
	if err != nil || s.deps.Gate == nil {
		return out[0], err
	}
	return out[0], s.deps.Gate.Captions(asSystem(ctx, ref.Tenant), ref, "", r.Name, string(vtt))
}
