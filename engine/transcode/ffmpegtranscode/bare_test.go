package ffmpegtranscode_test

import (
	"testing"

	"showreel/engine/transcode"
	"showreel/engine/transcode/transcodetest"
	"showreel/fault"
)

// TestBareBuildSaysWhatItLacks uses whatever ffmpeg the suite runs against: a picture it has no decoder for is refused as
// something the installation lacks, not as a damaged file.
func TestBareBuildSaysWhatItLacks(t *testing.T) {
	d := open(t)
	if d.Caps().Decoders["png"] {
		t.Skip("this ffmpeg reads PNG; SHOWREEL_TEST_FFMPEG names another, see make deep")
	}
	src := transcodetest.Make(t, "p.png", "-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", "1")
	if _, err := transcode.New(d).Probe(t.Context(), src); fault.CodeOf(err) != "unsupported-format" || !fault.Is(err, fault.Unsupported) {
		t.Errorf("got %v", err)
	}
}
