package house

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// cores returns how many cores work may use: the setting, or all.
func cores(setting float64) float64 {
	if n := float64(runtime.GOMAXPROCS(0)); setting <= 0 || setting > n {
		return n
	}
	return setting
}

// memoryMB returns how much memory children may use: the setting, or three quarters of what the machine has.
func memoryMB(setting int64) int64 {
	if setting > 0 {
		return setting
	}
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 2048
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if rest, ok := strings.CutPrefix(in.Text(), "MemTotal:"); ok {
			if kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64); err == nil {
				return kb / 1024 * 3 / 4
			}
		}
	}
	return 2048
}
