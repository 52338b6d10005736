package delivery_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"showreel/fault"
	"showreel/platform/cmaf"
	"showreel/product/delivery"
	"showreel/product/library"
	"showreel/trust/access"
)

// TestTagsFollowTheBytes asks for the same segments under every view that changes them: equal bytes may have one tag, other
// bytes must not, and a tag stays while nothing changes.
func TestTagsFollowTheBytes(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	bytesOf := map[string]string{} // tag and path to the hash of its bytes
	names := []string{"v90-avc/0.m4s", "v90-avc/1.m4s", "v90-avc/i1.m4s", "a-en-aac/0.m4s", "a-en-aac/1.m4s", "v720-avc/1.m4s"}
	look := func(view string, p delivery.Play, part string) map[string]string {
		tags := map[string]string{}
		for _, name := range names {
			a := w.do(t, http.MethodGet, strings.Replace(p.HLS, "master.m3u8", name, 1), "")
			if a.status == http.StatusNotFound {
				continue // outside the clip
			}
			tag, sum := a.header.Get("ETag"), sha256.Sum256(a.body)
			hash := hex.EncodeToString(sum[:])
			if a.status != 200 || len(tag) < 10 || strings.HasPrefix(tag, "W/") {
				t.Fatalf("%s of %s: %d, tag %q", name, view, a.status, tag)
			}
			if old, ok := bytesOf[tag]; ok && old != hash {
				t.Errorf("%s of %s%s has the tag of other bytes", name, view, part)
			}
			if strings.Trim(tag, `"`) == hash[:24] {
				t.Errorf("%s of %s%s was hashed for its tag", name, view, part)
			}
			bytesOf[tag] = hash
			tags[name] = tag
		}
		return tags
	}
	views := map[string]delivery.PlayRequest{"clear": {}, "cenc": {DRM: "cenc"}, "cbcs": {DRM: "cbcs"},
		"clip":      {Clip: &delivery.Clip{StartMS: 2000, EndMS: 4000}},
		"cut sound": {Clip: &delivery.Clip{StartMS: 100, EndMS: 1900}, DRM: "cenc"}, "low": {MaxHeight: 90, DRM: "cenc"}}
	first := map[string]map[string]string{}
	for name, in := range views {
		first[name] = look(name, w.play(t, in), "")
	}
	for name, in := range views {
		for path, tag := range look(name, w.play(t, in), " again") {
			if first[name][path] != tag {
				t.Errorf("%s of %s changed its tag though nothing changed", path, name)
			}
		}
	}
	for _, path := range []string{"v90-avc/0.m4s", "a-en-aac/0.m4s"} {
		if a, b, c := first["clear"][path], first["cenc"][path], first["cbcs"][path]; a == b || b == c || a == c {
			t.Errorf("%s: clear, cenc and cbcs share a tag: %s %s %s", path, a, b, c)
		}
	}
	p := w.play(t, delivery.PlayRequest{DRM: "cenc"})
	path := strings.Replace(p.HLS, "master.m3u8", "v90-avc/0.m4s", 1)
	if a := w.get(t, path, 304, "If-None-Match", first["cenc"]["v90-avc/0.m4s"]); len(a.body) != 0 {
		t.Error("304 with a body")
	}
	// The same name with other bytes: another key, then another part.
	was := first["cenc"]["v90-avc/0.m4s"]
	must(t, w.opts.DRM.Forget(w.ctx(t), "main", w.asset.ID+"/1"))
	w.index.Tracks[0].Parts[0].SHA256 = strings.Repeat("0", 64)
	w.saveIndex(t)
	time.Sleep(2100 * time.Millisecond) // how long an index is believed
	if a := w.get(t, path, 200, "If-None-Match", was); a.header.Get("ETag") == was {
		t.Error("another part has the tag of the first")
	}
}

func TestTagsWithoutAKnownPartAreHashes(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	w.index.Tracks[0].Parts[0].SHA256 = ""
	w.saveIndex(t)
	p := w.play(t, delivery.PlayRequest{DRM: "cenc"})
	a := w.get(t, strings.Replace(p.HLS, "master.m3u8", "v90-avc/0.m4s", 1), 200)
	sum := sha256.Sum256(a.body)
	if want := `"` + hex.EncodeToString(sum[:12]) + `"`; a.header.Get("ETag") != want {
		t.Errorf("tag %s, want the hash %s", a.header.Get("ETag"), want)
	}
}

