package cluster_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"showreel/product/analysis/cluster"
)

// around makes n unit vectors near one axis of dim.
func around(r *rand.Rand, axis, dim, n int, noise float64) []cluster.Item {
	var out []cluster.Item
	for range n {
		v := make([]float32, dim)
		for k := range v {
			v[k] = float32(noise * r.NormFloat64() / math.Sqrt(float64(dim)))
		}
		v[axis]++
		out = append(out, cluster.Item{Vector: cluster.Mean(v)})
	}
	return out
}

func three() []cluster.Item {
	r := rand.New(rand.NewPCG(1, 2))
	return slices.Concat(around(r, 0, 32, 20, 0.6), around(r, 1, 32, 15, 0.6), around(r, 2, 32, 1, 0.6))
}

func TestFindsTheGroups(t *testing.T) {
	g := cluster.Group(three(), cluster.Links{}, 0.5)
	if g.Count() != 3 || g[0] != g[19] || g[0] == g[20] || g[20] != g[34] || g[35] != 2 {
		t.Errorf("%v", g)
	}
}

func TestCannotLinkHoldsTransitively(t *testing.T) {
	items := three()
	items[3].Name, items[4].Name = "Ada", "Ada"
	// 3 and 4 are one person by name; 4 and 5 were seen in one picture.
	g := cluster.Group(items, cluster.Links{Cannot: []cluster.Pair{{A: 4, B: 5}}}, 0.5)
	if g[3] != g[4] || g[3] == g[5] {
		t.Errorf("%v", g)
	}
}

func TestMustLinkJoinsWhatDoesNotLookAlike(t *testing.T) {
	g := cluster.Group(three(), cluster.Links{Must: []cluster.Pair{{A: 0, B: 20}}}, 0.5)
	if g[0] != g[20] || g[0] == g[35] {
		t.Errorf("%v", g)
	}
}

func TestNamesNeverMix(t *testing.T) {
	items := three()
	items[0].Name, items[1].Name = "Ada", "Grace"
	g := cluster.Group(items, cluster.Links{}, 0.1)
	if g[0] == g[1] {
		t.Errorf("two names in one group: %v", g)
	}
}

// TestConstraintsAlwaysHold draws vectors and links at random; a forbidden pair is never together, a required one is
// always together unless something forbids it.
func TestConstraintsAlwaysHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 25).Draw(t, "n")
		items := make([]cluster.Item, n)
		for i := range items {
			v := make([]float32, 4)
			for k := range v {
				v[k] = float32(rapid.Float64Range(-1, 1).Draw(t, "x"))
			}
			items[i] = cluster.Item{Vector: cluster.Mean(v), Name: rapid.SampledFrom([]string{"", "", "", "a", "b"}).Draw(t, "name")}
		}
		var links cluster.Links
		for range rapid.IntRange(0, 10).Draw(t, "links") {
			p := cluster.Pair{A: rapid.IntRange(0, n-1).Draw(t, "a"), B: rapid.IntRange(0, n-1).Draw(t, "b")}
			if items[p.A].Name == "" && items[p.B].Name == "" {
				links.Cannot = append(links.Cannot, p)
			}
		}
		g := cluster.Group(items, links, rapid.Float64Range(-1, 1).Draw(t, "threshold"))
		for _, p := range links.Cannot {
			if p.A != p.B && g[p.A] == g[p.B] {
				t.Fatalf("%v are together: %v", p, g)
			}
		}
		for i := range items {
			for j := range items {
				if a, b := items[i].Name, items[j].Name; a != "" && b != "" && (a == b) != (g[i] == g[j]) {
					t.Fatalf("names %q %q, groups %d %d", a, b, g[i], g[j])
				}
			}
		}
	})
}

func TestAssignSaysWhenItDoesNotKnow(t *testing.T) {
	means := [][]float32{{1, 0}, {0, 1}}
	got := cluster.Assign([][]float32{{1, 0}, {0.7071, 0.7071}, {-1, 0}, {0, 1}}, means, 0.5, 0.1)
	if !slices.Equal(got, []int{0, -1, -1, 1}) {
		t.Errorf("%v", got)
	}
}

func BenchmarkGroup(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	var items []cluster.Item
	for a := range 20 {
		items = append(items, around(r, a, 256, 50, 0.8)...)
	}
	for b.Loop() {
		if g := cluster.Group(items, cluster.Links{}, 0.5); g.Count() != 20 {
			b.Fatal(g.Count())
		}
	}
}
