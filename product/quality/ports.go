package quality

import (
	"context"
	"io"

	"showreel/engine/blob"
)

// Pictures keeps the thumbnails of findings. The processed blob store fits.
type Pictures interface {
	Open(ctx context.Context, key string) (io.ReadCloser, blob.Info, error)
	Put(ctx context.Context, key string, r io.Reader, o blob.PutOptions) (blob.Info, error)
}
