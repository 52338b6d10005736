package cmaf

import (
	"showreel/fault"
	"showreel/media"
)

// Options say what one viewer may see of an index and how.
type Options struct {
	Clip      media.Range                // only this range, widened to whole video segments; empty is everything
	MaxHeight int                        // the largest shorter side of a video in pixels; 0 is no limit
	Protect   func(t *Track) *Protection // content protection of a track; nil, or a nil answer, is clear
	StartAt   media.Time                 // where players begin in a growing presentation
}

// View is an index as one viewer sees it: the tracks, the range and the protection. It writes the manifests and says how
// each segment is made from stored bytes. A View is cheap, immutable and safe for concurrent use.
type View struct {
	opt     Options
	video   []*window
	audio   []*window
	text    []*window
	hidden  []*window // proxies that better tracks have replaced, a machine's captions where people wrote some: not in the manifests, still served
	growing bool
	started int64
	length  media.Time
}

// window is the run of a track's segments that a view shows.
type window struct {
	*Track
	first, last int           // segment numbers, inclusive; last < first for text
	from, to    int64         // ticks of the track that are shown
	protect     *Protection   // nil is clear
	keys        *sampleCipher // of protect
}

// shift is what is taken from every time so that the view starts at 0.
func (w *window) shift() int64 { return w.from }

// span returns start and duration of segment n in the view's ticks: cut to the window and shifted.
func (w *window) span(n int) (start, duration int64) {
	s := w.Segments[n]
	a, b := max(s.Start, w.from), min(s.End(), w.to)
	return a - w.shift(), max(0, b-a)
}

// NewView selects what is playable. While no video is complete it shows the video that has grown furthest and its sound as a
// growing presentation; as soon as one is complete it shows the complete ones only, so that every rung has every segment. Sound
// is chosen likewise, whatever the video is; a presentation grows while either does.
//
// fault.NotFound (code "not-playable") if nothing can be played yet, fault.Invalid (code "clip-range") if the clip lies
// outside the asset, fault.Unsupported (code "no-protection") if a track's codec cannot be encrypted.
func NewView(x *Index, o Options) (*View, error) {
	v := &View{opt: o, started: x.StartedMS}
	video, audio := v.choose(x)
	video, oldVideo := replaced(video)
	audio, oldAudio := replaced(audio)
	video = v.allowed(video)
	if len(video)+len(audio) == 0 {
		return nil, fault.Say("cmaf.view", "", fault.NotFound, "not-playable", "Nothing of this asset can be played yet; wait for its job.")
	}
	from, to, err := v.bounds(video, audio)
	if err != nil {
		return nil, err
	}
	for _, t := range append(video, audio...) {
		w, err := v.window(t, from, to)
		if err != nil {
			return nil, err
		}
		if w == nil {
			continue
		}
		if t.Kind == KindVideo {
			v.video = append(v.video, w)
		} else {
			v.audio = append(v.audio, w)
		}
	}
	v.length = lengthOf(v.video)
	if len(v.video) == 0 {
		v.length = lengthOf(v.audio)
	}
	for _, t := range append(v.allowed(oldVideo), oldAudio...) {
		w, err := v.window(t, from, to)
		if err != nil {
			return nil, err
		}
		if w != nil {
			v.hidden = append(v.hidden, w)
		}
	}
	shown, held := texts(x)
	v.text, v.hidden = shown, append(v.hidden, held...)
	v.opt.Clip = media.Range{Start: from, End: to}
	return v, nil
}

func lengthOf(in []*window) (longest media.Time) {
	for _, w := range in {
		longest = max(longest, media.FromTicks(w.to-w.from, int64(w.Timescale)))
	}
	return longest
}

