// Package transcodetest is the conformance suite of transcode drivers and the clips it runs on, generated with the
// installed ffmpeg. It is for tests only.
package transcodetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Make runs ffmpeg with args in a fresh folder and returns the path of the file called name that it wrote.
func Make(t testing.TB, name string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	all := append([]string{"-nostdin", "-v", "error", "-y"}, args...)
	msg, err := exec.Command("ffmpeg", append(all, out)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, msg)
	}
	return out
}

// Write puts bytes into a file called name.
func Write(t testing.TB, name string, b []byte) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(out, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// Film is 3 s of 320x180 at 24 frames a second with a hard cut at 1.5 s and a 440 Hz tone.
func Film(t testing.TB) string {
	t.Helper()
	return Make(t, "film.mp4",
		"-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=1.5", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=24:end_pts=10",
		"-f", "lavfi", "-i", "sine=f=440:d=3",
		"-filter_complex", "[1:v]trim=end_frame=36[b];[0:v][b]concat=n=2:v=1,format=yuv420p[v]", "-map", "[v]", "-map", "2:a",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-g", "24", "-bf", "2", "-c:a", "aac", "-b:a", "96k")
}

// Truncated returns a copy of path without its last quarter.
func Truncated(t testing.TB, path, name string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Write(t, name, b[:len(b)*3/4])
}

// WithOrientation puts an EXIF block with the orientation (1..8) into a JPEG.
func WithOrientation(t testing.TB, path string, orientation byte) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return Write(t, "oriented.jpg", append(out, b[2:]...))
}
