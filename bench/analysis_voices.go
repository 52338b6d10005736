package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"showreel/engine/speech"
	"showreel/engine/voice"
	"showreel/engine/voice/remotevoice"
	"showreel/media"
	"showreel/platform/sidecar"
	"showreel/product/analysis"
	"showreel/product/analysis/diarize"
)

// benchVoices asks whether a voice is known again in another asset: each speaker says other sentences in two recordings,
// the second through another channel (noise, a telephone's band, another level), and the mean vectors are compared as the
// product compares speakers of two assets.
func benchVoices(ctx context.Context, b *bench) error {
	says := sidecar.New(aiProgram(b.dir, "voice"))
	defer func() { _ = says.Close() }()
	s, caps, done, err := listener(ctx, b)
	if err != nil {
		return err
	}
	defer done()
	v := voice.New(remotevoice.New(says))
	kinds, used := castOf(ctx, v)
	b.on = about{ability: "speakers", synthetic: true, model: caps.Voices}
	if caps.Voices == "" || len(kinds) < 4 {
		b.missing("voices known again in another asset", ">= 0.7", fmt.Sprintf("%v, %d speakers", caps.Missing, len(kinds)))
		return nil
	}
	var all []recording
	for n, k := range kinds {
		for take, texts := range [][]string{talkTurns[:4], talkTurns[4:8], talkTurns[8:]} {
			r, err := record1(ctx, v, s, k, texts, take)
			if err != nil {
				return err
			}
			r.who, r.name = n, fmt.Sprintf("%s × %.2f, take %d", k.voice, k.shift, take+1)
			all = append(all, r)
		}
	}
	var same, other []float64
	for a := range all {
		for c := range a {
			like := likeness(all[a].vector, all[c].vector)
			if all[a].who == all[c].who {
				same = append(same, like)
			} else {
				other = append(other, like)
				if like >= 0.75 {
					b.say("  %.2f: %s and %s", like, all[a].name, all[c].name)
				}
				if like >= analysis.SameTimbre {
					b.mistaken("diarization", 50*like, "two voices taken for one across assets (%.2f): %s and %s", like, all[a].name, all[c].name)
				}
			}
		}
	}
	slices.Sort(same)
	slices.Sort(other)
	for t := 0.70; t < 0.91; t += 0.02 {
		hits, alarms := atLeastOf(same, t), atLeastOf(other, t)
		b.say("  at %.2f: %d of %d pairs of one voice, %d of %d pairs of two", t, hits, len(same), alarms, len(other))
	}
	hits, alarms := atLeastOf(same, analysis.SameTimbre), atLeastOf(other, analysis.SameTimbre)
	b.on.test = fmt.Sprintf("%d pairs of recordings of one voice and %d of two, other sentences, as it is, noisy and through a telephone; %s", len(same), len(other), used)
	note := fmt.Sprintf("at %.2f; same voice from %.2f, median %.2f; two voices up to %.2f, median %.2f", analysis.SameTimbre, same[0], same[len(same)/2], other[len(other)-1], other[len(other)/2])
	b.atLeast("voices known again in another asset", float64(hits)/float64(len(same)), "recall", 0.7, "planted truth", note)
	b.atMost("other voices taken for them", float64(alarms)/float64(len(other)), "of pairs", 0.02, "planted truth", note)
	return nil
}

// recording is one speaker in one asset.
type recording struct {
	who    int
	name   string
	vector []float32
}

// record1 lets a speaker say some sentences through a channel and takes the mean vector.
func record1(ctx context.Context, v *voice.Service, s *speech.Service, k speakerKind, texts []string, take int) (recording, error) {
	var pcm []int16
	for _, text := range texts {
		said, err := v.Say(ctx, voice.Request{Text: text, Voice: k.voice})
		if err != nil {
			return recording{}, err
		}
		part, err := shifted(ctx, said.PCM, said.Rate, k.shift)
		if err != nil {
			return recording{}, err
		}
		pcm = append(append(pcm, trimmed(part)...), make([]int16, speech.SampleRate/3)...)
	}
	switch take {
	case 1:
		noisy(rand.New(rand.NewPCG(3, uint64(take))), pcm, 15)
	case 2:
		pcm = telephone(pcm)
	}
	talk, err := s.Activity(ctx, pcm)
	if err != nil {
		return recording{}, err
	}
	windows, err := heardWindows(ctx, s, pcm, talk)
	if err != nil {
		return recording{}, err
	}
	return recording{vector: meanVoice(windows)}, nil
}

// telephone leaves 300 to 3400 Hz, by two one-pole filters, and a third of the level.
func telephone(pcm []int16) []int16 {
	out := make([]int16, len(pcm))
	pole := func(hertz float64) float64 { return 1 - math.Exp(-2*math.Pi*hertz/speech.SampleRate) }
	var low, high float64
	for n, s := range pcm {
		high += pole(300) * (float64(s) - high)
		low += pole(3400) * (float64(s) - high - low)
		out[n] = int16(low / 3)
	}
	return out
}

func meanVoice(windows []diarize.Window) []float32 {
	var sum []float32
	length := media.Time(0)
	for _, w := range windows {
		if sum == nil {
			sum = make([]float32, len(w.Vector))
		}
		length += w.Len()
		for n, x := range w.Vector {
			sum[n] += x
		}
	}
	return sum
}

// likeness is the cosine of two vectors.
func likeness(a, b []float32) float64 {
	var ab, aa, bb float64
	for n := range min(len(a), len(b)) {
		ab, aa, bb = ab+float64(a[n])*float64(b[n]), aa+float64(a[n])*float64(a[n]), bb+float64(b[n])*float64(b[n])
	}
	return ab / math.Sqrt(max(aa*bb, 1e-12))
}

// atLeastOf counts the values of a sorted list that reach a bound.
func atLeastOf(sorted []float64, bound float64) int {
	n, _ := slices.BinarySearch(sorted, bound)
	return len(sorted) - n
}
