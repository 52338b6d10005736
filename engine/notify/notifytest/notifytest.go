// Package notifytest is the suite that every notify driver passes. It is for tests only.
package notifytest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/notify"
	"showreel/fault"
)

// Run checks a driver. open returns a fresh one and a function that tells what has arrived at its other end.
func Run(t *testing.T, open func(t *testing.T) (d notify.Driver, arrived func() []notify.Message)) {
	t.Helper()
	t.Run("arrives as sent", func(t *testing.T) {
		d, arrived := open(t)
		want := notify.Message{ID: "01", Tenant: "main", Name: "asset.failed", Subject: "film \u202e\n\"7\"", AtMS: 1_700_000_000_000, Data: json.RawMessage(`{"n":1}`)}
		if err := d.Send(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]notify.Message{want}, arrived()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("without data", func(t *testing.T) {
		d, arrived := open(t)
		if err := d.Send(t.Context(), notify.Message{ID: "02", Name: "asset.created"}); err != nil {
			t.Fatal(err)
		}
		if got := arrived(); len(got) != 1 || got[0].ID != "02" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("from many at once", func(t *testing.T) {
		d, arrived := open(t)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if err := d.Send(t.Context(), notify.Message{ID: fmt.Sprintf("%02d", i), Name: "x.y"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var ids []string
		for _, m := range arrived() {
			ids = append(ids, m.ID)
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != 20 {
			t.Errorf("arrived %v", ids)
		}
	})
	t.Run("not after the context ended", func(t *testing.T) {
		d, arrived := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Send(ctx, notify.Message{ID: "03", Name: "x.y"}); !fault.Is(err, fault.Canceled) {
			t.Errorf("got %v, want fault.Canceled", err)
		}
		if got := arrived(); len(got) != 0 {
			t.Errorf("arrived %+v", got)
		}
	})
}
