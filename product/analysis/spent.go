package analysis

import (
	"context"
	"runtime"
	"syscall"
	"time"

	"showreel/platform/sidecar"
)

// rusageThread asks for the calling thread alone (getrusage(2), Linux).
const rusageThread = 1

// spent does fn and says what processor time it took: that of this thread, on which fn runs, and of the helpers' calls in it.
// Where the system does not tell a thread's time, only the helpers' counts.
func spent(ctx context.Context, fn func(ctx context.Context)) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var tally sidecar.Tally
	before := threadTime()
	fn(sidecar.Counted(ctx, &tally))
	return threadTime() - before + tally.CPU()
}

func threadTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(rusageThread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
