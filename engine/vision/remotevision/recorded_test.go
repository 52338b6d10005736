package remotevision_test

import (
	"path/filepath"
	"testing"

	"showreel/engine/vision"
	"showreel/engine/vision/remotevision"
	"showreel/engine/vision/visiontest"
	"showreel/platform/sidecar/sidecartest"
)

// TestRecorded runs the suite on a recorded remote worker: real answers of the real models, none of which is needed here.
func TestRecorded(t *testing.T) {
	sidecartest.Inputs(t, filepath.Join(sidecartest.Cache(t), "samples", "street-footage.avi"))
	client := sidecartest.Recorded(t, "vision", "vision", "nanodet", "ppocr-v6-rec", "faceres", "open-nsfw", "transnetv2")
	visiontest.Run(t, func(*testing.T) vision.Driver { return remotevision.New(client) })
}
