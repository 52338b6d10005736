package meaning

import (
	"slices"

	"showreel/media"
)

// closeBy is how far apart two sentences may be for a cut between them to lie in one talk.
const closeBy = 5 * media.Second

// longBreath is a pause in which a speaker has come to an end. In the bulletin, pauses between its pieces are 1.1 to 1.3 s.
const longBreath = 900 * media.Millisecond

// Scenes groups shots: it returns the places of those that begin a scene, the first always. starts are the shots' beginnings,
// in order; alike[n] says that shot n looks like one shortly before it, so that by looks alone the scene goes on. What is said
// decides where it tells: a cut within a sentence begins no scene, as the pictures that a speaker talks over; a cut where the
// topic turns begins one, also back to the same studio; one where it does not begins none, unless the looks change and it turns
// a little. Without vectors only the looks, and sentences that go on, count.
func Scenes(starts []media.Time, alike []bool, sentences []Sentence) []int {
	told := len(sentences) > 1 && !slices.ContainsFunc(sentences, func(s Sentence) bool { return len(s.Vector) == 0 })
	var depth []float64
	var strong float64
	if told {
		depth = turns(sentences)
		strong = strongTurn(depth)
	}
	var out []int
	for n, at := range starts {
		if n == 0 {
			out = append(out, n)
			continue
		}
		if spokenAt(sentences, at) {
			continue
		}
		begins := !alike[n]
		next := slices.IndexFunc(sentences, func(s Sentence) bool { return s.Range.Start >= at-media.Second/10 })
		if !told || next <= 0 {
			if begins {
				out = append(out, n)
			}
			continue
		}
		if pause := sentences[next].Range.Start - sentences[next-1].Range.End; pause <= closeBy {
			half, long := depth[next] >= strong/2, pause >= longBreath
			begins = depth[next] >= strong || half && long || !alike[n] && (half || long)
		}
		if begins {
			out = append(out, n)
		}
	}
	return out
}
