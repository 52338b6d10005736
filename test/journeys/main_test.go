package journeys_test

import (
	"os"
	"testing"

	"showreel/test/world"
)

func TestMain(m *testing.M) { os.Exit(world.Main(m)) }
