// Package budget shares one machine's cores and memory between heavy pieces of work: every child process and every
// heavy step takes a lease before it starts and gives it back when it ends. Lanes come before priorities, waiting
// makes a request older and so more urgent, and a tenant that holds much waits behind one that holds little.
//
// It is not a workflow queue: it remembers nothing across a restart and owns no work. It measures nothing either; a
// lease is a promise by its holder. The order is weighted fair queueing with ageing, as in operating-system schedulers
// (Silberschatz, Operating System Concepts, §5.3), with a reservation for a request that has been passed by long enough.
package budget

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"time"

	"showreel/fault"
)

// The lanes, most urgent first. An unknown or empty lane counts as Normal.
const (
	Live        = "live"        // an audience is watching now; never overtaken
	Interactive = "interactive" // a person is waiting in front of the screen
	Normal      = "normal"      // ordinary uploads
	Batch       = "batch"       // reprocessing, migrations
)

// Weights of the order, in points. Priorities span 0..100, so a lane outweighs any priority, and a batch request has
// caught up with a fresh normal one after 200 / 20 = 10 minutes of waiting.
const (
	lanePoints      = 200.0
	livePoints      = 1e9
	agePointsPerMin = 20.0
	sharePoints     = 100.0 // lost by a tenant that holds every core
	maxPriority     = 100
)

// patience is how long the most urgent request that does not fit lets smaller ones pass. After that what becomes free
// is kept for it, so that a large request cannot starve.
const patience = 5 * time.Second

// Limits is what the machine gives. Cores 0 means every core; MemMB 0 means that memory is not limited. Burst is how
// many cores more the live and interactive lanes may use, so that a person does not wait behind a long batch step; the
// operating system then shares the cores.
type Limits struct {
	Cores float64
	MemMB int64
	Burst float64
}

// Ask is a request for a lease. Key is the owner's key ("job/123/chunk/4"): Pause, Resume and Change match it by prefix.
// Why names the work in a person's words ("encoding film.mp4, part 3 of 8").
type Ask struct {
	Lane     string
	Tenant   string
	Key      string
	Why      string
	Priority int // 0..100, higher is sooner
	Cores    float64
	MemMB    int64
}

// Wait is one request that has not been granted, and why.
type Wait struct {
	Ask     Ask
	SinceMS int64  // UTC milliseconds
	Reason  string // for people: "2 of 2 cores are busy: encoding film.mp4"
}

// Usage is what is leased out now.
type Usage struct {
	Limits Limits
	Cores  float64
	MemMB  int64
	Leases []Ask // in the order in which they were granted
}

// Budget grants leases. Its methods may be called from any goroutine.
type Budget struct {
	limits Limits

	mu      sync.Mutex
	queue   []*waiter
	held    []*Lease
	cores   float64
	memMB   int64
	tenants map[string]float64 // cores held
	paused  map[string]bool    // key prefixes
}

// Lease is a granted share. Release gives it back; more than once is harmless.
type Lease struct {
	b    *Budget
	ask  Ask
	once sync.Once
}

type waiter struct {
	ask     Ask
	since   time.Time
	granted chan *Lease // capacity 1
}

// New returns a budget over the limits.
func New(l Limits) *Budget {
	if l.Cores <= 0 {
		l.Cores = float64(runtime.GOMAXPROCS(0))
	}
	l.Burst = max(l.Burst, 0)
	return &Budget{limits: l, tenants: map[string]float64{}, paused: map[string]bool{}}
}

// Lease waits until the machine has room and returns the share. A request for more cores than there are gets all of
// them. Kinds: fault.TooLarge where it needs more memory than the machine may ever give, fault.Canceled where ctx ends
// first.
func (b *Budget) Lease(ctx context.Context, a Ask) (*Lease, error) {
	const op = "budget.lease"
	a = b.tidy(a)
	if b.limits.MemMB > 0 && a.MemMB > b.limits.MemMB {
		return nil, fault.Say(op, a.Key, fault.TooLarge, "needs-more-memory",
			"This needs %d MB of memory and the server may use %d MB; raise work.memoryMB or choose a smaller picture size.", a.MemMB, b.limits.MemMB)
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.E(op, a.Key, fault.Canceled, context.Cause(ctx))
	}
	w := &waiter{ask: a, since: time.Now(), granted: make(chan *Lease, 1)}
	b.mu.Lock()
	b.queue = append(b.queue, w)
	b.grant()
	b.mu.Unlock()

	select {
	case l := <-w.granted:
		return l, nil
	case <-ctx.Done():
		b.abandon(w)
		return nil, fault.E(op, a.Key, fault.Canceled, context.Cause(ctx))
	}
}

// Release gives the share back and wakes whoever is next.
func (l *Lease) Release() {
	l.once.Do(func() {
		b := l.b
		b.mu.Lock()
		defer b.mu.Unlock()
		b.giveBack(l)
		b.grant()
	})
}

// Pause holds every request, waiting or future, whose key begins with the prefix. Granted leases are not touched.
func (b *Budget) Pause(prefix string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paused[prefix] = true
}

// Resume ends a Pause of the same prefix.
func (b *Budget) Resume(prefix string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.paused, prefix)
	b.grant()
}

// Paused reports whether a key is held by some Pause.
func (b *Budget) Paused(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.isPaused(key)
}

// Change gives every waiting request whose key begins with the prefix another lane and priority; an empty lane keeps
// the old one. It returns how many it changed. Their age stays.
func (b *Budget) Change(prefix, lane string, priority int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, w := range b.queue {
		if !strings.HasPrefix(w.ask.Key, prefix) {
			continue
		}
		if lane != "" {
			w.ask.Lane = lane
		}
		w.ask.Priority = priority
		w.ask = b.tidy(w.ask)
		n++
	}
	b.grant()
	return n
}

// Usage says what is leased out now.
func (b *Budget) Usage() Usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := Usage{Limits: b.limits, Cores: b.cores, MemMB: b.memMB}
	for _, l := range b.held {
		u.Leases = append(u.Leases, l.ask)
	}
	return u
}

// tidy brings an ask into its documented ranges.
func (b *Budget) tidy(a Ask) Ask {
	switch a.Lane {
	case Live, Interactive, Batch:
	default:
		a.Lane = Normal
	}
	a.Priority = min(max(a.Priority, 0), maxPriority)
	a.Cores = min(max(a.Cores, 0), b.limits.Cores)
	a.MemMB = max(a.MemMB, 0)
	return a
}

// abandon takes a waiter out of the queue; where the grant has won the race, the lease is given back.
func (b *Budget) abandon(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case l := <-w.granted:
		l.once.Do(func() { b.giveBack(l) })
	default:
		b.unqueue(w)
	}
	b.grant()
}

func (b *Budget) isPaused(key string) bool {
	for p := range b.paused {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}
