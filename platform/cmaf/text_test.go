package cmaf_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
)

// text builds a file of a text track.
func (f *film) text(v *cmaf.View, track, name string) ([]byte, error) {
	cut, err := v.Text(track, name)
	if err != nil {
		return nil, err
	}
	b, err := cmaf.CutVTT(f.parts[cut.Part.Key], cut.Clip)
	if err != nil || cut.Show.Empty() {
		return b, err
	}
	return cmaf.KeepVTT(b, cut.Show)
}

// long is a film of 70 s in name only: one segment of 4 s stretched, which no text track looks at.
func long(t *testing.T) *film {
	t.Helper()
	f := makeFilm(t)
	for n := range f.index.Tracks {
		tr := &f.index.Tracks[n]
		if last := len(tr.Segments) - 1; last >= 0 {
			tr.Segments[last].Duration = int64(tr.Timescale)*70 - tr.Segments[last].Start
		}
	}
	f.index.Finish()
	return f
}

// addText puts a text track into a film.
func (f *film) addText(name, lang, role, vtt string) {
	f.parts[name] = []byte(vtt)
	f.index.Tracks = append(f.index.Tracks, cmaf.Track{Name: name, Kind: cmaf.KindText, Lang: lang, Role: role, Complete: true, Parts: []cmaf.Part{{Key: name, SHA256: fmt.Sprintf("%064d", len(vtt)), Size: int64(len(vtt))}}})
}

// started is when a manifest is published.
var started = time.Unix(1_700_000_000, 0)

var listed = regexp.MustCompile(`(?m)^[^#\n]+$`)

func TestCaptionsComeInSegments(t *testing.T) {
	f := long(t)
	f.addText("t-en-auto", "en", cmaf.RoleTranscribed, "WEBVTT\n\n00:29.000 --> 00:31.000\nover the border\n\n00:45.000 --> 00:46.000\nmiddle\n\n01:05.000 --> 01:06.000\nlast\n")
	v := view(t, f, cmaf.Options{})
	list, err := v.Media("t-en-auto")
	if err != nil {
		t.Fatal(err)
	}
	names := listed.FindAllString(string(list), -1)
	if len(names) != 3 || !strings.Contains(string(list), "#EXT-X-TARGETDURATION:30\n") || strings.Count(string(list), "#EXTINF:30.000000,") != 2 || !strings.Contains(string(list), "#EXTINF:10.000000,") {
		t.Fatalf("%s", list)
	}
	want := []string{"over the border", "over the border middle", "last"}
	for n, name := range names {
		b, err := f.text(v, "t-en-auto", name)
		if err != nil || !strings.HasPrefix(string(b), "WEBVTT\n") {
			t.Fatalf("%s: %v %s", name, err, b)
		}
		var said []string
		for _, text := range []string{"over the border", "middle", "last"} {
			if strings.Contains(string(b), text) {
				said = append(said, text)
			}
		}
		if strings.Join(said, " ") != want[n] {
			t.Errorf("segment %d holds %q, want %q", n, said, want[n])
		}
		if n == 1 && !strings.Contains(string(b), "00:29.000 --> 00:31.000") {
			t.Errorf("times are not the film's: %s", b)
		}
	}
	// What is written anew has other names; a player with the names of before is answered with what is now.
	old := names[1]
	x := f.index
	x.Tracks = append([]cmaf.Track(nil), f.index.Tracks...)
	f.parts["next"] = []byte("WEBVTT\n\n00:45.000 --> 00:46.000\ncorrected\n")
	x.Tracks[len(x.Tracks)-1].Parts = []cmaf.Part{{Key: "next", SHA256: strings.Repeat("a", 64), Size: int64(len(f.parts["next"]))}}
	now, err := cmaf.NewView(&x, cmaf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err = now.Media("t-en-auto")
	if err != nil || strings.Contains(string(list), old) {
		t.Errorf("%v: the names have not changed:\n%s", err, list)
	}
	if cut, err := now.Text("t-en-auto", old); err != nil || cut.Current || cut.Part.Key != "next" {
		t.Errorf("an old name: %+v %v", cut, err)
	}
	for _, bad := range []string{"3" + old[1:], "x" + old[1:], "-1" + old[1:], "01" + old[1:], "1-.vtt", "1.vtt", "nothing.vtt"} {
		if _, err := now.Text("t-en-auto", bad); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestClippedCaptionsKeepTheirPlace(t *testing.T) {
	f := makeFilm(t)
	v := view(t, f, cmaf.Options{Clip: media.Range{Start: media.FromMS(2500), End: media.FromMS(3000)}})
	list, err := v.Media("t-de")
	if err != nil {
		t.Fatal(err)
	}
	names := listed.FindAllString(string(list), -1)
	if len(names) != 1 {
		t.Fatalf("%s", list)
	}
	if b, err := f.text(v, "t-de", names[0]); err != nil || string(b) != "WEBVTT\n\n00:00:00.500 --> 00:00:01.500 line:0\nWelt\n" {
		t.Errorf("%v %q", err, b)
	}
}

func TestMachinesCaptionsGiveWayToPeoples(t *testing.T) {
	const vtt = "WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n"
	for name, c := range map[string]struct {
		lang, role string
		offered    bool
	}{
		"nobody wrote any":         {"fr", cmaf.RoleCaptions, true},
		"a person's":               {"en", cmaf.RoleCaptions, false},
		"a person's of a region":   {"en-GB", cmaf.RoleCaptions, false},
		"the film's own subtitles": {"en", cmaf.RoleSubtitles, false},
		"only of foreign speech":   {"en", cmaf.RoleForced, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := makeFilm(t)
			f.addText("t-person", c.lang, c.role, vtt)
			f.addText("t-en-auto", "en", cmaf.RoleTranscribed, vtt)
			f.index.Tracks[len(f.index.Tracks)-1].Title = "English (automatic)"
			v := view(t, f, cmaf.Options{})
			master, mpd := string(v.Master()), string(v.MPD(started, ""))
			line := `TYPE=SUBTITLES,GROUP-ID="subs",NAME="English (automatic)",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog",URI="t-en-auto/index.m3u8"`
			if strings.Contains(master, line) != c.offered || strings.Contains(mpd, "<Label>English (automatic)</Label>\n"+`<Role schemeIdUri="urn:mpeg:dash:role:2011" value="caption"/>`) != c.offered {
				t.Errorf("offered: want %t\n%s\n%s", c.offered, master, mpd)
			}
			if !strings.Contains(master, `URI="t-person/index.m3u8"`) {
				t.Errorf("the person's is gone\n%s", master)
			}
			if b, err := f.text(v, "t-en-auto", cmaf.TextName); err != nil || string(b) != vtt {
				t.Errorf("who holds its name: %v %q", err, b)
			}
		})
	}
}

func TestTranslationsAreNotChosenByPlayers(t *testing.T) {
	f := makeFilm(t)
	f.addText("t-en-translated", "en", cmaf.RoleTranslated, "WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n")
	v := view(t, f, cmaf.Options{})
	if master := string(v.Master()); !strings.Contains(master, `AUTOSELECT=NO,FORCED=NO,URI="t-en-translated/index.m3u8"`) {
		t.Errorf("%s", master)
	}
	if mpd := string(v.MPD(started, "")); !strings.Contains(mpd, `value="subtitle"/>`+"\n"+`<Representation id="t-en-translated"`) {
		t.Errorf("%s", mpd)
	}
}
