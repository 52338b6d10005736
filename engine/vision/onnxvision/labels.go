//go:build cgo

package onnxvision

import (
	"bufio"
	"cmp"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/platform/onnx"
)

const (
	featureLength = 1280
	maxLabels     = 20
	minLabel      = 0.01
)

// Labels implements vision.Driver: EfficientNet-Lite2 on the whole picture, (v − 127) / 128,
// or the family's other sizes.
func (d *Driver) Labels(ctx context.Context, pictures [][]byte) ([]vision.Scene, error) {
	names, err := d.names.load()
	if err != nil {
		return nil, err
	}
	return each(ctx, d, pictures, func(ctx context.Context, p *picture) (vision.Scene, error) {
		net := d.networks[labelsID]
		side := int(net.shape.takes.Shape[2])
		in := onnx.Floats(p.resized(side, side).planes(three(127), three(128), false), 1, 3, int64(side), int64(side))
		out, err := net.run(ctx, in, "prob", "feat")
		if err != nil {
			return vision.Scene{}, err
		}
		return vision.Scene{Labels: best(out[0], names), Features: unit(out[1])}, nil
	})
}

// best are the classes above minLabel, at most maxLabels.
func best(prob []float32, names []vision.Label) []vision.Label {
	labels := []vision.Label{}
	for n, p := range prob {
		if p > minLabel {
			l := names[n]
			l.Score = float64(p)
			labels = append(labels, l)
		}
	}
	slices.SortStableFunc(labels, func(a, b vision.Label) int { return cmp.Compare(b.Score, a.Score) })
	return labels[:min(len(labels), maxLabels)]
}

// unit scales a vector to length 1; one of zeros stays.
func unit(v []float32) []float32 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return v
	}
	f := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= f
	}
	return v
}

// classNames are the thousand classes with WordNet's lemmas and definitions, read when first needed.
type classNames struct {
	folder string
	mu     sync.Mutex
	labels []vision.Label
}

const (
	classFile      = "imagenet_synsets.txt"
	lemmaFile      = "imagenet_synset_to_lemma.txt"
	definitionFile = "imagenet_synset_to_definition.txt"
)

func (c *classNames) present() error {
	for _, f := range []string{classFile, lemmaFile, definitionFile} {
		if _, err := os.Stat(filepath.Join(c.folder, f)); err != nil {
			return missing(namesID)
		}
	}
	return nil
}

func (c *classNames) load() ([]vision.Label, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.labels != nil {
		return c.labels, nil
	}
	if err := c.present(); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(c.folder, classFile))
	if err != nil {
		return nil, fault.E("vision.labels", namesID, fault.Unavailable, err)
	}
	ids := strings.Fields(string(raw))
	if len(ids) != 1000 {
		return nil, fault.Say("vision.labels", namesID, fault.Corrupt, "bad-names", "The list of class names holds %d of 1000 classes; install it again: showreel models install %s.", len(ids), namesID)
	}
	lemmas, err := c.column(lemmaFile, ids)
	if err != nil {
		return nil, err
	}
	definitions, err := c.column(definitionFile, ids)
	if err != nil {
		return nil, err
	}
	labels := make([]vision.Label, len(ids))
	for n, id := range ids {
		first, _, _ := strings.Cut(lemmas[id], ",")
		labels[n] = vision.Label{Name: id, Text: cmp.Or(first, id), Note: definitions[id]}
	}
	c.labels = labels
	return labels, nil
}

// column reads the lines "id TAB text" of the ids.
func (c *classNames) column(name string, ids []string) (map[string]string, error) {
	f, err := os.Open(filepath.Join(c.folder, name))
	if err != nil {
		return nil, fault.E("vision.labels", namesID, fault.Unavailable, err)
	}
	defer f.Close()
	out := make(map[string]string, len(ids))
	for _, id := range ids {
		out[id] = ""
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		id, text, _ := strings.Cut(lines.Text(), "\t")
		if _, ours := out[id]; ours {
			out[id] = text
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fault.E("vision.labels", namesID, fault.Corrupt, err)
	}
	return out, nil
}
