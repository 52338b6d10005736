package remotevision_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/vision"
	"showreel/engine/vision/remotevision"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sidecar"
)

// counting is an engine that answers by what it was sent, so that the wire can be checked without models.
type counting struct{}

func (counting) Labels(_ context.Context, pictures [][]byte) ([]vision.Scene, error) {
	out := make([]vision.Scene, len(pictures))
	for n, p := range pictures {
		out[n] = vision.Scene{Labels: []vision.Label{{Name: string(p), Text: "t", Note: "n", Score: 0.25}}, Features: []float32{float32(len(p)), -0.1, 3e-20}}
	}
	return out, nil
}

func (counting) Objects(_ context.Context, pictures [][]byte) ([][]vision.Object, error) {
	out := make([][]vision.Object, len(pictures))
	out[0] = []vision.Object{{Name: string(pictures[0]), Score: 0.5, Box: media.Box{X: .1, Y: .2, W: .3, H: .4}}}
	return out, nil
}

func (counting) Text(_ context.Context, pictures [][]byte) ([][]vision.Line, error) {
	return [][]vision.Line{{{Text: "größer <&> 漢", Score: 1, Quad: [4][2]float64{{0, 0}, {1, 0}, {1, .5}, {0, .5}}}}}, nil
}

func (counting) Faces(_ context.Context, pictures [][]byte, o vision.FaceOptions) ([][]vision.Face, error) {
	out := make([][]vision.Face, len(pictures))
	for n := range pictures {
		for m := range n { // none in the first, one in the second, …
			f := vision.Face{Score: 0.5, Sharp: float64(m)}
			if o.Vectors {
				f.Vector = []float32{float32(n), float32(m)}
			}
			if o.Small {
				f.Score = 0.25
			}
			out[n] = append(out[n], f)
		}
	}
	return out, nil
}

func (counting) Moderate(context.Context, [][]byte) ([][]vision.Label, error) {
	return nil, fault.Say("vision.model", "open-nsfw", fault.Unavailable, "model-missing", "The model is not installed: showreel models install open-nsfw.")
}

func (counting) Boundaries(_ context.Context, frames []byte) ([]float32, error) {
	const size = vision.BoundaryWidth * vision.BoundaryHeight * 3
	out := make([]float32, len(frames)/size)
	for n := range out {
		f := frames[n*size:]
		out[n] = float32(int(f[0]) | int(f[1])<<8 | int(f[2])<<16)
	}
	return out, nil
}

func (counting) Caps(context.Context) (vision.Caps, error) {
	return vision.Caps{Models: map[string]string{"labels": "l 1"}, Missing: map[string]string{"text": "install it"}, Features: 3}, nil
}

func overTheWire(t *testing.T, d vision.Driver) vision.Driver {
	t.Helper()
	mux := http.NewServeMux()
	remotevision.Mount(mux, d)
	const token = "a token of enough letters"
	server := httptest.NewServer(sidecar.RequireToken(token, mux))
	t.Cleanup(server.Close)
	reach, err := sidecar.NewRemote(token, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := sidecar.New(reach)
	t.Cleanup(func() { _ = client.Close() })
	return remotevision.New(client)
}

func TestAnswersPassUnchanged(t *testing.T) {
	near, far := counting{}, overTheWire(t, counting{})
	ctx := t.Context()
	pictures := [][]byte{[]byte("one"), []byte("second"), {}}
	same := func(what string, want, got any, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", what, err, diff)
		}
	}
	labels, _ := near.Labels(ctx, pictures)
	got, err := far.Labels(ctx, pictures)
	same("labels", labels, got, err)
	objects, _ := near.Objects(ctx, pictures)
	gotObjects, err := far.Objects(ctx, pictures)
	same("objects", objects, gotObjects, err)
	text, _ := near.Text(ctx, pictures[:1])
	gotText, err := far.Text(ctx, pictures[:1])
	same("text", text, gotText, err)
	for _, o := range []vision.FaceOptions{{}, {Vectors: true}, {Small: true}, {Vectors: true, Small: true}} {
		faces, _ := near.Faces(ctx, pictures, o)
		gotFaces, err := far.Faces(ctx, pictures, o)
		same("faces", faces, gotFaces, err)
	}
	caps, _ := near.Caps(ctx)
	gotCaps, err := far.Caps(ctx)
	same("caps", caps, gotCaps, err)
}

func TestFaultsPass(t *testing.T) {
	_, err := overTheWire(t, counting{}).Moderate(t.Context(), [][]byte{{1}})
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "model-missing" || !strings.Contains(fault.TextOf(err), "showreel models install open-nsfw") {
		t.Errorf("%v", err)
	}
}

func TestTheProgramChecksForItself(t *testing.T) {
	_, err := overTheWire(t, counting{}).Labels(t.Context(), make([][]byte, vision.MaxBatch+1))
	if !fault.Is(err, fault.TooLarge) {
		t.Errorf("%v, want too-large", err)
	}
}
