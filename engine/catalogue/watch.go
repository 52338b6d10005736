package catalogue

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"showreel/fault"
	"showreel/platform/child"
)

// growth tells how much a client has written so far, and keeps it alive while that grows.
type growth struct {
	folder string
	grow   func(int64)
	done   chan struct{}
	ended  sync.WaitGroup
}

func watchGrowth(folder string, grow func(int64)) *growth {
	return &growth{folder: folder, grow: grow, done: make(chan struct{})}
}

func (g *growth) start(p *child.Process) {
	g.ended.Go(func() {
		last := int64(0)
		for {
			select {
			case <-g.done:
				return
			case <-time.After(pollEvery):
			}
			if n := sizeOf(g.folder); n > last {
				last = n
				p.Touch()
				g.grow(n)
			}
		}
	})
}

func (g *growth) stop() {
	close(g.done)
	g.ended.Wait()
}

// sizeOf adds up the files below a folder; what vanishes meanwhile does not count.
func sizeOf(folder string) int64 {
	var n int64
	_ = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it vanished
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}

// lock takes a file's lock, waiting for another process; waits is called while it waits.
func lock(ctx context.Context, path string, waits func()) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, disk("catalogue.lock", path, err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing gives the lock back
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(fault.E("catalogue.lock", path, fault.Internal, err), f.Close())
		}
		if waits != nil {
			waits()
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fault.E("catalogue.lock", path, fault.Canceled, context.Cause(ctx)), f.Close())
		case <-time.After(pollEvery):
		}
	}
}

func freeDisk(path string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * st.Bsize, nil
}

func full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// disk gives an error of the file system its kind; nil stays nil.
func disk(op, subject string, err error) error {
	if err == nil {
		return nil
	}
	if full(err) {
		return &fault.Error{Op: op, Subject: subject, Kind: fault.Full, Code: "disk-full", Err: err,
			Text: "The disk is full; free some space and install again, it goes on where it was."}
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.E(op, subject, fault.Internal, err)
}
