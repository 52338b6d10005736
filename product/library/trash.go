package library

import (
	"context"
	"slices"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/trust/access"
)

// Trash puts an asset into the trash. Nothing of it is lost; it is not listed, played or published while there. An
// asset that is there already stays, without error.
func (s *Service) Trash(ctx context.Context, id string) (Asset, error) {
	return s.move(ctx, id, "asset:trash", func(c *change, a *Asset) { a.TrashedMS = c.now }, "asset.trashed")
}

// Restore takes an asset out of the trash in the state that it has by now.
func (s *Service) Restore(ctx context.Context, id string) (Asset, error) {
	return s.move(ctx, id, "asset:restore", func(_ *change, a *Asset) { a.TrashedMS = 0 }, "asset.restored")
}

func (s *Service) move(ctx context.Context, id, action string, set func(*change, *Asset), event string) (Asset, error) {
	tenant, err := s.may(ctx, action, "asset", id, "")
	if err != nil {
		return Asset{}, err
	}
	var a Asset
	err = s.write(ctx, tenant, func(c *change) error {
		if a, err = lockAsset(ctx, c.Tx, tenant, id); err != nil {
			return err
		}
		if (a.TrashedMS > 0) == (event == "asset.trashed") {
			return nil
		}
		set(c, &a)
		a.setState(a.stored)
		a.UpdatedMS, a.Rev = c.now, a.Rev+1
		if err := storeAsset(ctx, c.Tx, &a); err != nil {
			return err
		}
		return c.done(ctx, action, event, id, map[string]any{"title": a.Title})
	})
	return a, err
}

// Purged is the data of the event asset.purged.
type Purged struct {
	Title    string   `json:"title"`
	Versions int      `json:"versions"`
	SHA256   []string `json:"sha256"`
}

// Purge deletes an asset that is in the trash for good: its rows and those of the rooms that asked by AlsoForget at
// once, its files after the grace period unless another asset has the same original. fault.Conflict outside the trash.
func (s *Service) Purge(ctx context.Context, id string) error {
	tenant, err := s.may(ctx, "asset:purge", "asset", id, "")
	if err != nil {
		return err
	}
	return s.write(ctx, tenant, func(c *change) error {
		a, err := lockAsset(ctx, c.Tx, tenant, id)
		if err != nil {
			return err
		}
		if a.TrashedMS == 0 {
			return fault.Say("library.purge", id, fault.Conflict, "not-in-trash", "Only what is in the trash can be deleted for good; put it there first.")
		}
		return c.purge(ctx, a)
	})
}

func (c *change) purge(ctx context.Context, a Asset) error {
	versions, err := collect(ctx, c.Tx, scanVersion, `SELECT `+versionColumns+` FROM library_versions WHERE tenant = $1 AND asset = $2 ORDER BY number`, c.tenant, a.ID)
	if err != nil {
		return err
	}
	for _, f := range *c.s.forget {
		if err := f(ctx, c.Tx, a.Ref()); err != nil {
			return err
		}
	}
	due := c.now + c.s.deps.Grace.Milliseconds()
	gone := Purged{Title: a.Title, Versions: len(versions), SHA256: []string{}}
	for _, v := range versions {
		gone.SHA256 = append(gone.SHA256, v.SHA256)
		if err := c.discard(ctx, "raw", v.Key, due); err != nil {
			return err
		}
	}
	for _, folder := range []string{"r", "idx", "x"} {
		if err := c.discard(ctx, "processed", c.tenant+"/"+folder+"/"+a.ID+"/", due); err != nil {
			return err
		}
	}
	keys, err := collect(ctx, c.Tx, scanString, `SELECT DISTINCT blob_key FROM library_renditions WHERE tenant = $1 AND asset = $2`, c.tenant, a.ID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := c.discard(ctx, "processed", key, due); err != nil {
			return err
		}
	}
	if _, err := c.ExecContext(ctx, `DELETE FROM library_assets WHERE tenant = $1 AND id = $2`, c.tenant, a.ID); err != nil {
		return err
	}
	return c.done(ctx, "asset:purge", "asset.purged", a.ID, gone)
}

func (c *change) discard(ctx context.Context, store, key string, due int64) error {
	_, err := c.ExecContext(ctx, `INSERT INTO library_garbage (tenant, store, blob_key, after_ms) VALUES ($1,$2,$3,$4)
		ON CONFLICT (tenant, store, blob_key) DO UPDATE SET after_ms = EXCLUDED.after_ms`, c.tenant, store, key, due)
	return err
}

// sweepEvery is how often Run looks for files and trash whose time has come.
const sweepEvery = time.Minute

