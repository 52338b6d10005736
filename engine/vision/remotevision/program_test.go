package remotevision_test

import (
	"bytes"
	"testing"

	"showreel/engine/vision"
	"showreel/engine/vision/remotevision"
	"showreel/engine/vision/visiontest"
	"showreel/platform/sidecar/sidecartest"
)

// TestProgram runs the suite on the real program, which the client starts by itself.
func TestProgram(t *testing.T) {
	client := sidecartest.Program(t, "vision", "nanodet", "ppocr-v6-rec")
	visiontest.Run(t, func(*testing.T) vision.Driver { return remotevision.New(client) })
}

// TestLongFilmsTravelInPieces holds the pieces of Boundaries to the answer for the whole, with an engine that tells each
// frame's number and how far away its neighbours are.
func TestLongFilmsTravelInPieces(t *testing.T) {
	const size = vision.BoundaryWidth * vision.BoundaryHeight * 3
	d := overTheWire(t, counting{})
	const total = 40_123
	film := make([]byte, total*size)
	for n := range total {
		film[n*size], film[n*size+1], film[n*size+2] = byte(n), byte(n>>8), byte(n>>16)
	}
	got, err := d.Boundaries(t.Context(), film)
	if err != nil || len(got) != total {
		t.Fatalf("%d answers for %d frames: %v", len(got), total, err)
	}
	for n, v := range got {
		if v != float32(n) {
			t.Fatalf("frame %d got the answer of frame %g", n, v)
		}
	}
	if !bytes.Equal(film[:3], []byte{0, 0, 0}) {
		t.Error("the film was changed")
	}
}
