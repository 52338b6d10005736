// Package meter measures the product: counters, gauges and histograms in a concrete Registry (there is no global one),
// Prometheus text at /metrics, a roll-up of every series each minute into a driver, and the cost of each step of work.
// It is not for tracing, not for logs and not for viewers' behaviour (that is the product's audience room).
package meter

import (
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Registry holds every series of one process. It is safe for concurrent use.
type Registry struct {
	mu       sync.RWMutex
	families map[string]*family
}

// New returns an empty registry.
func New() *Registry { return &Registry{families: map[string]*family{}} }

type kind string

const (
	counterKind   kind = "counter"
	gaugeKind     kind = "gauge"
	histogramKind kind = "histogram"
)

// family is one metric name with its series by label values.
type family struct {
	name, help string
	kind       kind
	labels     []string
	bounds     []float64
	mu         sync.RWMutex
	series     map[string]*series
}

// series is one set of label values. value holds float bits; a histogram also counts by bucket.
type series struct {
	values  []string
	value   atomic.Uint64 // counter and gauge: the value; histogram: the sum
	count   atomic.Uint64
	buckets []atomic.Uint64
}

// Counter only grows: requests, bytes, errors.
type Counter struct{ f *family }

// Gauge goes up and down: waiting jobs, free bytes.
type Gauge struct{ f *family }

// Histogram counts observations in buckets: durations in seconds, sizes in bytes.
type Histogram struct{ f *family }

// Seconds are histogram bounds for durations from 1 ms to 1 minute.
func Seconds() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}

// Counter returns the counter of that name, made at first use. Name and labels follow Prometheus' rules
// ("showreel_http_requests_total"); asking for the same name with another kind or other labels panics, as a defect of ours.
func (r *Registry) Counter(name, help string, labels ...string) Counter {
	return Counter{r.family(name, help, counterKind, labels, nil)}
}

// Gauge returns the gauge of that name, made at first use.
func (r *Registry) Gauge(name, help string, labels ...string) Gauge {
	return Gauge{r.family(name, help, gaugeKind, labels, nil)}
}

// Histogram returns the histogram of that name, made at first use, with ascending upper bounds.
func (r *Registry) Histogram(name, help string, bounds []float64, labels ...string) Histogram {
	if !slices.IsSorted(bounds) || len(bounds) == 0 {
		panic("meter: histogram " + name + " needs ascending bounds")
	}
	return Histogram{r.family(name, help, histogramKind, labels, bounds)}
}

// Add adds v ≥ 0 to the series of the label values, given in the order of the counter's labels.
func (c Counter) Add(v float64, values ...string) {
	if v < 0 || math.IsNaN(v) {
		return
	}
	add(&c.f.at(values).value, v)
}

// Inc adds one.
func (c Counter) Inc(values ...string) { c.Add(1, values...) }

// Set sets the gauge.
func (g Gauge) Set(v float64, values ...string) { g.f.at(values).value.Store(math.Float64bits(v)) }

// Add changes the gauge by v.
func (g Gauge) Add(v float64, values ...string) { add(&g.f.at(values).value, v) }

// Observe counts v in its bucket.
func (h Histogram) Observe(v float64, values ...string) {
	if math.IsNaN(v) {
		return
	}
	s := h.f.at(values)
	i, _ := slices.BinarySearch(h.f.bounds, v)
	s.buckets[i].Add(1)
	s.count.Add(1)
	add(&s.value, v)
}

func add(bits *atomic.Uint64, v float64) {
	for {
		old := bits.Load()
		if bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

func (r *Registry) family(name, help string, k kind, labels []string, bounds []float64) *family {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f, ok := r.families[name]; ok {
		if f.kind != k || !slices.Equal(f.labels, labels) {
			panic("meter: " + name + " is registered with another kind or other labels")
		}
		return f
	}
	if !validName(name) || slices.ContainsFunc(labels, func(l string) bool { return !validName(l) || l == "le" }) {
		panic("meter: bad metric or label name in " + name)
	}
	f := &family{name: name, help: help, kind: k, labels: slices.Clone(labels), bounds: slices.Clone(bounds), series: map[string]*series{}}
	r.families[name] = f
	return f
}

// at returns the series of the label values, made at first use.
func (f *family) at(values []string) *series {
	if len(values) != len(f.labels) {
		panic("meter: " + f.name + " takes labels " + strings.Join(f.labels, ", "))
	}
	key := strings.Join(values, "\xff")
	f.mu.RLock()
	s, ok := f.series[key]
	f.mu.RUnlock()
	if ok {
		return s
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, ok := f.series[key]; ok {
		return s
	}
	s = &series{values: slices.Clone(values)}
	if f.kind == histogramKind {
		s.buckets = make([]atomic.Uint64, len(f.bounds)+1)
	}
	f.series[key] = s
	return s
}

func validName(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
