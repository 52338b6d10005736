package ingest

import (
	"context"
	"errors"
	"time"

	"showreel/fault"
)

// outage is a failure of the database or the storage, which passes: engine/flow tries a step again until it is over.
// Outage names what is away.
type outage interface {
	error
	Outage() string
}

const (
	outagePatience = 10 * time.Minute // how long a finished result waits for its store, as engine/flow waits
	outageAsk      = 3 * time.Second  // between two tries
)

// tellOutage lets people see that the job waits for what is away, or that it waits no longer.
func (w work) tellOutage(err error) {
	var away outage
	if errors.As(err, &away) {
		w.s.board.away(w.in.Job, away.Outage()+", which does not answer")
		return
	}
	w.s.board.away(w.in.Job, "")
}

// awaitStore waits until a store that refused a result may take it: until there is space, or for a moment where the
// store is away. It returns err where waiting does not help, or no longer.
func (w work) awaitStore(ctx context.Context, err error, began time.Time) error {
	var away outage
	switch {
	case fault.Is(err, fault.Full):
		return w.awaitSpace(ctx)
	case !errors.As(err, &away) || time.Since(began) > outagePatience:
		return err
	}
	w.tellOutage(err)
	select {
	case <-ctx.Done():
		return fault.E("ingest.store", w.in.Job, fault.Canceled, context.Cause(ctx))
	case <-time.After(outageAsk):
		return nil
	}
}
