package library

import (
	"context"

	"showreel/fault"
	"showreel/platform/sqldb"
)

const collectionColumns = `c.id, c.name, c.description, c.created_ms, c.updated_ms, c.rev,
	(SELECT COUNT(*) FROM library_members m JOIN library_assets a ON a.id = m.asset WHERE m.collection = c.id AND a.bin = 0)`

func scanCollection(row scanner) (Collection, error) {
	var c Collection
	return c, row.Scan(&c.ID, &c.Name, &c.Description, &c.CreatedMS, &c.UpdatedMS, &c.Rev, &c.Assets)
}

// Collections lists the tenant's collections by name.
func (s *Service) Collections(ctx context.Context) ([]Collection, error) {
	tenant, err := s.may(ctx, "collection:read", "collection", "", "")
	if err != nil {
		return nil, err
	}
	out, err := collect(ctx, s.read(), scanCollection, `SELECT `+collectionColumns+` FROM library_collections c WHERE c.tenant = $1 ORDER BY c.name_key, c.id`, tenant)
	if err != nil {
		return nil, fault.E("library.collections", "", "", err)
	}
	return out, nil
}

// Collection returns one collection.
func (s *Service) Collection(ctx context.Context, id string) (Collection, error) {
	tenant, err := s.may(ctx, "collection:read", "collection", id, "")
	if err != nil {
		return Collection{}, err
	}
	return findCollection(ctx, s.read(), tenant, id)
}

func findCollection(ctx context.Context, q sqldb.Querier, tenant, id string) (Collection, error) {
	c, err := scanCollection(q.QueryRowContext(ctx, `SELECT `+collectionColumns+` FROM library_collections c WHERE c.tenant = $1 AND c.id = $2`, tenant, id))
	if sqldb.NotFound(err) {
		return c, fault.Say("library.collection", id, fault.NotFound, "collection-not-found", "There is no such collection here.")
	}
	if err != nil {
		return c, fault.E("library.collection", id, "", err)
	}
	return c, nil
}

// CreateCollection adds a collection. fault.Conflict when there is one of the name, whatever its case.
func (s *Service) CreateCollection(ctx context.Context, name, description string) (Collection, error) {
	tenant, err := s.may(ctx, "collection:create", "collection", "", "")
	if err != nil {
		return Collection{}, err
	}
	c := Collection{ID: sqldb.NewID(), Rev: 1}
	if err := c.describe(&name, &description); err != nil {
		return c, err
	}
	err = s.write(ctx, tenant, func(w *change) error {
		c.CreatedMS, c.UpdatedMS = w.now, w.now
		_, err := w.ExecContext(ctx, `INSERT INTO library_collections (id, tenant, name, name_key, description, created_ms, updated_ms, rev)
			VALUES ($1,$2,$3,$4,$5,$6,$6,1)`, c.ID, tenant, c.Name, fold(c.Name), c.Description, c.CreatedMS)
		if err != nil {
			return nameTaken(c.Name, err)
		}
		return w.done(ctx, "collection:create", "collection.changed", c.ID, map[string]any{"change": "created", "name": c.Name})
	})
	return c, err
}

func (c *Collection) describe(name, description *string) error {
	if err := setText(&c.Name, name, "name", titleRunes, line); err != nil {
		return err
	}
	if c.Name == "" {
		return fault.Say("library.collection", "", fault.Invalid, "bad-name", "A collection needs a name.")
	}
	return setText(&c.Description, description, "description", descriptionRunes, prose)
}

