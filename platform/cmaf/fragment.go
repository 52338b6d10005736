package cmaf

import "showreel/fault"

// sample is one access unit of a fragment.
type sample struct {
	size, duration, flags uint32
	cts                   int32 // composition offset, ticks
	off                   int64 // of its bytes, from the start of the moof
}

// Sample flags of ISO/IEC 14496-12 §8.8.3.1.
const (
	flagNonSync    = 0x00010000
	flagsSync      = 0x02000000 // depends on no other
	flagsDependent = 0x01010000
)

func (s sample) sync() bool { return s.flags&flagNonSync == 0 }

// fragment is one parsed moof.
type fragment struct {
	seq      uint32
	track    uint32
	decode   uint64 // base decode time
	samples  []sample
	moofSize int
	seqAt    int  // of the sequence number in the moof
	decodeAt int  // of the base decode time in the moof
	wide     bool // 64-bit base decode time
	duration int64
	bytes    int64 // sum of sample sizes
}

// contiguous reports whether the samples lie one after the other.
func (f *fragment) contiguous() bool {
	at := f.samples[0].off
	for _, s := range f.samples {
		if s.off != at {
			return false
		}
		at += int64(s.size)
	}
	return true
}

// parseMoof reads one moof with one traf. The samples are appended to f.samples[:0], so that a caller may reuse f.
func parseMoof(b []byte, def trexDefaults, f *fragment) error {
	*f = fragment{samples: f.samples[:0], moofSize: len(b), decodeAt: -1}
	moof, err := nextBox(b, 0)
	if err != nil {
		return err
	}
	head, trafs := len(moof.b)-len(moof.body), 0
	err = eachBox(moof.body, func(c box) error {
		switch c.kind {
		case "mfhd":
			if len(c.body) < 8 {
				return corrupt("cmaf.moof", "its fragment header is cut off")
			}
			f.seq, f.seqAt = be.Uint32(c.body[4:]), head+c.off+(len(c.b)-len(c.body))+4
		case "traf":
			trafs++
			if trafs > 1 {
				return fault.Say("cmaf.moof", "", fault.Unsupported, "one-track", "A CMAF fragment holds exactly one track; this one holds more.")
			}
			return f.traf(c.body, head+c.off+len(c.b)-len(c.body), def)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if f.seqAt == 0 || f.decodeAt < 0 || len(f.samples) == 0 {
		return corrupt("cmaf.moof", "a fragment has no header, no decode time or no samples")
	}
	return nil
}

func (f *fragment) traf(b []byte, at int, def trexDefaults) error {
	var next int64 = -1
	return eachBox(b, func(c box) error {
		r := reader{b: c.body}
		switch c.kind {
		case "tfhd":
			_, flags := r.full()
			f.track = r.u32()
			if flags&1 != 0 {
				return fault.Say("cmaf.moof", "", fault.Unsupported, "base-offset", "Fragments with absolute data offsets are not CMAF; write them with default_base_moof.")
			}
			if flags&2 != 0 {
				r.u32()
			}
			if flags&8 != 0 {
				def.duration = r.u32()
			}
			if flags&0x10 != 0 {
				def.size = r.u32()
			}
			if flags&0x20 != 0 {
				def.flags = r.u32()
			}
		case "tfdt":
			v, _ := r.full()
			f.decodeAt = at + c.off + (len(c.b) - len(c.body)) + 4
			if f.wide = v == 1; f.wide {
				f.decode = r.u64()
			} else {
				f.decode = uint64(r.u32())
			}
			if f.decode > 1<<62 {
				return corrupt("cmaf.moof", "a decode time is out of range")
			}
		case "trun":
			return f.trun(&r, def, &next)
		}
		if r.bad {
			return corrupt("cmaf.moof", "a fragment header is cut off")
		}
		return nil
	})
}

func (f *fragment) trun(r *reader, def trexDefaults, next *int64) error {
	version, flags := r.full()
	count := int64(r.u32())
	if count > maxSamples || len(f.samples)+int(count) > maxSamples {
		return corrupt("cmaf.moof", "a fragment claims too many samples")
	}
	if flags&1 != 0 {
		*next = int64(int32(r.u32()))
	}
	if *next < 0 {
		return corrupt("cmaf.moof", "a fragment does not say where its data is")
	}
	first, hasFirst := uint32(0), flags&4 != 0
	if hasFirst {
		first = r.u32()
	}
	width := int64(0)
	for _, bit := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if flags&bit != 0 {
			width += 4
		}
	}
	if width == 0 && count > maxImplied {
		return corrupt("cmaf.moof", "a fragment claims too many samples")
	}
	if r.bad || width*count > int64(len(r.b)) {
		return corrupt("cmaf.moof", "a sample table is cut off")
	}
	for i := range count {
		s := sample{size: def.size, duration: def.duration, flags: def.flags, off: *next}
		if flags&0x100 != 0 {
			s.duration = r.u32()
		}
		if flags&0x200 != 0 {
			s.size = r.u32()
		}
		if flags&0x400 != 0 {
			s.flags = r.u32()
		} else if hasFirst && i == 0 {
			s.flags = first
		}
		if flags&0x800 != 0 {
			v := r.u32()
			if version == 0 && v > 1<<31-1 {
				return corrupt("cmaf.moof", "a composition offset is out of range")
			}
			s.cts = int32(v)
		}
		*next += int64(s.size)
		f.duration += int64(s.duration)
		f.bytes += int64(s.size)
		f.samples = append(f.samples, s)
	}
	return nil
}

// checkData refuses samples that lie outside the mdat body at [from, to), counted from the start of the moof.
func (f *fragment) checkData(from, to int64) error {
	for _, s := range f.samples {
		if s.off < from || s.off+int64(s.size) > to {
			return corrupt("cmaf.moof", "a sample lies outside its mdat")
		}
	}
	return nil
}

// appendMoof writes a moof for samples whose bytes follow it, without a gap, in one mdat. extra is appended to the traf
// (the senc, saiz and saio of an encrypted fragment); it is called with the traf position so that it can state offsets.
func appendMoof(dst []byte, seq, track uint32, decode uint64, samples []sample, mdatHead int, extra func(dst []byte, moofAt int) []byte) []byte {
	dst, moof := startBox(dst, "moof")
	dst = appendBox(dst, "mfhd", put32(put32(nil, 0), seq))
	dst, traf := startBox(dst, "traf")
	dst, at := startBox(dst, "tfhd")
	dst = put32(put32(dst, 0x020000), track)
	endBox(dst, at)
	dst, at = startBox(dst, "tfdt")
	dst = put64(put32(dst, 1<<24), decode)
	endBox(dst, at)
	dst, at = startBox(dst, "trun")
	flags, cts := uint32(0x000701), false
	for _, s := range samples {
		cts = cts || s.cts != 0
	}
	if cts {
		flags |= 0x800
	}
	dst = put32(put32(dst, 1<<24|flags), uint32(len(samples)))
	dataAt := len(dst)
	dst = put32(dst, 0)
	for _, s := range samples {
		dst = put32(put32(put32(dst, s.duration), s.size), s.flags)
		if cts {
			dst = put32(dst, uint32(s.cts))
		}
	}
	endBox(dst, at)
	if extra != nil {
		dst = extra(dst, moof)
	}
	endBox(dst, traf)
	endBox(dst, moof)
	be.PutUint32(dst[dataAt:], uint32(len(dst)-moof+mdatHead))
	return dst
}
