package ffmpegtranscode_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"os"
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
