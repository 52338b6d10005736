package library

import (
	"context"

	"showreel/fault"
	"showreel/media"
)

// NamePeople sets who the annotations of a version's track show, by their ids; "" takes a name away. It changes nothing
// else, so a person's own corrections stay; whose name it is is decided by the registry of people in room analysis.
func (s *Service) NamePeople(ctx context.Context, ref media.Ref, track media.Track, person map[string]string) error {
	tenant, err := s.may(ctx, "asset:process", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return err
	}
	if len(person) == 0 {
		return nil
	}
	ref.Tenant = tenant
	return s.write(ctx, tenant, func(c *change) error {
		changed := int64(0)
		for id, who := range person {
			res, err := c.ExecContext(ctx, `UPDATE library_annotations SET person = $1, rev = rev + 1, updated_ms = $2
				WHERE tenant = $3 AND asset = $4 AND version = $5 AND track = $6 AND id = $7 AND person <> $1`,
				who, c.now, tenant, ref.Asset, ref.Version, string(track), id)
			if err != nil {
				return fault.E("library.people", ref.Asset, "", err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			changed += n
		}
		if changed == 0 {
			return nil
		}
		return c.done(ctx, "asset:process", "annotations.written", ref.Asset, map[string]any{"version": ref.Version, "track": track, "count": changed, "change": "people"})
	})
}
