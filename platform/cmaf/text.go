package cmaf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"showreel/fault"
	"showreel/media"
)

// textStep is how long a segment of captions is: a player that jumps reads half a minute of them, not the film's.
const textStep = 30 * media.Second

// wholeText is the name of a whole track in place of a segment's number.
const wholeText = "all"

// Captions change while people watch: a person corrects them, or the machine's transcript. The name of a segment therefore
// carries what the track was made of, so that no cache gives old captions for new ones; a player that holds the names of
// before is answered with what the captions are now.

// revision is what the names of a text track's segments carry.
func (t *Track) revision() string {
	if len(t.Parts) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(t.Parts[0].Key + "\x00" + t.Parts[0].SHA256))
	return hex.EncodeToString(sum[:5])
}

// textName is the name of segment n of a text track, or of the whole of it.
func textName(n string, w *window) string { return n + "-" + w.revision() + ".vtt" }

// textPlaylist lists the captions in segments that begin every 30 seconds (RFC 8216bis §3.1.4); the cues' times count from
// the start of the presentation. A growing view lists what it is sure of.
func (v *View) textPlaylist(w *window) []byte {
	var b strings.Builder
	length := v.length
	if !v.growing {
		length = max(length, media.Second)
	}
	v.listHead(&b, int(math.Ceil(min(textStep, max(length, media.Second)).Seconds())))
	for n := media.Time(0); n*textStep < length; n++ {
		lasts := min(textStep, length-n*textStep)
		if v.growing && lasts < textStep {
			break
		}
		fmt.Fprintf(&b, "#EXTINF:%.6f,\n%s\n", lasts.Seconds(), textName(strconv.FormatInt(int64(n), 10), w))
	}
	if !v.growing {
		b.WriteString("#EXT-X-ENDLIST\n")
	}
	return []byte(b.String())
}

// TextCut says how a file of a text track is made: cut the stored part to Clip, then keep what is shown within Show.
type TextCut struct {
	Part    Part
	Clip    media.Range // of the asset's timeline; see CutVTT
	Show    media.Range // of the view's timeline; see KeepVTT. Empty is everything
	Current bool        // the name carries the track's present revision: it may be kept for ever
}

// Text says how a file below a text track is made: TextName, the whole track, or a segment by the name that a playlist gives
// it. fault.NotFound for a name that is none of these.
func (v *View) Text(track, file string) (TextCut, error) {
	part, clip, err := v.TextPart(track)
	if err != nil || file == TextName {
		return TextCut{Part: part, Clip: clip}, err
	}
	w, err := v.find(track)
	if err != nil {
		return TextCut{}, err
	}
	name, ok := strings.CutSuffix(file, ".vtt")
	place, revision, ok2 := strings.Cut(name, "-")
	out := TextCut{Part: part, Clip: clip, Current: revision == w.revision()}
	n, err := strconv.ParseInt(place, 10, 32)
	switch {
	case !ok || !ok2 || len(revision) != len(w.revision()):
	case place == wholeText:
		return out, nil
	case err == nil && n >= 0 && strconv.FormatInt(n, 10) == place && media.Time(n)*textStep < max(v.length, media.Second):
		out.Show = media.Range{Start: media.Time(n) * textStep, End: media.Time(n+1) * textStep}
		return out, nil
	}
	return TextCut{}, fault.Say("cmaf.view", track, fault.NotFound, "no-segment", "Track %s has no segment %s.", track, file)
}

// Machine reports whether no person wrote the track's text.
func (t *Track) Machine() bool { return t.Role == RoleTranscribed || t.Role == RoleTranslated }

// texts parts the text tracks into those that manifests offer and those that are served to who holds their names. What a
// machine wrote gives way to what people wrote in that language; captions that show only foreign speech are not what gives
// way.
func texts(x *Index) (shown, held []*window) {
	people, transcribed := map[language.Base]bool{}, map[language.Base]bool{}
	for _, t := range x.Of(KindText) {
		switch base := baseOf(t.Lang); {
		case len(t.Parts) == 0:
		case !t.Machine() && t.Role != RoleForced:
			people[base] = true
		case t.Role == RoleTranscribed:
			transcribed[base] = true
		}
	}
	for _, t := range x.Of(KindText) {
		base := baseOf(t.Lang)
		switch w := (&window{Track: t, last: -1}); {
		case len(t.Parts) == 0:
		case t.Machine() && people[base], t.Role == RoleTranslated && transcribed[base]:
			held = append(held, w)
		default:
			shown = append(shown, w)
		}
	}
	return shown, held
}

// baseOf is the language of a tag without script and region.
func baseOf(tag string) language.Base {
	t, err := language.Parse(tag)
	if err != nil {
		t = language.Und
	}
	base, _ := t.Base()
	return base
}
