package analysis

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strconv"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis/picture"
)

// joinKeyframes takes the sharpest picture of each shot and those that show something new, and keeps what each looks like
// for finding near-duplicates. Pictures of one colour are taken where a shot has no other, and resemble nothing.
func (s *Service) joinKeyframes(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	pool, looks := map[int][]picture.Candidate{}, map[int64]look{}
	for _, f := range all {
		for n, l := range f.Looks {
			sec := f.Piece.Seconds[n]
			c := picture.Candidate{Second: sec, Sharp: l.Sharp, Flat: l.Spread < flatBelow}
			for _, v := range l.Tiny {
				c.Luma = append(c.Luma, float64(v))
			}
			k := shotOf(shots, sec)
			pool[k], looks[sec] = append(pool[k], c), l
		}
	}
	out := []media.Annotation{}
	hashes := map[int64]uint64{}
	for k := range shots {
		for _, sec := range picture.Keyframes(pool[k]) {
			l := looks[sec]
			out = append(out, media.Annotation{Range: media.Range{Start: at(sec), End: at(sec)}, Label: "keyframe", Score: l.Sharp / (l.Sharp + 100), Model: pictureModel,
				Text: fmt.Sprintf("frame/%d.jpg", sec)})
			if l.Hash != 0 {
				hashes[at(sec).MS()] = l.Hash
			}
		}
	}
	return map[media.Track][]media.Annotation{media.TrackKeyframe: out}, s.keepHashes(ctx, t.ref, hashes)
}

// keepHashes replaces what a version's key frames look like.
func (s *Service) keepHashes(ctx context.Context, ref media.Ref, hashes map[int64]uint64) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM analysis_hashes WHERE tenant = $1 AND asset = $2 AND version = $3`, ref.Tenant, ref.Asset, ref.Version); err != nil {
			return err
		}
		for ms, h := range hashes {
			if _, err := tx.ExecContext(ctx, `INSERT INTO analysis_hashes (tenant, asset, version, at_ms, hash) VALUES ($1,$2,$3,$4,$5)`,
				ref.Tenant, ref.Asset, ref.Version, ms, fmt.Sprintf("%016x", h)); err != nil {
				return err
			}
		}
		return nil
	})
}

// nearBits is how many of a hash's 64 bits two pictures of the same thing differ in at most: other sizes and encodings
// differ in 0 to 6, other pictures in 20 and more.
const nearBits = 8

// Duplicate is another asset that shows what this one shows.
type Duplicate struct {
	Asset   string `json:"asset"`
	Version int    `json:"version"`
	Shared  int    `json:"shared" doc:"key frames of this asset that are there too"`
	Of      int    `json:"of" doc:"key frames of this asset"`
}

type hashed struct {
	asset   string
	version int
	hash    uint64
}

// Duplicates lists the assets that show at least half of the key frames of a version, 0 the newest; the most alike first.
func (s *Service) Duplicates(ctx context.Context, asset string, version int) ([]Duplicate, error) {
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return nil, err
	}
	all, err := collect(ctx, s.deps.DB.Read(), func(r scanner) (hashed, error) {
		var x hashed
		var text string
		if err := r.Scan(&x.asset, &x.version, &text); err != nil {
			return x, err
		}
		x.hash, err = strconv.ParseUint(text, 16, 64)
		return x, err
	}, `SELECT asset, version, hash FROM analysis_hashes WHERE tenant = $1 ORDER BY asset, version, at_ms`, a.Tenant)
	if err != nil {
		return nil, fault.E("analysis.duplicates", asset, "", err)
	}
	var mine []uint64
	for _, x := range all {
		if x.asset == asset && x.version == v.Number {
			mine = append(mine, x.hash)
		}
	}
	type where struct {
		asset   string
		version int
	}
	theirs := map[where][]uint64{}
	for _, x := range all {
		if x.asset != asset {
			theirs[where{x.asset, x.version}] = append(theirs[where{x.asset, x.version}], x.hash)
		}
	}
	out := []Duplicate{}
	for w, list := range theirs {
		n := 0
		for _, h := range mine {
			if slices.ContainsFunc(list, func(o uint64) bool { return bits.OnesCount64(h^o) <= nearBits }) {
				n++
			}
		}
		if n > 0 && 2*n >= len(mine) && s.readable(ctx, w.asset) {
			out = append(out, Duplicate{Asset: w.asset, Version: w.version, Shared: n, Of: len(mine)})
		}
	}
	slices.SortFunc(out, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(b.Shared, a.Shared), cmp.Compare(a.Asset, b.Asset), cmp.Compare(a.Version, b.Version))
	})
	return out, nil
}

// readable reports whether the caller may see an asset that is not in the trash.
func (s *Service) readable(ctx context.Context, asset string) bool {
	_, _, err := s.version(ctx, "asset:read", asset, 0)
	return err == nil
}
