package world

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
)

// Clip generates a small film of moving test pictures with a tone: size "320x180", rate "25", seconds long. Extra
// arguments go before the output name.
func Clip(ctx context.Context, path, size, rate string, seconds float64, extra ...string) error {
	args := []string{"-y", "-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%s:rate=%s:duration=%g", size, rate, seconds),
		"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=48000:duration=%g", seconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2"}
	args = append(append(args, extra...), path)
	out, err := exec.CommandContext(ctx, "ffmpeg", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	return nil
}

// ClipT is Clip into the test's folder.
func ClipT(t testing.TB, name, size, rate string, seconds float64, extra ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := Clip(t.Context(), path, size, rate, seconds, extra...); err != nil {
		t.Fatal(err)
	}
	return path
}
