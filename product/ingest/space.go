package ingest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"showreel/engine/transcode"
	"showreel/fault"
)

// space keeps account of the disk that working files share: what the disk has, what running jobs were promised, and a
// reserve that is never touched.
type space struct {
	dir     string
	reserve int64

	mu       sync.Mutex
	promised map[string]int64
}

func newSpace(dir string, reserve int64) *space {
	return &space{dir: dir, reserve: reserve, promised: map[string]int64{}}
}

// free returns the bytes that may still be used, promises and reserve taken off. Negative means that the reserve is
// touched. A disk that cannot be asked counts as endless: the write itself will tell.
func (s *space) free() int64 {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return 1 << 62
	}
	left := int64(st.Bavail) * st.Bsize
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.promised {
		left -= p
	}
	return left - s.reserve
}

// admit refuses up front what would not fit. fault.Full "disk-full".
func (s *space) admit(op, subject string, bytes int64) error {
	if free := s.free(); bytes > free {
		return fault.Say(op, subject, fault.Full, "disk-full", "%s", lacking(bytes, free))
	}
	return nil
}

func lacking(bytes, free int64) string {
	return fmt.Sprintf("There is not enough disk space: %s are needed and %s may be used. Free some space; waiting work goes on by itself.", size(bytes), size(max(free, 0)))
}

// promise waits until bytes fit and reserves them until forget. wait is told why it waits, and "" when it goes on.
func (s *space) promise(ctx context.Context, key string, bytes int64, wait func(reason string)) error {
	for told := false; ; told = true {
		s.forget(key)
		free := s.free()
		if bytes <= free {
			s.mu.Lock()
			s.promised[key] = bytes
			s.mu.Unlock()
			if told {
				wait("")
			}
			return nil
		}
		wait(fmt.Sprintf("disk space: needs %s, %s may be used", size(bytes), size(max(free, 0))))
		select {
		case <-ctx.Done():
			return fault.E("ingest.space", key, fault.Canceled, context.Cause(ctx))
		case <-time.After(2 * time.Second):
		}
	}
}

// shrink lowers a promise as its bytes get written.
func (s *space) shrink(key string, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.promised[key]; ok {
		s.promised[key] = max(0, p-bytes)
	}
}

// has reports whether a promise stands.
func (s *space) has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.promised[key]
	return ok
}

func (s *space) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.promised, key)
}

// footprint guesses the bytes a plan writes: every rendition twice (as chunks, then joined), at six tenths of its cap,
// which is what capped CRF averages on film, and pictures for recognition.
func footprint(p transcode.Plan, bytes int64) int64 {
	seconds := p.Info.Duration.Seconds()
	var kbps float64
	for _, r := range p.Rungs {
		kbps += 0.6 * float64(r.MaxKbps)
	}
	if p.Proxy != nil {
		kbps += 0.6 * float64(p.Proxy.MaxKbps)
	}
	for _, a := range p.Audios {
		kbps += float64(a.Kbps)
	}
	if p.Speech {
		kbps += 256
	}
	if p.Analysis.FramesWidth > 0 {
		kbps += 8 * 120
	}
	return int64(2*kbps*seconds*1000/8) + bytes + 16<<20
}

func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", (n+1023)>>10)
}
