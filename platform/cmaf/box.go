package cmaf

import (
	"encoding/binary"

	"showreel/fault"
)

// Limits on what is read. They bound memory, not what is reasonable to encode.
const (
	MaxInit      = 4 << 20   // bytes of ftyp + moov
	MaxMoof      = 8 << 20   // bytes of one moof
	MaxSegment   = 512 << 20 // bytes of one segment
	maxSamples   = 1 << 19   // samples of one fragment
	maxImplied   = 1 << 14   // samples of a fragment that states nothing about each: a few bytes must not cost much work
	maxFragments = 1 << 21   // fragments of one track
	maxSegments  = 1 << 20   // segments of one track
)

var be = binary.BigEndian

// fourCC is a box type.
type fourCC = string

// box is one box inside a byte slice: b is the whole box, body what follows its header.
type box struct {
	kind fourCC
	b    []byte
	body []byte
	off  int // of b in the slice that was iterated
}

func corrupt(op, what string) error {
	return fault.Say(op, "", fault.Corrupt, "bad-mp4", "This is not a sound fragmented MP4 file: %s.", what)
}

// nextBox reads the box at off. Sizes of 0 (to the end) and 1 (64 bit) are understood.
func nextBox(b []byte, off int) (box, error) {
	if len(b)-off < 8 {
		return box{}, corrupt("cmaf.box", "a box header is cut off")
	}
	n, head := uint64(be.Uint32(b[off:])), 8
	switch n {
	case 0:
		n = uint64(len(b) - off)
	case 1:
		if len(b)-off < 16 {
			return box{}, corrupt("cmaf.box", "a box header is cut off")
		}
		n, head = be.Uint64(b[off+8:]), 16
	}
	if n < uint64(head) || n > uint64(len(b)-off) {
		return box{}, corrupt("cmaf.box", "a box is larger than its parent")
	}
	whole := b[off : off+int(n)]
	return box{kind: string(whole[4:8]), b: whole, body: whole[head:], off: off}, nil
}

// eachBox calls fn for every box of b in order.
func eachBox(b []byte, fn func(box) error) error {
	for off := 0; off < len(b); {
		x, err := nextBox(b, off)
		if err != nil {
			return err
		}
		if err := fn(x); err != nil {
			return err
		}
		off += len(x.b)
	}
	return nil
}

// find returns the first box on the path below b, kind "" when there is none.
func find(b []byte, path ...fourCC) box {
	var hit box
	for off := 0; off < len(b); {
		x, err := nextBox(b, off)
		if err != nil {
			return box{}
		}
		if x.kind == path[0] {
			hit = x
			break
		}
		off += len(x.b)
	}
	if hit.kind == "" || len(path) == 1 {
		return hit
	}
	return find(hit.body, path[1:]...)
}

// reader reads big-endian fields and remembers whether it ran out.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || len(r.b) < n {
		r.bad = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() uint8 {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if v := r.take(2); v != nil {
		return be.Uint16(v)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if v := r.take(4); v != nil {
		return be.Uint32(v)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if v := r.take(8); v != nil {
		return be.Uint64(v)
	}
	return 0
}

// full reads the version and flags of a full box.
func (r *reader) full() (version uint8, flags uint32) {
	v := r.u32()
	return uint8(v >> 24), v & 0xffffff
}

// startBox appends a box header with a size to be set by endBox and returns its position.
func startBox(dst []byte, kind fourCC) ([]byte, int) {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, kind...), at
}

func endBox(dst []byte, at int) { be.PutUint32(dst[at:], uint32(len(dst)-at)) }

func put16(dst []byte, v uint16) []byte { return be.AppendUint16(dst, v) }
func put32(dst []byte, v uint32) []byte { return be.AppendUint32(dst, v) }
func put64(dst []byte, v uint64) []byte { return be.AppendUint64(dst, v) }

// appendBox appends a whole box.
func appendBox(dst []byte, kind fourCC, body ...[]byte) []byte {
	dst, at := startBox(dst, kind)
	for _, b := range body {
		dst = append(dst, b...)
	}
	endBox(dst, at)
	return dst
}
