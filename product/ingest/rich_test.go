package ingest_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/product/ingest"
)

const srt = "1\n00:00:00,200 --> 00:00:01,500\nHello\n\n2\n00:00:02,000 --> 00:00:02,800\nBridge\n"

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryTrackOfARichSourceArrives(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	chapters := write(t, "c.txt", ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1500\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=1500\nEND=3000\ntitle=Two\n")
	film := clip(t, "rich.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30000/1001:d=3", "-f", "lavfi", "-i", "sine=440:d=3:r=48000",
		"-f", "lavfi", "-i", "aevalsrc=0.1*sin(440*t)|0.1*sin(550*t)|0|0|0|0:c=5.1:d=3", "-i", write(t, "s.srt", srt), "-i", chapters,
		"-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4", "-map_chapters", "4",
		"-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", "-metadata:s:s:0", "language=eng",
		"-c:v", "libx264", "-preset", "ultrafast", "-c:a:0", "aac", "-c:a:1", "ac3", "-c:s", "srt")
	rec := s.add(t, film, ingest.Incoming{})
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("job %+v %+v", j, j.Error)
	}
	x := s.index(t, rec.Asset, 1)
	var names []string
	for _, tr := range x.Tracks {
		names = append(names, tr.Name)
	}
	for _, want := range []string{"v180-avc", "a-en-aac64", "a-de-aac128", "a-de-aac384", "t-en"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s: %v", want, names)
		}
	}
	if wide := x.Track("a-de-aac384"); wide == nil || wide.Channels != 6 {
		t.Errorf("the wide sound is %+v", wide)
	}
	notes, err := s.lib.Annotations(as(t), media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1}, media.TrackChapter, media.TrackLoudness)
	if err != nil {
		t.Fatal(err)
	}
	chaptersSeen := 0
	for _, n := range notes {
		if n.Track == media.TrackChapter {
			chaptersSeen++
		}
	}
	if chaptersSeen != 2 || len(notes) < 3 {
		t.Errorf("two chapters and a loudness trace: %+v", notes)
	}
}

func TestTurnedFilmStandsUpright(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	flat := film2s(t)
	turned := clip(t, "turned.mp4", "-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=90")
	rec := s.add(t, turned, ingest.Incoming{})
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("job %+v", j.Error)
	}
	x := s.index(t, rec.Asset, 1)
	if v := x.Of(cmaf.KindVideo)[0]; v.Height <= v.Width {
		t.Errorf("the turned film is %dx%d", v.Width, v.Height)
	}
}

func TestSubtitleFileBecomesWebVTT(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	rec := s.add(t, write(t, "film.en.srt", srt), ingest.Incoming{})
	if j := s.ended(t, rec.Job); j.State != ingest.Done || j.Kind != string(media.Text) {
		t.Fatalf("job %+v %+v", j, j.Error)
	}
	rs, err := s.lib.Renditions(as(t), media.Ref{Tenant: "main", Asset: rec.Asset, Version: 1})
	if err != nil || len(rs) != 1 || rs[0].Role != "subtitle" {
		t.Errorf("renditions %+v %v", rs, err)
	}
}

func TestSocialAndPodcastTemplates(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	film := film2s(t)
	rec := s.add(t, film, ingest.Incoming{Template: "social-9x16"})
	if j := s.ended(t, rec.Job); j.State != ingest.Done {
		t.Fatalf("social: %+v", j.Error)
	}
	x := s.index(t, rec.Asset, 1)
	if v := x.Of(cmaf.KindVideo)[0]; v.Height*9 < v.Width*16-64 || v.Height <= v.Width {
		t.Errorf("upright film is %dx%d", v.Width, v.Height)
	}
	pod, err := s.Reprocess(as(t), rec.Asset, "audio-podcast")
	if err != nil {
		t.Fatal(err)
	}
	if j := s.ended(t, pod.ID); j.State != ingest.Done {
		t.Fatalf("podcast: %+v", j.Error)
	}
	if x := s.index(t, rec.Asset, 2); len(x.Of(cmaf.KindVideo)) != 0 || len(x.Of(cmaf.KindAudio)) != 1 {
		t.Errorf("a podcast has sound only: %+v", x.Tracks)
	}
}