func BenchmarkEncryptedSegment(b *testing.B) {
	w := newWorld(b).film(b, library.Rights{})
	p := w.play(b, delivery.PlayRequest{DRM: "cenc"})
	path := strings.Replace(p.HLS, "master.m3u8", "v720-avc/0.m4s", 1)
	b.SetBytes(int64(len(w.get(b, path, 200).body)))
	for b.Loop() {
		w.get(b, path, 200)
	}
}

func TestSoundWithoutLanguageHasAName(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	sound := w.index.Tracks[2]
	sound.Lang, sound.Default = "und", true
	second := sound
	second.Name, second.Default = "a-und-2", false
	wide := sound
	wide.Name, wide.Channels, wide.Default = "a-und-6", 6, false
	titled := sound
	titled.Name, titled.Title, titled.Default = "a-und-3", "Director", false
	odd := sound
	odd.Name, odd.Lang, odd.Default = "a-odd", "not a tag!", false
	text := w.index.Tracks[3]
	text.Name, text.Lang = "t-und", ""
	w.index.Tracks = append(w.index.Tracks[:2:2], sound, second, wide, titled, odd, text)
	w.saveIndex(t)
	p := w.play(t, delivery.PlayRequest{})
	hls, dash := string(w.get(t, p.HLS, 200).body), string(w.get(t, p.DASH, 200).body)
	for name, body := range map[string]string{"HLS": hls, "DASH": dash} {
		for _, no := range []string{"Unknown", `lang="und"`, `LANGUAGE="und"`, "not a tag", `lang=""`, `LANGUAGE=""`} {
			if strings.Contains(body, no) {
				t.Errorf("%s says %q:\n%s", name, no, body)
			}
		}
	}
	for _, name := range []string{"Main", "Track 2", "Track 3", "Director", "Subtitles"} {
		if !strings.Contains(hls, `NAME="`+name+`"`) || !strings.Contains(dash, "<Label>"+name+"</Label>") {
			t.Errorf("no track is called %s:\n%s\n%s", name, hls, dash)
		}
	}
	for _, line := range strings.Split(hls, "\n") {
		if strings.HasPrefix(line, "#EXT-X-MEDIA") && strings.Contains(line, "LANGUAGE=") {
			t.Errorf("an undetermined language is named: %s", line)
		}
	}
	if len(p.Captions) != 1 || p.Captions[0].Label != "Subtitles" || p.Captions[0].Lang != "" {
		t.Errorf("captions %+v", p.Captions)
	}
}

func TestHeldSaysWhatHoldsIt(t *testing.T) {
	w := newWorld(t).film(t, library.Rights{})
	ctx := w.ctx(t)
	play := func(role string) error {
		who := *w.who
		who.Roles = []string{role}
		_, err := w.Play(access.With(t.Context(), who), w.asset.ID, delivery.PlayRequest{Version: 2})
		return err
	}
	sha := strings.Repeat("b", 64)
	_, err := w.library.AddVersion(ctx, w.asset.ID, library.VersionIn{SHA256: sha, Key: "main/src/bb/" + sha, Bytes: 1})
	must(t, err)
	ref := w.asset.At(2)
	if err := play(access.RoleEditor); fault.CodeOf(err) != "not-playable" || !strings.Contains(fault.TextOf(err), "wait for its job") {
		t.Errorf("on its way: %v", err)
	}
	cause := fault.Say("ingest.gate", w.asset.ID, fault.Conflict, "quality-gate", "It waits for a person: The picture is black for 4.0 s.")
	must(t, w.library.SetState(ctx, ref, library.Held, cause))
	for role, kind := range map[string]fault.Kind{access.RoleEditor: fault.Conflict, access.RoleViewer: fault.Denied} {
		err := play(role)
		if fault.KindOf(err) != kind || fault.CodeOf(err) != "held" {
			t.Errorf("%s: %v", role, err)
		}
		for _, want := range []string{"person", "black for 4.0 s", "waive", "Findings"} {
			if !strings.Contains(fault.TextOf(err), want) {
				t.Errorf("%s is not told %q: %s", role, want, fault.TextOf(err))
			}
		}
	}
	// A link that somebody holds says it without the finding.
	w.index = cmaf.Index{}
	w.saveIndex(t)
	must(t, w.library.SetState(ctx, w.asset.At(1), library.Held, cause))
	first, err := w.Play(access.With(t.Context(), *w.who), w.asset.ID, delivery.PlayRequest{Version: 1})
	if fault.CodeOf(err) != "held" {
		t.Errorf("an empty index: %+v %v", first, err)
	}
	must(t, w.library.SetState(ctx, ref, library.Failed, cause))
	if err := play(access.RoleEditor); fault.CodeOf(err) != "not-playable" || strings.Contains(fault.TextOf(err), "wait for") {
		t.Errorf("failed: %v", err)
	}
}
