// Package languagetest is the suite that drivers of engine/language pass: one for vectors, one for analysis.
package languagetest

import (
	"math"
	"slices"
	"strings"
	"testing"

	"showreel/engine/language"
)

// pairs are texts of which the second means more like the first than the third does.
var pairs = [][3]string{
	{"The ferry leaves the island in the morning.", "Ferries leave the island every morning.", "The recipe needs two eggs and flour."},
	{"A goal in the last minute won the match.", "The team won the match by a late goal.", "The moon circles the earth in a month."},
	{"The mayor opened the new bridge.", "The new bridge was opened by the mayor.", "Bees make honey from flowers."},
}

// Embedder tries everything the port promises of vectors.
func Embedder(t *testing.T, e language.Embedder) {
	t.Helper()
	var texts []string
	for _, p := range pairs {
		texts = append(texts, p[:]...)
	}
	texts = append(texts, "", "😀 مرحبا 你好\x00\u200b", strings.Repeat("word ", 3_000))
	got, err := e.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Values) != len(texts) || got.Model == "" || got.Cut != 1 {
		t.Fatalf("%d vectors of %d texts, model %q, %d cut (want 1)", len(got.Values), len(texts), got.Model, got.Cut)
	}
	for n, v := range got.Values {
		if len(v) != len(got.Values[0]) || len(v) == 0 || math.Abs(dot(v, v)-1) > 1e-3 {
			t.Errorf("text %d: %d values of length %.4f", n, len(v), math.Sqrt(dot(v, v)))
		}
	}
	for n := range pairs {
		v := got.Values[3*n:]
		if near, far := dot(v[0], v[1]), dot(v[0], v[2]); near <= far+0.05 {
			t.Errorf("%q: %.3f to what means the same, %.3f to what does not", pairs[n][0], near, far)
		}
	}
	alone, err := e.Embed(t.Context(), texts[1:2])
	if err != nil || len(alone.Values) != 1 || !slices.Equal(alone.Values[0], got.Values[1]) {
		t.Errorf("a text alone has another vector than among others: %v", err)
	}
	if none, err := e.Embed(t.Context(), nil); err != nil || len(none.Values) != 0 {
		t.Errorf("no texts: %d vectors, %v", len(none.Values), err)
	}
}

func dot(a, b []float32) (sum float64) {
	for n := range a {
		sum += float64(a[n]) * float64(b[n])
	}
	return sum
}
