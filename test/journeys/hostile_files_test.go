package journeys_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showreel/test/world"
)

// bad is one file that somebody may send.
type bad struct {
	name string
	body []byte
	want wanted
}

// sendAll uploads the files, lets the house work on all of them at once, and compares.
func sendAll(t *testing.T, files []bad, patience time.Duration) *world.Server {
	t.Helper()
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	on := make([]arrived, len(files))
	for n, f := range files {
		on[n] = upload(t, s, f.name, f.body)
	}
	for n, f := range files {
		cameTo(t, s, f.name, on[n], f.want, patience)
	}
	if err := s.JSON(t.Context(), "GET", "/readyz", nil, nil); err != nil {
		t.Errorf("after all of it: %v", err)
	}
	leftovers(t, s)
	return s
}

// leftovers wants no working files once every job has ended; the last are wiped just after it has.
func leftovers(t *testing.T, s *world.Server) {
	t.Helper()
	var left []string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		left = nil
		for _, dir := range []string{"jobs", "uploads", "arriving"} {
			found, err := filepath.Glob(filepath.Join(s.Data, "tmp", "ingest", dir, "*"))
			if err != nil {
				t.Fatal(err)
			}
			left = append(left, found...)
		}
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("left behind: %q", left)
}

// ffmpeg runs the program into a file of the test's folder and returns its bytes.
func ffmpeg(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if out, err := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-y", "-v", "error"}, args...), path)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// box is one top-level box of an ISO base media file.
type box struct {
	kind string
	body []byte // with its header
}

func boxes(t *testing.T, file []byte) (out []box) {
	t.Helper()
	for len(file) >= 8 {
		n := int(binary.BigEndian.Uint32(file))
		if n < 8 || n > len(file) {
			t.Fatalf("a box of %d bytes", n)
		}
		out = append(out, box{string(file[4:8]), file[:n]})
		file = file[n:]
	}
	return out
}

// only keeps the boxes of the named kinds.
func only(t *testing.T, file []byte, kinds ...string) (out []byte) {
	t.Helper()
	for _, b := range boxes(t, file) {
		for _, k := range kinds {
			if b.kind == k {
				out = append(out, b.body...)
			}
		}
	}
	return out
}

func TestBrokenFilms(t *testing.T) {
	t.Parallel()
	moving := []string{"-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=1", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"}
	plain := ffmpeg(t, "plain.mp4", moving...)
	quick := ffmpeg(t, "quick.mp4", append(moving, "-movflags", "+faststart")...)
	movie := ffmpeg(t, "movie.mov", moving...)
	pieces := ffmpeg(t, "pieces.mp4", append(moving, "-movflags", "+empty_moov+frag_keyframe")...)
	mkv := ffmpeg(t, "film.mkv", moving...)
	sound := ffmpeg(t, "sound.mp4", "-f", "lavfi", "-i", "sine=frequency=330:duration=2", "-c:a", "aac")
	odd := ffmpeg(t, "odd.mkv", "-f", "lavfi", "-i", "testsrc2=size=161x91:rate=25:duration=1", "-c:v", "ffv1", "-pix_fmt", "yuv444p")
	dot := ffmpeg(t, "dot.mkv", "-f", "lavfi", "-i", "color=red:size=4x4:rate=25:duration=1", "-vf", "format=gray,crop=1:1:0:0:exact=1", "-c:v", "ffv1")
	wide := ffmpeg(t, "wide.mkv", "-f", "lavfi", "-i", "color=red:size=16384x4096:rate=1:duration=1", "-c:v", "ffv1", "-pix_fmt", "gray")
	sendAll(t, []bad{
		{"text.mp4", []byte(strings.Repeat("this is no film\n", 50)), wanted{code: "not-media"}},
		{"one-byte.mp4", []byte{0}, wanted{code: "not-media"}},
		{"zeros.mov", make([]byte, 64<<10), wanted{code: "not-media"}},
		{"noise.mkv", []byte(strings.Repeat("\x1a\x45\xdf\xa3\x00\xff\x13", 900)), wanted{code: "not-media"}},
		{"cut-in-half.mp4", quick[:len(quick)/2], wanted{code: "truncated"}},
		{"cut-before-moov.mp4", plain[:len(plain)/2], wanted{code: "truncated"}},
		{"cut-in-the-head.mp4", quick[:200], wanted{code: "truncated"}},
		{"without-moov.mov", only(t, movie, "ftyp", "wide", "mdat"), wanted{code: "no-moov"}},
		{"without-frames.mp4", only(t, pieces, "ftyp", "moov"), wanted{code: "no-frames"}},
		{"only-a-head.mkv", mkv[:600], wanted{code: "no-frames"}},
		{"sound.mp4", sound, wanted{kind: "audio"}},
		{"odd.mkv", odd, wanted{kind: "video"}},
		{"dot.mkv", dot, wanted{kind: "video"}},
		{"wide.mkv", wide, wanted{code: "too-many-pixels"}},
	}, time.Minute)
}

func TestPlaylistsPosingAsMedia(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("canary of the host"), 0o600); err != nil {
		t.Fatal(err)
	}
	m3u8 := "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://" + secret + "\n#EXT-X-ENDLIST\n"
	refused := wanted{code: "playlist-refused"}
	sendAll(t, []bad{
		{"list.m3u8", []byte(m3u8), refused},
		{"list.mp4", []byte(m3u8 + " "), refused},
		{"list.txt", []byte("\ufeff\n \t" + m3u8), refused},
		{"list.srt", []byte(m3u8 + "  "), refused},
		{"list.jpg", []byte("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nconcat:http://127.0.0.1:1/x|file://" + secret + "\n"), refused},
		{"script.mp4", []byte("ffconcat version 1.0\nfile " + secret + "\n"), refused},
		{"script.txt", []byte("file '" + secret + "'\n"), refused},
		{"comment.mp4", []byte("# a comment first\nfile '" + secret + "'\n"), wanted{code: "not-media"}},
		{"comment.txt", []byte("# a comment first\nfile '" + secret + "'\n "), wanted{kind: "text"}}, // kept as the text it is
		{"scheme.ffconcat", []byte("# nothing\n\nfile " + secret + "\n"), refused},
		{"manifest.mpd", []byte(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file://` + secret + `</BaseURL></MPD>`), refused},
		{"manifest.xml", []byte(`<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file://` + secret + `</BaseURL></MPD>`), refused},
		{"session.sdp", []byte("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\n"), refused},
		{"list.pls", []byte("[playlist]\nFile1=" + secret + "\nNumberOfEntries=1\n"), refused},
		{"drawing.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><image href="file://` + secret + `"/></svg>`), wanted{code: "not-media"}},
		{"page.mp4", []byte("<html><body>404 not found</body></html>\n"), wanted{code: "not-media"}},
	}, time.Minute)
}

func TestPicturesOfEverySize(t *testing.T) {
	t.Parallel()
	sendAll(t, []bad{
		{"dot.png", picture(t, 1, 1), wanted{kind: "image"}},
		{"dot.gif", dotGIF(t), wanted{kind: "image"}},
		{"strip.png", picture(t, 16384, 3), wanted{kind: "image"}},
		{"column.png", picture(t, 3, 16384), wanted{kind: "image"}},
		{"odd.png", picture(t, 801, 601), wanted{kind: "image"}},
		{"bomb-16k.png", bombPNG(16384, 16384, nil), wanted{code: "too-many-pixels"}},
		{"bomb-65k.png", bombPNG(65535, 65535, nil), wanted{code: "too-many-pixels"}},
		{"bomb.gif", []byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02D\x01\x00;"), wanted{code: "too-many-pixels"}},
		{"bomb.jpg", bombJPEG(65500, 65500), wanted{code: "too-many-pixels"}},
		{"bomb.bmp", bombBMP(100_000, 100_000), wanted{code: "too-many-pixels"}},
		{"inflating.png", bombPNG(64, 64, make([]byte, 64<<20)), wanted{kind: "image"}},
		{"text-bomb.png", textBomb(picture(t, 8, 8), 64<<20), wanted{kind: "image"}},
		{"half.png", picture(t, 400, 300)[:900], wanted{code: "not-media"}},
		{"head.jpg", []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"), wanted{code: "not-media"}},
	}, time.Minute)
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), uint8(x * y >> 6), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func dotGIF(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.Black, color.White}), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chunk is a chunk of a PNG (ISO/IEC 15948 §5.3).
func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// deflated is data as zlib packs it best.
func deflated(data []byte) []byte {
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevel(&b, zlib.BestCompression) // the level exists
	_, _ = z.Write(data)                                  // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// bombPNG promises a picture of any size and holds the pixels given, or 1 KiB of them.
func bombPNG(w, h uint32, pixels []byte) []byte {
	if pixels == nil {
		pixels = make([]byte, 1<<10)
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 0, 0, 0, 0))...)
	return append(append(out, chunk("IDAT", deflated(pixels))...), chunk("IEND", nil)...)
}

// textBomb puts a text of so many bytes, packed, before the pixels.
func textBomb(good []byte, bytes int) []byte {
	const head = 8 + 25 // signature and IHDR
	bomb := chunk("zTXt", append([]byte("Comment\x00\x00"), deflated(make([]byte, bytes))...))
	return append(append(append([]byte{}, good[:head]...), bomb...), good[head:]...)
}

func bombJPEG(w, h uint16) []byte {
	sof := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{8}, h), w)
	sof = append(sof, 1, 1, 0x11, 0)
	out := append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xc0\x00"), byte(2+len(sof)))
	return append(append(out, sof...), "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9"...)
}

func bombBMP(w, h uint32) []byte {
	out := append([]byte("BM"), make([]byte, 12)...)
	binary.LittleEndian.PutUint32(out[10:], 54)
	out = binary.LittleEndian.AppendUint32(out, 40)
	out = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, w), h)
	out = append(out, 1, 0, 24, 0)
	return append(out, make([]byte, 24+64)...)
}
