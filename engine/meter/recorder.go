package meter

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"showreel/fault"
)

const (
	flushEvery = 2 * time.Second // costs wait this long at most
	maxPending = 10_000          // costs kept while the driver fails; older ones are summed, not lost
	keep       = 30 * 24 * time.Hour
)

// Recorder writes a registry's minute roll-ups and the costs of steps to a driver.
type Recorder struct {
	reg  *Registry
	d    Driver
	node string

	mu      sync.Mutex
	pending []Cost

	rolling sync.Mutex       // one roll-up at a time
	last    map[string]point // what the series had at the last roll-up, by name and labels
}

type point struct {
	value float64
	count uint64
}

// NewRecorder makes a recorder. The node names this process among those that share the driver.
func NewRecorder(reg *Registry, d Driver, node string) *Recorder {
	return &Recorder{reg: reg, d: d, node: node, last: map[string]point{}}
}

// Cost notes what a step used. It returns at once: rows are written together every two seconds and when Run ends.
func (r *Recorder) Cost(c Cost) {
	if c.AtMS == 0 {
		c.AtMS = time.Now().UnixMilli()
	}
	c.Count = max(1, c.Count)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pending) >= maxPending {
		c = r.pending[0].merge(c)
		r.pending = r.pending[1:]
	}
	r.pending = append(r.pending, c)
}

// merge sums two costs under the newer one's name, so that totals stay right when the driver was away for long.
func (c Cost) merge(newer Cost) Cost {
	if c.Tenant != newer.Tenant {
		return newer
	}
	newer.CPUMS += c.CPUMS
	newer.WallMS += c.WallMS
	newer.Read += c.Read
	newer.Written += c.Written
	newer.Count += c.Count
	return newer
}

// Costs returns what a tenant's steps cost with fromMS ≤ time < toMS, by subject and step; subject "" means all.
// fault.Invalid without a tenant.
func (r *Recorder) Costs(ctx context.Context, tenant, subject string, fromMS, toMS int64) ([]Cost, error) {
	if tenant == "" {
		return nil, fault.Say("meter.costs", "", fault.Invalid, "no-tenant", "Say which tenant's costs you want.")
	}
	if err := r.flush(ctx); err != nil {
		return nil, err
	}
	return r.d.Costs(ctx, tenant, subject, fromMS, toMS)
}

// Series returns the minute roll-ups of a metric with fromMS ≤ minute < toMS.
func (r *Recorder) Series(ctx context.Context, name string, fromMS, toMS int64) ([]Sample, error) {
	return r.d.Series(ctx, name, fromMS, toMS)
}

// Run rolls up each minute and writes costs until the context ends, and once more then. Failures of the driver are
// retried with the next turn.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	minute := time.Now().Truncate(time.Minute)
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			return errors.Join(r.flush(last), r.RollUp(last, minute))
		case now := <-tick.C:
			_ = r.flush(ctx) // what failed stays pending
			if this := now.Truncate(time.Minute); this.After(minute) {
				if r.RollUp(ctx, minute) == nil {
					minute = this
				}
				if this.Minute() == 0 {
					_ = r.d.Prune(ctx, this.Add(-keep).UnixMilli()) // tried again in an hour
				}
			}
		}
	}
}

func (r *Recorder) flush(ctx context.Context) error {
	r.mu.Lock()
	batch := r.pending
	r.pending = nil
	r.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	if err := r.d.AddCosts(ctx, batch); err != nil {
		r.mu.Lock()
		r.pending = append(batch, r.pending...)
		r.mu.Unlock()
		return fault.E("meter.costs", "", "", err)
	}
	return nil
}

// RollUp saves what every series did since the last roll-up under the minute that begins at start. Series that did not
// change are left out, except gauges.
func (r *Recorder) RollUp(ctx context.Context, start time.Time) error {
	r.rolling.Lock()
	defer r.rolling.Unlock()
	var samples []Sample
	now := map[string]point{}
	for _, f := range r.reg.sorted() {
		for _, s := range f.sorted() {
			labels := f.render(s)
			id := f.name + "{" + labels
			p := point{math.Float64frombits(s.value.Load()), s.count.Load()}
			now[id] = p
			sample := Sample{Node: r.node, AtMS: start.UnixMilli(), Name: f.name, Labels: labels, Value: p.value}
			if f.kind != gaugeKind {
				before := r.last[id]
				sample.Value, sample.Count = p.value-before.value, int64(p.count-before.count)
				if sample.Value == 0 && sample.Count == 0 {
					continue
				}
			}
			samples = append(samples, sample)
		}
	}
	if len(samples) == 0 {
		return nil
	}
	if err := r.d.Save(ctx, samples); err != nil {
		return fault.E("meter.rollup", "", "", err)
	}
	r.last = now
	return nil
}
