package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// helperUse is what the helpers of a server used while they were watched.
type helperUse struct {
	cpu    time.Duration // of all that ever ran
	peakMB float64       // largest sum of proportional set sizes at one time
	at     string        // what each held then
}

// watchHelpers samples the showreel-ai processes below a server five times a second until stop is called.
func watchHelpers(server int) (stop func() helperUse) {
	halt, done := make(chan struct{}), make(chan helperUse)
	go func() {
		var use helperUse
		begun, spent := map[int]time.Duration{}, map[int]time.Duration{}
		look := func(first bool) {
			sum, parts := 0.0, []string(nil)
			for _, pid := range descendants(server) {
				role := helperRole(pid)
				if role == "" {
					continue
				}
				if cpu, err := cpuOf(pid); err == nil {
					if first {
						begun[pid] = cpu
					}
					spent[pid] = cpu
				}
				if mb, err := pssMB(pid); err == nil {
					sum, parts = sum+mb, append(parts, fmt.Sprintf("%s %.0f", role, mb))
				}
			}
			if sum > use.peakMB {
				slices.Sort(parts)
				use.peakMB, use.at = sum, strings.Join(parts, ", ")+" MB"
			}
		}
		look(true)
		for {
			select {
			case <-halt:
				look(false)
				for pid, cpu := range spent {
					use.cpu += cpu - begun[pid]
				}
				done <- use
				return
			case <-time.After(200 * time.Millisecond):
				look(false)
			}
		}
	}()
	return func() helperUse { close(halt); return <-done }
}

// descendants lists the processes below one.
func descendants(pid int) []int {
	children := map[int][]int{}
	all, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, path := range all {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(raw), ") ")
		f := strings.Fields(rest)
		own, err1 := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if len(f) < 2 || err1 != nil {
			continue
		}
		if parent, err := strconv.Atoi(f[1]); err == nil {
			children[parent] = append(children[parent], own)
		}
	}
	var out []int
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		out = append(out, children[queue[0]]...)
		queue = append(queue, children[queue[0]]...)
	}
	return out
}

// helperRole is what a helper was started as, "" for any other process.
func helperRole(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	args := strings.Split(string(raw), "\x00")
	if n := slices.Index(args, "--roles"); n > 0 && n+1 < len(args) && strings.Contains(args[0], "showreel-ai") {
		return args[n+1]
	}
	return ""
}

// cpuOf is the processor time of a process.
func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, fmt.Errorf("process times %q", rest)
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("process times %q", rest)
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil // USER_HZ is 100
}

// pssMB is a process's proportional set size: what it shares counts in parts.
func pssMB(pid int) (float64, error) { return procMB(pid, "smaps_rollup", "Pss") }
