package ffmpegtranscode_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/engine/transcode/transcodetest"
)

var (
	displayP3 = [9]float64{0.51512, 0.24120, -0.00105, 0.29198, 0.69225, 0.04189, 0.15710, 0.06657, 0.78407}
	sRGB      = [9]float64{0.43607, 0.22249, 0.01392, 0.38515, 0.71687, 0.09708, 0.14307, 0.06061, 0.71410}
)

// iccOf is a version 2 profile with a description and primaries.
func iccOf(name string, primaries [9]float64) []byte {
	desc := append([]byte("desc\x00\x00\x00\x00"), 0, 0, 0, byte(len(name)+1))
	desc = append(append(desc, name...), 0)
	for len(desc)%4 != 0 {
		desc = append(desc, 0)
	}
	head := make([]byte, 128)
	copy(head[8:], "\x02\x10\x00\x00mntrRGB XYZ ")
	copy(head[36:], "acsp")
	out := binary.BigEndian.AppendUint32(head, 4)
	at := uint32(128 + 4 + 4*12)
	for n, tag := range []string{"desc", "rXYZ", "gXYZ", "bXYZ"} {
		size := uint32(20)
		if n == 0 {
			size = uint32(len(desc))
		}
		out = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(append(out, tag...), at), size)
		at += size
	}
	out = append(out, desc...)
	for n := range 3 {
		out = append(out, "XYZ \x00\x00\x00\x00"...)
		for _, v := range primaries[3*n : 3*n+3] {
			out = binary.BigEndian.AppendUint32(out, uint32(int32(v*65536)))
		}
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

func segment(marker byte, body string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
}

// dressed puts an orientation of 6, a maker, an XMP packet and a colour profile in two parts into a JPEG.
func dressed(jpeg, icc []byte) []byte {
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02" + "\x01\x0f\x00\x02\x00\x00\x00\x04Ada\x00" + "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00" + "\x00\x00\x00\x00"
	xmp := "http://ns.adobe.com/xap/1.0/\x00" + `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Darkroom 2"/></rdf:RDF></x:xmpmeta>`
	out := []byte{0xff, 0xd8}
	out = append(out, segment(0xe1, exif)...)
	out = append(out, segment(0xe1, xmp)...)
	half := len(icc) / 2
	out = append(out, segment(0xe2, "ICC_PROFILE\x00\x02\x02"+string(icc[half:]))...)
	out = append(out, segment(0xe2, "ICC_PROFILE\x00\x01\x02"+string(icc[:half]))...)
	return append(out, jpeg[2:]...)
}

func TestPicturesKeepTheirMetadata(t *testing.T) {
	s := transcode.New(open(t))
	plain, err := os.ReadFile(transcodetest.Make(t, "p.jpg", "-f", "lavfi", "-i", "testsrc2=s=64x32", "-frames:v", "1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		primaries [9]float64
		wide      string
	}{{"Display P3", displayP3, "true"}, {"sRGB IEC61966-2.1", sRGB, ""}} {
		src := transcodetest.Write(t, "dressed.jpg", dressed(plain, iccOf(c.name, c.primaries)))
		info, err := s.Probe(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{"Orientation": "6", "Make": "Ada", "CreatorTool": "Darkroom 2", "ICCProfile": c.name, "WideGamut": c.wide} {
			if got := info.Tags[key]; got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, key, got, want)
			}
		}
		if v := info.Main("video"); v.Rotate != 90 {
			t.Errorf("it is turned by %d degrees, want 90", v.Rotate)
		}
	}
}

// TestRenditionsKeepTheProfile makes a JPEG and a WebP of a wide-gamut picture and reads the profile out of each, byte by
// byte, and the picture itself, with another reader than the one that wrote it.
func TestRenditionsKeepTheProfile(t *testing.T) {
	d := open(t)
	s := transcode.New(d)
	plain, err := os.ReadFile(transcodetest.Make(t, "p.jpg", "-f", "lavfi", "-i", "testsrc2=s=64x32", "-frames:v", "1"))
	if err != nil {
		t.Fatal(err)
	}
	grey := iccOf("Grey", sRGB)
	copy(grey[16:], "GRAY")
	large := append(iccOf("Display P3", displayP3), make([]byte, 100_001)...)
	binary.BigEndian.PutUint32(large, uint32(len(large)))
	for _, c := range []struct {
		name      string
		icc, want []byte
	}{{"wide", iccOf("Display P3", displayP3), iccOf("Display P3", displayP3)}, {"two segments", large, large}, {"of greys", grey, nil}, {"cut", large[:5000], nil}} {
		t.Run(c.name, func(t *testing.T) {
			src := transcodetest.Write(t, "dressed.jpg", dressed(plain, c.icc))
			info, err := s.Probe(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			p := transcode.Plan{Info: info, Images: []transcode.ImageOut{{Name: "i-jpeg", Format: "jpeg", MaxW: 64, MaxH: 64}}}
			if d.Caps().Encoders["libwebp"] {
				p.Images = append(p.Images, transcode.ImageOut{Name: "i-webp", Format: "webp", MaxW: 64, MaxH: 64}, transcode.ImageOut{Name: "i-tiny", Format: "webp", MaxW: 15, MaxH: 15})
			}
			tasks, err := s.Split(p, strings.Repeat("5e", 32))
			if err != nil {
				t.Fatal(err)
			}
			for n, task := range tasks {
				res, err := s.Run(t.Context(), p, task, transcode.Env{Source: src, WorkDir: filepath.Join(t.TempDir(), "work")})
				if err != nil {
					t.Fatal(err)
				}
				carries(t, res.Files[0], p.Images[n], c.want)
			}
		})
	}
}

// carries checks the profile of a rendition and that it still decodes at its size, upright.
func carries(t *testing.T, f transcode.File, want transcode.ImageOut, icc []byte) {
	t.Helper()
	b, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	if got := ffmpegtranscode.FindICC(want.Format, b); !bytes.Equal(got, icc) {
		t.Errorf("%s carries a profile of %d bytes, want %d", want.Name, len(got), len(icc))
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", want.Name, err)
	}
	if size := img.Bounds().Size(); size.X != want.MaxW/2 && size.X != (want.MaxW+1)/2 || size.Y != want.MaxH || f.Bytes != int64(len(b)) {
		t.Errorf("%s is %v and %d bytes, said %d", want.Name, size, len(b), f.Bytes)
	}
	if out, err := exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", f.Path, "-f", "null", "-").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s: ffmpeg says %v %s", want.Name, err, out)
	}
}

