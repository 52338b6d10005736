package remotelanguage_test

import (
	"os"
	"path/filepath"
	"testing"

	"showreel/engine/language/languagetest"
	"showreel/engine/language/remotelanguage"
	"showreel/platform/sidecar"
)

// TestProgram runs the suite on the real program, which the client starts by itself.
func TestProgram(t *testing.T) {
	program := os.Getenv("SHOWREEL_AI")
	if program == "" {
		program = filepath.Join("..", "..", "..", "bin", "showreel-ai")
	}
	program, err := filepath.Abs(program)
	if err != nil {
		t.Fatal(err)
	}
	cache := os.Getenv("SHOWREEL_CACHE")
	if dir, err := os.UserCacheDir(); cache == "" && err == nil {
		cache = filepath.Join(dir, "showreel")
	}
	for _, need := range []string{program, filepath.Join(cache, "native", "onnxruntime"), filepath.Join(cache, "models", "bge-small-en")} {
		if _, err := os.Stat(need); err != nil || testing.Short() {
			t.Skipf("needs %s: build showreel-ai (or name it in SHOWREEL_AI), run make native and make models", need)
		}
	}
	local := sidecar.NewLocal(sidecar.LocalOptions{Name: "language", Path: program, Dir: t.TempDir(),
		Args: []string{"serve", "--roles", "language", "--models", filepath.Join(cache, "models"), "--native", filepath.Join(cache, "native"), "--listen", "unix:%SOCKET%"}})
	client := sidecar.New(local)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if local.Running() {
			t.Error("the program still runs")
		}
	})
	languagetest.Embedder(t, remotelanguage.New(client))
}
