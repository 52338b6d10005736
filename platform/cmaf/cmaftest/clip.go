// Package cmaftest makes small real CMAF clips with ffmpeg for the tests of packages that index, package or serve media.
// It is not used outside tests.
package cmaftest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// movflags are those of the transcode driver: fragments at key frames, times from 0.
const movflags = "cmaf+frag_keyframe+delay_moov+default_base_moof+negative_cts_offsets"

// Video describes a test pattern.
type Video struct {
	Width, Height, FPS, GOP int
	Start, Seconds          float64 // the piece [Start, Start+Seconds) of the pattern
	Codec                   string  // ffmpeg encoder, libx264 when empty
	Extra                   []string
}

// Make encodes the video and returns the file's bytes. The pattern has B-frames so that composition offsets matter.
func (v Video) Make(t testing.TB) []byte {
	t.Helper()
	codec := v.Codec
	if codec == "" {
		codec = "libx264"
	}
	src := fmt.Sprintf("testsrc2=s=%dx%d:r=%d:d=%g,trim=start=%g,setpts=PTS-STARTPTS", v.Width, v.Height, v.FPS, v.Start+v.Seconds, v.Start)
	args := []string{"-f", "lavfi", "-i", src, "-c:v", codec, "-preset", "superfast", "-g", fmt.Sprint(v.GOP), "-keyint_min", fmt.Sprint(v.GOP),
		"-sc_threshold", "0", "-bf", "2", "-pix_fmt", "yuv420p", "-video_track_timescale", fmt.Sprint(v.FPS * 512)}
	return run(t, append(append(args, v.Extra...), "-movflags", movflags, "-f", "mp4"))
}

// Audio encodes a sine of hz for seconds as AAC in fragments of 2 s.
func Audio(t testing.TB, hz int, seconds float64) []byte {
	t.Helper()
	return run(t, []string{"-f", "lavfi", "-i", fmt.Sprintf("sine=%d:r=48000:d=%g", hz, seconds), "-c:a", "aac", "-b:a", "96k", "-ac", "2",
		"-frag_duration", "2000000", "-movflags", "cmaf+delay_moov+default_base_moof", "-f", "mp4"})
}

func run(t testing.TB, args []string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "clip.mp4")
	args = append(append([]string{"-v", "error", "-nostdin", "-y"}, args...), out)
	if b, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
