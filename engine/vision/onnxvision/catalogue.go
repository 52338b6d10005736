//go:build cgo

package onnxvision

import (
	"slices"
	"strings"

	"showreel/fault"
	"showreel/platform/onnx"
)

// Ids of the catalogue.
const (
	labelsID     = "efficientnet-lite2"
	namesID      = "imagenet-names"
	objectsID    = "nanodet"
	findTextID   = "ppocr-v6-det"
	readTextID   = "ppocr-v6-rec"
	facesID      = "blazeface-back"
	vectorsID    = "faceres"
	moderateID   = "open-nsfw"
	boundariesID = "transnetv2"
)

// abilities is what each ability needs.
var abilities = map[string][]string{
	"labels": {labelsID, namesID}, "objects": {objectsID}, "text": {findTextID, readTextID}, "faces": {facesID},
	"vectors": {facesID, vectorsID}, "moderate": {moderateID}, "boundaries": {boundariesID},
}

// roleOf is whose place a model takes: what showreel models use names.
var roleOf = map[string]string{labelsID: "vision.labels", namesID: "vision.names", objectsID: "vision.objects", findTextID: "vision.text-boxes",
	readTextID: "vision.text", facesID: "vision.faces", vectorsID: "vision.face-vectors", moderateID: "vision.moderation", boundariesID: "vision.boundaries"}

// unrunnable are listed models that need other code than this package has: centernet finds things as peaks of a heat map.
var unrunnable = map[string]bool{"centernet": true}

// shape is what this package gives a model and wants of it. -1 is any size.
type shape struct {
	version    string
	input      string
	takes      onnx.Slot
	gives      map[string][]int64
	heavy      bool // a run takes hundreds of MB: one at a time
	characters bool // its metadata holds a dictionary
}

// catalogue is the models that this package knows how to feed, with the versions of models.yaml.
var catalogue = map[string]shape{
	labelsID: {version: "0.1.0", input: "input", takes: floats(-1, 3, 260, 260), gives: map[string][]int64{"prob": {-1, 1000}, "feat": {-1, 1280}}},
	objectsID: {version: "3.0.4", input: "input_1", takes: floats(1, 3, 416, 416), gives: map[string][]int64{
		"Identity": {1, 2704, 80}, "Identity_1": {1, 676, 80}, "Identity_2": {1, 169, 80},
		"Identity_3": {1, 2704, 44}, "Identity_4": {1, 676, 44}, "Identity_5": {1, 169, 44}}},
	findTextID: {version: "3.10.0", input: "x", takes: floats(-1, 3, -1, -1), gives: map[string][]int64{"fetch_name_0": {-1, 1, -1, -1}}, heavy: true},
	readTextID: {version: "3.10.0", input: "x", takes: floats(-1, 3, 48, -1), gives: map[string][]int64{"fetch_name_0": {-1, -1, -1}}, characters: true},
	facesID: {version: "3.3.6", input: "input", takes: floats(1, 256, 256, 3), gives: map[string][]int64{
		"Identity": {1, 512, 1}, "Identity_1": {1, 384, 1}, "Identity_2": {1, 512, 16}, "Identity_3": {1, 384, 16}}},
	vectorsID:    {version: "3.3.6", input: "input_1", takes: floats(-1, 224, 224, 3), gives: map[string][]int64{"global_pooling_Mean": {-1, 1024}}},
	moderateID:   {version: "0.1.0", input: "input:0", takes: floats(-1, 224, 224, 3), gives: map[string][]int64{"outputs": {-1, 2}}},
	boundariesID: {version: "1.0.5", input: "frames", takes: onnx.Slot{Type: "uint8", Shape: []int64{1, 100, 27, 48, 3}}, gives: map[string][]int64{"single": {1, 100, 1}}, heavy: true},
}

// variants are listed models whose input differs from that of the standard model of their role.
var variants = map[string]shape{
	"efficientnet-lite0": {version: "0.1.0", input: "input", takes: floats(-1, 3, 224, 224), gives: map[string][]int64{"prob": {-1, 1000}, "feat": {-1, 1280}}},
}

func floats(shape ...int64) onnx.Slot { return onnx.Slot{Type: "float32", Shape: shape} }

// versionsOf names the networks behind an ability: "ppocr-v6-det 3.10.0, ppocr-v6-rec 3.10.0".
func (d *Driver) versionsOf(ids []string) string {
	var out []string
	for _, id := range ids {
		if id != namesID {
			out = append(out, d.networks[id].name)
		}
	}
	return strings.Join(out, ", ")
}

// check compares what a loaded model says of itself with what it is to be fed.
func (s shape) check(id string, got *onnx.Session) error {
	in, ok := got.Inputs()[s.input]
	if !ok || len(got.Inputs()) != 1 || in.Type != s.takes.Type || !fits(s.takes.Shape, in.Shape) {
		return wrongShape(id, s.input)
	}
	for name, want := range s.gives {
		if out, ok := got.Outputs()[name]; !ok || out.Type != "float32" || !fits(want, out.Shape) {
			return wrongShape(id, name)
		}
	}
	return nil
}

// size is how many numbers an output holds for one picture, 0 where that varies.
func (s shape) size(output string) int {
	n := 1
	for i, d := range s.gives[output] {
		switch {
		case d > 0:
			n *= int(d)
		case i > 0:
			return 0
		}
	}
	return n
}

// fits compares shapes; a size that either side leaves open fits.
func fits(want, got []int64) bool {
	return slices.EqualFunc(want, got, func(w, g int64) bool { return w == g || w < 0 || g < 0 })
}

func wrongShape(id, slot string) error {
	return fault.Say("vision.model", id, fault.Corrupt, "wrong-model",
		"The file installed as %s is another model (its %q has another size or type); install the right one: showreel models install %s.", id, slot, id)
}
