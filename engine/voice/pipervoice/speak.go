//go:build cgo

package pipervoice

import (
	"context"

	"showreel/engine/voice"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/onnx"
)

// durations is the output with the frames of each phoneme.
const durations = "/Ceil_output_0"

// utterance is what goes into the model: ids with a pad after each phoneme, and the word each belongs to (-1 for none).
type utterance struct {
	ids   []int64
	owner []int
	words []string
}

func (u *utterance) add(ids map[rune]int64, r rune, owner int) {
	if id, ok := ids[r]; ok {
		u.ids, u.owner = append(u.ids, id, ids['_']), append(u.owner, owner, owner)
	}
}

// utter puts a sentence together as Piper was trained: "^", the phonemes, the sign that ends each clause, "$", with a pad
// between all.
func utter(ids map[rune]int64, s sentence, said []spoken) utterance {
	var u utterance
	u.add(ids, '^', -1)
	for n, c := range s {
		first := len(u.words)
		for i, r := range said[n].phonemes {
			owner := first + said[n].word[i]
			if r == ' ' {
				owner = -1
			}
			u.add(ids, r, owner)
		}
		u.words = append(u.words, c.words...)
		u.add(ids, c.stop, -1)
		if n < len(s)-1 {
			u.add(ids, ' ', -1)
		}
	}
	u.ids, u.owner = append(u.ids, ids['$']), append(u.owner, -1)
	return u
}

// speak synthesises one sentence and appends it, with the times of its words.
func (l *loaded) speak(ctx context.Context, s sentence, said []spoken, speed float64, out *voice.Speech) error {
	u := utter(l.ids, s, said)
	got, err := l.net.Run(ctx, map[string]onnx.Tensor{
		"input":         onnx.Ints(u.ids, 1, int64(len(u.ids))),
		"input_lengths": onnx.Ints([]int64{int64(len(u.ids))}, 1),
		"scales":        onnx.Floats([]float32{0, float32(1 / speed), 0}, 3),
	})
	if err != nil {
		return err
	}
	samples, frames := got["output"].F32, got[durations].F32
	total := 0
	for _, f := range frames {
		total += int(f) * frame
	}
	if len(frames) != len(u.ids) || total != len(samples) {
		return fault.Say("voice.say", out.Model, fault.Corrupt, "bad-voice", "The voice's durations do not add up to its sound; install the voice again.")
	}
	out.Words = append(out.Words, times(u, frames, len(out.PCM))...)
	for _, v := range samples {
		out.PCM = append(out.PCM, int16(max(-1, min(1, v))*32_767))
	}
	return nil
}

// times gives each word from its first to its last phoneme; a word that is swallowed by its neighbour gets its instant.
func times(u utterance, frames []float32, offset int) []media.Word {
	start, end := make([]int, len(u.words)), make([]int, len(u.words))
	for n := range start {
		start[n] = -1
	}
	at := offset
	for i, f := range frames {
		next := at + int(f)*frame
		if w := u.owner[i]; w >= 0 {
			if start[w] < 0 {
				start[w] = at
			}
			end[w] = next
		}
		at = next
	}
	words := make([]media.Word, len(u.words))
	last := offset
	for n, text := range u.words {
		if start[n] < 0 {
			start[n], end[n] = last, last
		}
		last = end[n]
		words[n] = media.Word{Text: text, Start: instant(start[n]), End: instant(end[n]), Score: 1}
	}
	return words
}

// instant is a sample's time; flicks are exact at this rate.
func instant(sample int) media.Time { return media.Time(int64(sample) * (int64(media.Second) / rate)) }
