//go:build cgo

package onnxvision_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/vision/visiontest"
)

// reference is testdata/reference.json, written by testdata/reference.py with Pillow, numpy and rapidocr.
type reference struct {
	Labels map[string]struct {
		Top      [][2]float64 // class, probability
		Features []float64    // every 80th
	}
	Objects map[string][][6]float64 // class, score, left, top, right, bottom
	Text    []line
}

type line struct {
	words string
	score float64
	quad  [4][2]float64
}

// UnmarshalJSON reads [words, score, corners].
func (l *line) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, &[]any{&l.words, &l.score, &l.quad})
}

func read(t *testing.T) (r reference) {
	t.Helper()
	raw, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Labels) == 0 || len(r.Objects) == 0 || len(r.Text) == 0 {
		t.Fatal("the reference is empty")
	}
	return r
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s is %.5f, the reference has %.5f", what, got, want)
	}
}

func TestLabelsEqualTheReference(t *testing.T) {
	d := open(t, "")
	classes, err := os.ReadFile(filepath.Join(visiontest.Cache(t), "models", "imagenet-names", "imagenet_synsets.txt"))
	if err != nil {
		t.Fatal(err)
	}
	ids := strings.Fields(string(classes))
	for name, want := range read(t).Labels {
		got, err := d.Labels(t.Context(), [][]byte{visiontest.Sample(t, name)})
		if err != nil {
			t.Fatal(err)
		}
		for n, top := range want.Top {
			if top[1] < 0.015 {
				break // too near to what is left out
			}
			if got[0].Labels[n].Name != ids[int(top[0])] {
				t.Errorf("%s: label %d is %s, the reference has %s", name, n, got[0].Labels[n].Name, ids[int(top[0])])
			}
			near(t, name+" probability", got[0].Labels[n].Score, top[1], 0.01)
		}
		for n, f := range want.Features {
			near(t, name+" feature", float64(got[0].Features[80*n]), f, 0.005) // of up to 0.13: Pillow rounds between its passes
		}
	}
}

func TestObjectsEqualTheReference(t *testing.T) {
	d := open(t, "")
	for name, want := range read(t).Objects {
		got, err := d.Objects(t.Context(), [][]byte{visiontest.Sample(t, name)})
		if err != nil || len(got[0]) == 0 {
			t.Fatal(name, got, err)
		}
		o, w := got[0][0], want[0]
		near(t, name+" score", o.Score, w[1], 0.01)
		for n, v := range []float64{o.Box.X, o.Box.Y, o.Box.X + o.Box.W, o.Box.Y + o.Box.H} {
			near(t, name+" side", v, w[2+n], 0.005)
		}
	}
}

func TestTextEqualsTheReference(t *testing.T) {
	d := open(t, "")
	raw, err := os.ReadFile("testdata/caption.png")
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Text(t.Context(), [][]byte{raw})
	if err != nil {
		t.Fatal(err)
	}
	want := read(t).Text
	if len(got[0]) != len(want) {
		t.Fatalf("%d lines, the reference has %d: %+v", len(got[0]), len(want), got[0])
	}
	for n, w := range want {
		l := got[0][n]
		if l.Text != w.words {
			t.Errorf("line %d is %q, the reference has %q", n, l.Text, w.words)
		}
		near(t, l.Text+" score", l.Score, w.score, 0.03)
		for c := range w.quad {
			near(t, l.Text+" corner", l.Quad[c][0], w.quad[c][0], 4./640)
			near(t, l.Text+" corner", l.Quad[c][1], w.quad[c][1], 4./352)
		}
	}
}
