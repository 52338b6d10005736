package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// benchUpload compares receiving a large file, hashed and synced, with copying it on the same disk, and watches the
// server's memory meanwhile.
func benchUpload(ctx context.Context, b *bench) error {
	size, shown := int64(2<<30), "2 GiB"
	if b.quick {
		size, shown = 256<<20, "256 MiB"
	}
	s, stop, err := serve(ctx, filepath.Join(b.dir, "upload"))
	if err != nil {
		return err
	}
	defer stop()
	rounds := 3
	if b.quick {
		rounds = 5
	}
	var received, copied, ratio, grown, peaks []float64
	for round := range rounds {
		path := filepath.Join(b.dir, fmt.Sprintf("noise-%d.bin", round))
		if err := noise(path, size, uint64(round+1)); err != nil {
			return err
		}
		rate, err := copyRate(ctx, path, size)
		if err != nil {
			return err
		}
		memory := watchMemory(s.Pid())
		up, err := upload(ctx, s, path, filepath.Base(path))
		growth, peak, memErr := memory()
		if err := errors.Join(err, memErr); err != nil {
			return err
		}
		got := float64(size) / 1e6 / up.took.Seconds()
		received, copied, ratio = append(received, got), append(copied, rate), append(ratio, got/rate)
		grown, peaks = append(grown, growth), append(peaks, peak)
		// Noise is no film: the job fails, keeps the original, and must be out of the way of the next round.
		if _, _, err := waitJob(ctx, s, up.job, func(j job) bool { return j.State == "failed" }); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	b.atLeast("upload with sha256", median(ratio), "x", 0.4, "cp + fsync just before",
		fmt.Sprintf("median of %d pairs (%s); %.0f MB/s against %.0f MB/s, %s", rounds, listed(ratio), median(received), median(copied), shown))
	b.atMost("memory growth (RSS) after the first quarter of an upload", grown[0], "MB", 16, "limit",
		fmt.Sprintf("peak %.0f MB; %s in requests of 64 MiB", peaks[0], shown))
	return stop()
}

// noise writes a file that nothing can compress or share.
func noise(path string, size int64, seed uint64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.NewPCG(seed, seed)
	var word [8]byte
	for n := int64(0); n < size; n += 8 {
		binary.LittleEndian.PutUint64(word[:], r.Uint64())
		if _, err := w.Write(word[:]); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// copyRate copies a file with cp, syncs the copy and returns MB/s.
func copyRate(ctx context.Context, path string, size int64) (float64, error) {
	to := path + ".copy"
	defer os.Remove(to)
	began := time.Now()
	if out, err := exec.CommandContext(ctx, "cp", "--reflink=never", path, to).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("cp: %w: %s", err, out)
	}
	f, err := os.Open(to)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return 0, err
	}
	return float64(size) / 1e6 / time.Since(began).Seconds(), nil
}

// watchMemory looks at a process every 20 ms. The returned function ends that and gives by how much the peak of the last
// three quarters of the time exceeds that of the first, and the peak of all, in MB.
func watchMemory(pid int) func() (grown, peak float64, err error) {
	stop := make(chan struct{})
	var seen []float64
	var failed error
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			mb, err := rssMB(pid)
			if err != nil {
				failed = err
				return
			}
			seen = append(seen, mb)
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() (float64, float64, error) {
		close(stop)
		wg.Wait()
		if failed != nil {
			return 0, 0, failed
		}
		first, rest := 0.0, 0.0
		for i, mb := range seen {
			if i <= len(seen)/4 {
				first = max(first, mb)
			} else {
				rest = max(rest, mb)
			}
		}
		return max(0, rest-first), max(first, rest), nil
	}
}
