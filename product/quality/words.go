package quality

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"showreel/engine/transcode"
	"showreel/platform/cmaf"
)

// called says in words which rendition a finding is about: "the AAC 128 kb/s stereo track in German", "the 720p H.264
// picture", "the captions in English". Where two would be called the same, nothing more tells them apart; the finding's
// rendition does.
func called(ev Evidence, name string) string {
	t := ev.Index.Track(name)
	for _, r := range ev.Plan.Rungs {
		if r.Name == name {
			return "the " + side(r.Width, r.Height) + " " + codecName(r.Codec) + " picture"
		}
	}
	for _, a := range ev.Plan.Audios {
		if a.Name == name {
			return sound(a, soundChannels(ev, a, t)) + inLanguage(a.Lang)
		}
	}
	switch {
	case t != nil && t.Kind == cmaf.KindVideo:
		return "the " + side(t.Width, t.Height) + " picture"
	case t != nil && t.Kind == cmaf.KindAudio:
		return "the " + words(codecName(t.Codec), layout(t.Channels)) + " track" + inLanguage(t.Lang)
	}
	return captionName(ev, name, t)
}

// calledFirst is called at the start of a sentence.
func calledFirst(ev Evidence, name string) string {
	s := called(ev, name)
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[n:]
}

func sound(a transcode.AudioOut, channels int) string {
	rate := ""
	if a.Kbps > 0 {
		rate = fmt.Sprintf("%d kb/s", a.Kbps)
	}
	title := ""
	if a.Title != "" {
		title = " “" + a.Title + "”"
	}
	return "the " + words(codecName(a.Codec), rate, layout(channels)) + " track" + title
}

// soundChannels is what the rendition has, else what its source had, which mono and stereo keep.
func soundChannels(ev Evidence, a transcode.AudioOut, t *cmaf.Track) int {
	if t != nil && t.Channels > 0 {
		return t.Channels
	}
	if a.Channels > 0 {
		return a.Channels
	}
	for _, s := range ev.Plan.Info.Streams {
		if s.Index == a.Stream {
			return min(s.Channels, 2)
		}
	}
	return 0
}

func captionName(ev Evidence, name string, t *cmaf.Track) string {
	lang, forced := "", strings.Contains(name, "-forced")
	if t != nil {
		lang = t.Lang
	}
	for _, s := range ev.Plan.Subtitles {
		if s.Name == name {
			lang, forced = s.Lang, s.Forced
		}
	}
	if lang == "" {
		lang, _, _ = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, "t-"), "-person"), "-forced")
	}
	if forced {
		return "the forced captions" + inLanguage(lang)
	}
	return "the captions" + inLanguage(lang)
}

func words(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

// side names a picture by its shorter side, as people name sizes.
func side(w, h int) string { return fmt.Sprintf("%dp", min(w, h)) }

var codecNames = map[string]string{
	"avc": "H.264", "avc1": "H.264", "avc3": "H.264", "hevc": "HEVC", "hvc1": "HEVC", "hev1": "HEVC", "av1": "AV1", "av01": "AV1",
	"aac": "AAC", "mp4a": "AAC", "opus": "Opus", "ac-3": "AC-3", "ec-3": "E-AC-3", "flac": "FLAC",
}

func codecName(codec string) string {
	family, _, _ := strings.Cut(strings.ToLower(codec), ".")
	if name, ok := codecNames[family]; ok {
		return name
	}
	return codec
}

func layout(channels int) string {
	switch channels {
	case 0:
		return ""
	case 1:
		return "mono"
	case 2:
		return "stereo"
	case 6:
		return "5.1"
	case 8:
		return "7.1"
	}
	return fmt.Sprintf("%d-channel", channels)
}

func inLanguage(tag string) string {
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		return ""
	}
	if name := display.English.Tags().Name(t); name != "" {
		return " in " + name
	}
	return " in " + tag
}
