//go:build cgo

package whisperspeech

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unsafe"

	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
)

const (
	shortWindow = 27.0 // s; shorter windows are decoded with an encoder of their length, longer ones fill it anyway
	promptWords = 200
)

// Transcribe implements speech.Driver: voice activity, language once, then window by window. Kinds beside the port's:
// fault.Corrupt for a damaged model, fault.Full without memory.
func (d *Driver) Transcribe(ctx context.Context, pcm []int16, o speech.Options) (speech.Transcript, error) {
	spans, cpu, err := d.speechIn(ctx, pcm)
	if err != nil {
		return speech.Transcript{}, err
	}
	m, err := d.choose(o)
	if err != nil {
		return speech.Transcript{}, err
	}
	job := &job{m: m, o: o, samples: floats(pcm), spans: spans, cpu: cpu}
	job.out = speech.Transcript{Language: o.Language, Model: m.id}
	if len(spans) > 0 && o.Language == "" {
		if err := d.detector(m).states.with(ctx, func(s unsafe.Pointer) error { return job.findLanguage(ctx, d.detector(m), s) }); err != nil {
			return speech.Transcript{}, err
		}
		if o.Model == "" && o.Tier == speech.Fast && job.out.Language == "en" && !o.Translate && d.english.missing() == nil {
			job.m, job.out.Model = d.english, d.english.id
		}
	}
	if len(spans) > 0 && strings.HasSuffix(job.m.heads, ".en") && job.out.Language != "en" {
		return job.out, fault.Say("speech.transcribe", job.out.Language, fault.Unsupported, "english-only", "%s knows English only, and this is %q.", job.m.id, job.out.Language)
	}
	if len(spans) > 0 {
		err = job.m.states.with(ctx, func(s unsafe.Pointer) error { return job.run(ctx, s) })
	}
	job.out.CPUms = int64(job.cpu*1000 + 0.5)
	return job.out, err
}

// choose finds the model for what is asked. Without a language it is the one that knows all.
func (d *Driver) choose(o speech.Options) (*model, error) {
	if err := load(d.o.Native); err != nil {
		return nil, err
	}
	if o.Language != "" && !slices.Contains(languages(), o.Language) {
		return nil, fault.Say("speech.transcribe", o.Language, fault.Unsupported, "unknown-language", "The speech model does not know the language %q.", o.Language)
	}
	if o.Model != "" {
		return d.named(o.Model)
	}
	english := o.Language == "en" && !o.Translate && d.english.missing() == nil
	if err := d.base.missing(); err != nil {
		if english {
			return d.english, nil
		}
		return nil, err
	}
	if english && o.Tier == speech.Fast {
		return d.english, nil
	}
	return d.base, nil
}

// detector is the model that tells the language: one that knows all, where it is there.
func (d *Driver) detector(m *model) *model {
	if d.base.missing() == nil {
		return d.base
	}
	return m
}

// job is one transcription under way.
type job struct {
	m       *model
	o       speech.Options
	samples []float32
	spans   []span // with speech
	out     speech.Transcript
	cpu     float64 // seconds
	end     float64 // of the last word
}

// findLanguage listens to the first seconds of speech.
func (j *job) findLanguage(ctx context.Context, m *model, state unsafe.Pointer) error {
	var voiced []float32
	for _, s := range j.spans {
		voiced = append(voiced, j.piece(s)...)
		if len(voiced) >= detectSeconds*rate {
			break
		}
	}
	probs, cpu, err := m.detect(ctx, state, voiced)
	j.cpu += cpu
	if err != nil {
		return err
	}
	for code, p := range probs {
		if j.out.Language == "" || p > probs[j.out.Language] {
			j.out.Language = code
		}
	}
	maps.DeleteFunc(probs, func(_ string, p float64) bool { return p < 0.01 })
	j.out.Languages = probs
	return nil
}

func (j *job) piece(s span) []float32 {
	return j.samples[int(s.start*rate):min(int(s.end*rate), len(j.samples))]
}

func (j *job) run(ctx context.Context, state unsafe.Pointer) error {
	for _, w := range windowsOf(j.spans, j.samples) {
		segments, err := j.window(ctx, state, j.piece(w))
		if err != nil {
			return err
		}
		for _, s := range keep(segments, w.end-w.start) {
			j.add(s, w.start)
		}
	}
	return nil
}

// window decodes one window, and again with more effort when the result looks like a loop: a short encoder sometimes
// makes the decoder repeat itself, the full one seldom, and a higher temperature ends the rest.
func (j *job) window(ctx context.Context, state unsafe.Pointer, samples []float32) ([]segment, error) {
	seconds := float64(len(samples)) / rate
	r := request{language: j.out.Language, prompt: vocabulary(j.o.Prompt), translate: j.o.Translate}
	if seconds <= shortWindow || j.o.Tier == speech.Fast {
		r.frames = framesFor(len(samples))
	}
	tries := []request{r}
	if r.frames != 0 && r.frames < fullFrames {
		r.frames = 0
		tries = append(tries, r)
	}
	r.fallback = true
	var segments []segment
	for _, r := range append(tries, r) {
		var cpu float64
		var err error
		segments, cpu, err = j.m.decode(ctx, state, samples, r)
		j.cpu += cpu
		if err != nil || !slices.ContainsFunc(segments, func(s segment) bool { return looping(s.words, seconds) }) {
			return segments, err
		}
	}
	return segments, nil
}

// vocabulary is the prompt at the length that is used.
func vocabulary(prompt string) string {
	words := strings.Fields(prompt)
	return strings.Join(words[:min(len(words), promptWords)], " ")
}

// add appends a segment of a window that begins at so many seconds. Words keep their order and do not overlap.
func (j *job) add(s segment, from float64) {
	length := float64(len(j.samples)) / rate
	u := speech.Utterance{Text: s.text, Silent: s.silent}
	for _, w := range s.words {
		start := min(max(j.voiced(from+w.start, from+w.end), j.end), length)
		j.end = min(max(from+w.end, start+0.02), length)
		u.Words = append(u.Words, media.Word{Text: w.text, Start: media.FromSeconds(start), End: media.FromSeconds(j.end), Score: w.p})
	}
	u.Range = media.Range{Start: u.Words[0].Start, End: u.Words[len(u.Words)-1].End}
	j.out.Utterances = append(j.out.Utterances, u)
}

// voiced moves a word's start out of the silence before the speech in which it ends: the first word of a segment has no
// mark before it, so that its start is a guess.
func (j *job) voiced(start, end float64) float64 {
	for _, s := range j.spans {
		if s.start <= end && end <= s.end+0.1 {
			return min(max(start, s.start+margin/2), end)
		}
	}
	return start
}
