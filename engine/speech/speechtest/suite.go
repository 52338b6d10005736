package speechtest

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
)

// Run holds a driver to the contract of speech.Driver. The driver has its models; it is used by all subtests.
func Run(t *testing.T, d speech.Driver) {
	s := speech.New(d)
	caps(t, s)
	for name, test := range map[string]func(*testing.T, *speech.Service){
		"KnownWords": knownWords, "FastTier": fastTier, "Language": language, "Silence": silence, "Speechless": speechless, "TooLong": tooLong,
		"Refusals": refusals, "Activity": activity, "Voices": voices, "Cancel": cancel, "Together": together,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

func caps(t *testing.T, s *speech.Service) {
	t.Helper()
	c, err := s.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Transcribe == "" || c.Activity == "" || c.Voices == "" {
		absent(t, "the engine misses something: "+missing(c))
	}
	if !slices.Contains(c.Languages, "en") || !c.Translate || c.Fast == "" {
		t.Errorf("%+v", c)
	}
}

func missing(c speech.Caps) string {
	out := ""
	for ability, text := range c.Missing {
		out += ability + ": " + text + " "
	}
	return out
}

func knownWords(t *testing.T, s *speech.Service) {
	pcm, truth := Joined(Prompts(t, "en", "conf-getpin", "vm-sorry", "agent-alreadyon"), 0.7)
	got, err := s.Transcribe(t.Context(), pcm, speech.Options{Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if wrong, words := WordErrors(truth, Text(got)); wrong*100 > words*10 {
		t.Errorf("%d of %d words wrong: %s", wrong, words, Text(got))
	}
	if got.Language != "en" || got.Model == "" || got.CPUms <= 0 {
		t.Errorf("language %q, model %q, %d ms", got.Language, got.Model, got.CPUms)
	}
	ordered(t, got, pcm)
}

// ordered checks what holds of the times of every transcript.
func ordered(t *testing.T, got speech.Transcript, pcm []int16) {
	t.Helper()
	end, length := media.Time(0), media.FromTicks(int64(len(pcm)), speech.SampleRate)
	for _, u := range got.Utterances {
		if len(u.Words) == 0 || u.Text == "" || u.Range.Start != u.Words[0].Start || u.Range.End != u.Words[len(u.Words)-1].End {
			t.Errorf("utterance %+v", u)
		}
		for _, w := range u.Words {
			if w.Start < end || w.End <= w.Start || w.End > length || w.Score < 0 || w.Score > 1 || w.Text == "" {
				t.Errorf("word %q from %v to %v, score %v, after %v of %v", w.Text, w.Start.Seconds(), w.End.Seconds(), w.Score, end.Seconds(), length.Seconds())
			}
			end = w.End
		}
	}
}

func fastTier(t *testing.T, s *speech.Service) {
	pcm, truth := Joined(Prompts(t, "en", "conf-getpin", "vm-sorry"), 0.7)
	got, err := s.Transcribe(t.Context(), pcm, speech.Options{Language: "en", Tier: speech.Fast})
	if err != nil {
		t.Fatal(err)
	}
	if wrong, words := WordErrors(truth, Text(got)); wrong*100 > words*20 {
		t.Errorf("%d of %d words wrong: %s", wrong, words, Text(got))
	}
	ordered(t, got, pcm)
}

func language(t *testing.T, s *speech.Service) {
	for code, name := range map[string]string{"en": "agent-alreadyon", "fr": "agent-alreadyon"} {
		got, err := s.Transcribe(t.Context(), Prompts(t, code, name)[0].PCM, speech.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Language != code || got.Languages[code] < 0.5 {
			t.Errorf("%s is taken for %s, %v", code, got.Language, got.Languages)
		}
	}
	got, err := s.Transcribe(t.Context(), Prompts(t, "fr", "agent-alreadyon")[0].PCM, speech.Options{Language: "fr", Translate: true})
	if err != nil {
		t.Fatal(err)
	}
	if wrong, words := WordErrors("agent number", Text(got)); wrong >= len(Normal(Text(got))) || words != 2 {
		t.Errorf("the translation names no agent number: %s", Text(got))
	}
}

func silence(t *testing.T, s *speech.Service) {
	got, err := s.Transcribe(t.Context(), make([]int16, 20*speech.SampleRate), speech.Options{})
	if err != nil || len(got.Utterances) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	ranges, err := s.Activity(t.Context(), make([]int16, 20*speech.SampleRate))
	if err != nil || len(ranges) != 0 {
		t.Errorf("%v, %v", ranges, err)
	}
}

func speechless(t *testing.T, s *speech.Service) {
	for _, sound := range Speechless(20) {
		got, err := s.Transcribe(t.Context(), sound.PCM, speech.Options{Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		if said := Text(got); said != "" {
			t.Errorf("%s says %q", sound.Name, said)
		}
	}
}

func tooLong(t *testing.T, s *speech.Service) {
	_, err := s.Transcribe(t.Context(), make([]int16, int(speech.MaxPiece/time.Second)*speech.SampleRate+speech.SampleRate), speech.Options{})
	if !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v", err)
	}
	got, err := s.Transcribe(t.Context(), make([]int16, 10), speech.Options{Language: "en"})
	if err != nil || len(got.Utterances) != 0 {
		t.Errorf("ten samples: %v, %v", got, err)
	}
}

func refusals(t *testing.T, s *speech.Service) {
	pcm := make([]int16, speech.SampleRate)
	if _, err := s.Transcribe(t.Context(), pcm, speech.Options{Tier: "best"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("tier: %v", err)
	}
	if _, err := s.Transcribe(t.Context(), pcm, speech.Options{Language: "xx"}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("language: %v", err)
	}
	for _, w := range []media.Range{{Start: -1, End: media.Second / 2}, {Start: media.Second / 2, End: media.Second / 2}, {Start: 0, End: 2 * media.Second}} {
		if _, err := s.Voices(t.Context(), pcm, []media.Range{w}); !fault.Is(err, fault.Invalid) {
			t.Errorf("window %v: %v", w, err)
		}
	}
}

func activity(t *testing.T, s *speech.Service) {
	prompt := Prompts(t, "en", "agent-alreadyon")[0].PCM
	quiet := make([]int16, 3*speech.SampleRate)
	ranges, err := s.Activity(t.Context(), slices.Concat(quiet, prompt, quiet))
	if err != nil || len(ranges) == 0 {
		t.Fatalf("%v, %v", ranges, err)
	}
	first, last := ranges[0].Start.Seconds(), ranges[len(ranges)-1].End.Seconds()
	if length := float64(len(prompt)) / speech.SampleRate; first < 2.7 || first > 3.5 || last > 3.3+length || last < 2+length {
		t.Errorf("speech of %.1f s at 3 s is found from %.2f to %.2f", length, first, last)
	}
	for n := 1; n < len(ranges); n++ {
		if ranges[n].Start < ranges[n-1].End {
			t.Errorf("%v overlap", ranges)
		}
	}
}

// voices compares two halves of one speaker, and another speaker.
func voices(t *testing.T, s *speech.Service) {
	her, truth := Joined(Prompts(t, "en", "agent-alreadyon", "vm-sorry"), 0)
	other := Prompts(t, "fr", "agent-alreadyon")[0].PCM
	if truth == "" {
		t.Fatal("no prompts")
	}
	pcm := slices.Concat(her, other)
	at := func(samples int) media.Time { return media.FromTicks(int64(samples), speech.SampleRate) }
	windows := []media.Range{{Start: 0, End: at(len(her) / 2)}, {Start: at(len(her) / 2), End: at(len(her))}, {Start: at(len(her)), End: at(len(pcm))},
		{Start: at(len(her) / 4), End: at(len(her)/4 + speech.SampleRate*2/5)}}
	got, err := s.Voices(t.Context(), pcm, windows)
	if err != nil || len(got) != len(windows) {
		t.Fatalf("%d vectors, %v", len(got), err)
	}
	for n, v := range got {
		if length := dot(v, v); math.Abs(length-1) > 1e-3 || len(v) != len(got[0]) {
			t.Errorf("vector %d of %d values has length %v", n, len(v), length)
		}
	}
	if same, differs := dot(got[0], got[1]), dot(got[0], got[2]); same < differs+0.1 {
		t.Errorf("one voice is %.2f alike, two are %.2f", same, differs)
	}
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for n := range min(len(a), len(b)) {
		sum += float64(a[n]) * float64(b[n])
	}
	return sum
}

func cancel(t *testing.T, s *speech.Service) {
	pcm, _ := Joined(Prompts(t, "en", "demo-instruct", "demo-congrats"), 0.5)
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	start := time.Now()
	_, err := s.Transcribe(ctx, pcm, speech.Options{Language: "en"})
	if !fault.Is(err, fault.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it went on for %s", took)
	}
}

// together asks twice at once: answers must not mix.
func together(t *testing.T, s *speech.Service) {
	prompts := Prompts(t, "en", "agent-alreadyon", "conf-getpin")
	results := make(chan error, len(prompts))
	for _, p := range prompts {
		go func() {
			got, err := s.Transcribe(t.Context(), p.PCM, speech.Options{Language: "en"})
			if wrong, words := WordErrors(p.Text, Text(got)); err == nil && wrong*100 > words*20 {
				err = errors.New(p.Name + " is heard as " + Text(got))
			}
			results <- err
		}()
	}
	for range prompts {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
