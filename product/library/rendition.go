package library

import (
	"context"
	"encoding/json"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

const renditionColumns = `id, asset, version, name, role, codec, width, height, kbps, lang, title, blob_key, bytes, sha256, state, meta, created_ms`

func scanRendition(row scanner) (Rendition, error) {
	var r Rendition
	var meta string
	err := row.Scan(&r.ID, &r.Asset, &r.Version, &r.Name, &r.Role, &r.Codec, &r.Width, &r.Height, &r.Kbps, &r.Lang, &r.Title,
		&r.Key, &r.Bytes, &r.SHA256, &r.State, &meta, &r.CreatedMS)
	if err != nil || meta == "" {
		return r, err
	}
	if err := json.Unmarshal([]byte(meta), &r.Meta); err != nil {
		return r, fault.E("library.rendition", r.ID, fault.Corrupt, err)
	}
	return r, nil
}

// PutRendition stores one rendition; see PutRenditions.
func (s *Service) PutRendition(ctx context.Context, ref media.Ref, r Rendition) error {
	return s.PutRenditions(ctx, ref, []Rendition{r})
}

// PutRenditions stores files made from a version. A rendition of the same name is replaced and keeps its id, so that a
// repeated step changes nothing. ID, Asset, Version and CreatedMS are set here.
func (s *Service) PutRenditions(ctx context.Context, ref media.Ref, list []Rendition) error {
	tenant, err := s.may(ctx, "asset:process", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Name == "" || r.Role == "" || r.Key == "" || (r.State != RenditionGrowing && r.State != RenditionReady) {
			return fault.E("library.rendition", r.Name, fault.Invalid, nil)
		}
	}
	return s.write(ctx, tenant, func(c *change) error {
		ref.Tenant = tenant
		if _, err := findVersion(ctx, c.Tx, ref); err != nil {
			return err
		}
		names := []string{}
		for _, r := range list {
			if err := c.putRendition(ctx, ref, r); err != nil {
				return err
			}
			names = append(names, r.Name)
		}
		return c.done(ctx, "asset:process", "asset.updated", ref.Asset, map[string]any{"version": ref.Version, "renditions": names})
	})
}

func (c *change) putRendition(ctx context.Context, ref media.Ref, r Rendition) error {
	meta := ""
	if len(r.Meta) > 0 {
		meta = text(r.Meta)
	}
	_, err := c.ExecContext(ctx, `INSERT INTO library_renditions (`+renditionColumns+`, tenant) VALUES (`+places(1, 18)+`)
		ON CONFLICT (asset, version, name) DO UPDATE SET role = EXCLUDED.role, codec = EXCLUDED.codec, width = EXCLUDED.width,
		height = EXCLUDED.height, kbps = EXCLUDED.kbps, lang = EXCLUDED.lang, title = EXCLUDED.title, blob_key = EXCLUDED.blob_key,
		bytes = EXCLUDED.bytes, sha256 = EXCLUDED.sha256, state = EXCLUDED.state, meta = EXCLUDED.meta`,
		sqldb.NewID(), ref.Asset, ref.Version, r.Name, r.Role, r.Codec, r.Width, r.Height, r.Kbps, r.Lang, r.Title, r.Key,
		r.Bytes, r.SHA256, r.State, meta, c.now, c.tenant)
	return err
}

// DropRendition removes a rendition's row by name; its file is the caller's to delete. What is not there is no error.
func (s *Service) DropRendition(ctx context.Context, ref media.Ref, name string) error {
	tenant, err := s.may(ctx, "asset:process", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return err
	}
	return s.write(ctx, tenant, func(c *change) error {
		res, err := c.ExecContext(ctx, `DELETE FROM library_renditions WHERE tenant = $1 AND asset = $2 AND version = $3 AND name = $4`,
			tenant, ref.Asset, ref.Version, name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return c.done(ctx, "asset:process", "asset.updated", ref.Asset, map[string]any{"version": ref.Version, "dropped": []string{name}})
	})
}

// Renditions lists the files made from a version: the ladder from the largest picture down, then the rest by role and
// name. Version 0 is the newest.
func (s *Service) Renditions(ctx context.Context, ref media.Ref) ([]Rendition, error) {
	ref, err := s.resolve(ctx, "asset:read", ref)
	if err != nil {
		return nil, err
	}
	out, err := collect(ctx, s.read(), scanRendition, `SELECT `+renditionColumns+` FROM library_renditions
		WHERE tenant = $1 AND asset = $2 AND version = $3
		ORDER BY CASE role WHEN 'rung' THEN 0 WHEN 'proxy' THEN 1 WHEN 'audio' THEN 2 ELSE 3 END, height DESC, role, name`,
		ref.Tenant, ref.Asset, ref.Version)
	if err != nil {
		return nil, fault.E("library.renditions", ref.Asset, "", err)
	}
	return out, nil
}

// resolve checks access to a version and fills in the tenant and, for version 0, the newest one.
func (s *Service) resolve(ctx context.Context, action string, ref media.Ref) (media.Ref, error) {
	tenant, err := s.may(ctx, action, "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return ref, err
	}
	a, err := findAsset(ctx, s.read(), tenant, ref.Asset)
	if err != nil {
		return ref, err
	}
	ref.Tenant = tenant
	if ref.Version == 0 {
		ref.Version = a.Version
	}
	if ref.Version < 0 || ref.Version > a.Version {
		return ref, noVersion(ref)
	}
	return ref, nil
}