// Run empties the trash after its time, deletes the files of what was purged, and finds words anew for assets whose index an
// earlier version made, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.ErrorContext(ctx, "the library's sweep failed and will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep does one round of what Run does.
func (s *Service) Sweep(ctx context.Context) error {
	if err := s.emptyTrash(ctx); err != nil {
		return err
	}
	if err := s.reindex(ctx); err != nil {
		return err
	}
	if s.deps.Files == nil {
		return nil
	}
	for {
		due, err := s.dueGarbage(ctx)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, g := range due {
			if err := s.erase(ctx, g); err != nil {
				return err
			}
		}
	}
}

func (s *Service) emptyTrash(ctx context.Context) error {
	if s.deps.Trash < 0 {
		return nil
	}
	before := sqldb.NowMS() - s.deps.Trash.Milliseconds()
	old, err := selectAssets(ctx, s.read(), `WHERE bin = 1 AND trashed_ms < $1 ORDER BY trashed_ms LIMIT 1000`, before)
	if err != nil {
		return fault.E("library.sweep", "", "", err)
	}
	for _, a := range old {
		err := s.Purge(access.With(ctx, access.System(a.Tenant)), a.ID)
		if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

type garbage struct{ tenant, store, key string }

func scanGarbage(row scanner) (garbage, error) {
	var g garbage
	return g, row.Scan(&g.tenant, &g.store, &g.key)
}

func (s *Service) dueGarbage(ctx context.Context) ([]garbage, error) {
	out, err := collect(ctx, s.read(), scanGarbage, `SELECT tenant, store, blob_key FROM library_garbage WHERE after_ms <= $1 ORDER BY after_ms LIMIT 100`, sqldb.NowMS())
	if err != nil {
		return nil, fault.E("library.sweep", "", "", err)
	}
	return out, nil
}

// erase deletes a file whose row says that nobody owns it. Derived files belong to one asset, which is gone. Originals
// may be claimed by a new version meanwhile, so their row and file go in one transaction that looks once more for an
// owner: the version either keeps the file or comes after both are gone.
func (s *Service) erase(ctx context.Context, g garbage) error {
	if g.store != "raw" {
		if err := s.deps.Files.Erase(ctx, g.store, g.key); err != nil {
			return err
		}
		return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error { return dropGarbage(ctx, tx, g) })
	}
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := dropGarbage(ctx, tx, g); err != nil {
			return err
		}
		used, err := collect(ctx, tx, scanCount, `SELECT COUNT(*) FROM library_versions WHERE tenant = $1 AND blob_key = $2`, g.tenant, g.key)
		if err != nil || used[0] > 0 {
			return err
		}
		return s.deps.Files.Erase(ctx, g.store, g.key)
	})
}

func dropGarbage(ctx context.Context, tx *sqldb.Tx, g garbage) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM library_garbage WHERE tenant = $1 AND store = $2 AND blob_key = $3`, g.tenant, g.store, g.key)
	return err
}

// Erase removes what the library keeps about a person: the names of authors on assets, annotations and ledger entries
// are replaced by "erased". The audit keeps its record, as the law allows.
func (s *Service) Erase(ctx context.Context, subject string) error {
	tenant, err := s.may(ctx, "user:delete", "user", subject, "")
	if err != nil {
		return err
	}
	return s.write(ctx, tenant, func(c *change) error {
		for _, named := range []struct{ table, column string }{
			{"library_assets", "created_by"}, {"library_versions", "created_by"}, {"library_annotations", "locked_by"},
			{"library_annotations", "person"}, {"library_ledger", "actor"},
		} {
			_, err := c.ExecContext(ctx, `UPDATE `+named.table+` SET `+named.column+` = 'erased' WHERE tenant = $1 AND `+named.column+` = $2`, tenant, subject)
			if err != nil {
				return err
			}
		}
		return c.record(ctx, "library:erase", subject, nil)
	})
}

// Usable returns nil if the asset may be used at the territory, platform and instant (UTC milliseconds), else
// fault.Denied as Rights.Allows says, or fault.Gone in the trash.
func (s *Service) Usable(ctx context.Context, asset, territory, platform string, atMS int64) error {
	a, err := s.Get(ctx, asset)
	if err != nil {
		return err
	}
	if a.TrashedMS > 0 {
		return fault.Say("library.usable", asset, fault.Gone, "in-trash", "This is in the trash; restore it to use it.")
	}
	return a.Rights.Allows(asset, Use{Territory: territory, Platform: platform, AtMS: atMS})
}

func keysOf(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
