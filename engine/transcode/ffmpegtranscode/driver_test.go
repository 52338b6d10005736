package ffmpegtranscode_test

import (
	"testing"

	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/engine/transcode/transcodetest"
)

func open(t *testing.T) transcode.Driver {
	t.Helper()
	d, err := ffmpegtranscode.New(t.Context(), ffmpegtranscode.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) { transcodetest.Run(t, open) }
