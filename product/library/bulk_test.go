package library_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

// TestBulkLeavesNothingHalfDone: an asset that is refused at its second verb has not changed by its first.
func TestBulkLeavesNothingHalfDone(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a, b := w.add(t, ctx, "a.mp4", 1), w.add(t, ctx, "b.mp4", 2)
		_, err := w.Trash(ctx, b.ID)
		must(t, err)
		res, err := w.Bulk(ctx, []string{b.ID, a.ID}, library.Bulk{Patch: &library.Patch{AddTags: []string{"half"}}, Collection: "no such"})
		must(t, err)
		if len(res.Done) != 0 || len(res.Failed) != 2 || res.Failed[0].ID != b.ID || res.Failed[1].ID != a.ID {
			t.Errorf("%+v", res)
		}
		if got, err := w.Get(ctx, a.ID); err != nil || len(got.Tags) != 0 || got.Rev != a.Rev {
			t.Errorf("it kept %v at revision %d, %v", got.Tags, got.Rev, err)
		}
		if got := titles(t, ctx, w, library.Query{Text: "half"}); len(got) != 0 {
			t.Errorf("found by a tag that was taken back: %v", got)
		}
	})
}

// TestBulkBatchIsOneTransaction breaks the third batch off: the first two are done, of the third nothing is, and the
// report says so of each.
func TestBulkBatchIsOneTransaction(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		var ids []string
		must(t, w.db.Write(ctx, func(tx *sqldb.Tx) error {
			for n := range 230 {
				a, err := w.InTx(tx).Create(ctx, library.NewAsset{Name: fmt.Sprintf("%d.mp4", n)})
				if err != nil {
					return err
				}
				ids = append(ids, a.ID)
			}
			return nil
		}))
		slices.Sort(ids)
		slices.Reverse(ids)
		res, err := w.Bulk(ctx, ids, library.Bulk{Trash: true})
		must(t, err)
		if diff := cmp.Diff(ids, res.Done); diff != "" || len(res.Failed) != 0 {
			t.Fatalf("trash: %s %v", diff, res.Failed)
		}
		breakAt, disk := ids[len(ids)-1-215], errors.New("the disk is gone")
		w.AlsoForget(func(_ context.Context, _ *sqldb.Tx, ref media.Ref) error {
			if ref.Asset == breakAt {
				return fault.E("test", ref.Asset, fault.Internal, disk)
			}
			return nil
		})
		res, err = w.Bulk(ctx, ids, library.Bulk{Purge: true})
		must(t, err)
		if len(res.Done) != 200 || len(res.Failed) != 30 || res.Failed[0].Kind != string(fault.Internal) {
			t.Fatalf("done %d, failed %d: %+v", len(res.Done), len(res.Failed), res.Failed[:1])
		}
		for _, f := range res.Failed {
			if _, err := w.Get(ctx, f.ID); err != nil {
				t.Errorf("%s is reported and yet gone: %v", f.ID, err)
			}
		}
		if stats, err := w.Stats(ctx); err != nil || stats.Trashed != 30 {
			t.Errorf("%+v %v", stats, err)
		}
		if res, err := w.Bulk(ctx, []string{breakAt}, library.Bulk{Purge: true}); !errors.Is(err, disk) {
			t.Errorf("the only batch broke off: %+v %v", res, err)
		}
	})
}

// TestBulkAsksForEachAsset: whoever may not is refused for each, and the refusals reach the audit.
func TestBulkAsksForEachAsset(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		res, err := w.Bulk(person(t, access.MainTenant, access.RoleViewer), []string{a.ID}, library.Bulk{Trash: true})
		must(t, err)
		if len(res.Failed) != 1 || res.Failed[0].Kind != string(fault.Denied) {
			t.Errorf("%+v", res)
		}
		res, err = w.Bulk(person(t, "other", access.RoleAdmin), []string{a.ID}, library.Bulk{Trash: true})
		must(t, err)
		if len(res.Failed) != 1 || res.Failed[0].Code != "asset-not-found" {
			t.Errorf("another tenant: %+v", res)
		}
	})
}

func TestCustomFieldsAreSearched(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		w.add(t, ctx, "b.mp4", 2)
		_, err := w.Patch(ctx, a.ID, library.AnyRev, library.Patch{SetFields: map[string]string{"camera": "ARRI Alexa-35", "スタジオ": "東京"}})
		must(t, err)
		for query, n := range map[string]int{"arri": 1, "alexa 35": 1, "東京": 1, "camera": 0, "alexa b": 0} {
			if got := titles(t, ctx, w, library.Query{Text: query}); len(got) != n {
				t.Errorf("%q finds %v", query, got)
			}
		}
		_, err = w.Patch(ctx, a.ID, library.AnyRev, library.Patch{SetFields: map[string]string{"camera": ""}})
		must(t, err)
		if got := titles(t, ctx, w, library.Query{Text: "arri"}); len(got) != 0 {
			t.Errorf("found by what was removed: %v", got)
		}
		// What an earlier version indexed is found once the sweep has been over it.
		must(t, w.db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.ExecContext(ctx, `DELETE FROM library_terms WHERE asset = $1`, a.ID); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO library_reindex (asset, tenant) VALUES ($1, $2)`, a.ID, access.MainTenant)
			return err
		}))
		for range 2 {
			must(t, w.Sweep(ctx))
		}
		if got := titles(t, ctx, w, library.Query{Text: "東京"}); len(got) != 1 {
			t.Errorf("not found after the sweep: %v", got)
		}
	})
}
