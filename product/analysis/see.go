package analysis

import (
	"context"

	"showreel/engine/vision"
	"showreel/media"
)

// seeing asks the vision engine for one of its abilities.
func (s *Service) seeing(name string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if s.deps.Vision == nil {
			return "", missing(name, "")
		}
		if s.refused != nil {
			return "", s.refused
		}
		caps, err := s.deps.Vision.Caps(ctx)
		if err != nil {
			return "", err
		}
		if m := caps.Models[name]; m != "" {
			return m, nil
		}
		return "", missing(name, caps.Missing[name])
	}
}

// cutPictures cuts the pictures into batches of what the engine takes at once.
func (s *Service) cutPictures(ctx context.Context, t *target) ([]piece, error) {
	all, err := t.seconds(ctx)
	if err != nil {
		return nil, err
	}
	var out []piece
	for len(all) > 0 {
		n := min(len(all), vision.MaxBatch)
		out = append(out, piece{Seconds: all[:n], Range: media.Range{Start: at(all[0]), End: at(all[n-1] + 1)}})
		all = all[n:]
	}
	return out, nil
}

func at(second int64) media.Time { return media.Time(second) * media.Second }

// lookWith looks at the pictures of a piece with one ability of the engine. A picture that shows what the one before it shows is
// not looked at again.
func lookWith[T any](ctx context.Context, s *Service, t *target, p piece, ability string, see func([][]byte) ([]T, error)) ([]T, string, error) {
	pics, err := t.pictures(ctx, p.Seconds)
	if err != nil {
		return nil, "", err
	}
	model, err := s.seeing(ability)(ctx)
	if err != nil {
		return nil, "", err
	}
	fresh, of, err := novel(pics)
	if err != nil {
		return nil, "", err
	}
	got, err := see(fresh)
	if err != nil {
		return nil, "", err
	}
	out := make([]T, len(pics))
	for n := range out {
		out[n] = got[of[n]]
	}
	return out, model, nil
}

func (s *Service) label(ctx context.Context, t *target, p piece) (found, error) {
	scenes, model, err := lookWith(ctx, s, t, p, "labels", func(b [][]byte) ([]vision.Scene, error) { return s.deps.Vision.Labels(ctx, b) })
	f := found{Model: model}
	for _, x := range scenes {
		f.Labels, f.Features = append(f.Labels, x.Labels), append(f.Features, x.Features)
	}
	return f, err
}

func (s *Service) findObjects(ctx context.Context, t *target, p piece) (f found, err error) {
	f.Objects, f.Model, err = lookWith(ctx, s, t, p, "objects", func(b [][]byte) ([][]vision.Object, error) { return s.deps.Vision.Objects(ctx, b) })
	return f, err
}

// findFaces finds faces; vectors, which are biometric, only where the tenant permits them.
func (s *Service) findFaces(ctx context.Context, t *target, p piece) (f found, err error) {
	var o vision.FaceOptions
	if s.deps.Consent != nil {
		if o.Vectors, err = s.deps.Consent.Biometrics(ctx, t.ref.Tenant); err != nil {
			return f, err
		}
	}
	f.Faces, f.Model, err = lookWith(ctx, s, t, p, "faces", func(b [][]byte) ([][]vision.Face, error) { return s.deps.Vision.Faces(ctx, b, o) })
	return f, err
}

func (s *Service) moderate(ctx context.Context, t *target, p piece) (f found, err error) {
	f.Labels, f.Model, err = lookWith(ctx, s, t, p, "moderate", func(b [][]byte) ([][]vision.Label, error) { return s.deps.Vision.Moderate(ctx, b) })
	return f, err
}

// shots lists the version's shots; what has none is one shot from end to end.
func (t *target) shots(ctx context.Context) ([]media.Range, error) {
	length, err := t.length(ctx)
	if err != nil || t.kind == media.Image {
		return []media.Range{{End: max(length, 0)}}, err
	}
	list, err := t.notes(ctx, media.TrackShot)
	if err != nil {
		return nil, err
	}
	var out []media.Range
	for _, a := range list {
		if !a.Range.Empty() {
			out = append(out, a.Range)
		}
	}
	if len(out) == 0 {
		out = []media.Range{{End: length}}
	}
	return out, nil
}

// shotOf returns the shot that a second's picture lies in, or -1. A still picture's only shot is empty and holds it.
func shotOf(shots []media.Range, second int64) int {
	for n, r := range shots {
		if r.Contains(at(second)) || r.Empty() {
			return n
		}
	}
	return -1
}

// shown is how long a second's picture stands for, within its shot.
func shown(shots []media.Range, second int64) media.Range {
	n := shotOf(shots, second)
	if n < 0 || shots[n].Empty() {
		return media.Range{Start: at(second), End: at(second)}
	}
	return media.Range{Start: max(at(second), shots[n].Start), End: min(at(second+1), shots[n].End)}
}
