package transcodetest

import (
	"testing"

	"showreel/engine/transcode"
)

// Run holds a driver to the port's contract.
func Run(t *testing.T, open func(t *testing.T) transcode.Driver) {
	s := transcode.New(open(t))
	t.Run("probe", func(t *testing.T) { testProbe(t, s) })
	t.Run("chunks", func(t *testing.T) { testChunks(t, s) })
}
