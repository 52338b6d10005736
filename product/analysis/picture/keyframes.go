package picture

import "slices"

// Candidate is a picture that may stand for a stretch.
type Candidate struct {
	Second int64
	Sharp  float64   // as of Quality
	Flat   bool      // one colour: black, white, a card without writing
	Luma   []float64 // very small, 0..255, all of one size
}

// What a further key frame must show.
const (
	MostKeyframes = 4    // of a shot
	newAbove      = 18.0 // mean difference from every other one, of 255
	sharpEnough   = 0.4  // of the sharpest
	apart         = 2    // seconds
)

// Keyframes picks what shows a shot best: the sharpest picture, then whichever differs most from those picked, while it is
// new and sharp enough. Flat pictures are picked only where there is no other. Seconds come in order.
func Keyframes(all []Candidate) []int64 {
	pool := slices.DeleteFunc(slices.Clone(all), func(c Candidate) bool { return c.Flat })
	if len(pool) == 0 {
		if len(all) == 0 {
			return nil
		}
		return []int64{all[len(all)/2].Second}
	}
	best := 0
	for n, c := range pool {
		if c.Sharp > pool[best].Sharp {
			best = n
		}
	}
	picked := []Candidate{pool[best]}
	for len(picked) < MostKeyframes {
		next, far := -1, newAbove
		for n, c := range pool {
			if d := novelty(c, picked); c.Sharp >= sharpEnough*pool[best].Sharp && d > far {
				next, far = n, d
			}
		}
		if next < 0 {
			break
		}
		picked = append(picked, pool[next])
	}
	var out []int64
	for _, c := range picked {
		out = append(out, c.Second)
	}
	slices.Sort(out)
	return out
}

// novelty is how much a picture differs from the most similar of some; nothing where it lies right beside one.
func novelty(c Candidate, picked []Candidate) float64 {
	least := 255.0
	for _, p := range picked {
		if d := c.Second - p.Second; d < apart && d > -apart {
			return 0
		}
		sum := 0.0
		for n := range min(len(c.Luma), len(p.Luma)) {
			d := c.Luma[n] - p.Luma[n]
			sum += max(d, -d)
		}
		least = min(least, sum/float64(max(len(c.Luma), 1)))
	}
	return least
}
