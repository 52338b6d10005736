package library

import (
	"context"
	"maps"
	"slices"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/trust/access"
)

const (
	bulkMax   = 1000 // assets that one Bulk changes
	bulkBatch = 100  // of them in one transaction: other writers wait for it, about 0.1 s
)

// Bulk is one change of many assets. Exactly one of its verbs is given; Patch may go with Collection.
type Bulk struct {
	Patch      *Patch
	Trash      bool
	Restore    bool
	Purge      bool
	Collection string // id: put into it
	Leave      string // id: take out of it
}

// BulkResult says what became of each asset.
type BulkResult struct {
	Done   []string      `json:"done" nullable:"false" doc:"ids that were changed, in the order they were given"`
	Failed []BulkFailure `json:"failed" nullable:"false" doc:"assets of which nothing was changed, and why, in the order they were given"`
}

// BulkFailure is an asset that was not changed.
type BulkFailure struct {
	ID string `json:"id"`
	Failure
}

// Bulk applies one change to many assets, in transactions of up to 100 of them. One that cannot be changed is left as it
// was, is reported, and holds up no other. When a transaction breaks off none of its assets has changed: the call fails if
// it is the first one, otherwise its assets and those after it are reported with what broke it off. Errors of the call
// itself: fault.Invalid when it says nothing or too much at once, fault.TooLarge above 1000 assets, fault.Canceled, and
// those of the database.
func (s *Service) Bulk(ctx context.Context, ids []string, b Bulk) (BulkResult, error) {
	out := BulkResult{Done: []string{}, Failed: []BulkFailure{}}
	if len(ids) > bulkMax {
		return out, fault.Say("library.bulk", "", fault.TooLarge, "too-many-assets", "At most %d assets are changed at once; send them in parts.", bulkMax)
	}
	if _, err := b.verb(s); err != nil {
		return out, err
	}
	// Sorted, so that two calls on the same assets lock them in one order and cannot wait for each other.
	sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
	failures := map[string]*Failure{}
	var broken error
	for batch := range slices.Chunk(sorted, bulkBatch) {
		if broken == nil {
			var refused map[string]*Failure
			if refused, broken = s.bulk(ctx, batch, b); broken == nil {
				maps.Copy(failures, refused)
				continue
			}
			if batch[0] == sorted[0] || ctx.Err() != nil {
				return out, broken
			}
		}
		for _, id := range batch {
			failures[id] = failureOf(broken)
		}
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		switch {
		case seen[id]:
		case failures[id] != nil:
			out.Failed = append(out.Failed, BulkFailure{ID: id, Failure: *failures[id]})
		default:
			out.Done = append(out.Done, id)
		}
		seen[id] = true
	}
	return out, nil
}

// bulk changes a batch in one transaction. Each asset has a savepoint, so that one which cannot be changed leaves nothing
// behind. It returns those with their reason, or what broke off the whole.
func (s *Service) bulk(ctx context.Context, ids []string, b Bulk) (map[string]*Failure, error) {
	var refused map[string]*Failure
	err := s.write(ctx, access.WhoFrom(ctx).Tenant, func(c *change) error {
		refused = map[string]*Failure{} // the transaction may be run again
		verb, err := b.verb(s.InTx(c.Tx))
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := savepoint(ctx, c.Tx, "SAVEPOINT"); err != nil {
				return err
			}
			err := verb(ctx, id)
			switch {
			case err == nil:
			case ctx.Err() != nil || breaks(err):
				return err
			default:
				refused[id] = failureOf(err)
				if err := savepoint(ctx, c.Tx, "ROLLBACK TO SAVEPOINT"); err != nil {
					return err
				}
			}
			if err := savepoint(ctx, c.Tx, "RELEASE SAVEPOINT"); err != nil {
				return err
			}
		}
		return nil
	})
	return refused, err
}

// savepoint marks, returns to or lets go of the place before an asset; SQLite and Postgres write it alike.
func savepoint(ctx context.Context, tx *sqldb.Tx, what string) error {
	_, err := tx.ExecContext(ctx, what+` bulk_asset`)
	return err
}

// breaks reports whether an error is no answer about one asset but about the whole.
func breaks(err error) bool {
	for _, kind := range []fault.Kind{fault.Internal, fault.Full, fault.Unavailable, fault.Canceled} {
		if fault.Is(err, kind) {
			return true
		}
	}
	return false
}

func failureOf(err error) *Failure {
	return &Failure{Kind: string(fault.KindOf(err)), Code: fault.CodeOf(err), Text: fault.TextOf(err)}
}

func (b Bulk) verb(s *Service) (func(context.Context, string) error, error) {
	var verbs []func(context.Context, string) error
	if b.Patch != nil {
		verbs = append(verbs, func(ctx context.Context, id string) error { _, err := s.Patch(ctx, id, AnyRev, *b.Patch); return err })
	}
	if b.Trash {
		verbs = append(verbs, func(ctx context.Context, id string) error { _, err := s.Trash(ctx, id); return err })
	}
	if b.Restore {
		verbs = append(verbs, func(ctx context.Context, id string) error { _, err := s.Restore(ctx, id); return err })
	}
	if b.Purge {
		verbs = append(verbs, s.Purge)
	}
	if b.Collection != "" {
		verbs = append(verbs, func(ctx context.Context, id string) error {
			_, err := s.AddToCollection(ctx, b.Collection, []string{id})
			return err
		})
	}
	if b.Leave != "" {
		verbs = append(verbs, func(ctx context.Context, id string) error {
			_, err := s.RemoveFromCollection(ctx, b.Leave, []string{id})
			return err
		})
	}
	together := len(verbs) == 1 || (len(verbs) == 2 && b.Patch != nil && b.Collection != "")
	if !together {
		return nil, fault.Say("library.bulk", "", fault.Invalid, "bad-bulk", "Say one thing to do with the assets: patch, trash, restore, purge, collection or leave.")
	}
	return func(ctx context.Context, id string) error {
		for _, do := range verbs {
			if err := do(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
