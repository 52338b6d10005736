package quality

import (
	"fmt"
	"math"
	"slices"

	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/cmaf"
)

// Judge applies a policy to the evidence. It is pure; findings come without ids, ordered by start and check.
func Judge(p Policy, ev Evidence) []Finding {
	j := judge{policy: p, ev: ev, whole: media.Range{End: length(ev)}}
	j.frames()
	j.durations()
	j.skew()
	j.decode()
	j.spans()
	j.loudness()
	j.similarity()
	j.captions()
	j.manifest()
	slices.SortStableFunc(j.out, func(a, b Finding) int {
		if a.Range.Start != b.Range.Start {
			if a.Range.Start < b.Range.Start {
				return -1
			}
			return 1
		}
		return 0
	})
	return j.out
}

type judge struct {
	policy Policy
	ev     Evidence
	whole  media.Range
	out    []Finding
}

// length is the planned length: of the picture, else of the source.
func length(ev Evidence) media.Time {
	if ev.Plan.Frames > 0 && ev.Plan.Rate.Known() {
		return ev.Plan.Rate.At(ev.Plan.Frames)
	}
	return max(ev.Plan.Info.Duration, ev.Index.Duration)
}

// rule returns the check's rule; ok is false where the policy leaves it out.
func (j *judge) rule(check string) (Rule, bool) {
	r, ok := j.policy.Checks[check]
	return r, ok && r.Severity != Off
}

func (j *judge) add(check string, f Finding) {
	f.Check, f.Severity, f.Policy, f.State = check, j.policy.Checks[check].Severity, j.policy.Name, Open
	if f.Range.Empty() {
		f.Range = j.whole
	}
	j.out = append(j.out, f)
}

// frames compares what each rung holds with the plan.
func (j *judge) frames() {
	r, ok := j.rule(CheckFrames)
	if !ok || j.ev.Plan.Frames == 0 {
		return
	}
	for _, t := range j.ev.Index.Of(cmaf.KindVideo) {
		got := j.ev.Plan.Rate.Frames(t.Duration())
		if off := math.Abs(float64(got - j.ev.Plan.Frames)); off > r.Max {
			j.add(CheckFrames, Finding{Rendition: t.Name, Value: off, Limit: r.Max, Unit: "frames",
				Text: fmt.Sprintf("%s has %d frames where %d were planned.", calledFirst(j.ev, t.Name), got, j.ev.Plan.Frames)})
		}
	}
}

// durations compares sound that stands alone with its source.
func (j *judge) durations() {
	r, ok := j.rule(CheckDuration)
	if !ok {
		return
	}
	for _, t := range j.ev.Index.Of(cmaf.KindAudio) {
		want := sourceLength(j.ev.Plan, t.Name)
		if want == 0 {
			continue
		}
		// An AAC track is up to two access units longer than its source: priming and padding (ISO/IEC 14496-3).
		off := math.Abs(float64((t.Duration() - want).MS()))
		if off > r.Max+allowance(t) {
			j.add(CheckDuration, Finding{Rendition: t.Name, Value: off, Limit: r.Max, Unit: "ms",
				Text: fmt.Sprintf("%s is %.0f ms longer or shorter than the sound it was made from.", calledFirst(j.ev, t.Name), off)})
		}
	}
}

func allowance(t *cmaf.Track) float64 {
	if t.SampleRate == 0 {
		return 0
	}
	return 2 * 1024 * 1000 / float64(t.SampleRate)
}

func sourceLength(p transcode.Plan, name string) media.Time {
	for _, a := range p.Audios {
		if a.Name != name {
			continue
		}
		for _, s := range p.Info.Streams {
			if s.Index == a.Stream {
				return s.Duration
			}
		}
	}
	return 0
}

// skew compares when sound and picture start: EBU R37's 40 ms. When a sample is shown counts before when it is
// decoded, which is all that the index says.
func (j *judge) skew() {
	r, ok := j.rule(CheckSkew)
	video := j.ev.Index.Of(cmaf.KindVideo)
	if !ok || len(video) == 0 || len(video[0].Segments) == 0 {
		return
	}
	picture := j.start(video[0])
	for _, t := range j.ev.Index.Of(cmaf.KindAudio) {
		if len(t.Segments) == 0 {
			continue
		}
		off := math.Abs(float64((j.start(t) - picture).MS()))
		if off > r.Max {
			j.add(CheckSkew, Finding{Rendition: t.Name, Value: off, Limit: r.Max, Unit: "ms",
				Text: fmt.Sprintf("%s starts %.0f ms away from the picture.", calledFirst(j.ev, t.Name), off)})
		}
	}
}

