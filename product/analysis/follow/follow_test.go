package follow_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/media"
	"showreel/product/analysis/follow"
)

func sight(second float64, label string, x, y, w, h float64) follow.Sight {
	return follow.Sight{At: media.FromSeconds(second), Label: label, Score: 0.9, Box: media.Box{X: x, Y: y, W: w, H: h}}
}

func sizes(trails []follow.Trail) []int {
	out := []int{}
	for _, t := range trails {
		out = append(out, len(t))
	}
	return out
}

func TestAThingThatMovesFartherThanItsSizeIsFollowed(t *testing.T) {
	var all []follow.Sight
	for n := range 6 { // 0.13 a second, 0.1 wide: no two boxes touch
		all = append(all, sight(float64(n), "car", 0.05+0.13*float64(n), 0.5, 0.1, 0.08))
	}
	if diff := cmp.Diff([]int{6}, sizes(follow.Things(all))); diff != "" {
		t.Error(diff)
	}
}

func TestTwoThatPassEachOtherStayThemselves(t *testing.T) {
	var all []follow.Sight
	for n := range 9 {
		f := float64(n)
		all = append(all, sight(f, "person", 0.1+0.08*f, 0.4, 0.1, 0.3), sight(f, "person", 0.78-0.08*f, 0.42, 0.1, 0.3))
	}
	trails := follow.Things(all)
	if diff := cmp.Diff([]int{9, 9}, sizes(trails)); diff != "" {
		t.Fatal(diff)
	}
	for _, tr := range trails {
		if d := tr[8].Box.X - tr[0].Box.X; d*d < 0.25 {
			t.Errorf("a trail turned back: it begins at %.2f and ends at %.2f", tr[0].Box.X, tr[8].Box.X)
		}
	}
}

func TestWhatIsNotTheSame(t *testing.T) {
	a := sight(0, "person", 0.4, 0.4, 0.1, 0.1)
	for name, b := range map[string]follow.Sight{
		"another label": sight(1, "dog", 0.4, 0.4, 0.1, 0.1), "far away": sight(1, "person", 0.7, 0.4, 0.1, 0.1),
		"four times as large": sight(1, "person", 0.35, 0.35, 0.2, 0.2), "long ago": sight(4, "person", 0.4, 0.4, 0.1, 0.1),
		"in the same picture": sight(0, "person", 0.41, 0.4, 0.1, 0.1),
	} {
		if n := len(follow.Things([]follow.Sight{a, b})); n != 2 {
			t.Errorf("%s: %d things", name, n)
		}
	}
	if n := len(follow.Things([]follow.Sight{a, sight(2, "person", 0.42, 0.4, 0.1, 0.1)})); n != 1 {
		t.Errorf("missed in one picture: %d things", n)
	}
}

func TestLikenessDecidesWherePlacesDoNot(t *testing.T) {
	anna, ben := []float32{1, 0}, []float32{0, 1}
	with := func(s follow.Sight, v []float32) follow.Sight { s.Vector = v; return s }
	swapped := follow.Things([]follow.Sight{
		with(sight(0, "face", 0.2, 0.3, 0.2, 0.3), anna), with(sight(0, "face", 0.45, 0.3, 0.2, 0.3), ben),
		with(sight(1, "face", 0.22, 0.3, 0.2, 0.3), ben), with(sight(1, "face", 0.43, 0.3, 0.2, 0.3), anna)})
	if len(swapped) != 2 || swapped[0][0].Vector[0] != swapped[0][1].Vector[0] {
		t.Errorf("two who changed places: %v", swapped)
	}
	if n := len(follow.Things([]follow.Sight{with(sight(0, "face", 0.2, 0.3, 0.2, 0.3), anna), with(sight(1, "face", 0.2, 0.3, 0.2, 0.3), ben)})); n != 2 {
		t.Errorf("another face in the same place: %d things", n)
	}
}

// crowd makes people that walk straight and are missed now and then; it returns who each sight is.
func crowd(r *rand.Rand, people int) (all []follow.Sight, who map[media.Box]int) {
	who = map[media.Box]int{}
	for p := range people {
		x, y := r.Float64()*0.8, 0.1+0.8*float64(p)/float64(people)
		dx := (r.Float64() - 0.5) * 0.12
		for n := range 12 {
			s := sight(float64(n), "person", x+dx*float64(n)+0.01*r.NormFloat64(), y+0.005*r.NormFloat64(), 0.06, 0.09)
			if r.Float64() < 0.1 {
				continue
			}
			all, who[s.Box] = append(all, s), p
		}
	}
	r.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
	return all, who
}

func TestACrowdKeepsItsPeople(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	links, wrong, trails := 0, 0, 0
	for range 20 {
		all, who := crowd(r, 12)
		for _, tr := range follow.Things(all) {
			trails++
			for n := 1; n < len(tr); n++ {
				if links++; who[tr[n].Box] != who[tr[n-1].Box] {
					wrong++
				}
			}
		}
	}
	if wrong*100 > links || trails > 20*12*3/2 {
		t.Errorf("%d of %d links are wrong; %d trails of %d people", wrong, links, trails, 20*12)
	}
	t.Logf("%d of %d links are wrong; %d trails of %d people", wrong, links, trails, 20*12)
}
