package flow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"showreel/fault"
)

// An outage is a failure of something the whole product leans on, the database or the storage: it is over some time, and
// work that meets it has only to wait. Drivers mark such an error by the method Outage, which names what is away ("the S3
// storage"); a server of somebody else that does not answer is no outage.
type outage interface {
	error
	Outage() string
}

const (
	// outagePatience is how long a step waits for what is away before the failure counts.
	outagePatience = 10 * time.Minute
	outageAsk      = 3 * time.Second  // before the second try; it doubles, for a try may be costly
	outageAskMost  = 30 * time.Second // between two tries
)

// WithPatience sets how long a step waits for a database or storage that is away before the failure counts as one; the
// default is 10 minutes. The tries meanwhile are not those of WithRetry.
func WithPatience(d time.Duration) Opt { return func(e *Engine) { e.patience = d } }

// wait is a step in an outage.
type wait struct {
	log      *slog.Logger
	step     string
	patience time.Duration

	what  string        // what is away, "" while nothing is
	since time.Time     // when that began
	pause time.Duration // before the next try
}

// out reports whether err is an outage that is still waited for, after a pause: the step is then tried again.
func (w *wait) out(ctx context.Context, err error) bool {
	var away outage
	if !errors.As(err, &away) || ctx.Err() != nil {
		w.what = ""
		return false
	}
	if w.what == "" {
		w.what, w.since, w.pause = away.Outage(), time.Now(), outageAsk
		w.log.Warn("step waits for "+w.what, "step", w.step, "error", err)
	}
	left := w.patience - time.Since(w.since)
	if left <= 0 {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(min(left, max(w.pause, fault.AfterOf(err)))):
		w.pause = min(2*w.pause, outageAskMost)
		return true
	}
}

// over notes that the step came through.
func (w *wait) over() {
	if w.what != "" {
		w.log.Info("step goes on after waiting for "+w.what, "step", w.step, "after", time.Since(w.since).Round(time.Millisecond))
	}
}
