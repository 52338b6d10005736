package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"showreel/engine/speech"
	"showreel/engine/speech/speechtest"
	"showreel/engine/voice"
	"showreel/engine/voice/remotevoice"
	"showreel/media"
	"showreel/platform/sidecar"
)

// spokenTexts are read by the packaged voices, whose synthesis tells when each word begins.
var spokenTexts = []string{
	"The harbour opens at seven in the morning. Fishing boats leave before sunrise, and the market fills with people by nine. Nobody hurries, because the tide decides.",
	"Our camera stands on a wooden bridge above the river. It records the traffic, the weather and the birds. At night we change the battery and clean the glass.",
	"Every film begins with a question. Who is speaking, what do they want, and why should anybody listen? The answer is often found in the second scene.",
	"Please bring the following items: a warm coat, two bottles of water, strong shoes and a small torch. The path is steep, but the view from the top is worth it.",
}

// benchTimes compares the beginnings of words with those of the synthesis.
func benchTimes(ctx context.Context, b *bench) error {
	s, caps, done, err := listener(ctx, b)
	if err != nil {
		return err
	}
	defer done()
	client := sidecar.New(aiProgram(b.dir, "voice"))
	defer func() { _ = client.Close() }()
	v := voice.New(remotevoice.New(client))
	list, err := v.Voices(ctx)
	b.on = about{ability: "speech", synthetic: true, model: caps.Transcribe}
	if err != nil {
		b.missing("word start error, median", "<= 100", fmt.Sprintf("no voice speaks here: %v", err))
		return nil
	}
	var off []float64
	words, used := 0, 0
	for _, one := range list {
		if one.Missing != "" || one.Model == "kokoro" || !strings.HasPrefix(one.Language, "en") {
			continue
		}
		used++
		for _, text := range spokenTexts[:map[bool]int{true: 1, false: len(spokenTexts)}[b.quick]] {
			said, err := v.Say(ctx, voice.Request{Text: text, Voice: one.ID})
			if err != nil {
				return err
			}
			t, err := s.Transcribe(ctx, lowered(said.PCM, said.Rate), speech.Options{Language: "en"})
			if err != nil {
				return err
			}
			off, words = append(off, startErrors(said.Words, t)...), words+len(said.Words)
		}
	}
	if len(off) < 10 {
		b.missing("word start error, median", "<= 100", fmt.Sprintf("only %d words of %d voices", len(off), used))
		return nil
	}
	slices.Sort(off)
	b.on.test = fmt.Sprintf("%d words read by %d packaged voices with known times", words, used)
	note := fmt.Sprintf("%d of %d words found", len(off), words)
	b.atMost("word start error, median", 1000*off[len(off)/2], "ms", 100, "-", note)
	b.atMost("word start error, 95th percentile", 1000*off[len(off)*95/100], "ms", 250, "-", note)
	return nil
}

// lowered brings sound to 16 kHz by the mean of the samples that fall on each new one.
func lowered(pcm []int16, hertz int) []int16 {
	step := float64(hertz) / speech.SampleRate
	out := make([]int16, int(float64(len(pcm))/step))
	for n := range out {
		at := float64(n) * step
		k := int(at)
		next := min(k+1, len(pcm)-1)
		out[n] = int16(math.Round(float64(pcm[k])*(1-at+float64(k)) + float64(pcm[next])*(at-float64(k))))
	}
	return out
}

// startErrors are the absolute errors in seconds of the words that both sides have, in the longest common order.
func startErrors(truth []media.Word, t speech.Transcript) []float64 {
	var heard []media.Word
	for _, u := range t.Utterances {
		heard = append(heard, u.Words...)
	}
	key := func(w media.Word) string { return strings.Join(speechtest.Normal(w.Text), " ") }
	rows := make([][]int, len(truth)+1)
	for i := range rows {
		rows[i] = make([]int, len(heard)+1)
	}
	for i := len(truth) - 1; i >= 0; i-- {
		for j := len(heard) - 1; j >= 0; j-- {
			rows[i][j] = max(rows[i+1][j], rows[i][j+1])
			if key(truth[i]) == key(heard[j]) {
				rows[i][j] = max(rows[i][j], rows[i+1][j+1]+1)
			}
		}
	}
	var out []float64
	for i, j := 0, 0; i < len(truth) && j < len(heard); {
		switch {
		case key(truth[i]) == key(heard[j]) && rows[i][j] == rows[i+1][j+1]+1:
			out = append(out, math.Abs((truth[i].Start - heard[j].Start).Seconds()))
			i, j = i+1, j+1
		case rows[i+1][j] >= rows[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}
