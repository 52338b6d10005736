package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"

	"showreel/engine/speech"
	"showreel/engine/voice"
	"showreel/media"
)

// spoken is one utterance of a conversation.
type spoken struct {
	media.Range
	who int
}

// conversation is generated sound with exact truth.
type conversation struct {
	name  string
	pcm   []int16 // 16 kHz
	truth []spoken
}

// speakerKind is a packaged voice, as it is or with pitch and speed changed together by ffmpeg, which moves the formants
// as a longer or shorter vocal tract would.
type speakerKind struct {
	voice string
	shift float64
}

var talkTurns = []string{
	"I walked along the river this morning and the water was higher than I have ever seen it.",
	"That is interesting. Did you talk to the people at the bridge?",
	"They said the repairs would take another three weeks.",
	"We should plan the second scene before the light goes.",
	"Maybe, but the budget for this month is nearly gone and nobody has signed the new contract.",
	"Let me check the schedule and call you back.",
	"The harbour opens at seven. Boats leave before sunrise.",
	"I would rather film inside, where the sound is better and the wind does not matter.",
	"Honestly, I do not think so.",
	"Every question has two answers, and the second one is usually the one that people remember when they go home.",
	"Who is going to carry the camera up the hill?",
	"My brother could help, he has a van and he knows the road.",
}

var backChannels = []string{"Yes.", "Right.", "I see.", "Exactly."}

// conversations makes talks of two to four of the speakers, with pauses, people who fall into each other's words, short
// back-channels, and noise under half of them.
func conversations(ctx context.Context, v *voice.Service, kinds []speakerKind, count int, seconds float64) ([]conversation, error) {
	rng := rand.New(rand.NewPCG(2024, 11))
	said := map[string][]int16{}
	say := func(k speakerKind, text string) ([]int16, error) {
		id := fmt.Sprint(k, text)
		if pcm, ok := said[id]; ok {
			return pcm, nil
		}
		s, err := v.Say(ctx, voice.Request{Text: text, Voice: k.voice})
		if err != nil {
			return nil, err
		}
		pcm, err := shifted(ctx, s.PCM, s.Rate, k.shift)
		said[id] = trimmed(pcm)
		return said[id], err
	}
	var out []conversation
	for n := range count {
		people := 2 + n%3
		cast := slices.Clone(kinds)
		rng.Shuffle(len(cast), func(a, b int) { cast[a], cast[b] = cast[b], cast[a] })
		c, err := converse(rng, cast[:min(people, len(cast))], say, seconds)
		if err != nil {
			return nil, err
		}
		c.name = fmt.Sprintf("%d speakers", people)
		if n%2 == 1 {
			noisy(rng, c.pcm, 18)
			c.name += ", noise 18 dB below"
		}
		out = append(out, c)
	}
	return out, nil
}

// converse lays utterances one after the other until the time is full.
func converse(rng *rand.Rand, cast []speakerKind, say func(speakerKind, string) ([]int16, error), seconds float64) (conversation, error) {
	c := conversation{pcm: make([]int16, int((seconds+15)*speech.SampleRate))}
	at, last := 0.6, -1
	put := func(who int, pcm []int16, at float64) {
		first := int(at * speech.SampleRate)
		for n, s := range pcm {
			if first+n < len(c.pcm) {
				c.pcm[first+n] = int16(max(-32768, min(32767, int(c.pcm[first+n])+int(s))))
			}
		}
		start := media.FromTicks(int64(first), speech.SampleRate)
		c.truth = append(c.truth, spoken{media.Range{Start: start, End: start + media.FromTicks(int64(len(pcm)), speech.SampleRate)}, who})
	}
	for turn := 0; at < seconds; turn++ {
		who := rng.IntN(len(cast))
		if turn < len(cast) {
			who = turn
		} else if who == last {
			who = (who + 1) % len(cast)
		}
		last = who
		pcm, err := say(cast[who], talkTurns[rng.IntN(len(talkTurns))])
		if err != nil {
			return c, err
		}
		put(who, pcm, at)
		length := float64(len(pcm)) / speech.SampleRate
		if length > 3 && rng.IntN(5) == 0 {
			other := (who + 1) % len(cast)
			short, err := say(cast[other], backChannels[rng.IntN(len(backChannels))])
			if err != nil {
				return c, err
			}
			put(other, short, at+length*(0.35+0.3*rng.Float64()))
		}
		gap := 0.15 + 0.6*rng.Float64()
		if rng.IntN(4) == 0 {
			gap = -0.3 - 0.6*rng.Float64()
		}
		at += max(0.3, length+gap)
	}
	end := media.Time(0)
	for _, u := range c.truth {
		end = max(end, u.End)
	}
	c.pcm = c.pcm[:min(len(c.pcm), int((end+media.Second/2).Ticks(speech.SampleRate)))]
	return c, nil
}

// shifted changes pitch, formants and speed by a factor and brings the sound to 16 kHz.
func shifted(ctx context.Context, pcm []int16, rate int, by float64) ([]int16, error) {
	var in bytes.Buffer
	_ = binary.Write(&in, binary.LittleEndian, pcm) // to memory
	filter := "anull"
	if by != 1 {
		filter = fmt.Sprintf("asetrate=%d,aresample=%d,atempo=%.3f", int(float64(rate)*by), rate, 1/math.Sqrt(by))
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-f", "s16le", "-ar", strconv.Itoa(rate), "-ac", "1", "-i", "-", "-af", filter, "-ar", "16000", "-f", "s16le", "-")
	cmd.Stdin = &in
	raw, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	out := make([]int16, len(raw)/2)
	return out, binary.Read(bytes.NewReader(raw), binary.LittleEndian, out)
}

// trimmed cuts silence off both ends, so that the truth is where somebody is heard.
func trimmed(pcm []int16) []int16 {
	loud := func(s int16) bool { return s > 300 || s < -300 }
	first := slices.IndexFunc(pcm, loud)
	last := len(pcm) - 1
	for last > first && !loud(pcm[last]) {
		last--
	}
	if first < 0 {
		return pcm
	}
	return slices.Clone(pcm[first : last+1])
}

// noisy lays noise with the slope of a room's under the sound, so many decibels below it.
func noisy(rng *rand.Rand, pcm []int16, below float64) {
	power := 0.0
	for _, s := range pcm {
		power += float64(s) * float64(s)
	}
	level := math.Sqrt(power/float64(len(pcm))) * math.Pow(10, -below/20)
	low := 0.0
	for n := range pcm {
		low = 0.9*low + 0.436*rng.NormFloat64() // unit variance
		pcm[n] = int16(max(-32768, min(32767, float64(pcm[n])+level*low)))
	}
}
