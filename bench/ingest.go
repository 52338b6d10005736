package main

import (
	"context"
	"path/filepath"
)

// benchIngest measures the way from a file to a published film: what encoding costs and whether its chunks are right, then
// the whole server.
func benchIngest(ctx context.Context, b *bench) error {
	if err := benchUpload(ctx, b); err != nil {
		return err
	}
	film := sampleFilm(b)
	if film == "" {
		return nil
	}
	seconds := 60
	if b.quick {
		seconds = 6
	}
	long := filepath.Join(b.dir, "film.mp4")
	if err := cutFilm(ctx, film, long, 24, seconds); err != nil {
		return err
	}
	if err := benchLadder(ctx, b, long); err != nil {
		return err
	}
	for _, part := range []func(context.Context, *bench, string) error{benchFirstFrame, benchShortClip, benchRecovery} {
		if err := part(ctx, b, film); err != nil {
			return err
		}
	}
	return nil
}
