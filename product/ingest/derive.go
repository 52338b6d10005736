package ingest

import (
	"context"

	"showreel/fault"
	"showreel/product/library"
)

// Derive takes in a file of the processed store as an asset of its own, which is probed, laddered, judged and published like
// any other. The same file gives the same asset as long as that is outside the trash. Checks "upload:create".
func (s *Service) Derive(ctx context.Context, key, name string, about library.NewAsset) (string, error) {
	r, info, err := s.deps.Blobs.Processed.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	got, err := s.Add(ctx, r, info.Size, Incoming{Name: name, About: about})
	if err != nil {
		return "", fault.E("ingest.derive", key, "", err)
	}
	return got.Asset, nil
}
