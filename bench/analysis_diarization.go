package main

import (
	"context"
	"fmt"
	"slices"

	"showreel/engine/speech"
	"showreel/engine/speech/remotespeech"
	"showreel/engine/voice"
	"showreel/engine/voice/remotevoice"
	"showreel/media"
	"showreel/platform/sidecar"
	"showreel/product/analysis/diarize"
)

// benchDiarization asks who speaks when in generated conversations, with the voice activity, the voice vectors and the
// clustering of the product.
func benchDiarization(ctx context.Context, b *bench) error {
	says := sidecar.New(aiProgram(b.dir, "voice"))
	defer func() { _ = says.Close() }()
	hears := sidecar.New(aiProgram(b.dir, "speech"))
	defer func() { _ = hears.Close() }()
	v, s := voice.New(remotevoice.New(says)), speech.New(remotespeech.New(hears))
	kinds, used := castOf(ctx, v)
	caps, err := s.Caps(ctx)
	b.on = about{ability: "speakers", synthetic: true, model: caps.Voices + ", " + caps.Activity}
	if err != nil || caps.Voices == "" || caps.Activity == "" || len(kinds) < 4 {
		b.missing("diarization error", "<= 15", fmt.Sprintf("%v %v, %d speakers", caps.Missing, err, len(kinds)))
		return nil
	}
	count, seconds := 12, 75.0
	if b.quick {
		count, seconds = 3, 40
	}
	talks, err := conversations(ctx, v, kinds, count, seconds)
	if err != nil {
		return err
	}
	var all, one, each errorTime
	right := 0
	for n, c := range talks {
		talk, err := s.Activity(ctx, c.pcm)
		if err != nil {
			return err
		}
		windows, err := heardWindows(ctx, s, c.pcm, talk)
		if err != nil {
			return err
		}
		turns := diarize.Turns(talk, windows, diarize.Options{})
		d := diarizationError(c.truth, turned(turns))
		b.say("  %s: %.1f %% (missed %.1f, invented %.1f, confused %.1f), %d speakers heard", c.name, d.rate(), 100*d.missed/d.total, 100*d.invented/d.total, 100*d.confused/d.total, diarize.Speakers(turns))
		b.mistaken("diarization", d.rate(), "talk %d, %s: %.1f %% of the time wrong (missed %.1f, invented %.1f, confused %.1f), %d speakers heard", n+1, c.name, d.rate(), 100*d.missed/d.total, 100*d.invented/d.total, 100*d.confused/d.total, diarize.Speakers(turns))
		if people := 1 + slices.MaxFunc(c.truth, func(a, b spoken) int { return a.who - b.who }).who; people == diarize.Speakers(turns) {
			right++
		}
		var alone, segments []spoken
		for k, r := range talk {
			alone, segments = append(alone, spoken{r, 0}), append(segments, spoken{r, k})
		}
		all.add(d)
		one.add(diarizationError(c.truth, alone))
		each.add(diarizationError(c.truth, segments))
	}
	b.on.test = fmt.Sprintf("%d conversations of 2 to 4 speakers, %.0f s, half with noise 18 dB below, some at once; %s", count, all.total, used)
	b.searched("diarization", b.on.test)
	b.atMost("diarization error", all.rate(), "%", 15, fmt.Sprintf("one speaker: %.1f %%; one per segment: %.1f %%", one.rate(), each.rate()),
		fmt.Sprintf("DER, collar 0.25 s, overlap included; number of speakers right in %d; missed %.1f, invented %.1f, confused %.1f",
			right, 100*all.missed/all.total, 100*all.invented/all.total, 100*all.confused/all.total))
	return nil
}

// castOf lists the speakers: each packaged voice as it is, and changed once.
func castOf(ctx context.Context, v *voice.Service) ([]speakerKind, string) {
	list, err := v.Voices(ctx)
	if err != nil {
		return nil, ""
	}
	var out []speakerKind
	plain := 0
	for _, one := range list {
		if one.Missing != "" || one.Language[:2] != "en" || one.Model == "kokoro" {
			continue
		}
		plain++
		out = append(out, speakerKind{one.ID, 1}, speakerKind{one.ID, map[bool]float64{true: 0.86, false: 1.16}[plain%2 == 0]})
	}
	return out, fmt.Sprintf("%d packaged voices and each once more with pitch and formants moved 14-16 %%", plain)
}

