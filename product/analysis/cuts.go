package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/shots"
)

// shotModel signs shots; where the network was asked its name follows.
const shotModel = "showreel shots 1"

// How the work of finding shots is cut: pieces of pictures that lie this far apart at most, and so much more on both sides
// of a piece to judge its ends by.
const (
	shotPictures = 300
	shotMargin   = 3 * media.Second
)

// shotsReady says who finds shots: the trace and arithmetic always, the network where it is installed.
func (s *Service) shotsReady(ctx context.Context) (string, error) {
	if s.deps.Frames == nil {
		return "timeline", nil
	}
	if net, err := s.seeing("boundaries")(ctx); err == nil {
		return shotModel + ", " + net, nil
	}
	return shotModel, nil
}

// cutShots cuts the pictures into long pieces. Where nobody gives frames there is nothing to look at, and the shots that
// the decoder found stay.
func (s *Service) cutShots(ctx context.Context, t *target) ([]piece, error) {
	if s.deps.Frames == nil {
		return nil, nil
	}
	if _, _, err := s.deps.Frames.Trace(ctx, t.ref); err != nil {
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Unsupported) {
			return nil, nil
		}
		return nil, err
	}
	all, err := t.seconds(ctx)
	if err != nil {
		return nil, err
	}
	var out []piece
	for part := range slices.Chunk(all, shotPictures) {
		out = append(out, piece{Seconds: part, Range: media.Range{Start: at(part[0]), End: at(part[len(part)-1] + 1)}})
	}
	length, err := t.length(ctx)
	if n := len(out); n > 0 {
		out[0].Range.Start, out[n-1].Range.End = 0, max(length, out[n-1].Range.End)
	}
	return out, err
}

// findShots looks at a piece: the trace says where it does not tell, small frames are made of those places, the network is
// asked about what may be a change there.
func (s *Service) findShots(ctx context.Context, t *target, p piece) (found, error) {
	f := found{Model: shotModel}
	trace, err := s.traceOf(ctx, t)
	if err != nil {
		return f, err
	}
	looks, err := t.looks(ctx, p.Seconds)
	if err != nil {
		return f, err
	}
	wide := media.Range{Start: max(0, p.Range.Start-shotMargin), End: min(p.Range.End+shotMargin, trace.Rate.At(int64(len(trace.Frames))))}
	doubts := shots.Doubts(trace, looks, wide)
	stretches, err := s.stretches(ctx, t, doubts)
	if err != nil {
		return f, err
	}
	net, netErr := s.seeing("boundaries")(ctx)
	if code := fault.CodeOf(netErr); netErr != nil && code != "model-missing" && code != "helper-missing" {
		return f, netErr // it is there and does not answer now; without it other shots would be found, and stay
	}
	for n := range stretches {
		if netErr != nil {
			break // arithmetic alone
		}
		if err := s.askNetwork(ctx, trace, &stretches[n]); err != nil {
			return f, err
		}
		f.Model = shotModel + ", " + net
	}
	for _, c := range shots.Detect(trace, stretches) {
		if p.Range.Contains(c.Middle()) {
			f.Changes = append(f.Changes, c)
		}
	}
	return f, nil
}

func (s *Service) traceOf(ctx context.Context, t *target) (shots.Trace, error) {
	rate, scores, err := s.deps.Frames.Trace(ctx, t.ref)
	if err != nil {
		return shots.Trace{}, err
	}
	out := shots.Trace{Rate: rate}
	for _, x := range scores {
		for int64(len(out.Frames)) < x.Frame { // a frame that could not be measured is like the one before it
			gap := shots.Frame{Luma: x.Luma}
			if n := len(out.Frames); n > 0 {
				gap.Luma = out.Frames[n-1].Luma
			}
			out.Frames = append(out.Frames, gap)
		}
		out.Frames = append(out.Frames[:x.Frame], shots.Frame{Diff: x.Value, Luma: x.Luma})
	}
	return out, nil
}

// looks makes the pictures of some seconds very small.
func (t *target) looks(ctx context.Context, seconds []int64) ([]shots.Look, error) {
	var out []shots.Look
	for _, sec := range seconds {
		pics, err := t.pictures(ctx, []int64{sec})
		if err != nil {
			return nil, err
		}
		img, err := decodePicture(pics[0])
		if err != nil {
			return nil, err
		}
		small := greyOf(img).thumb()
		out = append(out, shots.Look{At: at(sec), Luma: small[:]})
	}
	return out, nil
}

// stretches reads the small frames of some ranges, and removes their files.
func (s *Service) stretches(ctx context.Context, t *target, ranges []media.Range) ([]shots.Stretch, error) {
	var cut []media.Range
	for _, r := range ranges {
		for from := r.Start; from < r.End; from += transcode.MaxBoundaries {
			cut = append(cut, media.Range{Start: from, End: min(r.End, from+transcode.MaxBoundaries)})
		}
	}
	if len(cut) == 0 {
		return nil, nil
	}
	if err := s.deps.Frames.Small(ctx, t.ref, cut); err != nil {
		return nil, err
	}
	var out []shots.Stretch
	for _, r := range cut {
		first, _ := transcode.SmallFrames(r)
		key := t.key(fmt.Sprintf("small/%d.rgb", first))
		raw, err := t.readAll(ctx, key)
		if err != nil {
			return nil, err
		}
		if err := s.deps.Blobs.Processed.Delete(ctx, key); err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		raw = raw[:len(raw)/shots.FrameSize*shots.FrameSize]
		if len(raw) > 0 {
			out = append(out, shots.Stretch{Start: transcode.SmallRate().At(first), Pix: raw})
		}
	}
	return out, nil
}

// askNetwork asks about those frames of a stretch that may hold a change.
func (s *Service) askNetwork(ctx context.Context, trace shots.Trace, x *shots.Stretch) error {
	for _, span := range x.Suspects(trace) {
		odds, err := s.deps.Vision.Boundaries(ctx, x.Pix[span[0]*shots.FrameSize:span[1]*shots.FrameSize])
		if err != nil {
			return err
		}
		x.Answer(span[0], odds)
	}
	return nil
}

// joinShots writes the shots; the label says how a shot begins. Where nothing was looked at, what the decoder wrote stays.
func (s *Service) joinShots(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	if len(all) == 0 {
		return map[media.Track][]media.Annotation{}, nil
	}
	length, err := t.length(ctx)
	if err != nil {
		return nil, err
	}
	var changes []shots.Change
	model := shotModel
	for _, f := range all {
		changes = append(changes, f.Changes...)
		if len(f.Model) > len(model) {
			model = f.Model
		}
	}
	out := []media.Annotation{}
	for n, r := range shots.Ranges(changes, length) {
		a := media.Annotation{Range: r, Label: "start", Score: 1, Model: model}
		if n > 0 {
			c := changes[slices.IndexFunc(changes, func(c shots.Change) bool { return c.Middle() == r.Start })]
			a.Label, a.Score = c.Kind, math.Round(c.Score*1000)/1000
		}
		out = append(out, a)
	}
	return map[media.Track][]media.Annotation{media.TrackShot: out}, nil
}
