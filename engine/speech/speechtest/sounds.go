package speechtest

import (
	"math"
	"math/rand/v2"

	"showreel/engine/speech"
)

// Sound is generated sound in which nobody speaks.
type Sound struct {
	Name string
	PCM  []int16
}

// Speechless generates so many seconds of each kind of sound without speech. The same seconds give the same samples.
func Speechless(seconds int) []Sound {
	n := seconds * speech.SampleRate
	rnd := rand.New(rand.NewPCG(1, 2))
	low := 0.0
	kinds := []struct {
		name string
		at   func(t float64) float64
	}{
		{"silence", func(float64) float64 { return 0 }},
		{"white noise", func(float64) float64 { return 0.1 * rnd.NormFloat64() }},
		{"brown noise", func(float64) float64 { low = 0.99*low + 0.02*rnd.NormFloat64(); return low }},
		{"hum", func(t float64) float64 { return 0.2*wave(50, t) + 0.05*wave(100, t) + 0.02*rnd.NormFloat64() }},
		{"tones", func(t float64) float64 { return 0.4 * wave(400+200*math.Floor(math.Mod(t, 5)), t) * gate(t, 0.5) }},
		{"busy signal", func(t float64) float64 { return 0.25 * (wave(480, t) + wave(620, t)) * gate(t, 0.5) }},
		{"clicks", func(t float64) float64 { return 0.8 * rnd.NormFloat64() * math.Exp(-math.Mod(t, 0.7)*200) }},
		{"music", music},
		{"steps of engines", func(t float64) float64 {
			return 0.3 * rnd.NormFloat64() * (0.5 + 0.5*wave(2.5, t)) * wave(90+10*wave(0.2, t), t)
		}},
	}
	out := make([]Sound, len(kinds))
	for k, kind := range kinds {
		pcm := make([]int16, n)
		for i := range pcm {
			pcm[i] = int16(30000 * max(-1, min(1, kind.at(float64(i)/speech.SampleRate))))
		}
		out[k] = Sound{kind.name, pcm}
	}
	return out
}

func wave(hertz, t float64) float64 { return math.Sin(2 * math.Pi * hertz * t) }

// gate is on for a time and off for as long.
func gate(t, length float64) float64 {
	if math.Mod(t, 2*length) < length {
		return 1
	}
	return 0
}

// music is plucked chords over a bass, 100 beats a minute.
func music(t float64) float64 {
	chords := [][]float64{{220, 261.6, 329.6}, {174.6, 220, 261.6}, {261.6, 329.6, 392}, {196, 246.9, 293.7}}
	beat := t / 0.6
	chord := chords[int(beat/4)%len(chords)]
	fade := math.Exp(-math.Mod(beat, 1) * 2)
	out := 0.2 * wave(chord[0]/2, t)
	for n, f := range chord {
		out += 0.15 * fade * (wave(f, t) + 0.4*wave(2*f, t+float64(n)*0.01) + 0.2*wave(3*f, t))
	}
	return out
}
