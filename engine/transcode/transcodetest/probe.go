package transcodetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"testing"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
)

func testProbe(t *testing.T, s *transcode.Service) {
	t.Run("film", func(t *testing.T) {
		i := probe(t, s, Film(t))
		v, a := i.Main("video"), i.Main("audio")
		if i.Kind != media.Video || v == nil || a == nil {
			t.Fatalf("kind %s, streams %+v", i.Kind, i.Streams)
		}
		if v.Frames != 72 || v.Rate != (media.Rate{Num: 24, Den: 1}) || v.VFR || v.Width != 320 || v.Height != 180 || v.Duration != 3*media.Second || v.Start != 0 {
			t.Errorf("video %+v", *v)
		}
		if len(v.Keyframes) != 3 || v.Keyframes[1] != media.Second {
			t.Errorf("keyframes %v", v.Keyframes)
		}
		if a.SampleRate != 44100 || a.Channels != 1 {
			t.Errorf("audio %+v", *a)
		}
	})
	t.Run("rotation", func(t *testing.T) {
		plain := Make(t, "p.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1", "-c:v", "libx264", "-preset", "ultrafast")
		v := probe(t, s, Rotated(t, plain)).Main("video")
		if w, h := v.Shown(); v.Rotate != 90 || w != 180 || h != 320 {
			t.Errorf("rotate %d, shown %dx%d", v.Rotate, w, h)
		}
	})
	t.Run("varying rate", func(t *testing.T) {
		v := probe(t, s, VFR(t)).Main("video")
		if !v.VFR || v.Frames < 20 {
			t.Errorf("%+v", *v)
		}
	})
	t.Run("29.97 in a millisecond timebase", func(t *testing.T) {
		p := Make(t, "n.mkv", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=30000/1001:d=2", "-c:v", "libx264", "-preset", "ultrafast")
		v := probe(t, s, p).Main("video")
		if v.VFR || v.Rate != (media.Rate{Num: 30000, Den: 1001}) {
			t.Errorf("%+v", *v)
		}
	})
	testProbeShapes(t, s)
	testProbeOthers(t, s)
	t.Run("refused", func(t *testing.T) { testRefusals(t, s) })
}

func testProbeShapes(t *testing.T, s *transcode.Service) {
	t.Run("anamorphic", func(t *testing.T) {
		p := Make(t, "n.mp4", "-f", "lavfi", "-i", "testsrc2=s=720x576:r=25:d=0.2", "-vf", "setsar=64/45", "-c:v", "libx264", "-preset", "ultrafast")
		if w, h := probe(t, s, p).Main("video").Shown(); w != 1024 || h != 576 {
			t.Errorf("shown %dx%d", w, h)
		}
	})
	t.Run("audio only mp4", func(t *testing.T) {
		p := Make(t, "a.mp4", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac")
		if i := probe(t, s, p); i.Kind != media.Audio || i.Duration < media.Second*9/10 {
			t.Errorf("%+v", i)
		}
	})
	t.Run("odd size and one pixel", func(t *testing.T) {
		p := Make(t, "odd.mkv", "-f", "lavfi", "-i", "testsrc2=s=322x182:r=25:d=0.2", "-vf", "format=yuv444p,crop=321:181:0:0:exact=1", "-c:v", "ffv1")
		if v := probe(t, s, p).Main("video"); v.Width != 321 || v.Height != 181 {
			t.Errorf("%+v", *v)
		}
		if !s.Caps().Decoders["png"] {
			return // such a build says so of every PNG
		}
		p = Make(t, "one.png", "-f", "lavfi", "-i", "color=red:s=16x16", "-vf", "format=rgb24,crop=1:1:exact=1", "-frames:v", "1")
		if i := probe(t, s, p); i.Kind != media.Image || i.Main("video").Width != 1 {
			t.Errorf("%+v", i)
		}
	})
}

func testProbeOthers(t *testing.T, s *transcode.Service) {
	t.Run("chapters and timecode", func(t *testing.T) {
		marks := Write(t, "m.txt", []byte(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=Two\n"))
		p := Make(t, "c.mov", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-f", "ffmetadata", "-i", marks, "-map", "0:v", "-map_metadata", "1", "-timecode", "01:00:00:00", "-c:v", "libx264", "-preset", "ultrafast")
		i := probe(t, s, p)
		if i.Timecode != "01:00:00:00" || len(i.Chapters) != 2 || i.Chapters[1].Title != "Two" || i.Chapters[1].Range.Start != media.FromMS(500) {
			t.Errorf("%q %+v", i.Timecode, i.Chapters)
		}
	})
	t.Run("containers", func(t *testing.T) {
		for _, name := range []string{"a.avi", "a.mpg", "a.flv", "a.ts", "a.mxf", "a.ogv", "a.webm", "a.asf", "a.nut"} {
			codec := map[string][]string{"a.ogv": {"-c:v", "libtheora"}, "a.webm": {"-c:v", "libvpx", "-deadline", "realtime"}, "a.flv": {"-c:v", "flv"}}[name]
			if codec == nil {
				codec = []string{"-c:v", "mpeg2video"}
			}
			p := Make(t, name, append([]string{"-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=0.6"}, codec...)...)
			i, err := s.Probe(t.Context(), p)
			if err != nil || i.Kind != media.Video || i.Main("video").Frames < 14 || i.Main("video").Rate != (media.Rate{Num: 25, Den: 1}) {
				t.Errorf("%s: %v %+v", name, err, i.Streams)
			}
		}
	})
	t.Run("texts", func(t *testing.T) {
		i := probe(t, s, Write(t, "x.srt", []byte("1\n00:00:01,000 --> 00:00:02,500\nHello\n")))
		if i.Kind != media.Text || i.Main("subtitle") == nil || i.Duration != media.FromMS(2500) {
			t.Errorf("%+v", i)
		}
		if i := probe(t, s, Write(t, "notes.md", []byte("# Ünïcode\n"))); i.Kind != media.Text {
			t.Errorf("%+v", i)
		}
	})
}

func testRefusals(t *testing.T, s *transcode.Service) {
	film := Film(t)
	tests := []struct{ name, path, code string }{
		{"empty", Write(t, "e.mp4", nil), "empty-file"},
		{"text named mp4", Write(t, "t.mp4", []byte("hello, this is not a film\n")), "not-media"},
		{"noise", Write(t, "n.bin", bytes.Repeat([]byte{0, 7, 0x93, 0xf1, 2}, 4000)), "not-media"},
		{"truncated", Truncated(t, film, "cut.mp4"), "truncated"},
		{"truncated with the index first", Truncated(t, Make(t, "fast.mp4", "-i", film, "-c", "copy", "-movflags", "faststart"), "cut.mp4"), "truncated"},
		{"no moov", WithoutMoov(t, film), "no-moov"},
		{"no frames", Make(t, "z.mov", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-frames:v", "0", "-c:v", "libx264", "-preset", "ultrafast"), "no-frames"},
		{"hls playlist", Write(t, "p.mp4", []byte("#EXTM3U\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n")), "playlist-refused"},
		{"concat script", Write(t, "c.mkv", []byte("ffconcat version 1.0\nfile '/etc/passwd'\n")), "playlist-refused"},
		{"concat script without head", Write(t, "c.txt", []byte("file '/etc/passwd'\nfile 'b.mp4'\n")), "playlist-refused"},
		{"dash manifest", Write(t, "m.mp4", []byte(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>`)), "playlist-refused"},
		{"sdp", Write(t, "s.mp4", []byte("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n")), "playlist-refused"},
		{"picture bomb", Write(t, "bomb.png", PNGBomb(60000, 60000)), "too-many-pixels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.Probe(t.Context(), tt.path)
			if fault.CodeOf(err) != tt.code || !(fault.Is(err, fault.Invalid) || fault.Is(err, fault.Unsupported)) {
				t.Fatalf("got %v (%s), want code %s", err, fault.KindOf(err), tt.code)
			}
			if text := fault.TextOf(err); len(text) < 20 || text[len(text)-1] != '.' {
				t.Errorf("text for people: %q", text)
			}
		})
	}
}

func probe(t testing.TB, s *transcode.Service, path string) media.Info {
	t.Helper()
	i, err := s.Probe(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// VFR is 2 s whose second half has half the frames.
func VFR(t testing.TB) string {
	t.Helper()
	return Make(t, "vfr.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2", "-vf", "select=lt(n\\,30)+not(mod(n\\,3))", "-vsync", "vfr",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-g", "15")
}

// Rotated writes a 90 degree clockwise display matrix into the first track header of an MP4 (ISO/IEC 14496-12 §8.3.2).
func Rotated(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("tkhd"))
	if at < 0 {
		t.Fatal("no track header")
	}
	m := b[at+4+40:]
	for i, v := range []uint32{0, 1 << 16, 0, 0xffff0000, 0, 0, 180 << 16, 0, 1 << 30} {
		binary.BigEndian.PutUint32(m[4*i:], v)
	}
	return Write(t, "rotated.mp4", b)
}

// WithoutMoov renames the index away, as in a recording that was never finished.
func WithoutMoov(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Write(t, "nomoov.mov", b[:bytes.LastIndex(b, []byte("moov"))-4])
}

// PNGBomb is a tiny file that says it is w x h.
func PNGBomb(w, h uint32) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, body []byte) {
		all := append([]byte(kind), body...)
		_ = binary.Write(&b, binary.BigEndian, uint32(len(body)))
		b.Write(all)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(all))
	}
	head := binary.BigEndian.AppendUint32(nil, w)
	head = binary.BigEndian.AppendUint32(head, h)
	chunk("IHDR", append(head, 8, 2, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 1})
	chunk("IEND", nil)
	return b.Bytes()
}
