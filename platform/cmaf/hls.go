package cmaf

import (
	"fmt"
	"math"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"showreel/fault"
)

// Names of what a view consists of, relative to its manifests.
const (
	MasterName = "master.m3u8"
	MPDName    = "manifest.mpd"
	MediaName  = "index.m3u8"  // in the track's folder
	IFrameName = "iframe.m3u8" // in the track's folder
	InitName   = "init.mp4"    // in the track's folder
	TextName   = "0.vtt"       // in the track's folder: the whole of it, as it is now
)

// subsGroup is the GROUP-ID of the subtitles.
const subsGroup = "subs"

// Master writes the HLS multivariant playlist (RFC 8216bis §4.4.6).
func (v *View) Master() []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	v.startTag(&b)
	groups := audioGroups(v.audio)
	for _, g := range groups {
		for i, w := range g.tracks {
			b.WriteString(audioMedia(g.id, g.names[i], w, w == g.main))
		}
	}
	names := uniqueNames(v.text)
	for i, w := range v.text {
		b.WriteString(textMedia(names[i], w))
	}
	for _, w := range v.video {
		if len(groups) == 0 {
			v.streamInf(&b, w, nil)
		}
		for i := range groups {
			v.streamInf(&b, w, &groups[i])
		}
	}
	for i := range groups {
		if len(v.video) == 0 {
			v.streamInf(&b, groups[i].main, &groups[i])
		}
	}
	for _, w := range v.video {
		iframeInf(&b, w)
	}
	return []byte(b.String())
}

func (v *View) startTag(b *strings.Builder) {
	if v.growing {
		fmt.Fprintf(b, "#EXT-X-START:TIME-OFFSET=%.3f,PRECISE=YES\n", v.opt.StartAt.Seconds())
	}
}

// audioGroup is the tracks a player may switch between: one codec, one quality.
type audioGroup struct {
	id     string
	tracks []*window
	names  []string
	main   *window
}

func audioGroups(in []*window) []audioGroup {
	var out []audioGroup
	at, seen := map[string]int{}, map[string]int{}
	for _, w := range in {
		family, _, _ := strings.Cut(w.Codec, ".")
		if family == "mp4a" {
			family = "aac"
		}
		same := family + "/" + w.Lang + "/" + w.Role + "/" + w.Title
		id := family
		if n := seen[same]; n > 0 {
			id = fmt.Sprintf("%s-%d", family, n+1)
		}
		seen[same]++
		i, ok := at[id]
		if !ok {
			i = len(out)
			at[id] = i
			out = append(out, audioGroup{id: id, main: w})
		}
		g := &out[i]
		g.tracks = append(g.tracks, w)
		if w.Default && !g.main.Default {
			g.main = w
		}
	}
	for i := range out {
		out[i].names = uniqueNames(out[i].tracks)
	}
	return out
}

// uniqueNames gives each track the name people choose it by: its title, else its language in that language.
func uniqueNames(in []*window) []string {
	used, out := map[string]bool{}, make([]string, len(in))
	for i, w := range in {
		name := w.Title
		if name == "" {
			name = LanguageName(w.Lang)
		}
		base := name
		for n := 2; used[name]; n++ {
			name = fmt.Sprintf("%s (%d)", base, n)
		}
		used[name] = true
		out[i] = name
	}
	return out
}

// LanguageName returns a language's name in itself ("Deutsch" for de), "Unknown language" where there is none.
func LanguageName(tag string) string {
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		return "Unknown language"
	}
	if name := display.Self.Name(t); name != "" {
		return strings.ToUpper(name[:1]) + name[1:]
	}
	return tag
}

func audioMedia(group, name string, w *window, main bool) string {
	var a attrs
	a.raw("TYPE", "AUDIO")
	a.quoted("GROUP-ID", group)
	a.quoted("NAME", name)
	if w.Lang != "" {
		a.quoted("LANGUAGE", w.Lang)
	}
	a.raw("DEFAULT", yes(main))
	a.raw("AUTOSELECT", yes(w.Role != RoleCommentary))
	if w.Role == RoleDescription {
		a.quoted("CHARACTERISTICS", "public.accessibility.describes-video")
	}
	if w.Channels > 0 {
		a.quoted("CHANNELS", fmt.Sprint(w.Channels))
	}
	a.quoted("URI", w.Name+"/"+MediaName)
	return "#EXT-X-MEDIA:" + a.String() + "\n"
}

// textMedia offers captions. Players choose by themselves what people wrote or a machine heard, never what a machine translated.
func textMedia(name string, w *window) string {
	var a attrs
	a.raw("TYPE", "SUBTITLES")
	a.quoted("GROUP-ID", subsGroup)
	a.quoted("NAME", name)
	if w.Lang != "" {
		a.quoted("LANGUAGE", w.Lang)
	}
	a.raw("DEFAULT", yes(w.Default))
	a.raw("AUTOSELECT", yes(w.Role != RoleTranslated))
	a.raw("FORCED", yes(w.Role == RoleForced))
	switch w.Role {
	case RoleCaptions:
		a.quoted("CHARACTERISTICS", "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound")
	case RoleTranscribed:
		a.quoted("CHARACTERISTICS", "public.accessibility.transcribes-spoken-dialog")
	}
	a.quoted("URI", w.Name+"/"+MediaName)
	return "#EXT-X-MEDIA:" + a.String() + "\n"
}

