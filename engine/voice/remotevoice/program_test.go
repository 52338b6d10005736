package remotevoice_test

import (
	"testing"

	"showreel/engine/voice/remotevoice"
	"showreel/engine/voice/voicetest"
	"showreel/platform/sidecar/sidecartest"
)

// TestProgram runs the suite on the real program, which the client starts by itself.
func TestProgram(t *testing.T) {
	voicetest.Run(t, remotevoice.New(sidecartest.Program(t, "voice", "piper-joe", "piper-jenny")))
}
