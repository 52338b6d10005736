package analysis

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"showreel/engine/blob"
	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/meaning"
)

// What is kept of a shot's labels: those that show in its pictures on average, at least this surely.
const (
	leastLabel  = 0.15
	mostLabels  = 5
	leastObject = 0.4
	leastText   = 0.6
)

// Writing smaller or shorter than this is a texture that was taken for a letter: grass, leaves and fur gave "à", "8" and
// "Er" in a cartoon.
const (
	leastLetters = 2
	leastHeight  = 0.015 // of the picture
)

// shotFeatures is what a shot looks like, kept for scenes and for what resembles what.
type shotFeatures struct {
	Range    media.Range `json:"range"`
	Features []float32   `json:"features"` // unit length
}

// features is the file of a version's shots' features.
type features struct {
	Model string         `json:"model"`
	Shots []shotFeatures `json:"shots"`
}

func (t *target) featuresKey() string { return t.key("analysis/features.json") }

// featuresOf is where a model's features lie that is not in use.
func (t *target) featuresOf(model string) string {
	return t.key("analysis/features@" + strings.ReplaceAll(strings.ReplaceAll(model, "/", "-"), " ", "-") + ".json")
}

// copyFeatures copies a file of features; one that is not there is none.
func (t *target) copyFeatures(ctx context.Context, from, to string) error {
	raw, err := t.readAll(ctx, from)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		_, err = t.s.deps.Blobs.Processed.Put(ctx, to, bytes.NewReader(raw), blob.PutOptions{Size: int64(len(raw))})
	}
	return err
}

// joinLabels averages labels and features over each shot.
func (s *Service) joinLabels(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	type sum struct {
		label vision.Label
		score float64
	}
	sums, count := make([]map[string]*sum, len(shots)), make([]float64, len(shots))
	kept := features{Shots: make([]shotFeatures, len(shots))}
	for _, f := range all {
		kept.Model = f.Model
		for n, sec := range f.Piece.Seconds {
			k := shotOf(shots, sec)
			if k < 0 {
				continue
			}
			if count[k]++; sums[k] == nil {
				sums[k] = map[string]*sum{}
			}
			for _, l := range f.Labels[n] {
				if sums[k][l.Name] == nil {
					sums[k][l.Name] = &sum{label: l}
				}
				sums[k][l.Name].score += l.Score
			}
			kept.Shots[k].Features = plus(kept.Shots[k].Features, f.Features[n])
		}
	}
	out := []media.Annotation{}
	for k, r := range shots {
		kept.Shots[k].Range, kept.Shots[k].Features = r, unit(kept.Shots[k].Features)
		var best []media.Annotation
		for name, x := range sums[k] {
			if score := x.score / count[k]; score >= leastLabel {
				best = append(best, media.Annotation{Range: r, Label: name, Text: x.label.Text, Score: score, Model: kept.Model})
			}
		}
		slices.SortFunc(best, byScore)
		out = append(out, best[:min(len(best), mostLabels)]...)
	}
	key := t.featuresKey()
	if s.model != "" {
		key = t.featuresOf(s.model)
	}
	return map[media.Track][]media.Annotation{media.TrackLabel: out}, t.putJSON(ctx, key, kept)
}

func byScore(a, b media.Annotation) int {
	switch {
	case a.Score > b.Score:
		return -1
	case a.Score < b.Score:
		return 1
	}
	return strings.Compare(a.Label, b.Label)
}

func (t *target) putJSON(ctx context.Context, key string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fault.E("analysis.keep", key, fault.Internal, err)
	}
	_, err = t.s.deps.Blobs.Processed.Put(ctx, key, bytes.NewReader(raw), blob.PutOptions{Size: int64(len(raw))})
	return err
}

func plus(a, b []float32) []float32 {
	if a == nil {
		return slices.Clone(b)
	}
	for n := range min(len(a), len(b)) {
		a[n] += b[n]
	}
	return a
}

func unit(v []float32) []float32 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return v
	}
	for n := range v {
		v[n] = float32(float64(v[n]) / math.Sqrt(sum))
	}
	return v
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for n := range min(len(a), len(b)) {
		sum += float64(a[n]) * float64(b[n])
	}
	return sum
}

