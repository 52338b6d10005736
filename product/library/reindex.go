package library

import (
	"context"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// reindexBatch is how many assets get their words in one transaction: some 30 ms on SQLite.
const reindexBatch = 100

type stale struct{ asset, tenant string }

// reindex finds the words of assets anew that library_reindex names, batch by batch.
func (s *Service) reindex(ctx context.Context) error {
	for {
		list, err := collect(ctx, s.read(), func(row scanner) (stale, error) {
			var o stale
			return o, row.Scan(&o.asset, &o.tenant)
		}, `SELECT asset, tenant FROM library_reindex ORDER BY asset LIMIT $1`, reindexBatch)
		if err != nil {
			return fault.E("library.reindex", "", "", err)
		}
		if len(list) == 0 {
			return nil
		}
		err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
			for _, o := range list {
				if err := refresh(ctx, tx, o); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fault.E("library.reindex", "", "", err)
		}
	}
}

func refresh(ctx context.Context, tx *sqldb.Tx, o stale) error {
	a, err := lockAsset(ctx, tx, o.tenant, o.asset)
	if fault.Is(err, fault.NotFound) {
		return nil // purged meanwhile, and its row with it
	}
	if err != nil {
		return err
	}
	if err := index(ctx, tx, a); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM library_reindex WHERE asset = $1`, o.asset)
	return err
}
