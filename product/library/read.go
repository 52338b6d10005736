package library

import (
	"context"
	"encoding/json"

	"showreel/fault"
	"showreel/media"
)

// Get returns an asset, in the trash or not. fault.NotFound when the tenant has none of the id.
func (s *Service) Get(ctx context.Context, id string) (Asset, error) {
	tenant, err := s.may(ctx, "asset:read", "asset", id, "")
	if err != nil {
		return Asset{}, err
	}
	return findAsset(ctx, s.read(), tenant, id)
}

// BySHA256 lists the assets, outside the trash, of which some version has these bytes, oldest first: exact duplicates.
func (s *Service) BySHA256(ctx context.Context, sha string) ([]Asset, error) {
	tenant, err := s.may(ctx, "asset:read", "asset", "", "")
	if err != nil {
		return nil, err
	}
	out, err := selectAssets(ctx, s.read(), `WHERE tenant || '' = $1 AND bin + 0 = 0 AND id IN
		(SELECT asset FROM library_versions WHERE tenant = $1 AND sha256 = $2) ORDER BY created_ms, id`, tenant, sha)
	if err != nil {
		return nil, fault.E("library.by-sha256", sha, "", err)
	}
	return out, nil
}

// Versions lists an asset's originals, newest first.
func (s *Service) Versions(ctx context.Context, asset string) ([]Version, error) {
	ref, err := s.resolve(ctx, "asset:read", media.Ref{Asset: asset})
	if err != nil {
		return nil, err
	}
	out, err := collect(ctx, s.read(), scanVersion, `SELECT `+versionColumns+` FROM library_versions WHERE tenant = $1 AND asset = $2 ORDER BY number DESC`, ref.Tenant, asset)
	if err != nil {
		return nil, fault.E("library.versions", asset, "", err)
	}
	return out, nil
}

// Version returns one original. Version 0 is the newest.
func (s *Service) Version(ctx context.Context, ref media.Ref) (Version, error) {
	ref, err := s.resolve(ctx, "asset:read", ref)
	if err != nil {
		return Version{}, err
	}
	return findVersion(ctx, s.read(), ref)
}

// Exported is everything the library knows about an asset, as Export writes it.
type Exported struct {
	Format      string             `json:"format" doc:"showreel-asset/1"`
	Asset       Asset              `json:"asset"`
	Versions    []Version          `json:"versions"`
	Renditions  []Rendition        `json:"renditions" doc:"of every version"`
	Annotations []media.Annotation `json:"annotations" doc:"of every version; times are flicks, 1/705600000 s"`
	Corrections []Correction       `json:"corrections" doc:"what people made, changed, accepted or rejected; import takes them back"`
	Collections []Collection       `json:"collections"`
	Ledger      []LedgerEntry      `json:"ledger"`
	// Rooms holds what other rooms add, by their names: decisions about people. Import takes it back.
	Rooms map[string]json.RawMessage `json:"rooms,omitempty" doc:"what other rooms know, by name: people holds who is seen and heard; import takes it back"`
}

// Export returns everything the library knows about an asset, as plain data.
func (s *Service) Export(ctx context.Context, id string) (Exported, error) {
	if _, err := s.may(ctx, "asset:export", "asset", id, ""); err != nil {
		return Exported{}, err
	}
	a, err := s.Get(ctx, id)
	if err != nil {
		return Exported{}, err
	}
	out := Exported{Format: "showreel-asset/1", Asset: a, Renditions: []Rendition{}, Annotations: []media.Annotation{}, Corrections: []Correction{}}
	if out.Versions, err = s.Versions(ctx, id); err != nil {
		return out, err
	}
	for _, v := range out.Versions {
		renditions, err := s.Renditions(ctx, a.At(v.Number))
		if err != nil {
			return out, err
		}
		annotations, err := s.Annotations(ctx, a.At(v.Number))
		if err != nil {
			return out, err
		}
		corrections, err := s.Corrections(ctx, a.At(v.Number))
		if err != nil {
			return out, err
		}
		out.Renditions, out.Annotations = append(out.Renditions, renditions...), append(out.Annotations, annotations...)
		out.Corrections = append(out.Corrections, corrections...)
	}
	if out.Collections, err = s.CollectionsOf(ctx, id); err != nil {
		return out, err
	}
	if out.Ledger, err = s.Ledger(ctx, id); err != nil {
		return out, err
	}
	out.Rooms, err = s.exportParts(ctx, id)
	return out, err
}

