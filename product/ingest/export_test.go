package ingest

import "context"

// SweepChunks runs one sweep of the chunk ledger at the service's own settings.
func (s *Service) SweepChunks(ctx context.Context) (int, error) {
	return s.sweepChunks(ctx, s.deps.Limits.ChunkKeep)
}
