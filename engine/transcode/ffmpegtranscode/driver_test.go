package ffmpegtranscode_test

import (
	"os"
	"testing"

	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/engine/transcode/transcodetest"
)

// open takes the driver's programs from SHOWREEL_TEST_FFMPEG and SHOWREEL_TEST_FFPROBE, so that another version passes the
// same tests; the clips are made by the ffmpeg in PATH, which has every encoder.
func open(t *testing.T) transcode.Driver {
	t.Helper()
	d, err := ffmpegtranscode.New(t.Context(), ffmpegtranscode.Config{FFmpeg: os.Getenv("SHOWREEL_TEST_FFMPEG"), FFprobe: os.Getenv("SHOWREEL_TEST_FFPROBE")})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) { transcodetest.Run(t, open) }
