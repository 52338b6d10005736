package analysis

import (
	"context"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/product/library"
)

// Redacted is a rendition in which something is hidden.
type Redacted = struct {
	Key           string
	Bytes         int64
	SHA256        string
	Width, Height int
	Tool          string // transcoder and version
	SourceKey     string // of the original
}

// Renderer looks closely at a version and makes a rendition that hides parts of it. The house plugs in product/ingest.
type Renderer interface {
	// Look gives see pictures of stretches of the original, or of the rendition under the key of: about fps a second, at
	// most so many pixels wide, in order, with the times that they are shown at. step is the distance of two pictures.
	// fault.Unavailable "no-pictures" where nothing moves.
	Look(ctx context.Context, ref media.Ref, of string, fps float64, width int, ranges []media.Range, see func(at []media.Time, jpegs [][]byte) error) (step media.Time, err error)
	// Listen returns the 16 kHz mono WAV of a rendition; none where it has no sound.
	Listen(ctx context.Context, ref media.Ref, of string) (wav []byte, err error)
	// Redact makes the rendition and stores it by r.Name.
	Redact(ctx context.Context, ref media.Ref, r transcode.Redaction) (Redacted, error)
}

// Publisher takes a signed redaction in as an asset of its own, with a ladder of its own, so that no byte of its source is
// ever beside it. The house plugs in product/ingest.
type Publisher interface {
	// Derive takes in the file under a key of the processed store as an asset, and returns that asset's id; the same file
	// gives the same asset.
	Derive(ctx context.Context, key, name string, about library.NewAsset) (asset string, err error)
}
