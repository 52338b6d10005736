package quality

import (
	"fmt"
	"strings"

	"showreel/media"
	"showreel/platform/cmaf"
)

// manifest lints the index that every HLS and DASH view is written from: a complete set of tracks that start at zero
// without holes, segments that start with key frames and line up over the rungs (ISO/IEC 23000-19 §7.3.4, RFC 8216
// §6.2.4), and the codec strings and rates players choose by.
func (j *judge) manifest() {
	if _, ok := j.rule(CheckManifest); !ok {
		return
	}
	video := j.ev.Index.Of(cmaf.KindVideo)
	for _, t := range append(video, j.ev.Index.Of(cmaf.KindAudio)...) {
		for _, text := range lint(t, called(j.ev, t.Name)) {
			j.add(CheckManifest, Finding{Rendition: t.Name, Value: 1, Unit: "places", Text: text})
		}
	}
	for _, rung := range j.ev.Plan.Rungs {
		if j.ev.Index.Track(rung.Name) == nil {
			j.add(CheckManifest, Finding{Rendition: rung.Name, Value: 1, Unit: "tracks", Text: fmt.Sprintf("%s was planned and is missing.", calledFirst(j.ev, rung.Name))})
		}
	}
	if len(video) < 2 {
		return
	}
	for _, t := range video[1:] {
		if n := misaligned(video[0], t); n >= 0 {
			at := media.FromTicks(t.Segments[n].Start, int64(t.Timescale))
			j.add(CheckManifest, Finding{Rendition: t.Name, Range: media.Range{Start: at, End: at + 1}, Value: float64(n), Unit: "segment",
				Text: fmt.Sprintf("Segment %d of %s does not line up with %s; switching would jump.", n+1, called(j.ev, t.Name), called(j.ev, video[0].Name))})
		}
	}
}

// lint says what is wrong with the track that is called so.
func lint(t *cmaf.Track, name string) []string {
	var out []string
	tell := func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		out = append(out, strings.ToUpper(text[:1])+text[1:])
	}
	if !t.Complete {
		tell("%s is not complete.", name)
	}
	if t.Codec == "" {
		tell("%s does not say its codec.", name)
	}
	if t.PeakBPS < t.AverageBPS || t.AverageBPS <= 0 {
		tell("%s has no believable bit rate.", name)
	}
	if len(t.Segments) == 0 {
		tell("%s has no segments.", name)
		return out
	}
	if t.Segments[0].Start != 0 && t.Kind == cmaf.KindVideo {
		tell("%s starts at %.3f s instead of zero; players would show a hole.", name, media.FromTicks(t.Segments[0].Start, int64(t.Timescale)).Seconds())
	}
	for n, s := range t.Segments {
		if t.Kind == cmaf.KindVideo && !s.Keyframe {
			tell("Segment %d of %s does not start with a key frame.", n+1, name)
			break
		}
	}
	for n := 1; n < len(t.Segments); n++ {
		if gap := t.Segments[n].Start - t.Segments[n-1].End(); gap > 1 || gap < -1 {
			tell("There is a hole of %d ticks before segment %d of %s.", gap, n+1, name)
			break
		}
	}
	return out
}

// misaligned returns the first segment of b whose start differs from a's by more than a millisecond, or -1.
func misaligned(a, b *cmaf.Track) int {
	for n := range min(len(a.Segments), len(b.Segments)) {
		d := media.FromTicks(a.Segments[n].Start, int64(a.Timescale)) - media.FromTicks(b.Segments[n].Start, int64(b.Timescale))
		if d > media.Millisecond || d < -media.Millisecond {
			return n
		}
	}
	if len(b.Segments) > len(a.Segments) {
		return len(a.Segments)
	}
	if len(a.Segments) > len(b.Segments) {
		return len(b.Segments) - 1
	}
	return -1
}
