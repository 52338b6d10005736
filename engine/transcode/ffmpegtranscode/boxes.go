package ffmpegtranscode

import (
	"encoding/binary"
	"io"
	"os"

	"showreel/fault"
)

// checkBoxes walks the top-level boxes of an ISO base media file (ISO/IEC 14496-12 §4.2), because ffprobe plays what is
// left of a cut file and does not say that some of it is missing.
func (p *prober) checkBoxes() error {
	f, err := os.Open(p.path)
	if err != nil {
		return fault.E("transcode.probe", p.name, fault.Internal, err)
	}
	defer f.Close()
	moov, cut := walkBoxes(f, p.size)
	switch {
	case cut:
		return p.say(fault.Invalid, "truncated", truncatedText)
	case !moov:
		return p.say(fault.Invalid, "no-moov", noMoovText)
	}
	return nil
}

// walkBoxes reports whether a moov box was met whole and whether a box reaches beyond the end. Trailing bytes that are no
// box are ignored, as players do.
func walkBoxes(r io.ReaderAt, size int64) (moov, cut bool) {
	const maxBoxes = 1 << 20
	var h [16]byte
	for off, n := int64(0), 0; off+8 <= size && n < maxBoxes; n++ {
		if _, err := r.ReadAt(h[:8], off); err != nil {
			return moov, true
		}
		length, kind := int64(binary.BigEndian.Uint32(h[:4])), string(h[4:8])
		switch length {
		case 0:
			length = size - off
		case 1:
			if _, err := r.ReadAt(h[8:16], off+8); err != nil {
				return moov, true
			}
			length = int64(binary.BigEndian.Uint64(h[8:16]))
		}
		if length < 8 || !boxName(kind) {
			return moov, false
		}
		if off+length > size || off+length < off {
			return moov, true
		}
		moov = moov || kind == "moov"
		off += length
	}
	return moov, false
}

func boxName(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e && s[i] != 0xa9 {
			return false
		}
	}
	return true
}
