package budget

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// coreGrain forgives the rounding of sums of fractional cores.
const coreGrain = 1e-6

// grant hands out whatever fits, most urgent first. b.mu is held.
func (b *Budget) grant() {
	now := time.Now()
	var blocked *waiter // the most urgent that does not fit
	for _, w := range b.sorted(now) {
		if b.isPaused(w.ask.Key) {
			continue
		}
		if blocked != nil && reserves(blocked, now) {
			return
		}
		if !b.fits(w.ask) {
			if blocked == nil {
				blocked = w
			}
			continue
		}
		b.give(w)
	}
}

// reserves reports whether a blocked request lets nobody pass any more.
func reserves(w *waiter, now time.Time) bool {
	return w.ask.Lane == Live || now.Sub(w.since) >= patience
}

// sorted returns the queue by urgency; equals keep their order of arrival. The share of a tenant is read once, so that
// a burst granted in one go is ordered by what was held before it; b.mu is held.
func (b *Budget) sorted(now time.Time) []*waiter {
	order := slices.Clone(b.queue)
	points := make(map[*waiter]float64, len(order))
	for _, w := range order {
		points[w] = b.points(w, now)
	}
	slices.SortStableFunc(order, func(x, y *waiter) int { return cmp.Compare(points[y], points[x]) })
	return order
}

// points is a request's urgency: lane, priority and age, less what its tenant holds already.
func (b *Budget) points(w *waiter, now time.Time) float64 {
	p := float64(w.ask.Priority) + now.Sub(w.since).Minutes()*agePointsPerMin
	p -= sharePoints * b.tenants[w.ask.Tenant] / b.limits.Cores
	switch w.ask.Lane {
	case Live:
		return p + livePoints
	case Interactive:
		return p + 2*lanePoints
	case Normal:
		return p + lanePoints
	}
	return p
}

// fits reports whether a share is free now. b.mu is held.
func (b *Budget) fits(a Ask) bool {
	return !b.shortOfCores(a) && !b.shortOfMemory(a)
}

func (b *Budget) shortOfCores(a Ask) bool {
	limit := b.limits.Cores
	if a.Lane == Live || a.Lane == Interactive {
		limit += b.limits.Burst
	}
	return b.cores+a.Cores > limit+coreGrain
}

func (b *Budget) shortOfMemory(a Ask) bool {
	return b.limits.MemMB > 0 && b.memMB+a.MemMB > b.limits.MemMB
}

// give turns a waiter into a lease. b.mu is held.
func (b *Budget) give(w *waiter) {
	b.unqueue(w)
	l := &Lease{b: b, ask: w.ask}
	b.held = append(b.held, l)
	b.cores += w.ask.Cores
	b.memMB += w.ask.MemMB
	b.tenants[w.ask.Tenant] += w.ask.Cores
	w.granted <- l
}

// giveBack undoes give. b.mu is held.
func (b *Budget) giveBack(l *Lease) {
	b.held = slices.DeleteFunc(b.held, func(h *Lease) bool { return h == l })
	b.memMB -= l.ask.MemMB
	b.cores -= l.ask.Cores
	b.tenants[l.ask.Tenant] -= l.ask.Cores
	if b.tenants[l.ask.Tenant] < coreGrain {
		delete(b.tenants, l.ask.Tenant)
	}
	if len(b.held) == 0 {
		b.cores = 0 // sums of fractions do not drift for ever
	}
}

func (b *Budget) unqueue(w *waiter) {
	b.queue = slices.DeleteFunc(b.queue, func(q *waiter) bool { return q == w })
}

// Waiting lists the requests that have not been granted, most urgent first, each with its reason in words.
func (b *Budget) Waiting() []Wait {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	var out []Wait
	ahead := 0
	for _, w := range b.sorted(now) {
		out = append(out, Wait{Ask: w.ask, SinceMS: w.since.UnixMilli(), Reason: b.reason(w, ahead)})
		if !b.isPaused(w.ask.Key) {
			ahead++
		}
	}
	return out
}

// reason says in words what a request waits for. b.mu is held.
func (b *Budget) reason(w *waiter, ahead int) string {
	switch {
	case b.isPaused(w.ask.Key):
		return "paused by a person"
	case b.shortOfCores(w.ask):
		return fmt.Sprintf("%s of %s cores are busy: %s", number(b.cores), number(b.limits.Cores), b.holders())
	case b.shortOfMemory(w.ask):
		return fmt.Sprintf("needs %d MB of memory and %d of %d MB are in use: %s", w.ask.MemMB, b.memMB, b.limits.MemMB, b.holders())
	}
	return fmt.Sprintf("%d more urgent before it", ahead)
}

// holders names what runs now, at most two of them.
func (b *Budget) holders() string {
	var names []string
	for _, l := range b.held {
		name := l.ask.Why
		if name == "" {
			name = l.ask.Key
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "other work"
	}
	if len(names) > 2 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), len(names)-2)
	}
	return strings.Join(names, ", ")
}

// number prints a core count without needless decimals.
func number(cores float64) string { return strconv.FormatFloat(cores, 'f', -1, 64) }
