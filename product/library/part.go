package library

import (
	"context"
	"encoding/json"

	"showreel/fault"
	"showreel/media"
)

// Part is what another room adds to an export, and takes back from one: decisions of people that are no annotations.
type Part struct {
	Name string // the key in Exported.Rooms
	// Export gives what the room knows about an asset, as plain data; nil adds nothing.
	Export func(ctx context.Context, asset string) (any, error)
	// Import puts it onto a version and returns how many decisions were put. What is there already is not doubled.
	Import func(ctx context.Context, ref media.Ref, raw json.RawMessage) (int, error)
}

// AlsoExport adds a room's part to every export and import. Call it while the house is built, before the library is used.
func (s *Service) AlsoExport(p Part) { *s.parts = append(*s.parts, p) }

// exportParts asks the rooms. A part that the caller may not read is left out.
func (s *Service) exportParts(ctx context.Context, asset string) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for _, p := range *s.parts {
		v, err := p.Export(ctx, asset)
		if fault.Is(err, fault.Denied) || err == nil && v == nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, fault.E("library.export", asset, fault.Internal, err)
		}
		out[p.Name] = raw
	}
	return out, nil
}

// ImportParts hands what an export holds of other rooms back to them; a part of a room that is not here is left out. It
// returns how many decisions were put. Version 0 is the newest.
func (s *Service) ImportParts(ctx context.Context, ref media.Ref, rooms map[string]json.RawMessage) (int, error) {
	if len(rooms) == 0 {
		return 0, nil
	}
	ref, err := s.resolve(ctx, "asset:annotate", ref)
	if err != nil {
		return 0, err
	}
	put := 0
	for _, p := range *s.parts {
		if len(rooms[p.Name]) == 0 {
			continue
		}
		n, err := p.Import(ctx, ref, rooms[p.Name])
		if err != nil {
			return put, err
		}
		put += n
	}
	return put, nil
}