func TestProfileOfPNGAndWebP(t *testing.T) {
	icc := iccOf("Display P3", displayP3)
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(icc); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	chunk := append([]byte("iCCPp3\x00\x00"), packed.Bytes()...)
	png := append([]byte("\x89PNG\r\n\x1a\n"), binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4))...)
	png = binary.BigEndian.AppendUint32(append(png, chunk...), crc32.ChecksumIEEE(chunk))
	webp := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00"), make([]byte, 10)...)
	webp = append(binary.LittleEndian.AppendUint32(append(webp, "ICCP"...), uint32(len(icc))), icc...)
	for format, b := range map[string][]byte{"png": png, "webp": webp} {
		if name, wide, ok := ffmpegtranscode.ICC(format, b); !ok || !wide || name != "Display P3" {
			t.Errorf("%s: %q wide %v found %v", format, name, wide, ok)
		}
	}
}

func FuzzICC(f *testing.F) {
	icc := iccOf("Display P3", displayP3)
	f.Add("jpeg", dressed([]byte{0xff, 0xd8, 0xff, 0xd9}, icc))
	f.Add("webp", append([]byte("RIFF\x00\x00\x00\x00WEBPICCP\x00\x01\x00\x00"), icc...))
	f.Add("png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x04iCCPa\x00\x00"))
	f.Fuzz(func(t *testing.T, format string, b []byte) {
		if name, _, _ := ffmpegtranscode.ICC(format, b); len(name) > 800 {
			t.Errorf("a name of %d bytes", len(name))
		}
	})
}