func (v *View) choose(x *Index) (video, audio []*Track) {
	var growingVideo, growingAudio []*Track
	for i := range x.Tracks {
		t := &x.Tracks[i]
		switch {
		case len(t.Segments) == 0 || t.Kind == KindText:
		case t.Kind == KindVideo && t.Complete:
			video = append(video, t)
		case t.Kind == KindVideo:
			if len(growingVideo) == 0 || t.EndTicks()*int64(growingVideo[0].Timescale) > growingVideo[0].EndTicks()*int64(t.Timescale) {
				growingVideo = []*Track{t}
			}
		case t.Kind == KindAudio && t.Complete:
			audio = append(audio, t)
		case t.Kind == KindAudio:
			growingAudio = append(growingAudio, t)
		}
	}
	if len(video) == 0 && len(growingVideo) > 0 {
		video, v.growing = growingVideo, true
	}
	// Sound that grows is shown beside a picture that has ended: the picture of a preview often ends first, and who watches it
	// holds the sound's list.
	if len(audio) == 0 && len(growingAudio) > 0 {
		audio, v.growing = growingAudio, true
	}
	return video, audio
}

// replaced takes the proxies out of a list that has something better.
func replaced(in []*Track) (shown, proxies []*Track) {
	for _, t := range in {
		if t.Role == RoleProxy {
			proxies = append(proxies, t)
		} else {
			shown = append(shown, t)
		}
	}
	if len(shown) == 0 {
		return in, nil
	}
	return shown, proxies
}

// allowed drops the videos above the height limit, but never the last one.
func (v *View) allowed(in []*Track) []*Track {
	if v.opt.MaxHeight <= 0 || len(in) == 0 {
		return in
	}
	var out []*Track
	least := in[0]
	for _, t := range in {
		if shorterSide(t) <= v.opt.MaxHeight {
			out = append(out, t)
		}
		if shorterSide(t) < shorterSide(least) {
			least = t
		}
	}
	if len(out) == 0 {
		out = []*Track{least}
	}
	return out
}

func shorterSide(t *Track) int { return min(t.Width, t.Height) }

// bounds widens the clip to the segments of the first video.
func (v *View) bounds(video, audio []*Track) (from, to media.Time, err error) {
	ref := audio
	if len(video) > 0 {
		ref = video
	}
	t := ref[0]
	end := t.Duration()
	for _, a := range audio {
		if len(video) == 0 {
			end = max(end, a.Duration())
		}
	}
	clip := v.opt.Clip
	if clip == (media.Range{}) {
		return 0, 1 << 62, nil
	}
	if clip.Empty() || clip.Start < 0 || clip.Start >= end {
		return 0, 0, fault.Say("cmaf.view", "", fault.Invalid, "clip-range",
			"The clip must start before it ends and inside the asset, which is %d ms long.", end.MS())
	}
	if len(video) == 0 {
		return clip.Start, min(clip.End, end), nil
	}
	scale := int64(t.Timescale)
	a := t.Segments[t.At(clip.Start.Ticks(scale))]
	b := t.Segments[t.At(max(a.Start, min(clip.End, end).Ticks(scale)-1))]
	return media.FromTicks(a.Start, scale), media.FromTicks(b.End(), scale), nil
}

func (v *View) window(t *Track, from, to media.Time) (*window, error) {
	w := &window{Track: t, first: 0, last: len(t.Segments) - 1, from: 0, to: t.EndTicks()}
	if from > 0 || to < 1<<62 {
		scale := int64(t.Timescale)
		w.from, w.to = from.Ticks(scale), min(to.Ticks(scale), t.EndTicks())
		if w.from >= w.to {
			return nil, nil
		}
		w.first, w.last = t.At(w.from), t.At(w.to-1)
		if t.Kind == KindVideo {
			w.from, w.to = t.Segments[w.first].Start, t.Segments[w.last].End()
		} else if t.Rate.Known() {
			w.from = nearestSample(t, w.first, w.from)
			w.to = min(nearestSample(t, w.last, w.to), t.EndTicks())
			if w.from >= w.to {
				return nil, nil
			}
			w.first, w.last = t.At(w.from), t.At(w.to-1) // no segment of which every sample was cut off
		}
	}
	if v.opt.Protect == nil {
		return w, nil
	}
	if w.protect = v.opt.Protect(t); w.protect != nil {
		keys, err := newSampleCipher(t, w.protect)
		if err != nil {
			return nil, err
		}
		w.keys = keys
	}
	return w, nil
}

