package remotespeech_test

import (
	"path/filepath"
	"testing"

	"showreel/engine/speech/remotespeech"
	"showreel/engine/speech/speechtest"
	"showreel/platform/sidecar/sidecartest"
)

// TestRecorded runs the suite on a recorded remote worker: real answers of the real models, none of which is needed here.
func TestRecorded(t *testing.T) {
	sidecartest.Inputs(t, filepath.Join(sidecartest.Cache(t), "prompts", "en"))
	client := sidecartest.Recorded(t, "speech", "speech", "whisper-base", "whisper-tiny-en", "silero-vad", "resemblyzer")
	speechtest.Run(t, remotespeech.New(client))
}
