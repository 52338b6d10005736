package ingest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/product/ingest"
	"showreel/product/library"
)

// captionsOf returns the WebVTT that a track serves, "" without the track.
func (s *stack) captionsOf(t *testing.T, asset, track string) string {
	t.Helper()
	x := s.index(t, asset, 1)
	tr := x.Track(track)
	if tr == nil {
		return ""
	}
	if tr.Kind != cmaf.KindText || tr.Role != cmaf.RoleCaptions || len(tr.Parts) != 1 {
		t.Fatalf("track %+v", tr)
	}
	b := make([]byte, tr.Parts[0].Size)
	r, err := s.blobs.Processed.ReaderAt(t.Context(), tr.Parts[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// serves waits until what a track serves is as wanted: edits reach it as events.
func (s *stack) serves(t *testing.T, asset, track string, want func(vtt string) bool) {
	t.Helper()
	vtt := ""
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if vtt = s.captionsOf(t, asset, track); want(vtt) {
			return
		}
	}
	t.Fatalf("%s serves %q", track, vtt)
}

func TestCaptionsOfPeopleLieOnTheTimeline(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	web := s.serve(t)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("job %+v", j.Error)
	}
	put := func(lang, name, file string) (int, string) {
		status, _, body := call(t, http.MethodPut, web.URL+"/v1/assets/"+rec.Asset+"/captions/"+lang+"?name="+name, []byte(file), "Content-Type", "text/vtt")
		return status, body
	}
	cues := func() []media.Annotation {
		list, err := s.lib.Annotations(as(t), media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1}, media.TrackCaption)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if status, body := put("pt-BR", "a.srt", "1\n00:00:00,200 --> 00:00:01,000\nOlá\n\n2\n00:00:01,100 --> 00:00:01,900\nPonte\n"); status != http.StatusNoContent {
		t.Fatalf("put: %d %s", status, body)
	}
	if status, body := put("de", "a.vtt", "WEBVTT\n\n00:00.500 --> 00:01.500\nBrücke\n"); status != http.StatusNoContent {
		t.Fatalf("put: %d %s", status, body)
	}
	list := cues()
	if len(list) != 3 || list[0].Text != "Olá" || list[0].Lang != "pt-BR" || list[0].LockedBy != "u1" || list[0].Model != library.ModelPerson || list[0].Label != "t-pt-br-person" {
		t.Fatalf("cues %+v", list)
	}
	// One cue is changed, one removed, one added: what is served follows.
	text := "Olá <mundo>"
	if _, err := s.lib.EditAnnotation(as(t), rec.Asset, list[0].ID, library.NoteIn{Text: &text}); err != nil {
		t.Fatal(err)
	}
	s.serves(t, rec.Asset, "t-pt-br-person", func(vtt string) bool {
		return strings.Contains(vtt, "Olá &lt;mundo&gt;") && strings.Contains(vtt, "Ponte")
	})
	if err := s.lib.RemoveAnnotation(as(t), rec.Asset, list[2].ID); err != nil {
		t.Fatal(err)
	}
	s.serves(t, rec.Asset, "t-pt-br-person", func(vtt string) bool { return strings.Contains(vtt, "mundo") && !strings.Contains(vtt, "Ponte") })
	track, lang, more, at := media.TrackCaption, "de", "Fluss", media.Range{Start: 1600 * media.Millisecond, End: 1900 * media.Millisecond}
	if _, err := s.lib.Annotate(as(t), media.Ref{Asset: rec.Asset}, library.NoteIn{Track: &track, Lang: &lang, Text: &more, Range: &at}); err != nil {
		t.Fatal(err)
	}
	s.serves(t, rec.Asset, "t-de-person", func(vtt string) bool { return strings.Contains(vtt, "Brücke") && strings.Contains(vtt, "Fluss") })
	all, err := s.lib.Export(as(t), rec.Asset)
	if err != nil || strings.Count(fmt.Sprint(all.Annotations), "Fluss") != 1 {
		t.Errorf("the export lacks the cue: %v", err)
	}
	// The same language again replaces all of it, and no other.
	if status, body := put("de", "b.vtt", "WEBVTT\n\n00:00.000 --> 00:00.500\nNeu\n"); status != http.StatusNoContent {
		t.Fatalf("again: %d %s", status, body)
	}
	if list := cues(); len(list) != 2 || list[0].Text != "Neu" {
		t.Errorf("replaced: %+v", list)
	}
	if vtt := s.captionsOf(t, rec.Asset, "t-de-person"); strings.Contains(vtt, "Fluss") || !strings.Contains(vtt, "Neu") {
		t.Errorf("replaced: %q", vtt)
	}
	for range 2 {
		status, _, body := call(t, http.MethodDelete, web.URL+"/v1/assets/"+rec.Asset+"/captions/de", nil)
		if list := cues(); len(list) != 1 || s.captionsOf(t, rec.Asset, "t-de-person") != "" || status != http.StatusNoContent && !strings.Contains(body, "no-captions") {
			t.Errorf("removed: %d %s %+v", status, body, list)
		}
	}
	// Without its last cue a track goes.
	if err := s.lib.RemoveAnnotation(as(t), rec.Asset, cues()[0].ID); err != nil {
		t.Fatal(err)
	}
	s.serves(t, rec.Asset, "t-pt-br-person", func(vtt string) bool { return vtt == "" })
}

func TestCaptionRefusals(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	web := s.serve(t)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	s.ended(t, rec.Job)
	good := "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"
	var many strings.Builder
	many.WriteString("WEBVTT\n")
	for n := range 20_001 {
		fmt.Fprintf(&many, "\n%02d:%02d.%03d --> %02d:%02d.%03d\nx\n", n/600%60, n/10%60, n%10*100, n/600%60, n/10%60, n%10*100+50)
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"no language":    {"/captions/notalanguage-at-all-x", good, 400, "bad-language"},
		"long language":  {"/captions/" + strings.Repeat("en-", 20), good, 422, "validation"},
		"another format": {"/captions/en?name=a.pdf", good, 422, "captions-format"},
		"no captions":    {"/captions/en", "hello", 400, "bad-captions"},
		"empty":          {"/captions/en", "", 400, ""},
		"too many cues":  {"/captions/en", many.String(), 413, "too-many-cues"},
		"too large":      {"/captions/en", good + strings.Repeat("x", 17<<20), 413, "too-large"},
	} {
		status, _, body := call(t, http.MethodPut, web.URL+"/v1/assets/"+rec.Asset+c.path, []byte(c.body), "Content-Type", "application/octet-stream")
		if status != c.status || !strings.Contains(body, c.code) {
			t.Errorf("%s: %d %.300s, want %d %s", name, status, body, c.status, c.code)
		}
	}
	if status, _, body := call(t, http.MethodPut, web.URL+"/v1/assets/nothing/captions/en", []byte(good)); status != http.StatusNotFound {
		t.Errorf("no such asset: %d %s", status, body)
	}
	if status, _, body := call(t, http.MethodPut, web.URL+"/v1/assets/"+rec.Asset+"/captions/en", []byte(good), "Test-Tenant", "other"); status != http.StatusNotFound {
		t.Errorf("another tenant: %d %s", status, body)
	}
}
