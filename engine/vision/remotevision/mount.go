package remotevision

import (
	"context"
	"encoding/json"
	"net/http"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/platform/sidecar"
)

// Mount answers the calls of New's drivers with an engine.
func Mount(mux *http.ServeMux, d vision.Driver) {
	s := vision.New(d) // the checks hold for every caller, also one that is not ours
	sidecar.Handle(mux, pathLabels, func(ctx context.Context, head json.RawMessage, pictures [][]byte) (sidecar.Answer, error) {
		s, err := chosen(s, head)
		if err != nil {
			return sidecar.Answer{}, err
		}
		scenes, err := s.Labels(ctx, pictures)
		parts := make([][]byte, len(scenes))
		for n := range scenes {
			parts[n] = part(scenes[n].Features)
		}
		return sidecar.Answer{Head: list(scenes), Parts: parts}, err
	})
	sidecar.Handle(mux, pathObjects, plain(s, (*vision.Service).Objects))
	sidecar.Handle(mux, pathText, plain(s, (*vision.Service).Text))
	sidecar.Handle(mux, pathModerate, plain(s, (*vision.Service).Moderate))
	sidecar.Handle(mux, pathFaces, func(ctx context.Context, head json.RawMessage, pictures [][]byte) (sidecar.Answer, error) {
		var o vision.FaceOptions
		if err := json.Unmarshal(head, &o); err != nil {
			return sidecar.Answer{}, fault.E("vision.remote", pathFaces, fault.Invalid, err)
		}
		faces, err := s.Faces(ctx, pictures, o)
		var parts [][]byte
		for n := range faces {
			for m := range faces[n] {
				if f := &faces[n][m]; o.Vectors {
					parts = append(parts, part(f.Vector))
					f.Vector = nil
				}
			}
		}
		return sidecar.Answer{Head: list(faces), Parts: parts}, err
	})
	sidecar.Handle(mux, pathBoundaries, func(ctx context.Context, _ json.RawMessage, parts [][]byte) (sidecar.Answer, error) {
		if len(parts) != 1 {
			return sidecar.Answer{}, fault.Say("vision.remote", pathBoundaries, fault.Invalid, "bad-frames", "The frames are to come as one part.")
		}
		scores, err := s.Boundaries(ctx, parts[0])
		return sidecar.Answer{Head: struct{}{}, Parts: [][]byte{part(scores)}}, err
	})
	sidecar.Handle(mux, pathCaps, func(ctx context.Context, head json.RawMessage, _ [][]byte) (sidecar.Answer, error) {
		s, err := chosen(s, head)
		if err != nil {
			return sidecar.Answer{}, err
		}
		c, err := s.Caps(ctx)
		return sidecar.Answer{Head: c}, err
	})
}

// plain answers a call whose result is all JSON.
func plain[T any](s *vision.Service, look func(*vision.Service, context.Context, [][]byte) ([]T, error)) sidecar.Func {
	return func(ctx context.Context, head json.RawMessage, pictures [][]byte) (sidecar.Answer, error) {
		s, err := chosen(s, head)
		if err != nil {
			return sidecar.Answer{}, err
		}
		out, err := look(s, ctx, pictures)
		return sidecar.Answer{Head: list(out)}, err
	}
}

// chosen is the engine with the model that a call names, or as it is.
func chosen(s *vision.Service, head json.RawMessage) (*vision.Service, error) {
	var c choice
	if len(head) == 0 || json.Unmarshal(head, &c) != nil || c.Model == "" {
		return s, nil
	}
	return s.With(c.Model)
}

// list is never null in JSON.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}
