// Package child runs another program as one piece of work: its own process group, limits on memory, processor time,
// file size and wall time, no network, a tail of what it said, and nothing of it left behind when it ends, is
// cancelled, or its parent dies. Every program that reads hostile bytes (ffmpeg, ffprobe) runs through it.
//
// It is not a container: the child sees the file system of its user. It is not a supervisor either; nothing is
// restarted. Linux only (prlimit(2), prctl(2) PR_SET_PDEATHSIG, network_namespaces(7)).
package child

import (
	"context"
	"io"
	"os"
	"time"
)

// Spec is one run. The zero value of a limit means that there is none.
type Spec struct {
	Path   string   // a program's name, looked up in PATH, or its path
	Args   []string // without the program's own name
	Env    []string // "K=V"; nil gives a minimal environment, so that the server's secrets stay with the server
	Dir    string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer // receives everything; the tail is kept in the Result in any case

	MemMB      int64 // private memory (RLIMIT_DATA)
	CPUSeconds int64 // processor time of the process, all threads (RLIMIT_CPU)
	FileMB     int64 // largest file it may write (RLIMIT_FSIZE)
	OpenFiles  int64 // RLIMIT_NOFILE
	Nice       int   // -20..19

	NoNetwork bool   // own empty network namespace where the system permits it; Result.Notes says where not
	UID, GID  uint32 // run as this user and group; 0 keeps ours. Needs root; Result.Notes says where it had no effect

	StallAfter time.Duration  // killed when it neither wrote to Stdout or Stderr nor was touched for so long
	Wall       time.Duration  // killed after so long
	Grace      time.Duration  // between SIGTERM and SIGKILL on cancel; 0 is SIGKILL at once
	OnStart    func(*Process) // called once, as soon as it runs
}

// Result is what is known about an ended run. It is valid beside an error if the program was started.
type Result struct {
	Exit       int           // -1 if a signal ended it
	Signal     string        // "killed", "segmentation fault"; empty if it exited
	CPU        time.Duration // user + system, the process and the children it waited for
	MaxRSSKB   int64
	StderrTail string   // the last 8 KiB, cut at a line
	Isolated   bool     // it had no network
	Notes      []string // what was asked for and not permitted here, in words
}

// Run starts the program and waits for its end. Kinds: fault.Unavailable where the program is missing (code
// "child-missing") or stalled ("child-stalled"), fault.Canceled where ctx ended, fault.TooLarge where a limit ended it
// ("child-cpu-limit", "child-file-limit", "child-wall"), fault.Full where the system killed it, most likely for lack of
// memory ("child-killed"), fault.Internal with the tail of its stderr for any other bad end ("child-exit",
// "child-signal").
func Run(ctx context.Context, s Spec) (Result, error) {
	r := &run{spec: s, tail: tail{limit: tailBytes}, proc: newProcess()}
	return r.do(ctx)
}

// Abilities says what this system permits, for doctor.
type Abilities struct {
	NoNetwork bool
	OtherUser bool
	Text      string
}

// Probe tries it with a program that does nothing.
func Probe(ctx context.Context) (Abilities, error) {
	res, err := Run(ctx, Spec{Path: "true", NoNetwork: true, Wall: 10 * time.Second})
	if err != nil {
		return Abilities{}, err
	}
	a := Abilities{NoNetwork: res.Isolated, OtherUser: os.Geteuid() == 0 && mayLimitOthers()}
	a.Text = "Media tools run without a network."
	if !a.NoNetwork {
		a.Text = "Media tools could use the network: this system permits no network namespaces; run as root or allow unprivileged user namespaces."
	}
	return a, nil
}
