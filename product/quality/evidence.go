package quality

import (
	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/cmaf"
)

// Evidence is everything that was measured on one run over one version. It is an alias of a plain struct so that ingest
// can spell the same type in its port without importing this room.
type Evidence = struct {
	Plan     transcode.Plan
	Spans    []transcode.Span              // merged over the chunks
	Loudness map[string]transcode.Loudness // by audio rendition
	SSIM     map[string]float64            // by rung, 0..1
	Metric   string                        // what SSIM holds
	Index    cmaf.Index                    // of the finished tracks
	Damage   []string                      // what did not decode cleanly, for people
	Starts   map[string]media.Time         // by rendition, when its first picture or sound is shown
	Stills   map[int64]string              // second to the key of a picture in the processed store
	Captions map[string]string             // WebVTT by subtitle rendition
}
