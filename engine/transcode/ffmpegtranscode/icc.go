package ffmpegtranscode

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxICC bounds an embedded profile; printers' profiles reach 2 MiB.
const maxICC = 4 << 20

// The tags under which a picture's colour profile is noted beside its EXIF fields.
const (
	tagProfile   = "ICCProfile" // the profile's own description
	tagWideGamut = "WideGamut"  // "true" where its primaries enclose clearly more than sRGB's
)

// profile is what an ICC profile (ICC.1:2022) says of itself.
type profile struct {
	name string
	wide bool
}

// findICC takes the profile out of a JPEG, PNG or WebP, nil where there is none.
func findICC(format string, r io.Reader) []byte {
	switch format {
	case "jpeg":
		return jpegICC(r)
	case "png":
		return pngICC(r)
	case "webp":
		return webpICC(r)
	}
	return nil
}

// jpegICC joins the APP2 segments "ICC_PROFILE" by their numbers (ICC.1 annex B.4).
func jpegICC(r io.Reader) []byte {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil || head[0] != 0xff || head[1] != 0xd8 {
		return nil
	}
	type part struct {
		n    byte
		data []byte
	}
	var parts []part
	total := 0
	for total <= maxICC {
		if _, err := io.ReadFull(r, head[:]); err != nil || head[0] != 0xff || head[1] == 0xda || head[1] == 0xd9 {
			break
		}
		n := int(binary.BigEndian.Uint16(head[2:])) - 2
		if n < 0 {
			break
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			break
		}
		if rest, ok := bytes.CutPrefix(b, []byte("ICC_PROFILE\x00")); ok && head[1] == 0xe2 && len(rest) > 2 {
			parts = append(parts, part{rest[0], rest[2:]})
			total += len(rest)
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return int(a.n) - int(b.n) })
	var out []byte
	for _, p := range parts {
		out = append(out, p.data...)
	}
	return out
}

// pngICC inflates the iCCP chunk, which comes before the pixels.
func pngICC(r io.Reader) []byte {
	if _, err := io.CopyN(io.Discard, r, 8); err != nil {
		return nil
	}
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil
		}
		n, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		if kind == "IDAT" || kind == "IEND" || n > maxICC && kind == "iCCP" {
			return nil
		}
		if kind != "iCCP" {
			if _, err := io.CopyN(io.Discard, r, n+4); err != nil {
				return nil
			}
			continue
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil
		}
		_, packed, ok := bytes.Cut(b, []byte{0})
		if !ok || len(packed) < 2 {
			return nil
		}
		z, err := zlib.NewReader(bytes.NewReader(packed[1:]))
		if err != nil {
			return nil
		}
		out, _ := io.ReadAll(io.LimitReader(z, maxICC)) // a cut profile still has its head
		return out
	}
}

func webpICC(r io.Reader) []byte {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil
	}
	for {
		var c [8]byte
		if _, err := io.ReadFull(r, c[:]); err != nil {
			return nil
		}
		n := int64(binary.LittleEndian.Uint32(c[4:]))
		if string(c[:4]) == "ICCP" && n <= maxICC {
			out, _ := io.ReadAll(io.LimitReader(r, n)) // a cut profile still has its head
			return out
		}
		if _, err := io.CopyN(io.Discard, r, n+n&1); err != nil {
			return nil
		}
	}
}

// srgbArea is the area of sRGB's triangle in CIE xy, adapted to D50 as in a profile; one a tenth larger counts as wide.
// Display P3 has 1.32 times, Adobe RGB 1.34 times that area.
const (
	srgbArea  = 0.1091
	wideShare = 1.1
)

// readICC reads description and primaries; ok is false where it is no profile.
func readICC(b []byte) (p profile, ok bool) {
	if len(b) < 132 || string(b[36:40]) != "acsp" {
		return p, false
	}
	count := int(min(binary.BigEndian.Uint32(b[128:]), 200))
	tags := map[string][]byte{}
	for n := range count {
		at := 132 + 12*n
		if at+12 > len(b) {
			break
		}
		off, size := uint64(binary.BigEndian.Uint32(b[at+4:])), uint64(binary.BigEndian.Uint32(b[at+8:]))
		if off+size <= uint64(len(b)) {
			tags[string(b[at:at+4])] = b[off : off+size]
		}
	}
	p.name = iccText(tags["desc"])
	var xy [3][2]float64
	for n, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		t := tags[name]
		if len(t) < 20 {
			return p, true
		}
		x, y, z := s15(t[8:]), s15(t[12:]), s15(t[16:])
		if sum := x + y + z; sum > 0 {
			xy[n] = [2]float64{x / sum, y / sum}
		}
	}
	area := math.Abs((xy[1][0]-xy[0][0])*(xy[2][1]-xy[0][1])-(xy[2][0]-xy[0][0])*(xy[1][1]-xy[0][1])) / 2
	p.wide = area > wideShare*srgbArea
	return p, true
}

// s15 is an s15Fixed16Number.
func s15(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// iccText reads a description: textDescriptionType of version 2, multiLocalizedUnicodeType of version 4.
func iccText(b []byte) string {
	text := ""
	switch {
	case len(b) >= 12 && string(b[:4]) == "desc":
		n := min(uint64(binary.BigEndian.Uint32(b[8:])), uint64(len(b)-12))
		text = string(b[12 : 12+n])
	case len(b) >= 28 && string(b[:4]) == "mluc":
		n, off := uint64(binary.BigEndian.Uint32(b[20:])), uint64(binary.BigEndian.Uint32(b[24:]))
		if off+n <= uint64(len(b)) {
			var units []uint16
			for at := off; at+1 < off+n; at += 2 {
				units = append(units, binary.BigEndian.Uint16(b[at:]))
			}
			text = string(utf16.Decode(units))
		}
	}
	text = strings.TrimRight(strings.ToValidUTF8(text, ""), "\x00 ")
	if utf8.RuneCountInString(text) > 200 {
		text = string([]rune(text)[:200])
	}
	return text
}