// streamInf writes one variant: a video with an audio group, a video alone, or the main track of an audio group.
func (v *View) streamInf(b *strings.Builder, w *window, g *audioGroup) {
	peak, average, codecs := w.PeakBPS, w.AverageBPS, w.Codec
	if g != nil && w.Kind == KindVideo {
		var p, m int64
		for _, t := range g.tracks {
			p, m = max(p, t.PeakBPS), max(m, t.AverageBPS)
		}
		peak, average, codecs = peak+p, average+m, codecs+","+g.main.Codec
	}
	var a attrs
	a.raw("BANDWIDTH", fmt.Sprint(max(1, peak)))
	a.raw("AVERAGE-BANDWIDTH", fmt.Sprint(max(1, average)))
	a.quoted("CODECS", codecs)
	if w.Kind == KindVideo {
		picture(&a, w)
	}
	if g != nil {
		a.quoted("AUDIO", g.id)
	}
	if len(v.text) > 0 {
		a.quoted("SUBTITLES", subsGroup)
	}
	if w.Kind == KindVideo {
		a.raw("CLOSED-CAPTIONS", "NONE")
	}
	fmt.Fprintf(b, "#EXT-X-STREAM-INF:%s\n%s/%s\n", a.String(), w.Name, MediaName)
}

func picture(a *attrs, w *window) {
	a.raw("RESOLUTION", fmt.Sprintf("%dx%d", w.Width, w.Height))
	if w.Rate.Known() {
		a.raw("FRAME-RATE", fmt.Sprintf("%.3f", w.Rate.FPS()))
	}
	r := w.VideoRange
	if r == "" {
		r = RangeSDR
	}
	a.raw("VIDEO-RANGE", r)
}

func iframeInf(b *strings.Builder, w *window) {
	var peak, bytes, ticks int64
	for n := w.first; n <= w.last; n++ {
		s := w.Segments[n]
		if s.Keyframe {
			bytes, ticks = bytes+s.KeyframeSize, ticks+s.Duration
			peak = max(peak, rateBPS(s.KeyframeSize, s.Duration, w.Timescale))
		}
	}
	if bytes == 0 {
		return
	}
	var a attrs
	a.raw("BANDWIDTH", fmt.Sprint(max(1, peak)))
	a.raw("AVERAGE-BANDWIDTH", fmt.Sprint(max(1, rateBPS(bytes, ticks, w.Timescale))))
	a.quoted("CODECS", w.Codec)
	a.raw("RESOLUTION", fmt.Sprintf("%dx%d", w.Width, w.Height))
	a.quoted("URI", w.Name+"/"+IFrameName)
	fmt.Fprintf(b, "#EXT-X-I-FRAME-STREAM-INF:%s\n", a.String())
}

// Media writes the HLS media playlist of a track: an EVENT list without end while the view grows, a VOD list otherwise.
func (v *View) Media(track string) ([]byte, error) {
	w, err := v.find(track)
	if err != nil {
		return nil, err
	}
	if w.Kind == KindText {
		return v.textPlaylist(w), nil
	}
	return v.playlist(w, false), nil
}

// IFrames writes the I-frame playlist of a video track (RFC 8216bis §4.4.3.6). Each key frame is a segment of its own.
func (v *View) IFrames(track string) ([]byte, error) {
	w, err := v.find(track)
	if err != nil {
		return nil, err
	}
	if w.Kind != KindVideo {
		return nil, fault.Say("cmaf.view", track, fault.NotFound, "no-track", "Track %s has no key frames to list.", track)
	}
	return v.playlist(w, true), nil
}

func (v *View) playlist(w *window, iframes bool) []byte {
	var b strings.Builder
	scale, target := float64(w.Timescale), 1
	for n := w.first; n <= w.last; n++ {
		_, d := w.span(n)
		target = max(target, int(math.Round(float64(d)/scale)))
	}
	v.listHead(&b, target)
	if iframes {
		b.WriteString("#EXT-X-I-FRAMES-ONLY\n")
	} else {
		v.startTag(&b)
	}
	if w.protect != nil {
		w.protect.hlsKeys(&b, w.keys)
	}
	fmt.Fprintf(&b, "#EXT-X-MAP:URI=%q\n", InitName)
	prefix := ""
	if iframes {
		prefix = "i"
	}
	for n := w.first; n <= w.last; n++ {
		if iframes && !w.Segments[n].Keyframe {
			continue
		}
		_, d := w.span(n)
		fmt.Fprintf(&b, "#EXTINF:%.6f,\n%s%d.m4s\n", float64(d)/scale, prefix, n)
	}
	if !v.growing {
		b.WriteString("#EXT-X-ENDLIST\n")
	}
	return []byte(b.String())
}

func (v *View) listHead(b *strings.Builder, target int) {
	kind := "VOD"
	if v.growing {
		kind = "EVENT"
	}
	fmt.Fprintf(b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:%s\n#EXT-X-INDEPENDENT-SEGMENTS\n", target, kind)
}

// attrs writes an HLS attribute list.
type attrs struct{ strings.Builder }

func (a *attrs) raw(name, value string) {
	if a.Len() > 0 {
		a.WriteByte(',')
	}
	a.WriteString(name + "=" + value)
}

// quoted writes a quoted string; the format has no escapes, so what it forbids is replaced.
func (a *attrs) quoted(name, value string) {
	value = strings.Map(func(r rune) rune {
		if r == '"' {
			return '\''
		}
		if r < ' ' {
			return ' '
		}
		return r
	}, value)
	a.raw(name, `"`+value+`"`)
}

func yes(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}
