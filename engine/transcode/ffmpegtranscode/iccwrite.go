package ffmpegtranscode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"os"
)

// maxKeptICC bounds a profile that a rendition keeps, in bytes: those of displays and cameras have 0.5 to 64 KiB, and a
// larger one would weigh more than a small picture itself.
const maxKeptICC = 256 << 10

// sourceICC is the source's colour profile if its renditions can carry it. They have red, green and blue values as the
// source has them, so a profile of such values stays true; one of greys or inks would not.
func (w *work) sourceICC() []byte {
	f, err := os.Open(w.env.Source)
	if err != nil {
		return nil // ffmpeg says it better
	}
	defer f.Close()
	b := findICC(w.plan.Info.Format, bufio.NewReader(f))
	if _, ok := readICC(b); !ok || string(b[16:20]) != "RGB " {
		return nil
	}
	size := int(binary.BigEndian.Uint32(b))
	if size < 132 || size > len(b) || size > maxKeptICC {
		return nil
	}
	return b[:size]
}

// keepICC puts the source's profile into a finished rendition. Errors: Full "disk-full", Internal.
func (w *work) keepICC(path, format string) error {
	icc := w.sourceICC()
	if icc == nil {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return w.diskFault(err)
	}
	if format == "jpeg" {
		b = jpegWithICC(b, icc)
	} else {
		b = webpWithICC(b, icc)
	}
	if b == nil {
		return nil
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return w.diskFault(err)
	}
	return nil
}

// jpegWithICC puts a profile in APP2 segments behind the JFIF header, which must stay the first (ICC.1:2022 annex B.4);
// nil if b is no JPEG.
func jpegWithICC(b, icc []byte) []byte {
	const most = 65533 - 14 // of a profile in one segment
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return nil
	}
	at := 2
	if b[2] == 0xff && b[3] == 0xe0 && len(b) > 6 {
		at += 2 + int(binary.BigEndian.Uint16(b[4:]))
	}
	if at > len(b) {
		return nil
	}
	out := bytes.Clone(b[:at])
	count := (len(icc) + most - 1) / most
	for n := range count {
		part := icc[n*most : min(len(icc), (n+1)*most)]
		out = append(out, 0xff, 0xe2)
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)+16))
		out = append(append(out, "ICC_PROFILE\x00"...), byte(n+1), byte(count))
		out = append(out, part...)
	}
	return append(out, b[at:]...)
}

// Flags of a WebP's VP8X chunk (RFC 9649 section 2.7).
const (
	webpICCFlag   = 0x20
	webpAlphaFlag = 0x10
)

// webpWithICC puts a profile in an ICCP chunk behind VP8X, which a simple file is given (RFC 9649 section 2.7); nil if b is
// no WebP.
func webpWithICC(b, icc []byte) []byte {
	if len(b) < 30 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WEBP" {
		return nil
	}
	head, rest := make([]byte, 10), b[12:]
	switch string(rest[:4]) {
	case "VP8X":
		head, rest = bytes.Clone(rest[8:18]), rest[18:]
	case "VP8L":
		bits := binary.LittleEndian.Uint32(rest[9:])
		canvas(head, int(bits&0x3fff), int(bits>>14&0x3fff))
		if bits>>28&1 == 1 {
			head[0] |= webpAlphaFlag
		}
	case "VP8 ":
		canvas(head, int(binary.LittleEndian.Uint16(rest[14:])&0x3fff)-1, int(binary.LittleEndian.Uint16(rest[16:])&0x3fff)-1)
	default:
		return nil
	}
	head[0] |= webpICCFlag
	body := webpChunk([]byte("WEBP"), "VP8X", head)
	body = append(webpChunk(body, "ICCP", icc), rest...)
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)))
	return append(out, body...)
}

// canvas writes width and height, each less one, as 24-bit numbers.
func canvas(head []byte, w, h int) {
	for n := range 3 {
		head[4+n], head[7+n] = byte(w>>(8*n)), byte(h>>(8*n))
	}
}

func webpChunk(to []byte, name string, b []byte) []byte {
	to = append(binary.LittleEndian.AppendUint32(append(to, name...), uint32(len(b))), b...)
	if len(b)%2 == 1 {
		to = append(to, 0)
	}
	return to
}
