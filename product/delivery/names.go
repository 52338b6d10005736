package delivery

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/language"

	"showreel/platform/cmaf"
)

// nameTracks gives tracks that say neither title nor language a name that people can choose them by, and takes away what is no
// language: undetermined ("und") is left out of manifests rather than named (RFC 5646 §4.1, RFC 8216 §4.3.4.1), and so is
// what is no tag at all. The default sound becomes "Main", others "Track 2", counted apart by codec and channels, so that a
// stereo mix and the surround sound it was made of have one name; texts become "Subtitles", "Captions" or "Forced".
func nameTracks(x *cmaf.Index) {
	seen, chosen := map[string]int{}, map[string]bool{}
	for n := range x.Tracks {
		if t := &x.Tracks[n]; t.Kind == cmaf.KindAudio && t.Default {
			chosen[alike(t)] = true
		}
	}
	for n := range x.Tracks {
		t := &x.Tracks[n]
		if t.Kind == cmaf.KindVideo {
			continue
		}
		known := false
		t.Lang, known = languageOf(t.Lang)
		if t.Title != "" || known {
			continue
		}
		if t.Lang != "" {
			t.Title = t.Lang
			continue
		}
		kind := alike(t)
		seen[kind]++
		t.Title = baseName(t)
		switch {
		case t.Title == mainSound && (t.Default || seen[kind] == 1 && !chosen[kind]):
		case t.Title == mainSound:
			t.Title = fmt.Sprintf("Track %d", seen[kind])
		case seen[kind] > 1:
			t.Title = fmt.Sprintf("%s %d", t.Title, seen[kind])
		}
	}
}

// alike is the same for tracks that people choose between.
func alike(t *cmaf.Track) string {
	family, _, _ := strings.Cut(t.Codec, ".")
	return fmt.Sprintf("%s/%s/%s/%d", t.Kind, family, t.Role, t.Channels)
}

// languageOf returns the tag that a manifest may carry, "" for none, and whether it names a language.
func languageOf(tag string) (lang string, known bool) {
	t, err := language.Parse(tag)
	var unknown language.ValueError
	switch {
	case err == nil && t != language.Und:
		return tag, true
	case errors.As(err, &unknown): // well-formed, but no registry knows it
		return tag, false
	}
	return "", false
}

const mainSound = "Main"

func baseName(t *cmaf.Track) string {
	switch {
	case t.Kind == cmaf.KindAudio && t.Role == cmaf.RoleCommentary:
		return "Commentary"
	case t.Kind == cmaf.KindAudio && t.Role == cmaf.RoleDescription:
		return "Audio description"
	case t.Kind == cmaf.KindAudio:
		return mainSound
	case t.Role == cmaf.RoleCaptions:
		return "Captions"
	case t.Role == cmaf.RoleForced:
		return "Forced"
	}
	return "Subtitles"
}

// labelOf is the name people choose a track by.
func labelOf(t *cmaf.Track) string {
	if t.Title != "" {
		return t.Title
	}
	return cmaf.LanguageName(t.Lang)
}
