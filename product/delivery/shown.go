package delivery

import (
	"encoding/hex"
	"fmt"

	"showreel/media"
	"showreel/platform/cmaf"
)

// shown is a view with what the entity tags of its segments are made of.
type shown struct {
	*cmaf.View
	seals map[string]string // track to what its bytes are encrypted with; none for clear tracks
}

// newShown is cmaf.NewView, with its errors.
func newShown(x *cmaf.Index, o cmaf.Options) (*shown, error) {
	out := &shown{seals: map[string]string{}}
	if protect := o.Protect; protect != nil {
		o.Protect = func(t *cmaf.Track) *cmaf.Protection {
			p := protect(t)
			if p != nil {
				// The key itself is among it: encrypted again with another key of the same id, the bytes are others.
				out.seals[t.Name] = fmt.Sprintf("%s %s %s", p.Scheme, hex.EncodeToString(p.KID[:]), tag(string(p.Key[:]), string(p.IV[:])))
			}
			return p
		}
	}
	var err error
	out.View, err = cmaf.NewView(x, o)
	return out, err
}

// rewriting counts the ways in which platform/cmaf has written segments anew. Raise it with every change there that gives
// other bytes for the same cut, so that what was cached before is not taken for what is made now.
const rewriting = 1

// tag is the strong entity tag of segment n of a track, or of its key frame alone. It is made of what the bytes follow from
// instead of the bytes: the stored part (its key and SHA-256), the place in it, the range that the view shows, and scheme,
// key id and key of the encryption. Hashing every encrypted segment took 17 % of the server's CPU while viewers played. It is
// "" where the part's hash is not known, for then its bytes might change under the same name.
func (v *shown) tag(track string, n int, key bool, cut cmaf.Cut) string {
	if cut.Part.SHA256 == "" {
		return ""
	}
	place := fmt.Sprintf("%d+%d of %d", cut.Offset, cut.Size, cut.Part.Size)
	if cut.Plain() {
		return tag(cut.Part.Key, cut.Part.SHA256, place)
	}
	r := v.Range()
	if !v.clipped() {
		r = media.Range{} // a whole view that grows shows the same bytes later
	}
	return tag(cut.Part.Key, cut.Part.SHA256, place, v.seals[track], track, fmt.Sprintf("%d %t %d %d %d", n, key, r.Start, r.End, rewriting))
}

// clipped reports whether the view shows less than the whole.
func (v *shown) clipped() bool { r := v.Range(); return r.Start > 0 || r.End < 1<<62 }
