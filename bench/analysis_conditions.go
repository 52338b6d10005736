package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"showreel/engine/speech"
	"showreel/engine/voice"
	"showreel/engine/voice/remotevoice"
	"showreel/platform/sidecar"
)

// benchConditions measures words where hearing is harder: noise, music under speech, voices of other accents, other
// languages. What no package and no synthesis of ours gives is said to be not measured.
func benchConditions(ctx context.Context, b *bench) error {
	s, caps, done, err := listener(ctx, b)
	if err != nil {
		return err
	}
	defer done()
	if err := disturbedSpeech(ctx, b, s, caps); err != nil {
		return err
	}
	if err := otherLanguages(ctx, b, s, caps); err != nil {
		return err
	}
	if err := otherVoices(ctx, b, s, caps); err != nil {
		return err
	}
	b.on = about{ability: "speech", model: caps.Transcribe}
	b.missing("speech WER, accents of people", "", "no package carries recorded English of non-native or regional speakers with transcripts")
	b.missing("speech WER, spontaneous speech", "", "no package carries recorded conversations with transcripts")
	return nil
}

// disturbedSpeech lays noise and music under the prompts.
func disturbedSpeech(ctx context.Context, b *bench, s *speech.Service, caps speech.Caps) error {
	words := 250
	if b.quick {
		words = 60
	}
	clean := pieces(b, "en", words)
	b.on = about{ability: "speech", model: caps.Transcribe}
	if clean == nil {
		b.missing("speech WER, noise 10 dB below", "", "the spoken prompts are missing; tools/speech/prompts.sh brings them")
		return nil
	}
	song, err := musicBed(ctx)
	if err != nil {
		b.missing("speech WER, music 12 dB below", "", err.Error())
	}
	for _, c := range []struct {
		name  string
		limit float64
		lay   func(*rand.Rand, []int16)
	}{
		{"noise 10 dB below", 10, func(r *rand.Rand, pcm []int16) { noisy(r, pcm, 10) }},
		{"noise 5 dB below", 20, func(r *rand.Rand, pcm []int16) { noisy(r, pcm, 5) }},
		{"music 12 dB below", 10, func(_ *rand.Rand, pcm []int16) { under(pcm, song, 12) }},
	} {
		if song == nil && strings.HasPrefix(c.name, "music") {
			continue
		}
		rng := rand.New(rand.NewPCG(7, 7))
		var loud []piece
		for _, p := range clean {
			pcm := slices.Clone(p.pcm)
			c.lay(rng, pcm)
			loud = append(loud, piece{pcm, p.truth})
		}
		h, err := listen(ctx, b, s, loud, speech.Options{Language: "en"})
		if err != nil {
			return err
		}
		b.condition(h, c.name)
		b.on = about{ability: "speech", test: fmt.Sprintf("%d words of English prompts of 8 kHz, %s by our mixing", h.words, c.name), synthetic: true, model: caps.Transcribe, cpu: seconds(h.cpu), wall: h.wall}
		b.atMost("speech WER, "+c.name, h.wer(), "%", c.limit, "-", fmt.Sprintf("%d wrong", h.wrong))
	}
	return nil
}

// condition keeps a condition's mistakes for the list of the worst.
func (b *bench) condition(h heard, name string) {
	for _, m := range h.mistakes {
		b.mistaken("speech", m.weight, "%s (%s)", m.text, name)
	}
}

// musicBed is the sample library's music, 16 kHz.
func musicBed(ctx context.Context) ([]int16, error) {
	var out []int16
	for _, name := range []string{"music-garzul.flac", "music-guitar-em9.flac"} {
		raw, err := ffmpegOut(ctx, "-i", filepath.Join(cacheDir(), "samples", name), "-ac", "1", "-ar", "16000", "-f", "s16le", "-")
		if err != nil {
			return nil, fmt.Errorf("the sample music is missing: %w", err)
		}
		for n := 0; n+1 < len(raw); n += 2 {
			out = append(out, int16(uint16(raw[n])|uint16(raw[n+1])<<8))
		}
	}
	return out, nil
}

// under lays sound, repeated, under another, so many decibels below it.
func under(pcm, bed []int16, below float64) {
	gain := loudness(pcm) / max(loudness(bed), 1e-9) * math.Pow(10, -below/20)
	for n := range pcm {
		pcm[n] = int16(max(-32768, min(32767, float64(pcm[n])+gain*float64(bed[n%len(bed)]))))
	}
}

func loudness(pcm []int16) float64 {
	sum := 0.0
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(max(1, len(pcm))))
}

// otherLanguages hears the prompts of other languages, whose transcripts are the scripts and not always what was said.
func otherLanguages(ctx context.Context, b *bench, s *speech.Service, caps speech.Caps) error {
	words := 120
	if b.quick {
		words = 40
	}
	for _, l := range []struct{ code, name string }{{"fr", "French"}, {"es", "Spanish"}, {"it", "Italian"}, {"ru", "Russian"}} {
		row := "speech WER, " + l.name
		b.on = about{ability: "speech", model: caps.Transcribe}
		all := pieces(b, l.code, words)
		if all == nil {
			b.missing(row, "", "the prompts are missing; tools/speech/prompts.sh brings them")
			continue
		}
		h, err := listen(ctx, b, s, all, speech.Options{})
		if err != nil {
			return err
		}
		b.condition(h, l.name)
		b.on = about{ability: "speech", test: fmt.Sprintf("%d words of asterisk-core-sounds-%s prompts, 8 kHz, one speaker, language detected; the truth is the script, which is not always what was said", h.words, l.code),
			model: caps.Transcribe, cpu: seconds(h.cpu), wall: h.wall}
		b.atMost(row, h.wer(), "%", 30, "-", fmt.Sprintf("%d wrong", h.wrong))
	}
	return nil
}

// otherVoices hears packaged voices read English, one row an accent.
func otherVoices(ctx context.Context, b *bench, s *speech.Service, caps speech.Caps) error {
	client := sidecar.New(aiProgram(b.dir, "voice"))
	defer func() { _ = client.Close() }()
	v := voice.New(remotevoice.New(client))
	list, err := v.Voices(ctx)
	if err != nil {
		b.missing("speech WER, British voices", "", err.Error())
		return nil
	}
	for _, accent := range []struct{ language, name string }{{"en-US", "American"}, {"en-GB", "British"}} {
		var all []piece
		used := 0
		for _, one := range list {
			if one.Missing != "" || one.Model == "kokoro" || one.Language != accent.language {
				continue
			}
			used++
			for _, text := range append(slices.Clone(spokenTexts), talkTurns...)[:map[bool]int{true: 4, false: 16}[b.quick]] {
				said, err := v.Say(ctx, voice.Request{Text: text, Voice: one.ID})
				if err != nil {
					return err
				}
				all = append(all, piece{lowered(said.PCM, said.Rate), text})
			}
		}
		row := "speech WER, " + accent.name + " voices"
		b.on = about{ability: "speech", model: caps.Transcribe, synthetic: true}
		if used == 0 {
			b.missing(row, "", "no packaged voice of that accent is installed")
			continue
		}
		h, err := listen(ctx, b, s, all, speech.Options{Language: "en"})
		if err != nil {
			return err
		}
		b.condition(h, accent.name+" voice")
		b.on.test, b.on.cpu, b.on.wall = fmt.Sprintf("%d words read by %d packaged %s voices", h.words, used, accent.name), seconds(h.cpu), h.wall
		b.atMost(row, h.wer(), "%", 10, "-", fmt.Sprintf("%d wrong", h.wrong))
	}
	return nil
}
