package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"time"

	"showreel/engine/voice"
	"showreel/engine/voice/remotevoice"
	"showreel/platform/sidecar"
)

const (
	fps       = 25
	soundRate = 44_100 // twice the voices' rate
	lead      = 0.6    // s before a story's first word
	tail      = 0.5    // s after its last
)

// spoken is a story's speech and its frames.
type spoken struct {
	voice.Speech
	first, frames int
}

// speakAll has every story spoken by the helper program; the stories lie one after the other on the frame grid.
func speakAll(ctx context.Context, o options, s script) ([]spoken, []credit, error) {
	local := sidecar.NewLocal(sidecar.LocalOptions{Name: "voice", Path: o.ai, Dir: filepath.Join(o.out, ".socket"), MemMB: 2_000, Start: 30 * time.Second,
		Args: []string{"serve", "--roles", "voice", "--models", o.models, "--native", o.native, "--listen", "unix:%SOCKET%"}})
	client := sidecar.New(local)
	defer os.RemoveAll(filepath.Join(o.out, ".socket"))
	defer client.Close()
	speaks := voice.New(remotevoice.New(client))
	all, err := speaks.Voices(ctx)
	if err != nil {
		return nil, nil, err
	}
	var credits []credit
	for _, v := range all {
		for _, who := range s.Voices {
			if who.Voice == v.ID {
				credits = append(credits, credit{v.ID, v.Licence})
				break
			}
		}
	}
	var out []spoken
	at := 0
	for _, st := range s.Stories {
		who := s.Voices[st.Speaker]
		said, err := speaks.Say(ctx, voice.Request{Text: st.Text, Voice: who.Voice, Speed: who.Speed})
		if err != nil {
			return nil, nil, err
		}
		frames := int(math.Ceil((lead + tail + float64(len(said.PCM))/float64(said.Rate)) * fps))
		out = append(out, spoken{said, at, frames})
		at += frames
	}
	return out, credits, nil
}

// mix lays speech over music: mono, soundRate. The music is 22 dB below the speech and 8 dB louder where nobody speaks.
func mix(said []spoken, music []float32) []int16 {
	last := said[len(said)-1]
	total := (last.first + last.frames) * soundRate / fps
	speech := make([]float32, total)
	for _, s := range said {
		doubled(speech[s.first*soundRate/fps+int(lead*soundRate):], s.PCM)
	}
	scale(speech, 0.10)
	bed := make([]float32, total)
	loop(bed, music)
	scale(bed, 0.10)
	out := make([]int16, total)
	gain, follow := float32(0.2), float32(0)
	for n := range out {
		follow = max(follow*0.9999, float32(math.Abs(float64(speech[n]))))
		want := float32(0.2)
		if follow > 0.01 {
			want = 0.08
		}
		gain += (want - gain) * 0.0002
		edge := min(1, float32(n)/soundRate, float32(total-n)/(2*soundRate))
		out[n] = int16(max(-1, min(1, speech[n]+gain*edge*bed[n])) * 32_767)
	}
	return out
}

// doubled writes a sound at twice its rate: every second sample by a windowed sinc of 16 taps.
func doubled(dst []float32, pcm []int16) {
	var taps [8]float64
	for k := range taps {
		x := float64(k) + 0.5
		taps[k] = math.Sin(math.Pi*x) / (math.Pi * x) * math.Pow(math.Cos(math.Pi*x/17), 2)
	}
	at := func(n int) float64 {
		if n < 0 || n >= len(pcm) {
			return 0
		}
		return float64(pcm[n]) / 32_768
	}
	for n := range pcm {
		sum := 0.0
		for k, t := range taps {
			sum += t * (at(n-k) + at(n+1+k))
		}
		dst[2*n], dst[2*n+1] = float32(at(n)), float32(sum)
	}
}

// loop fills a bed with music, again and again with a second of crossfade.
func loop(bed, music []float32) {
	step := len(music) - soundRate
	if step <= 0 {
		return
	}
	for start := 0; start < len(bed); start += step {
		for n, v := range music {
			if start+n >= len(bed) {
				return
			}
			edge := min(1, float32(n)/soundRate, float32(len(music)-n)/soundRate)
			bed[start+n] += v * edge
		}
	}
}

// scale brings a sound to a mean power where it is not silent.
func scale(v []float32, want float64) {
	sum, n := 0.0, 0
	for _, x := range v {
		if x > 0.003 || x < -0.003 {
			sum += float64(x) * float64(x)
			n++
		}
	}
	if n == 0 {
		return
	}
	by := float32(want / math.Sqrt(sum/float64(n)))
	for i := range v {
		v[i] *= by
	}
}
