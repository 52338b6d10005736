package main

import "context"

// benchAnalysis measures what analysis understands and what that costs, one part an engine.
func benchAnalysis(ctx context.Context, b *bench) error {
	for _, part := range []func(context.Context, *bench) error{benchVision, benchSpeech, benchDiarization} {
		if err := part(ctx, b); err != nil {
			return err
		}
	}
	return nil
}
