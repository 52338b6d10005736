package ingest

import (
	"context"

	"showreel/engine/meter"
	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/cmaf"
)

// Evidence is everything that was measured on one run over one version, for the quality gate. It is an alias of a plain
// struct so that the room behind the port can spell the same type without importing this one.
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

// Gate judges what was made. The house plugs in product/quality.
type Gate interface {
	// Inspect stores the findings of a run under the policy and returns what blocks publishing, in words; none means pass.
	Inspect(ctx context.Context, ref media.Ref, policy, run string, ev Evidence) (blocked []string, err error)
	// Blocked returns what still blocks publishing.
	Blocked(ctx context.Context, ref media.Ref) ([]string, error)
	// Captions judges captions that came later; what it finds never unpublishes.
	Captions(ctx context.Context, ref media.Ref, policy, rendition, vtt string) error
}

// Costs takes note of what each step used. engine/meter's recorder fits.
type Costs interface {
	Cost(ctx context.Context, c meter.Cost)
}
