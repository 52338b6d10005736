package remotelanguage_test

import (
	"testing"

	"showreel/engine/language/languagetest"
	"showreel/engine/language/remotelanguage"
	"showreel/platform/sidecar/sidecartest"
)

// TestProgram runs the suite on the real program, which the client starts by itself.
func TestProgram(t *testing.T) {
	languagetest.Embedder(t, remotelanguage.New(sidecartest.Program(t, "language", "bge-small-en")))
}