// CollectionsOf lists the collections an asset is in.
func (s *Service) CollectionsOf(ctx context.Context, asset string) ([]Collection, error) {
	tenant, err := s.may(ctx, "collection:read", "collection", "", "")
	if err != nil {
		return nil, err
	}
	out, err := collect(ctx, s.read(), scanCollection, `SELECT `+collectionColumns+` FROM library_collections c
		JOIN library_members j ON j.collection = c.id WHERE c.tenant = $1 AND j.asset = $2 ORDER BY c.name_key, c.id`, tenant, asset)
	if err != nil {
		return nil, fault.E("library.collections", asset, "", err)
	}
	return out, nil
}

// Stats counts what the tenant has.
type Stats struct {
	Assets     int64            `json:"assets" doc:"outside the trash"`
	Trashed    int64            `json:"trashed"`
	Bytes      int64            `json:"bytes" doc:"of the newest originals, trash included"`
	Kinds      map[string]int64 `json:"kinds" doc:"assets outside the trash by kind; the empty kind is not probed yet"`
	States     map[string]int64 `json:"states" doc:"assets outside the trash by state"`
	Collection int64            `json:"collections"`
}

// Stats counts the tenant's assets by kind and state.
func (s *Service) Stats(ctx context.Context) (Stats, error) {
	tenant, err := s.may(ctx, "asset:read", "asset", "", "")
	if err != nil {
		return Stats{}, err
	}
	out := Stats{Kinds: map[string]int64{}, States: map[string]int64{}}
	type group struct {
		bin         int
		kind, state string
		n, bytes    int64
	}
	groups, err := collect(ctx, s.read(), func(row scanner) (group, error) {
		var g group
		return g, row.Scan(&g.bin, &g.kind, &g.state, &g.n, &g.bytes)
	}, `SELECT bin, kind, state, COUNT(*), CAST(SUM(bytes) AS BIGINT) FROM library_assets WHERE tenant = $1 GROUP BY bin, kind, state`, tenant)
	if err != nil {
		return out, fault.E("library.stats", "", "", err)
	}
	for _, g := range groups {
		out.Bytes += g.bytes
		if g.bin == 1 {
			out.Trashed += g.n
			continue
		}
		out.Assets += g.n
		out.Kinds[g.kind] += g.n
		out.States[g.state] += g.n
	}
	counts, err := collect(ctx, s.read(), scanCount, `SELECT COUNT(*) FROM library_collections WHERE tenant = $1`, tenant)
	if err != nil {
		return out, fault.E("library.stats", "", "", err)
	}
	out.Collection = counts[0]
	return out, nil
}

// Tags lists the tags in use that begin with prefix, the commonest first, at most limit.
func (s *Service) Tags(ctx context.Context, prefix string, limit int) ([]TagCount, error) {
	tenant, err := s.may(ctx, "asset:read", "asset", "", "")
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 1000 {
		limit = 200
	}
	out, err := collect(ctx, s.read(), func(row scanner) (TagCount, error) {
		var t TagCount
		return t, row.Scan(&t.Tag, &t.Assets)
	}, `WITH used AS (SELECT tag, COUNT(*) AS n FROM library_tags WHERE tenant = $1 AND substr(tag, 1, $2) = $3 GROUP BY tag),
		gone AS (SELECT t.tag, COUNT(*) AS n FROM library_assets a JOIN library_tags t ON t.asset = a.id
		  WHERE a.tenant = $1 AND a.bin = 1 GROUP BY t.tag),
		top AS (SELECT used.tag, used.n - COALESCE(gone.n, 0) AS n FROM used LEFT JOIN gone ON gone.tag = used.tag
		  WHERE used.n > COALESCE(gone.n, 0) ORDER BY n DESC, used.tag LIMIT $4)
		SELECT (SELECT MIN(t.label) FROM library_tags t WHERE t.tenant = $1 AND t.tag = top.tag AND t.asset =
		  (SELECT MIN(u.asset) FROM library_tags u WHERE u.tenant = $1 AND u.tag = top.tag)), n
		FROM top ORDER BY n DESC, tag`,
		tenant, len([]rune(fold(prefix))), fold(prefix), limit)
	if err != nil {
		return nil, fault.E("library.tags", "", "", err)
	}
	return out, nil
}
