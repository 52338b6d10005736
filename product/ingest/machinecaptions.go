package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb"
	"showreel/product/library"
)

// MachineCaptions is a caption track that no person wrote. It is an alias of a plain struct so that room analysis can spell
// the same type.
type MachineCaptions = struct {
	Name       string          // of the rendition: t-en-auto
	Lang       string          // BCP 47
	Title      string          // for people; says that it is a machine's
	Model      string          // id and version of what heard or translated it
	Translated bool            // of another language
	Corrected  int             // utterances that people corrected
	Cues       []transcode.Cue // by start; none takes the track away
}

// metaMachine marks the rendition of a machine's captions; its value is the model.
const metaMachine = "machine"

// PutMachineCaptions makes the served track c.Name what c says, in one step from the old to the new: a player that holds the
// old one goes on, and finds the new one under the names that it has. It never touches what people brought. Saying the same
// again changes nothing. changed is false then. fault.Conflict "not-ready" while the version is not the published one.
func (s *Service) PutMachineCaptions(ctx context.Context, ref media.Ref, c MachineCaptions) (changed bool, err error) {
	ctx = asSystem(ctx, ref.Tenant)
	old, there, err := s.machineTrack(ctx, ref, c.Name)
	if err != nil {
		return false, err
	}
	if len(c.Cues) == 0 {
		if !there {
			return false, nil
		}
		return true, s.dropMachine(ctx, ref, old)
	}
	a, err := s.deps.Library.Get(ctx, ref.Asset)
	if err != nil {
		return false, err
	}
	if a.Published != ref.Version {
		return false, fault.Say(opCaptions, ref.Asset, fault.Conflict, "not-ready", "Captions can be added to a film or sound that is published.")
	}
	vtt := transcode.Captions{Cues: c.Cues}.WebVTT()
	w := work{s: s, in: start{Tenant: ref.Tenant, Asset: ref.Asset, Version: ref.Version}}
	r := rendition{Name: c.Name, Role: "caption", Codec: "wvtt", Lang: c.Lang, Title: c.Title, Bytes: int64(len(vtt)),
		Meta: map[string]any{metaMachine: c.Model, "lines": len(c.Cues), "corrected": c.Corrected, "translated": c.Translated}}
	sum := sha256.Sum256(vtt)
	r.SHA256 = hex.EncodeToString(sum[:])
	r.Key = w.processedKey(c.Name + "-" + r.SHA256[:12] + ".vtt")
	if there && old.Key == r.Key && old.Title == c.Title && maps.Equal(plain(old.Meta), plain(r.Meta)) {
		return s.showMachine(ctx, ref, r, c)
	}
	if there && old.Key != r.Key {
		r.Meta["before"] = old.Key
	}
	if _, err := s.deps.Blobs.Processed.Put(ctx, r.Key, bytes.NewReader(vtt), blob.PutOptions{Size: r.Bytes}); err != nil {
		return false, err
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		lib := s.deps.Library.InTx(tx)
		if err := lib.PutRenditions(ctx, ref, w.forLibrary([]rendition{r}, false)); err != nil {
			return err
		}
		return lib.Record(ctx, ref, library.LedgerEntry{Output: r.Key, Tool: c.Model, Settings: map[string]any{"translated": c.Translated, "corrected": c.Corrected}})
	})
	if err != nil {
		return false, err
	}
	if _, err := s.showMachine(ctx, ref, r, c); err != nil {
		return false, err
	}
	if gone, ok := old.Meta["before"].(string); ok && gone != r.Key && gone != old.Key { // nobody reads an index so old
		err = s.deps.Blobs.Processed.Delete(ctx, gone)
	}
	return true, err
}

// plain is a rendition's metadata in the types that JSON gives, without what tells of its past.
func plain(meta map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range meta {
		if n, ok := v.(int); ok {
			v = float64(n)
		}
		if k != "before" {
			out[k] = v
		}
	}
	return out
}

// showMachine puts the track into the index. It reports whether the index had it otherwise.
func (s *Service) showMachine(ctx context.Context, ref media.Ref, r rendition, c MachineCaptions) (changed bool, err error) {
	role := cmaf.RoleTranscribed
	if c.Translated {
		role = cmaf.RoleTranslated
	}
	made := textTrack(r, role)
	err = s.editIndex(ctx, ref, func(x *cmaf.Index) error {
		old := x.Track(r.Name)
		switch {
		case old == nil:
			x.Tracks, changed = append(x.Tracks, made), true
		case old.Title != made.Title || old.Role != made.Role || old.Lang != made.Lang || !slices.Equal(old.Parts, made.Parts):
			*old, changed = made, true
		}
		return nil
	})
	return changed, err
}

// machineTrack finds the rendition of a machine's captions.
func (s *Service) machineTrack(ctx context.Context, ref media.Ref, name string) (library.Rendition, bool, error) {
	list, err := s.deps.Library.Renditions(ctx, ref)
	if err != nil {
		return library.Rendition{}, false, err
	}
	for _, r := range list {
		if _, machine := r.Meta[metaMachine]; machine && r.Name == name {
			return r, true, nil
		}
	}
	return library.Rendition{}, false, nil
}

// dropMachine takes a machine's track out of the index and the library; its last file goes with the asset.
func (s *Service) dropMachine(ctx context.Context, ref media.Ref, r library.Rendition) error {
	err := s.editIndex(ctx, ref, func(x *cmaf.Index) error {
		x.Tracks = slices.DeleteFunc(x.Tracks, func(t cmaf.Track) bool { return t.Name == r.Name && t.Kind == cmaf.KindText })
		return nil
	})
	if err != nil {
		return err
	}
	return s.deps.Library.DropRendition(ctx, ref, r.Name)
}

// RewriteCaptions makes a person's caption track of its cues on the timeline as they are now.
func (s *Service) RewriteCaptions(ctx context.Context, ref media.Ref, name string) error {
	return s.rewrite(asSystem(ctx, ref.Tenant), ref, name)
}
