package child

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// killAfterXCPU is how many seconds a program has between SIGXCPU and SIGKILL.
const killAfterXCPU = 2

// limit sets the resource limits from outside, on a program that is held before its first instruction. Where it could
// not be held it runs already, and may have written what it wrote in that moment; everything later is limited.
func limit(pid int, s Spec) error {
	type rule struct {
		name string
		what int
		soft uint64
		hard uint64
	}
	rules := []rule{{"core size", unix.RLIMIT_CORE, 0, 0}}
	if s.MemMB > 0 {
		n := uint64(s.MemMB) << 20
		rules = append(rules, rule{"memory", unix.RLIMIT_DATA, n, n})
	}
	if s.CPUSeconds > 0 {
		n := uint64(s.CPUSeconds)
		rules = append(rules, rule{"processor time", unix.RLIMIT_CPU, n, n + killAfterXCPU})
	}
	if s.FileMB > 0 {
		n := uint64(s.FileMB) << 20
		rules = append(rules, rule{"file size", unix.RLIMIT_FSIZE, n, n})
	}
	if s.OpenFiles > 0 {
		n := uint64(s.OpenFiles)
		rules = append(rules, rule{"open files", unix.RLIMIT_NOFILE, n, n})
	}
	for _, r := range rules {
		err := unix.Prlimit(pid, r.what, &unix.Rlimit{Cur: r.soft, Max: r.hard}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("limit %s: %w", r.name, err)
		}
	}
	if s.Nice != 0 {
		err := unix.Setpriority(unix.PRIO_PGRP, pid, s.Nice)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("niceness: %w", err)
		}
	}
	return nil
}

// isolation is one way to start.
type isolation struct {
	network bool // the network is gone
	user    bool // through a user namespace, which needs no root
	held    bool // stopped by ptrace at its first instruction, until the limits are set
}

// isolations lists what to try, best first: no network counts more than limits from the very first instruction.
func (r *run) isolations() []isolation {
	var ways []isolation
	if r.spec.NoNetwork {
		if os.Geteuid() == 0 {
			ways = append(ways, isolation{network: true})
		}
		if os.Geteuid() != 0 || r.spec.UID == 0 && r.spec.GID == 0 { // another user does not exist in our user namespace
			ways = append(ways, isolation{network: true, user: true}) // also for root of a container without CAP_SYS_ADMIN
		}
	}
	ways = append(ways, isolation{})
	var out []isolation
	for _, w := range ways {
		held := w
		held.held = true
		out = append(out, held, w)
	}
	return out
}

// release lets a held program go. It is called on the thread that started it, as ptrace demands.
func release(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		break
	}
	if err := unix.PtraceDetach(pid); err != nil && !errors.Is(err, unix.ESRCH) { // ESRCH: it was killed meanwhile
		return err
	}
	return nil
}

func (i isolation) apply(a *syscall.SysProcAttr) {
	a.Ptrace = i.held
	if i.network {
		a.Cloneflags |= syscall.CLONE_NEWNET
	}
	if i.user {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
}

// mayLimitOthers reports whether this process holds CAP_SYS_RESOURCE.
func mayLimitOthers() bool {
	var caps [2]unix.CapUserData
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&head, &caps[0]); err != nil {
		return false
	}
	return caps[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// notPermitted reports whether a failed start means that the system permits no namespace.
func notPermitted(err error) bool {
	for _, e := range []error{syscall.EPERM, syscall.ENOSYS, syscall.EINVAL, syscall.ENOSPC, syscall.EACCES, syscall.EUSERS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
