package sidecar

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// spentHeader carries what a call cost the helper, in microseconds of processor time.
const spentHeader = "Showreel-Cpu-Us"

// Tally adds up what helpers spend on calls. The zero value is ready.
type Tally struct{ us atomic.Int64 }

// CPU is what was spent so far.
func (t *Tally) CPU() time.Duration { return time.Duration(t.us.Load()) * time.Microsecond }

type tallyKey struct{}

// Counted is a context whose calls are added to the tally.
func Counted(ctx context.Context, t *Tally) context.Context {
	return context.WithValue(ctx, tallyKey{}, t)
}

// count adds what an answer says it cost.
func count(ctx context.Context, res *http.Response) {
	t, ok := ctx.Value(tallyKey{}).(*Tally)
	if !ok {
		return
	}
	if us, err := strconv.ParseInt(res.Header.Get(spentHeader), 10, 64); err == nil && us > 0 {
		t.us.Add(us)
	}
}

// Metered tells with each answer what processor time it cost this process. Where several calls are under way at once, what
// the process spends between two of their beginnings and ends is shared among them, so that the sum is what was spent.
func Metered(next http.Handler) http.Handler {
	m := &metre{now: processTime, open: map[*metered]bool{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := &metered{ResponseWriter: w, m: m}
		m.turn(call, true)
		defer m.turn(call, false)
		next.ServeHTTP(call, r)
	})
}

// metre shares the process's time among the calls under way.
type metre struct {
	now func() time.Duration

	mu   sync.Mutex
	last time.Duration
	open map[*metered]bool
}

// metered is the answer of one call.
type metered struct {
	http.ResponseWriter
	m     *metre
	spent time.Duration // guarded by m.mu
	told  bool
}

// turn shares what was spent since the last turn, and opens or ends a call.
func (m *metre) turn(call *metered, open bool) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for c := range m.open {
		c.spent += (now - m.last) / time.Duration(len(m.open))
	}
	m.last = now
	if open {
		m.open[call] = true
	} else {
		delete(m.open, call)
	}
	return call.spent
}

// WriteHeader implements http.ResponseWriter.
func (w *metered) WriteHeader(status int) {
	w.tell()
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *metered) Write(p []byte) (int, error) {
	w.tell()
	return w.ResponseWriter.Write(p)
}

func (w *metered) tell() {
	if w.told {
		return
	}
	w.told = true
	w.Header().Set(spentHeader, strconv.FormatInt(w.m.turn(w, true).Microseconds(), 10))
}

// processTime is the processor time of this process, user and system.
func processTime() time.Duration { return rusage(syscall.RUSAGE_SELF) }

func rusage(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