// Scenes are grouped by looks: a shot belongs to the scene of one of the shots a little before it that it resembles, as
// a dialogue cuts back and forth (Rui, Huang, Mehrotra, Multimedia Systems 7, 1999: time-adaptive grouping).
const (
	sceneBack  = 4
	sceneAlike = 0.6
)

// joinScenes groups shots that look alike and lie near each other, and those in which one topic is talked of.
func (s *Service) joinScenes(ctx context.Context, t *target, _ []found) (map[media.Track][]media.Annotation, error) {
	raw, err := t.readAll(ctx, t.featuresKey())
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Say("analysis.scenes", t.ref.Asset, fault.Unavailable, "no-labels", "Scenes need the labels ability first.")
	}
	if err != nil {
		return nil, err
	}
	var kept features
	if err := json.Unmarshal(raw, &kept); err != nil {
		return nil, fault.E("analysis.scenes", t.ref.Asset, fault.Corrupt, err)
	}
	first := make([]int, len(kept.Shots)) // of the scene that reaches to each shot
	for n := range kept.Shots {
		first[n] = n
		for back := max(0, n-sceneBack); back < n; back++ {
			if dot(kept.Shots[back].Features, kept.Shots[n].Features) >= sceneAlike {
				first[n] = back
				break
			}
		}
	}
	starts, alike := make([]media.Time, len(first)), make([]bool, len(first))
	for n, x := range kept.Shots {
		starts[n], alike[n] = x.Range.Start, joinsBack(first, n)
	}
	told, model := s.toldIfKnown(ctx, t), kept.Model
	if told.model != "" {
		model += ", " + told.model + ", TextTiling"
	}
	out := []media.Annotation{}
	begins := meaning.Scenes(starts, alike, told.sentences)
	for n, x := range kept.Shots {
		if last := len(out) - 1; last >= 0 && !slices.Contains(begins, n) {
			out[last].Range.End = x.Range.End
			continue
		}
		out = append(out, media.Annotation{Range: x.Range, Label: "scene", Score: 1, Model: model})
	}
	return map[media.Track][]media.Annotation{media.TrackScene: out}, nil
}

// toldIfKnown is what is said, with its vectors where there is an engine for them; nothing where it cannot be read. Scenes
// are told without it too.
func (s *Service) toldIfKnown(ctx context.Context, t *target) telling {
	if s.deps.Analyze == nil || s.deps.Embed == nil {
		return telling{}
	}
	told, err := s.told(ctx, t)
	if err != nil && ctx.Err() == nil {
		s.deps.Log.InfoContext(ctx, "scenes are told by their looks alone", "asset", t.ref.Asset, "err", err)
		return telling{}
	}
	return told
}

// joinsBack reports whether a shot, or one soon after it, resembles one before it, so that the scene goes on over it.
func joinsBack(first []int, n int) bool {
	for k := n; k < min(len(first), n+sceneBack); k++ {
		if first[k] < n {
			return true
		}
	}
	return false
}

// leastModeration is how sure the engine must be for a person to be asked.
const leastModeration = 0.7

// joinModeration writes the stretches that a person should look at.
func (s *Service) joinModeration(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	out := []media.Annotation{}
	open := map[string]int{} // class to the annotation that may go on
	for _, f := range all {
		for n, sec := range f.Piece.Seconds {
			r := shown(shots, sec)
			for _, l := range f.Labels[n] {
				if l.Score < leastModeration || l.Name == "neutral" || l.Name == "safe" {
					continue
				}
				if k, ok := open[l.Name]; ok && r.Start-out[k].Range.End <= media.Second {
					out[k].Range.End, out[k].Score = r.End, max(out[k].Score, l.Score)
					continue
				}
				open[l.Name] = len(out)
				out = append(out, media.Annotation{Range: r, Label: l.Name, Text: l.Text, Score: l.Score, Model: f.Model})
			}
		}
	}
	return map[media.Track][]media.Annotation{media.TrackModeration: out}, nil
}
