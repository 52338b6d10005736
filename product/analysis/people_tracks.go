package analysis

import (
	"context"
	"math"
	"slices"

	"showreel/engine/vision"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis/cluster"
)

// joinFaces follows faces through shots and keeps each in the registry of people, with its likeness where the tenant
// permits that.
func (s *Service) joinFaces(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	type where struct {
		second int64
		box    media.Box
	}
	by, faces, model := map[int64][]sighting{}, map[where]vision.Face{}, ""
	for _, f := range all {
		model = f.Model
		for n, sec := range f.Piece.Seconds {
			for _, x := range f.Faces[n] {
				by[sec] = append(by[sec], sighting{second: sec, label: "face", score: x.Score, box: x.Box, vector: x.Vector})
				faces[where{sec, x.Box}] = x
			}
		}
	}
	out, rows := []media.Annotation{}, []sighted{}
	for _, c := range follow(shots, by) {
		a := c.annotation(shots, model)
		out = append(out, a)
		row := sighted{Kind: kindFace, Range: a.Range, Model: model}
		var seen []vision.Face
		for _, x := range c.seen {
			seen = append(seen, faces[where{x.second, x.box}])
			row.Detail.Spots = append(row.Detail.Spots, media.Spot{At: at(x.second), Box: x.box})
		}
		best := 0
		row.Vector, row.Score, best = likeness(seen)
		row.Detail.Best, row.Detail.Box = c.seen[best].second, c.seen[best].box
		rows = append(rows, row)
	}
	return map[media.Track][]media.Annotation{media.TrackFace: out}, s.keepTracks(ctx, t, kindFace, rows)
}

// mostLooks is how many of a track's best pictures make its likeness.
const mostLooks = 5

// likeness is the mean vector of the best pictures of a face, how good they are, and which is best. A picture is good
// that is surely a face, sharp, and shows it from the front: the nose lies between the eyes.
func likeness(seen []vision.Face) (vector []float32, score float64, best int) {
	order := make([]int, len(seen))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if quality(seen[a]) > quality(seen[b]) {
			return -1
		}
		return 1
	})
	var good [][]float32
	for _, n := range order {
		if seen[n].Vector != nil && len(good) < mostLooks && (len(good) == 0 || quality(seen[n]) > quality(seen[order[0]])/2) {
			good = append(good, seen[n].Vector)
		}
	}
	return cluster.Mean(good...), quality(seen[order[0]]), order[0]
}

// smallFace is the height, in parts of the picture, below which a face tells less: 36 of 720 lines.
const smallFace = 0.05

func quality(f vision.Face) float64 {
	front := 1.0
	if eyes := f.Points[1][0] - f.Points[0][0]; eyes != 0 {
		off := (f.Points[2][0]-f.Points[0][0])/eyes - 0.5 // 0: the nose is in the middle
		front = max(0.2, 1-1.2*math.Abs(off))
	}
	return f.Score * front * min(1, 0.5+f.Sharp) * min(1, f.Box.H/smallFace)
}

// Comparable reports whether a face is good enough to be compared with others.
func Comparable(f vision.Face) bool { return f.Vector != nil && quality(f) >= leastLike }

// keepTracks replaces the tracks of a version by what was found now. A track that was there keeps its id, its person and
// its group.
func (s *Service) keepTracks(ctx context.Context, t *target, kind string, rows []sighted) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		old, err := sightedWhere(ctx, tx, `tenant = $1 AND asset = $2 AND version = $3 AND kind = $4`, t.ref.Tenant, t.ref.Asset, t.ref.Version, kind)
		if err != nil {
			return err
		}
		withheld, err := linksWhere(ctx, tx, `tenant = $1 AND asset = $2 AND kind = $3 AND verdict = 'withheld'`, t.ref.Tenant, t.ref.Asset, kind)
		if err != nil {
			return err
		}
		setting, err := biometricsOf(ctx, tx, t.ref.Tenant)
		if err != nil {
			return err
		}
		v, ok, err := s.openVault(ctx, tx, t.ref.Tenant, vectorScope)
		if err != nil {
			return err
		}
		for _, x := range old {
			if _, err := tx.ExecContext(ctx, `DELETE FROM analysis_vectors WHERE tenant = $1 AND track = $2`, x.Tenant, x.ID); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM analysis_tracks WHERE tenant = $1 AND asset = $2 AND version = $3 AND kind = $4`,
			t.ref.Tenant, t.ref.Asset, t.ref.Version, kind); err != nil {
			return err
		}
		for _, x := range rows {
			x.ID, x.Tenant, x.Asset, x.Version = sqldb.NewID(), t.ref.Tenant, t.ref.Asset, t.ref.Version
			if n := sameTrack(old, x); n >= 0 {
				x.ID, x.Person, x.How, x.Group = old[n].ID, old[n].Person, old[n].How, old[n].Group
				old = slices.Delete(old, n, n+1)
			}
			if err := putSighted(ctx, tx, x); err != nil {
				return err
			}
			hidden := slices.ContainsFunc(withheld, func(l link) bool { return x.is(l.At) })
			if x.Vector == nil || !ok || !setting.Enabled || hidden {
				continue
			}
			if err := putVector(ctx, tx, v, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// sameTrack finds the earlier track that a new one is, or -1.
func sameTrack(old []sighted, x sighted) int {
	best, at := 0.0, -1
	for n, o := range old {
		if f := min(x.fits(o.place()), 1); f > best {
			best, at = f, n
		}
	}
	return at
}

// settled puts names to what an ability of people's likenesses wrote, once that stands on the timeline.
func (s *Service) settled(ctx context.Context, t *target, ability string) error {
	kind := map[string]string{Faces: kindFace, Speakers: kindVoice}[ability]
	if kind == "" {
		return nil
	}
	if err := s.regroup(ctx, t.ref.Tenant, kind); err != nil {
		return err
	}
	if err := s.rename(ctx, t.ref, kind); err != nil {
		return err
	}
	return s.dropVault(ctx, t.ref.Tenant, t.run)
}
