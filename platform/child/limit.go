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

// limit sets the resource limits from outside. They take hold of a program that already runs, so the moment between
// fork and here is no hole: memory, time and files are counted from the start of the process.
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

// isolation is one way to start without a network.
type isolation struct {
	network bool // the network is gone
	user    bool // through a user namespace, which needs no root
}

// isolations lists what to try, best first.
func (r *run) isolations() []isolation {
	if !r.spec.NoNetwork {
		return []isolation{{}}
	}
	throughUser := isolation{network: true, user: true}
	if os.Geteuid() != 0 {
		return []isolation{throughUser, {}}
	}
	if r.spec.UID != 0 || r.spec.GID != 0 {
		return []isolation{{network: true}, {}} // another user does not exist in our user namespace
	}
	return []isolation{{network: true}, throughUser, {}} // root of a container may lack CAP_SYS_ADMIN
}

func (i isolation) apply(a *syscall.SysProcAttr) {
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
