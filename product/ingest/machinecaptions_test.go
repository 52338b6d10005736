package ingest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/ingest"
)

// machineSays puts a machine's English captions on a film.
func (s *stack) machineSays(t *testing.T, ref media.Ref, texts ...string) (changed bool) {
	t.Helper()
	c := ingest.MachineCaptions{Name: "t-en-auto", Lang: "en", Title: "English (automatic)", Model: "ears 1"}
	for n, text := range texts {
		at := media.Time(n) * media.Second
		c.Cues = append(c.Cues, transcode.Cue{Range: media.Range{Start: at, End: at + media.Second/2}, Text: text})
	}
	changed, err := s.PutMachineCaptions(as(t), ref, c)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestMachinesCaptionsBesidePeoples(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	web := s.serve(t)
	rec := s.add(t, film2s(t), ingest.Incoming{})
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("job %+v", j.Error)
	}
	ref := media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1}
	track := func() *cmaf.Track { x := s.index(t, rec.Asset, 1); return x.Track("t-en-auto") }
	key := func() string { return track().Parts[0].Key }
	there := func(key string) bool { _, err := s.blobs.Processed.Stat(t.Context(), key); return err == nil }
	if !s.machineSays(t, ref, "Hello", "wolrd") || s.machineSays(t, ref, "Hello", "wolrd") {
		t.Error("the first time is a change, the same again is none")
	}
	first := key()
	tr := track()
	if tr.Role != cmaf.RoleTranscribed || tr.Title != "English (automatic)" || tr.Default || tr.Codec != "wvtt" {
		t.Errorf("%+v", tr)
	}
	// A person's captions come; neither takes the other's place.
	status, _, body := call(t, http.MethodPut, web.URL+"/v1/assets/"+rec.Asset+"/captions/en?name=a.srt", []byte("1\n00:00:00,000 --> 00:00:01,000\nHello, world.\n"))
	if status != http.StatusNoContent {
		t.Fatalf("put: %d %s", status, body)
	}
	human := s.captionsOf(t, rec.Asset, "t-en-person")
	if !s.machineSays(t, ref, "Hello", "world") {
		t.Error("a correction is a change")
	}
	second := key()
	if second == first || !there(first) || !there(second) {
		t.Errorf("players hold the file of before for a while: %s (%t), %s (%t)", first, there(first), second, there(second))
	}
	if s.captionsOf(t, rec.Asset, "t-en-person") != human || !strings.Contains(human, "Hello, world.") {
		t.Error("a person's captions were touched")
	}
	s.machineSays(t, ref, "Hello", "new world")
	if there(first) || !there(second) {
		t.Error("the file of the time before last is not removed")
	}
	// A person's removal leaves the machine's, and the other way round.
	if status, _, body = call(t, http.MethodDelete, web.URL+"/v1/assets/"+rec.Asset+"/captions/en", nil); status != http.StatusNoContent {
		t.Fatalf("delete: %d %s", status, body)
	}
	if x := s.index(t, rec.Asset, 1); x.Track("t-en-person") != nil || x.Track("t-en-auto") == nil {
		t.Errorf("%+v", x.Tracks)
	}
	if !s.machineSays(t, ref) || s.machineSays(t, ref) {
		t.Error("nothing said takes the track away, once")
	}
	list, err := s.lib.Renditions(as(t), ref)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.Name == "t-en-auto" {
			t.Errorf("%+v", r)
		}
	}
	if track() != nil {
		t.Error("the track is still served")
	}
	if _, err := s.PutMachineCaptions(as(t), media.Ref{Tenant: "main", Asset: rec.Asset, Version: 2}, ingest.MachineCaptions{Name: "t-en-auto", Model: "ears 1", Cues: []transcode.Cue{{Range: media.Range{End: 1}, Text: "x"}}}); !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
		t.Errorf("a version that is not published: %v", err)
	}
}

// TestProcessesTakeTurnsAtAnIndex: two processes that share a database write captions of one film at once; none is lost.
func TestProcessesTakeTurnsAtAnIndex(t *testing.T) {
	var shared ingest.Deps
	s := openOn(t, t.TempDir(), sqldbtest.PostgresURL(t), sqldbtest.PostgresURL(t), func(d *ingest.Deps) { shared = *d })
	rec := s.add(t, film2s(t), ingest.Incoming{})
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("job %+v", j.Error)
	}
	shared.Dir = t.TempDir()
	other, err := ingest.New(shared)
	if err != nil {
		t.Fatal(err)
	}
	ref := media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1}
	const each = 12
	failed := make(chan error, 2*each)
	for n := range 2 * each {
		by := []*ingest.Service{s.Service, other}[n%2]
		go func() {
			_, err := by.PutMachineCaptions(as(t), ref, ingest.MachineCaptions{Name: fmt.Sprintf("t-x%d-auto", n), Lang: "en", Model: "ears 1",
				Cues: []transcode.Cue{{Range: media.Range{End: media.Second}, Text: "said"}}})
			failed <- err
		}()
	}
	for range 2 * each {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	x := s.index(t, rec.Asset, 1)
	if got := len(x.Of(cmaf.KindText)); got != 2*each {
		t.Errorf("%d of %d tracks are in the index", got, 2*each)
	}
}
