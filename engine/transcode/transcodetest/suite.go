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
	t.Run("sound", func(t *testing.T) { testSound(t, s) })
	t.Run("wide sound", func(t *testing.T) { testWideSound(t, s) })
	t.Run("interlace", func(t *testing.T) { testInterlace(t, s) })
	t.Run("check", func(t *testing.T) { testCheck(t, s) })
	t.Run("boundaries", func(t *testing.T) { testBoundaries(t, s) })
	t.Run("proxy", func(t *testing.T) { testProxy(t, s) })
	t.Run("stills", func(t *testing.T) { testStills(t, s) })
	t.Run("cancel", func(t *testing.T) { testCancel(t, s) })
	t.Run("damage", func(t *testing.T) { testDamage(t, s) })
}
