package remotelanguage_test

import (
	"testing"

	"showreel/engine/language/languagetest"
	"showreel/engine/language/remotelanguage"
	"showreel/platform/sidecar/sidecartest"
)

// TestRecorded runs the suite on a recorded remote worker: real answers of the real models, none of which is needed here.
func TestRecorded(t *testing.T) {
	client := sidecartest.Recorded(t, "language", "language", "bge-small-en")
	languagetest.Embedder(t, remotelanguage.New(client))
}