func (j *judge) start(t *cmaf.Track) media.Time {
	if at, ok := j.ev.Starts[t.Name]; ok {
		return at
	}
	return media.FromTicks(t.Segments[0].Start, int64(t.Timescale))
}

func (j *judge) decode() {
	if _, ok := j.rule(CheckDecode); !ok {
		return
	}
	for _, text := range j.ev.Damage {
		j.add(CheckDecode, Finding{Text: text, Value: 1, Unit: "places"})
	}
}

// spans judges black, freeze, silence, crop and interlace.
func (j *judge) spans() {
	for _, s := range j.ev.Spans {
		rng := media.Range{Start: max(0, s.Start), End: s.End}
		switch s.Kind {
		case transcode.SpanBlack:
			j.stretch(CheckBlack, rng, "The picture is black for %.1f s.")
		case transcode.SpanFreeze:
			j.stretch(CheckFreeze, rng, "The picture stands still for %.1f s.")
		case transcode.SpanSilence:
			j.stretch(CheckSilence, rng, "There is no sound for %.1f s.")
		case transcode.SpanCrop:
			j.share(CheckCrop, rng, s.Value, "%.0f %% of the picture is border; crop it if that is not meant.")
		case transcode.SpanInterlace:
			j.interlace(rng, s.Value)
		}
	}
}

// edge is how near to the head or tail of the film a stretch may begin or end to be part of it.
const edge = 500 * media.Millisecond

func (j *judge) stretch(check string, rng media.Range, text string) {
	r, ok := j.rule(check)
	if !ok || rng.Len().MS() < r.MinMS {
		return
	}
	head, tail := rng.Start <= edge, rng.End >= j.whole.End-edge
	whole := head && tail
	if (head || tail) && !whole && !r.Edges {
		return
	}
	j.add(check, Finding{Range: rng, Value: float64(rng.Len().MS()), Limit: float64(r.MinMS), Unit: "ms", Text: fmt.Sprintf(text, rng.Len().Seconds())})
}

func (j *judge) share(check string, rng media.Range, value float64, text string) {
	r, ok := j.rule(check)
	if !ok || value <= r.Max {
		return
	}
	j.add(check, Finding{Range: rng, Value: value, Limit: r.Max, Unit: "share", Text: fmt.Sprintf(text, value*100)})
}

// interlace counts only where the output was not deinterlaced: the measurement is of the source.
func (j *judge) interlace(rng media.Range, value float64) {
	if j.ev.Plan.Picture.Deinterlace {
		return
	}
	j.share(CheckInterlace, rng, value, "%.0f %% of the frames show comb lines; the source looks interlaced but does not say so.")
}

func (j *judge) loudness() {
	for _, a := range j.ev.Plan.Audios {
		l, measured := j.ev.Loudness[a.Name]
		if !measured || l.Silent {
			continue
		}
		if r, ok := j.rule(CheckLoudness); ok && a.TargetLUFS != 0 {
			if off := math.Abs(l.IntegratedLUFS - a.TargetLUFS); off > r.Max {
				j.add(CheckLoudness, Finding{Rendition: a.Name, Value: l.IntegratedLUFS, Limit: a.TargetLUFS, Unit: "LUFS",
					Text: fmt.Sprintf("%s has %.1f LUFS where %.0f are wanted.", calledFirst(j.ev, a.Name), l.IntegratedLUFS, a.TargetLUFS)})
			}
		}
		if r, ok := j.rule(CheckTruePeak); ok && l.TruePeakDBTP > r.Max {
			j.add(CheckTruePeak, Finding{Rendition: a.Name, Value: l.TruePeakDBTP, Limit: r.Max, Unit: "dBTP",
				Text: fmt.Sprintf("%s peaks at %.1f dBTP, above %.0f; it may clip.", calledFirst(j.ev, a.Name), l.TruePeakDBTP, r.Max)})
		}
	}
}

func (j *judge) similarity() {
	r, ok := j.rule(CheckSimilarity)
	if !ok {
		return
	}
	for _, rung := range j.ev.Plan.Rungs {
		v, measured := j.ev.SSIM[rung.Name]
		if measured && v < r.Min {
			j.add(CheckSimilarity, Finding{Rendition: rung.Name, Value: v, Limit: r.Min, Unit: "SSIM", Metric: j.ev.Metric,
				Text: fmt.Sprintf("%s resembles its source with SSIM %.3f, below %.2f; give it a higher rate.", calledFirst(j.ev, rung.Name), v, r.Min)})
		}
	}
}
