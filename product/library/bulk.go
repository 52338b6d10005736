package library

import (
	"context"
	"slices"

	"showreel/fault"
)

// bulkMax is how many assets one Bulk changes.
const bulkMax = 1000

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
	Done   []string      `json:"done" nullable:"false" doc:"ids that were changed"`
	Failed []BulkFailure `json:"failed" nullable:"false"`
}

// BulkFailure is an asset that was not changed.
type BulkFailure struct {
	ID string `json:"id"`
	Failure
}

// Bulk applies one change to many assets, each in a transaction of its own: one that cannot be changed is reported and
// holds up no other. Errors of the call itself: fault.Invalid when it says nothing or too much at once, fault.TooLarge
// above 1000 assets.
func (s *Service) Bulk(ctx context.Context, ids []string, b Bulk) (BulkResult, error) {
	out := BulkResult{Done: []string{}, Failed: []BulkFailure{}}
	if len(ids) > bulkMax {
		return out, fault.Say("library.bulk", "", fault.TooLarge, "too-many-assets", "At most %d assets are changed at once; send them in parts.", bulkMax)
	}
	verb, err := b.verb(s)
	if err != nil {
		return out, err
	}
	var seen []string
	for _, id := range ids {
		if slices.Contains(seen, id) {
			continue
		}
		seen = append(seen, id)
		err := verb(ctx, id)
		switch {
		case err == nil:
			out.Done = append(out.Done, id)
		case ctx.Err() != nil || fault.Is(err, fault.Internal) || fault.Is(err, fault.Full):
			return out, err
		default:
			out.Failed = append(out.Failed, BulkFailure{ID: id, Failure: Failure{Kind: string(fault.KindOf(err)), Code: fault.CodeOf(err), Text: fault.TextOf(err)}})
		}
	}
	return out, nil
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
