package main

import (
	"context"
	_ "embed"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"showreel/engine/vision"
)

// photosTruth says what packaged photographs show.
//
//go:embed photos_truth.txt
var photosTruth string

// photo is one photograph with its truth.
type photo struct {
	name    string
	classes []string       // that are right; none where ImageNet has none
	things  map[string]int // COCO objects
	maybe   []string       // objects that may be named or not
	jpg     []byte
}

// photos reads the photographs that are there, at most 1280 wide, as JPEG.
func photos(b *bench) ([]photo, error) {
	var out []photo
	for _, row := range rowsOf(photosTruth) {
		p := photo{name: row[0], things: map[string]int{}}
		if row[1] != "-" {
			p.classes = strings.Split(row[1], "|")
		}
		for _, t := range strings.Split(row[2], ", ") {
			name, n, counted := strings.Cut(t, "=")
			switch {
			case counted:
				count, err := strconv.Atoi(n)
				if err != nil {
					return nil, fmt.Errorf("photos_truth.txt: %q", t)
				}
				p.things[name] = count
			case strings.HasSuffix(t, "?"):
				p.maybe = append(p.maybe, strings.TrimSuffix(t, "?"))
			}
		}
		img, err := decodeFile(filepath.Join(cacheDir(), "peers", "photos", p.name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		if p.jpg, err = jpegOf(rgb(img), 90); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// rgb is a picture in colour, as frames of films are.
func rgb(img image.Image) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(x, y, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}

// benchPhotos asks what packaged photographs show: classes, objects, and what a person should look at.
func benchPhotos(ctx context.Context, b *bench, e *eyes, _ string) error {
	all, err := photos(b)
	if err != nil {
		return err
	}
	caps, err := e.Caps(ctx)
	if err != nil {
		return err
	}
	set := fmt.Sprintf("%d packaged photographs with labels of our own", len(all))
	for _, part := range []struct {
		ability, model string
		run            func(context.Context, *bench, *eyes, []photo) error
	}{{"labels", caps.Models["labels"], photoLabels}, {"objects", caps.Models["objects"], photoObjects}, {"moderation", caps.Models["moderate"], photoModeration}} {
		b.on = about{ability: part.ability, test: set, model: part.model}
		if len(all) == 0 {
			b.missing(part.ability+" of photographs", "", "peers/photos of the cache holds none of the photographs that bench/photos_truth.txt names")
			continue
		}
		b.searched(part.ability, set)
		if err := part.run(ctx, b, e, all); err != nil {
			return err
		}
	}
	return nil
}

func photoLabels(ctx context.Context, b *bench, e *eyes, all []photo) error {
	top1, top5, known := 0, 0, 0
	for _, p := range all {
		got, err := e.Labels(ctx, [][]byte{p.jpg})
		if err != nil {
			return err
		}
		right := func(l vision.Label) bool {
			return slices.ContainsFunc(p.classes, func(c string) bool { return strings.Contains(strings.ToLower(l.Text), strings.ToLower(c)) })
		}
		list := got[0].Labels
		if len(list) == 0 {
			continue
		}
		if p.classes == nil {
			b.mistaken("labels", list[0].Score-0.5, "%s, for which ImageNet has no class, is called %s (%.2f)", p.name, list[0].Text, list[0].Score)
			continue
		}
		known++
		if right(list[0]) {
			top1++
		} else {
			b.mistaken("labels", list[0].Score, "%s is called %s (%.2f), right is %s", p.name, list[0].Text, list[0].Score, strings.Join(p.classes, " or "))
		}
		if slices.ContainsFunc(list[:min(5, len(list))], right) {
			top5++
		}
	}
	b.atLeast("labels: first is right", 100*float64(top1)/float64(max(1, known)), "%", 70, "labels of the set", fmt.Sprintf("%d of %d whose class ImageNet has", top1, known))
	b.atLeast("labels: right among five", 100*float64(top5)/float64(max(1, known)), "%", 80, "labels of the set", fmt.Sprintf("%d of %d", top5, known))
	return nil
}

// leastObject is how sure the product must be of an object.
const leastObject = 0.4

func photoObjects(ctx context.Context, b *bench, e *eyes, all []photo) error {
	hit, missed, alarms := 0, 0, 0
	for _, p := range all {
		got, err := e.Objects(ctx, [][]byte{p.jpg})
		if err != nil {
			return err
		}
		left := map[string]int{}
		for name, n := range p.things {
			left[name] = n
		}
		for _, o := range got[0] {
			switch {
			case o.Score < leastObject, slices.Contains(p.maybe, o.Name):
			case left[o.Name] > 0:
				left[o.Name]--
				hit++
			default:
				alarms++
				b.mistaken("objects", o.Score, "%s: a %s that is not there (%.2f)", p.name, o.Name, o.Score)
			}
		}
		for name, n := range left {
			missed += n
			if n > 0 {
				b.mistaken("objects", 0.7, "%s: %d × %s not found", p.name, n, name)
			}
		}
	}
	b.atLeast("objects: found", 100*float64(hit)/float64(max(1, hit+missed)), "%", 60, "labels of the set", fmt.Sprintf("%d of %d at %.1f", hit, hit+missed, leastObject))
	b.atLeast("objects: what is called so and is", 100*float64(hit)/float64(max(1, hit+alarms)), "%", 60, "labels of the set", fmt.Sprintf("%d false", alarms))
	return nil
}

// leastNudity is from where the product asks a person.
const leastNudity = 0.7

func photoModeration(ctx context.Context, b *bench, e *eyes, all []photo) error {
	alarms := 0
	for _, p := range all {
		got, err := e.Moderate(ctx, [][]byte{p.jpg})
		if err != nil {
			return err
		}
		for _, l := range got[0] {
			if l.Score >= leastNudity {
				alarms++
			}
			if l.Score >= 0.1 {
				b.mistaken("moderation", l.Score, "%s, which is harmless: %s %.2f", p.name, l.Name, l.Score)
			}
		}
	}
	b.atMost("moderation: false alarms", float64(alarms), fmt.Sprintf("of %d", len(all)), 2, "labels of the set", fmt.Sprintf("at %.1f; all are harmless", leastNudity))
	b.missing("moderation: what is found", "", "no package carries pictures that should be found")
	return nil
}
