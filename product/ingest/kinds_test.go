package ingest_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/product/ingest"
	"showreel/product/library"
)

// short is the web template with chunks of one second, so that a small clip has several, and a proxy for any length.
func short(t *testing.T) ingest.Template {
	tpl := template(t, "web")
	tpl.Name = "short"
	tpl.Video.GOPMS, tpl.Video.ChunkMS, tpl.Video.Preset = 500, 1000, "ultrafast"
	tpl.Proxy.MinSeconds, tpl.Proxy.Size = 0, 120
	return tpl
}

func (s *stack) add(t *testing.T, path string, in ingest.Incoming) ingest.Received {
	t.Helper()
	rec, err := s.AddFile(as(t), path, in)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func film4s(t *testing.T) string {
	return clip(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=4", "-f", "lavfi", "-i", "sine=440:d=4:r=48000",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "24", "-c:a", "aac", "-shortest")
}

func TestChunksJoinAndTheProxyGrows(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	if _, err := s.PutTemplate(as(t), short(t)); err != nil {
		t.Fatal(err)
	}
	rec := s.add(t, film4s(t), ingest.Incoming{Template: "short"})
	j := s.ended(t, rec.Job)
	if j.State != ingest.Done {
		t.Fatalf("job %+v, error %+v", j, j.Error)
	}
	x := s.index(t, rec.Asset, 1)
	rungs := 0
	for _, v := range x.Of(cmaf.KindVideo) {
		if got := v.Duration().MS(); got != 4000 {
			t.Errorf("%s lasts %d ms, want 4000", v.Name, got)
		}
		if v.Role != cmaf.RoleProxy {
			rungs++
			if len(v.Parts) != 1 || len(v.Segments) < 2 {
				t.Errorf("%s has %d parts and %d segments", v.Name, len(v.Parts), len(v.Segments))
			}
		}
	}
	if rungs == 0 || x.Track("v120-proxy") == nil || x.Track("a-proxy") == nil || !x.Track("a-proxy").Complete {
		t.Errorf("tracks: %d rungs, proxy %v", rungs, x.Track("v120-proxy"))
	}
	if j.Tasks.Total < 7 || j.PlayableMS == 0 || j.PlayableMS > j.EndedMS {
		t.Errorf("four chunks, proxy, poster, sound, speech and original: %+v, playable %d ended %d", j.Tasks, j.PlayableMS, j.EndedMS)
	}
	playable := 0
	events, err := s.events.Since(t.Context(), "main", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range events {
		if e.Name == "asset.playable" {
			playable++
		}
		if e.Name == "asset.updated" || e.Name == "asset.heard" { // posters and sound are there when they are there
			continue
		}
		if strings.HasPrefix(e.Name, "asset.") && (len(names) == 0 || names[len(names)-1] != e.Name) {
			names = append(names, e.Name)
		}
	}
	if got := strings.Join(names, " "); playable != 1 || !strings.HasPrefix(got, "asset.created asset.received asset.probed asset.playable") || !strings.HasSuffix(got, "asset.decoded asset.published") {
		t.Errorf("events: %s", got)
	}
}

func TestTheSecondRunFindsFinishedChunks(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	if _, err := s.PutTemplate(as(t), short(t)); err != nil {
		t.Fatal(err)
	}
	rec := s.add(t, film4s(t), ingest.Incoming{Template: "short"})
	s.ended(t, rec.Job)
	again, err := s.Reprocess(as(t), rec.Asset, "short")
	if err != nil {
		t.Fatal(err)
	}
	if j := s.ended(t, again.ID); j.State != ingest.Done || j.Version != 2 || j.Tasks.Cached < j.Tasks.Total-1 {
		t.Errorf("all but the original must come from the ledger: %+v %+v", j.Tasks, j.Error)
	}
}

func TestPictureTextAndSound(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("A bridge in the morning.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		kind  media.Kind
		roles []string
	}{
		clip(t, "p.png", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=1:d=1", "-frames:v", "1"): {media.Image, []string{"image", "poster"}},
		clip(t, "a.wav", "-f", "lavfi", "-i", "sine=300:d=2:r=48000"):                         {media.Audio, []string{"audio", "waveform", "wav"}},
		text: {media.Text, nil},
	} {
		rec := s.add(t, path, ingest.Incoming{})
		if j := s.ended(t, rec.Job); j.State != ingest.Done {
			t.Errorf("%s: %+v %+v", path, j, j.Error)
			continue
		}
		a, err := s.lib.Get(as(t), rec.Asset)
		if err != nil || a.Kind != want.kind || a.State != library.Ready {
			t.Errorf("%s: %+v %v", path, a, err)
		}
		rs, err := s.lib.Renditions(as(t), a.Ref())
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]bool{}
		for _, r := range rs {
			have[r.Role] = true
		}
		for _, role := range want.roles {
			if !have[role] {
				t.Errorf("%s has no %s: %v", path, role, have)
			}
		}
	}
}

func TestBadInputSaysWhatIsWrong(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	whole, err := os.ReadFile(film2s(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"text.mp4":  {[]byte("this is no film at all, only words\n"), "not-media"},
		"cut.mp4":   {whole[:len(whole)/3], ""},
		"list.m3u8": {[]byte("#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n"), "playlist-refused"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		rec := s.add(t, path, ingest.Incoming{})
		j := s.ended(t, rec.Job)
		if j.State != ingest.Failed || j.Error == nil || (c.code != "" && j.Error.Code != c.code) || len(j.Error.Text) < 10 || j.Error.Code == "internal" {
			t.Errorf("%s: %s %+v", name, j.State, j.Error)
		}
		a, err := s.lib.Get(as(t), rec.Asset)
		if err != nil || a.State != library.Failed || a.Error == nil || a.Published != 0 {
			t.Errorf("%s: asset %+v %v", name, a, err)
		}
		if _, err := s.blobs.Raw.Stat(t.Context(), "main/src/"+rec.SHA256[:2]+"/"+rec.SHA256); err != nil {
			t.Errorf("%s: the original was not kept: %v", name, err)
		}
		if left, _ := os.ReadDir(filepath.Join(s.dir, "tmp", "jobs")); len(left) != 0 {
			t.Errorf("%s left working files", name)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty.mp4")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddFile(as(t), empty, ingest.Incoming{}); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("an empty file: %v", err)
	}
}

func TestTheSameFileInParallelIsOneAsset(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	path := film2s(t)
	var wg sync.WaitGroup
	got := make([]ingest.Received, 4)
	for n := range got {
		wg.Go(func() {
			var err error
			if got[n], err = s.AddFile(as(t), path, ingest.Incoming{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first := 0
	for _, r := range got {
		if !r.Duplicate {
			first++
		}
		if r.Asset != got[0].Asset {
			t.Errorf("two assets: %s and %s", r.Asset, got[0].Asset)
		}
	}
	if first != 1 {
		t.Errorf("%d of 4 were the first", first)
	}
	s.ended(t, got[0].Job)
}

func TestPull(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	data, err := os.ReadFile(film2s(t))
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/clips/film.mp4" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	defer web.Close()
	await := func(url string) ingest.Pull {
		t.Helper()
		p, err := s.Pull(as(t), ingest.PullIn{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && !p.State.Final(); time.Sleep(20 * time.Millisecond) {
			if p, err = s.PullByID(as(t), p.ID); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	p := await(web.URL + "/clips/film.mp4")
	if p.State != ingest.Done || p.Name != "film.mp4" || p.Bytes != int64(len(data)) {
		t.Fatalf("pull %+v %+v", p, p.Error)
	}
	if j := s.ended(t, p.Job); j.State != ingest.Done {
		t.Errorf("job %+v", j.Error)
	}
	if p := await(web.URL + "/none"); p.State != ingest.Failed || p.Error.Code != "address-refused" {
		t.Errorf("a missing file: %+v %+v", p, p.Error)
	}
	for _, bad := range []string{"file:///etc/passwd", "http://user:pw@host/x", "nonsense"} {
		if _, err := s.Pull(as(t), ingest.PullIn{URL: bad}); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestWatchFolder(t *testing.T) {
	folder := t.TempDir()
	s := open(t, t.TempDir(), func(d *ingest.Deps) { d.Watch = []ingest.Watch{{Path: folder, Tenant: "main"}} })
	data, err := os.ReadFile(film2s(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "day 1"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"day 1/film.mp4": data, ".hidden.mp4": data[:99], "coming.mp4.part": data[:50]} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var jobs []ingest.Job
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end) && len(jobs) == 0; time.Sleep(100 * time.Millisecond) {
		if jobs, err = s.Jobs(as(t), ingest.JobQuery{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(jobs) != 1 || jobs[0].Name != "film.mp4" {
		t.Fatalf("jobs %+v", jobs)
	}
	s.ended(t, jobs[0].ID)
	a, err := s.lib.Get(as(t), jobs[0].Asset)
	if err != nil || a.Fields["folder"] != "day 1" {
		t.Errorf("asset %+v %v", a, err)
	}
}
