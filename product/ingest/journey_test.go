package ingest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/ingest"
	"showreel/product/library"
)

func (s *stack) index(t *testing.T, asset string, version int) cmaf.Index {
	t.Helper()
	r, _, err := s.blobs.Processed.Open(t.Context(), fmt.Sprintf("main/idx/%s/%d.json", asset, version))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var x cmaf.Index
	if err := json.NewDecoder(r).Decode(&x); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestFilmFromFileToPlayable(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	rec, err := s.AddFile(as(t), film2s(t), ingest.Incoming{About: library.NewAsset{Title: "Bars"}})
	if err != nil {
		t.Fatal(err)
	}
	j := s.ended(t, rec.Job)
	if j.State != ingest.Done {
		t.Fatalf("job %+v, error %+v", j, j.Error)
	}
	t.Logf("a 2 s clip took %d ms from its last byte to ready", j.EndedMS-j.CreatedMS)
	a, err := s.lib.Get(as(t), rec.Asset)
	if err != nil {
		t.Fatal(err)
	}
	if a.State != library.Ready || a.Kind != media.Video || a.Published != 1 || a.Title != "Bars" {
		t.Errorf("asset %+v", a)
	}
	x := s.index(t, rec.Asset, 1)
	if x.Growing || len(x.Of(cmaf.KindVideo)) != 1 || len(x.Of(cmaf.KindAudio)) != 1 {
		t.Fatalf("index: growing %v, %d video and %d audio tracks", x.Growing, len(x.Of(cmaf.KindVideo)), len(x.Of(cmaf.KindAudio)))
	}
	video := x.Of(cmaf.KindVideo)[0]
	if got := video.Duration(); got != 2*media.Second {
		t.Errorf("the picture lasts %v s, want 2", got.Seconds())
	}
	for _, tr := range x.Tracks {
		for _, p := range tr.Parts {
			if info, err := s.blobs.Processed.Stat(t.Context(), p.Key); err != nil || info.Size != p.Size {
				t.Errorf("%s: %v, %d bytes, want %d", p.Key, err, info.Size, p.Size)
			}
		}
	}
	rs, err := s.lib.Renditions(as(t), media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]int{}
	for _, r := range rs {
		roles[r.Role]++
	}
	for _, want := range []string{"rung", "audio", "poster", "thumbs", "sprite", "waveform", "wav"} {
		if roles[want] == 0 {
			t.Errorf("there is no %s: %v", want, roles)
		}
	}
	if _, err := s.blobs.Raw.Stat(t.Context(), "main/src/"+rec.SHA256[:2]+"/"+rec.SHA256); err != nil {
		t.Errorf("the original is not in the raw store: %v", err)
	}
	shots, err := s.lib.Annotations(as(t), media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1}, media.TrackShot)
	if err != nil || len(shots) == 0 {
		t.Errorf("shots: %v, %v", shots, err)
	}
	if j.Progress != 1 || j.PlayableMS == 0 || j.Tasks.Done != j.Tasks.Total {
		t.Errorf("job %+v", j)
	}
}

func TestFilmOnPostgres(t *testing.T) {
	s := openOn(t, t.TempDir(), sqldbtest.PostgresURL(t), sqldbtest.PostgresURL(t), nil)
	rec, err := s.AddFile(as(t), film2s(t), ingest.Incoming{})
	if err != nil {
		t.Fatal(err)
	}
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("job %+v, error %+v", j, j.Error)
	}
	if again := s.add(t, film2s(t), ingest.Incoming{}); !again.Duplicate && again.SHA256 == rec.SHA256 {
		t.Errorf("the duplicate was not found: %+v", again)
	}
	tpl := template(t, "web")
	for want := 2; want < 4; want++ {
		if got, err := s.PutTemplate(as(t), tpl); err != nil || got.Version != want {
			t.Errorf("template version %d, want %d, %v", got.Version, want, err)
		}
	}
	jobs, err := s.Jobs(as(t), ingest.JobQuery{State: ingest.Done, Asset: rec.Asset, Limit: 10})
	if err != nil || len(jobs) != 1 {
		t.Errorf("jobs %v %v", jobs, err)
	}
}