// heardWindows gives speech its voices as the product does.
func heardWindows(ctx context.Context, s *speech.Service, pcm []int16, talk []media.Range) ([]diarize.Window, error) {
	var ranges []media.Range
	for _, r := range talk {
		ranges = append(ranges, diarize.Windows(r)...)
	}
	for n := range ranges {
		ranges[n].End = min(ranges[n].End, media.FromTicks(int64(len(pcm)), speech.SampleRate))
	}
	vectors, err := s.Voices(ctx, pcm, ranges)
	out := make([]diarize.Window, len(vectors))
	for n := range vectors {
		out[n] = diarize.Window{Range: ranges[n], Vector: vectors[n]}
	}
	return out, err
}

func turned(turns []diarize.Turn) []spoken {
	out := make([]spoken, len(turns))
	for n, t := range turns {
		out[n] = spoken{t.Range, t.Speaker}
	}
	return out
}

// errorTime is the parts of a diarization error rate, in seconds (NIST Rich Transcription, md-eval).
type errorTime struct{ missed, invented, confused, total float64 }

func (e *errorTime) add(o errorTime) {
	e.missed, e.invented, e.confused, e.total = e.missed+o.missed, e.invented+o.invented, e.confused+o.confused, e.total+o.total
}

func (e errorTime) rate() float64 {
	return 100 * (e.missed + e.invented + e.confused) / max(e.total, 0.01)
}

// collar is the time on both sides of every true boundary that is not judged.
const collar = 250 * media.Millisecond

// diarizationError compares who spoke with who was heard, in steps of 10 ms, with the best pairing of names.
func diarizationError(truth, heard []spoken) errorTime {
	const step = 10 * media.Millisecond
	end := media.Time(0)
	who, names := 0, 0
	for _, u := range truth {
		end, who = max(end, u.End), max(who, u.who+1)
	}
	for _, u := range heard {
		end, names = max(end, u.End), max(names, u.who+1)
	}
	shared := make([][]float64, who)
	for n := range shared {
		shared[n] = make([]float64, names)
	}
	var e errorTime
	for at := media.Time(0); at < end; at += step {
		if slices.ContainsFunc(truth, func(u spoken) bool { return near(at, u.Start) || near(at, u.End) }) {
			continue
		}
		real, said := at1(truth, at), at1(heard, at)
		e.total += 0.01 * float64(len(real))
		e.missed += 0.01 * float64(max(0, len(real)-len(said)))
		e.invented += 0.01 * float64(max(0, len(said)-len(real)))
		e.confused += 0.01 * float64(min(len(real), len(said)))
		for _, a := range real {
			for _, b := range said {
				shared[a][b] += 0.01
			}
		}
	}
	e.confused -= bestPairing(shared, 0, map[int]bool{})
	return e
}

func near(a, b media.Time) bool { return a > b-collar && a < b+collar }

// at1 lists who speaks at an instant, each once.
func at1(list []spoken, at media.Time) []int {
	var out []int
	for _, u := range list {
		if u.Contains(at) && !slices.Contains(out, u.who) {
			out = append(out, u.who)
		}
	}
	return out
}

// bestPairing gives each true speaker one heard name or none, so that they share the most time. A speaker's five longest
// candidates are tried.
func bestPairing(shared [][]float64, n int, used map[int]bool) float64 {
	if n == len(shared) {
		return 0
	}
	order := make([]int, len(shared[n]))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int {
		if shared[n][a] > shared[n][b] {
			return -1
		}
		return 1
	})
	best := bestPairing(shared, n+1, used)
	for _, k := range order[:min(len(order), 5)] {
		if !used[k] && shared[n][k] > 0 {
			used[k] = true
			best = max(best, shared[n][k]+bestPairing(shared, n+1, used))
			delete(used, k)
		}
	}
	return best
}
