package cmaf

import (
	"bytes"
	"errors"
	"io"
	"syscall"

	"showreel/fault"
)

// PartIn is one part to join.
type PartIn struct {
	R          io.ReaderAt
	Size       int64 // bytes
	StartTicks int64 // decode time its first sample shall have; -1 keeps the time it carries
}

// Join writes the parts as one CMAF file: the first part's initialisation, then every fragment with its decode time moved
// so that the part starts at StartTicks and with sequence numbers counted from 1. Only headers change; sample bytes are
// copied. Each part starts a segment of its own. The returned track has one part without key, as Scan's.
//
// fault.Invalid if the parts' formats differ or they do not follow one another without gap or overlap (a tolerance of
// one sample), fault.Corrupt if a part is damaged.
func Join(dst io.Writer, parts []PartIn) (Track, error) {
	return join(dst, parts, 1)
}

// Retime writes one part, correct on its own, that starts at baseDecodeTicks with sequence numbers from firstSeq.
// Errors are Join's.
func Retime(dst io.Writer, src io.ReaderAt, size int64, baseDecodeTicks int64, firstSeq uint32) (Track, error) {
	return join(dst, []PartIn{{R: src, Size: size, StartTicks: baseDecodeTicks}}, firstSeq)
}

func join(dst io.Writer, parts []PartIn, seq uint32) (Track, error) {
	if len(parts) == 0 {
		return Track{}, fault.Say("cmaf.join", "", fault.Invalid, "no-parts", "There are no parts to join.")
	}
	j := joiner{dst: dst, seq: seq, copy: make([]byte, 1<<20)}
	for i, p := range parts {
		if err := j.part(i, p); err != nil {
			return Track{}, err
		}
	}
	return j.c.finish(j.at)
}

type joiner struct {
	dst   io.Writer
	at    int64 // bytes written
	seq   uint32
	c     collector
	first initInfo
	moof  []byte
	copy  []byte
}

func (j *joiner) write(b []byte) error {
	n, err := j.dst.Write(b)
	j.at += int64(n)
	if err != nil {
		return copyFault(err)
	}
	return nil
}

func copyFault(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fault.E("cmaf.join", "", fault.Full, err)
	}
	return fault.E("cmaf.join", "", "", err)
}

func (j *joiner) part(i int, p PartIn) error {
	fresh, shift := true, int64(0)
	return walk(p.R, p.Size, func(raw []byte, x initInfo) error {
		if i == 0 {
			j.first = x
			j.first.stsd = bytes.Clone(x.stsd)
			j.c.begin(raw, x)
			return j.write(raw)
		}
		return j.same(x)
	}, func(f *fragment, moof []byte, at, size int64) error {
		if fresh {
			fresh, j.c.split = false, true
			if p.StartTicks >= 0 {
				shift = p.StartTicks - int64(f.decode)
			}
			if err := j.follows(i, int64(f.decode)+shift, f); err != nil {
				return err
			}
		}
		f.decode = uint64(int64(f.decode) + shift)
		f.seq = j.seq
		j.seq++
		f.track = j.first.trackID
		start := j.at
		if err := j.fragment(f, moof, p.R, at, size); err != nil {
			return err
		}
		return j.c.add(f, start, j.at-start)
	})
}

// same refuses a part whose sample description differs from the first's. The bit rate box says nothing about decoding.
func (j *joiner) same(x initInfo) error {
	if x.timescale != j.first.timescale || x.trackID != j.first.trackID || x.codec != j.first.codec || x.trex != j.first.trex ||
		!bytes.Equal(withoutBitRate(x.stsd), withoutBitRate(j.first.stsd)) {
		return fault.Say("cmaf.join", "", fault.Invalid, "parts-differ",
			"The parts were encoded with different settings (%s and %s) and cannot play as one.", j.first.codec, x.codec)
	}
	return nil
}

// withoutBitRate returns the stsd with the body of a btrt box set to zero.
func withoutBitRate(stsd []byte) []byte {
	b := bytes.Clone(stsd)
	if i := bytes.Index(b, []byte("btrt")); i >= 0 && len(b) >= i+16 {
		clear(b[i+4 : i+16])
	}
	return b
}

func (j *joiner) follows(i int, start int64, f *fragment) error {
	if start < 0 {
		return fault.Say("cmaf.join", "", fault.Invalid, "parts-overlap", "Part %d would start before zero.", i+1)
	}
	if i == 0 {
		return nil
	}
	gap, frame := start-j.c.end, int64(f.samples[0].duration)
	if gap < 0 || gap > frame {
		return fault.Say("cmaf.join", "", fault.Invalid, "parts-gap",
			"Part %d starts at tick %d, but the part before it ends at %d; encode the part again.", i+1, start, j.c.end)
	}
	return nil
}

// fragment writes the moof with new time and sequence number, and copies the mdat.
func (j *joiner) fragment(f *fragment, moof []byte, src io.ReaderAt, at, size int64) error {
	mdat := io.NewSectionReader(src, at+int64(f.moofSize), size-int64(f.moofSize))
	if f.wide {
		j.moof = append(j.moof[:0], moof...)
		be.PutUint32(j.moof[f.seqAt:], f.seq)
		be.PutUint64(j.moof[f.decodeAt:], f.decode)
	} else {
		if !f.contiguous() {
			return fault.Say("cmaf.join", "", fault.Unsupported, "scattered", "Fragments with 32-bit times and scattered samples cannot be joined.")
		}
		lead := int(f.samples[0].off) - f.moofSize
		j.moof = appendMoof(j.moof[:0], f.seq, f.track, f.decode, f.samples, lead, nil)
	}
	if err := j.write(j.moof); err != nil {
		return err
	}
	n, err := io.CopyBuffer(plainWriter{j.dst}, mdat, j.copy)
	j.at += n
	if err != nil {
		return copyFault(err)
	}
	if n != mdat.Size() {
		return corrupt("cmaf.join", "it is cut off inside an mdat")
	}
	return nil
}

// plainWriter hides ReadFrom so that CopyBuffer uses the buffer it is given.
type plainWriter struct{ io.Writer }
