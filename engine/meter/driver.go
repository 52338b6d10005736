package meter

import "context"

// A Driver keeps roll-ups and costs. Drivers are safe for concurrent use.
type Driver interface {
	// Save stores samples of one minute. Saving the same node, minute, name and labels again replaces.
	Save(ctx context.Context, samples []Sample) error
	// Series returns samples of a metric with fromMS ≤ AtMS < toMS, ordered by time, then labels.
	Series(ctx context.Context, name string, fromMS, toMS int64) ([]Sample, error)
	// AddCosts stores costs.
	AddCosts(ctx context.Context, costs []Cost) error
	// Costs returns the sums a tenant's steps cost with fromMS ≤ AtMS < toMS, by subject and step; subject "" means all.
	Costs(ctx context.Context, tenant, subject string, fromMS, toMS int64) ([]Cost, error)
	// Prune removes samples older than beforeMS; costs stay.
	Prune(ctx context.Context, beforeMS int64) error
}

// Sample is one series' value over one minute: a counter's and histogram's growth, a gauge's last value.
type Sample struct {
	Node   string // which process measured
	AtMS   int64  // start of the minute, ms UTC
	Name   string
	Labels string // rendered as in Prometheus text, `a="x",b="y"`
	Value  float64
	Count  int64 // observations of a histogram, else 0
}

// Cost is what one step of work used.
type Cost struct {
	Tenant  string
	Subject string // asset or job id
	Step    string // "transcode.chunk"
	AtMS    int64
	CPUMS   int64 // processor time
	WallMS  int64
	Read    int64 // bytes
	Written int64 // bytes
	Count   int64 // number of steps summed; 0 counts as 1
}
