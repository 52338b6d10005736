package analysis

import (
	"context"

	"showreel/engine/transcode"
	"showreel/media"
)

// Frames gives what finding shots needs beyond one picture a second. The house plugs in product/ingest.
type Frames interface {
	// Trace gives what the decoder measured of every frame, in order, and the frames' rate.
	Trace(ctx context.Context, ref media.Ref) (media.Rate, []transcode.Score, error)
	// Small leaves the small frames of each range under the version's working keys, as small/FIRST.rgb.
	Small(ctx context.Context, ref media.Ref, ranges []media.Range) error
}
