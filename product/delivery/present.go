package delivery

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"time"

	"showreel/engine/drm"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
)

// How long a stored index is believed before the store is asked whether it changed.
const (
	freshGrowing = 250 * time.Millisecond
	freshWhole   = 2 * time.Second
)

const (
	maxIndex   = 256 << 20 // bytes of a stored index
	keptViews  = 1024      // views, indexes and layouts that are kept; beyond it all are dropped
	keptLayout = 32
)

// kept is a decoded index and what its stored form looked like.
type kept struct {
	index   *cmaf.Index
	stamp   string
	checked time.Time
}

func indexKey(ref media.Ref) string {
	return ref.Tenant + "/idx/" + ref.Asset + "/" + strconv.Itoa(ref.Version) + ".json"
}

// index returns the index of a version. The pointer stays the same as long as the stored one does. Where there is none yet the
// error says why, as notYet does.
func (s *Service) index(ctx context.Context, ref media.Ref) (*cmaf.Index, error) {
	s.mu.Lock()
	k := s.indexes[ref]
	s.mu.Unlock()
	if k != nil {
		fresh := freshWhole
		if k.index.Growing {
			fresh = freshGrowing
		}
		if time.Since(k.checked) < fresh {
			return k.index, nil
		}
	}
	key := indexKey(ref)
	v, err, _ := s.flight.Do("index "+key, func() (any, error) { return s.load(context.WithoutCancel(ctx), ref, key, k) })
	if err != nil {
		return nil, s.notYet(ctx, ref, err)
	}
	return v.(*cmaf.Index), nil // load returns nothing else
}

func (s *Service) load(ctx context.Context, ref media.Ref, key string, old *kept) (*cmaf.Index, error) {
	info, err := s.deps.Blobs.Processed.Stat(ctx, key)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Say("delivery.index", ref.Asset, fault.NotFound, codeNotPlayable, "Nothing of this asset can be played yet.")
	}
	if err != nil {
		return nil, err
	}
	next := &kept{stamp: fmt.Sprintf("%s %d %d %s", info.ETag, info.Size, info.ModMS, info.SHA256), checked: time.Now()}
	if old != nil && old.stamp == next.stamp {
		next.index = old.index
	} else {
		r, _, err := s.deps.Blobs.Processed.Open(ctx, key)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		b, err := io.ReadAll(io.LimitReader(r, maxIndex))
		if err != nil {
			return nil, fault.E("delivery.index", ref.Asset, "", err)
		}
		x, err := cmaf.DecodeIndex(b)
		if err != nil {
			return nil, err
		}
		nameTracks(&x)
		next.index = &x
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.indexes) >= keptViews {
		clear(s.indexes)
	}
	s.indexes[ref] = next
	return next.index, nil
}

// viewKey is everything a view depends on.
type viewKey struct {
	index     *cmaf.Index
	ref       media.Ref
	clip      media.Range
	maxHeight int
	drm       string
}

func (c Claims) ref() media.Ref {
	return media.Ref{Tenant: c.Tenant, Asset: c.Asset, Version: c.Version}
}

// view returns what the claims may see. Errors: those of index and cmaf.NewView, fault.Unavailable without content keys.
func (s *Service) view(ctx context.Context, c Claims) (*shown, error) {
	x, err := s.index(ctx, c.ref())
	if err != nil {
		return nil, err
	}
	key := viewKey{x, c.ref(), c.Clip(), c.MaxHeight, c.DRM}
	s.mu.Lock()
	v := s.views[key]
	s.mu.Unlock()
	if v != nil {
		return v, nil
	}
	o := cmaf.Options{Clip: c.Clip(), MaxHeight: c.MaxHeight}
	if c.DRM != "" {
		keys, err := s.contentKeys(ctx, c, x)
		if err != nil {
			return nil, err
		}
		o.Protect = func(t *cmaf.Track) *cmaf.Protection { return protection(c.DRM, keys[classOf(t)]) }
	}
	if v, err = newShown(x, o); err != nil {
		return nil, s.notYet(ctx, c.ref(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.views) >= keptViews {
		clear(s.views)
	}
	s.views[key] = v
	return v, nil
}

// Names under a version's path that are not of cmaf.
const (
	licenceName = "licence"
	keyFolder   = "key/"
)

func classOf(t *cmaf.Track) drm.Class {
	if t.Kind != cmaf.KindVideo {
		return drm.Audio
	}
	return drm.ClassOf(min(t.Width, t.Height))
}

// contentKeys returns the keys of all classes an index uses.
func (s *Service) contentKeys(ctx context.Context, c Claims, x *cmaf.Index) (map[drm.Class]drm.ContentKey, error) {
	if s.deps.DRM == nil {
		return nil, fault.Say("delivery.keys", c.Asset, fault.Unavailable, "no-drm", "Encrypted delivery is not set up on this server; ask for drm none.")
	}
	out := map[drm.Class]drm.ContentKey{}
	var classes []drm.Class
	for i := range x.Tracks {
		t := &x.Tracks[i]
		class := classOf(t)
		if _, ok := out[class]; !ok && t.Kind != cmaf.KindText {
			out[class] = drm.ContentKey{}
			classes = append(classes, class)
		}
	}
	keys, err := s.deps.DRM.Keys(ctx, c.Tenant, contentID(c.ref()), classes)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		out[k.Class] = k
	}
	return out, nil
}

func protection(scheme string, k drm.ContentKey) *cmaf.Protection {
	p := &cmaf.Protection{Scheme: scheme, KID: k.KID, Key: k.Key, IV: k.ExplicitIV, KeyURI: keyFolder + hex.EncodeToString(k.KID[:])}
	for _, s := range k.Systems {
		p.Systems = append(p.Systems, cmaf.System{PSSH: s.PSSH, HLS: s.HLS, DASH: s.DASH})
	}
	return p
}

// fileKey names a progressive file.
type fileKey struct {
	index *cmaf.Index
	name  string
}

// progressive lays out the download of a video with the main sound, or of the sound alone. Layouts are kept, for making one
// reads every fragment header of the film.
func (s *Service) progressive(ctx context.Context, x *cmaf.Index, name string, tracks []*cmaf.Track) (*cmaf.Progressive, error) {
	key := fileKey{x, name}
	s.mu.Lock()
	p := s.files[key]
	s.mu.Unlock()
	if p != nil {
		return p, nil
	}
	v, err, _ := s.flight.Do(fmt.Sprintf("file %p %s", x, name), func() (any, error) {
		p, err := cmaf.BuildProgressive(tracks, s.opener(context.WithoutCancel(ctx)))
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.files) >= keptLayout {
			clear(s.files)
		}
		s.files[key] = p
		return p, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*cmaf.Progressive), nil // the function above returns nothing else
}

func (s *Service) opener(ctx context.Context) cmaf.Opener {
	return func(p cmaf.Part) (io.ReaderAt, error) { return s.blocks.part(ctx, p), nil }
}