// UpdateCollection renames or describes a collection if its revision is still rev (AnyRev does not ask).
func (s *Service) UpdateCollection(ctx context.Context, id string, rev int64, name, description *string) (Collection, error) {
	tenant, err := s.may(ctx, "collection:update", "collection", id, "")
	if err != nil {
		return Collection{}, err
	}
	var c Collection
	err = s.write(ctx, tenant, func(w *change) error {
		if c, err = findCollection(ctx, w.Tx, tenant, id); err != nil {
			return err
		}
		if rev == AnyRev {
			rev = c.Rev
		}
		if err := c.describe(name, description); err != nil {
			return err
		}
		err := w.QueryRowContext(ctx, `UPDATE library_collections SET name = $1, name_key = $2, description = $3, updated_ms = $4, rev = rev + 1
			WHERE tenant = $5 AND id = $6 AND rev = $7 RETURNING rev, updated_ms`,
			c.Name, fold(c.Name), c.Description, w.now, tenant, id, rev).Scan(&c.Rev, &c.UpdatedMS)
		if sqldb.NotFound(err) {
			return fault.E("library.collection", id, fault.Stale, nil)
		}
		if err != nil {
			return nameTaken(c.Name, err)
		}
		return w.done(ctx, "collection:update", "collection.changed", id, map[string]any{"change": "updated", "name": c.Name})
	})
	return c, err
}

// DeleteCollection removes the group; its assets stay.
func (s *Service) DeleteCollection(ctx context.Context, id string) error {
	tenant, err := s.may(ctx, "collection:delete", "collection", id, "")
	if err != nil {
		return err
	}
	return s.write(ctx, tenant, func(w *change) error {
		c, err := findCollection(ctx, w.Tx, tenant, id)
		if err != nil {
			return err
		}
		if _, err := w.ExecContext(ctx, `DELETE FROM library_collections WHERE tenant = $1 AND id = $2`, tenant, id); err != nil {
			return err
		}
		return w.done(ctx, "collection:delete", "collection.changed", id, map[string]any{"change": "deleted", "name": c.Name})
	})
}

// AddToCollection puts assets into a collection; what is in it already stays.
func (s *Service) AddToCollection(ctx context.Context, id string, assets []string) (Collection, error) {
	return s.members(ctx, id, assets, "added", func(w *change, asset string) error { return w.join(ctx, id, asset) })
}

// RemoveFromCollection takes assets out of a collection.
func (s *Service) RemoveFromCollection(ctx context.Context, id string, assets []string) (Collection, error) {
	return s.members(ctx, id, assets, "removed", func(w *change, asset string) error {
		_, err := w.ExecContext(ctx, `DELETE FROM library_members WHERE tenant = $1 AND collection = $2 AND asset = $3`, w.tenant, id, asset)
		return err
	})
}

func (s *Service) members(ctx context.Context, id string, assets []string, what string, each func(*change, string) error) (Collection, error) {
	tenant, err := s.may(ctx, "collection:update", "collection", id, "")
	if err != nil {
		return Collection{}, err
	}
	var c Collection
	err = s.write(ctx, tenant, func(w *change) error {
		for _, asset := range assets {
			if err := each(w, asset); err != nil {
				return err
			}
		}
		if c, err = findCollection(ctx, w.Tx, tenant, id); err != nil {
			return err
		}
		return w.done(ctx, "collection:update", "collection.changed", id, map[string]any{"change": what, "name": c.Name, "assets": assets})
	})
	return c, err
}

// join adds a member if collection and asset are the tenant's.
func (c *change) join(ctx context.Context, collection, asset string) error {
	if _, err := findCollection(ctx, c.Tx, c.tenant, collection); err != nil {
		return err
	}
	if _, err := findAsset(ctx, c.Tx, c.tenant, asset); err != nil {
		return err
	}
	_, err := c.ExecContext(ctx, `INSERT INTO library_members (collection, asset, tenant, added_ms) VALUES ($1,$2,$3,$4) ON CONFLICT DO NOTHING`,
		collection, asset, c.tenant, c.now)
	return err
}

func nameTaken(name string, err error) error {
	if sqldb.Unique(err) {
		return fault.Say("library.collection", name, fault.Conflict, "name-taken", "There is a collection called %q already; choose another name.", name)
	}
	return err
}