// nearestSample moves a tick to the nearest sample border, so that cut sound starts at exactly 0; the picture and it stay
// together within half a sample.
func nearestSample(t *Track, segment int, tick int64) int64 {
	start, one := t.Segments[segment].Start, int64(t.Timescale)*t.Rate.Den/t.Rate.Num
	if one <= 0 {
		return tick
	}
	return start + (tick-start+one/2)/one*one
}

// Growing reports whether more segments will come.
func (v *View) Growing() bool { return v.growing }

// Length is the duration of the view: its video's, for sound may end some milliseconds later.
func (v *View) Length() media.Time { return v.length }

// Range is the part of the asset's timeline that the view shows; a whole view ends at a time beyond every asset.
func (v *View) Range() media.Range { return v.opt.Clip }

// Tracks returns the tracks that the view shows.
func (v *View) Tracks() []*Track {
	var out []*Track
	for _, list := range [][]*window{v.video, v.audio, v.text} {
		for _, w := range list {
			out = append(out, w.Track)
		}
	}
	return out
}

func (v *View) find(name string) (*window, error) {
	for _, list := range [][]*window{v.video, v.audio, v.text, v.hidden} {
		for _, w := range list {
			if w.Name == name {
				return w, nil
			}
		}
	}
	return nil, fault.Say("cmaf.view", name, fault.NotFound, "no-track", "There is no track %q in this presentation.", name)
}

// Init returns the initialisation segment of a track, protected where the view is.
func (v *View) Init(track string) ([]byte, error) {
	w, err := v.find(track)
	if err != nil {
		return nil, err
	}
	if w.Kind == KindText {
		return nil, fault.Say("cmaf.view", track, fault.NotFound, "no-track", "A text track has no initialisation segment.")
	}
	if w.protect == nil {
		return w.Track.Init, nil
	}
	return protectInit(w.Track.Init, w.keys)
}

// Segment says how segment n of a track is made.
func (v *View) Segment(track string, n int) (Cut, error) {
	w, err := v.find(track)
	if err != nil {
		return Cut{}, err
	}
	if n < w.first || n > w.last {
		return Cut{}, fault.Say("cmaf.view", track, fault.NotFound, "no-segment", "Track %s has no segment %d.", track, n)
	}
	s := w.Segments[n]
	c := Cut{Part: w.Parts[s.Part], Offset: s.Offset, Size: s.Size, segment: n, w: w}
	c.from, c.to = w.from, w.to
	c.trim = w.Kind == KindAudio && (s.Start < w.from || s.End() > w.to)
	return c, nil
}

// IFrame says how the key frame that starts segment n of a video is made into a segment of its own, shown for the whole
// segment's time.
func (v *View) IFrame(track string, n int) (Cut, error) {
	c, err := v.Segment(track, n)
	if err != nil {
		return Cut{}, err
	}
	if s := c.w.Segments[n]; c.w.Kind != KindVideo || !s.Keyframe {
		return Cut{}, fault.Say("cmaf.view", track, fault.NotFound, "no-segment", "Segment %d of track %s starts with no key frame.", n, track)
	} else {
		c.keyOnly, c.keyDuration = true, uint32(s.Duration)
		c.Size = min(c.Size, s.KeyframeSize+moofRoom)
	}
	return c, nil
}

// moofRoom is enough for the moof of any segment of reasonable length: 16 bytes a sample.
const moofRoom = 64 << 10

// TextPart returns the stored object of a text track and the range to cut it to.
func (v *View) TextPart(track string) (Part, media.Range, error) {
	w, err := v.find(track)
	if err != nil {
		return Part{}, media.Range{}, err
	}
	if w.Kind != KindText {
		return Part{}, media.Range{}, fault.Say("cmaf.view", track, fault.NotFound, "no-track", "Track %s is not a text track.", track)
	}
	return w.Parts[0], v.opt.Clip, nil
}
