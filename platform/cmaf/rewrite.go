package cmaf

// Cut says how one segment of a view is made: which stored bytes to read and how to rewrite their headers (and, when
// protected, encrypt their samples). It is a value; Build does no I/O.
type Cut struct {
	Part   Part  // the stored object
	Offset int64 // of the first byte to read in it
	Size   int64 // bytes to read

	w           *window
	segment     int
	from, to    int64 // ticks that are shown
	trim        bool  // drop samples outside [from, to)
	keyOnly     bool  // the first sample alone
	keyDuration uint32
}

// Plain reports whether the stored bytes are the answer, so that they can be sent without being read into memory.
func (c Cut) Plain() bool { return c.from == 0 && !c.trim && !c.keyOnly && c.w.keys == nil }

// Build makes the segment from the stored bytes src, which hold Size bytes from Offset. The result may share memory with
// src when nothing changes. fault.Corrupt if the bytes are no fragments of the track.
func (c Cut) Build(src []byte) ([]byte, error) {
	if c.Plain() {
		return src, nil
	}
	info, err := parseInit(c.w.Init)
	if err != nil {
		return nil, err
	}
	b := builder{Cut: c, src: src, trex: info.trex}
	for off := 0; off < len(src); {
		n, err := b.next(off)
		if err != nil {
			return nil, err
		}
		off += n
		if c.keyOnly && len(b.dst) > 0 {
			break
		}
	}
	return b.dst, nil
}

type builder struct {
	Cut
	src  []byte
	dst  []byte
	trex trexDefaults
	f    fragment
	n    int // samples of the segment seen so far
}

// next handles the box at off and returns its size; a moof is handled together with its mdat.
func (b *builder) next(off int) (int, error) {
	x, err := nextBox(b.src, off)
	if err != nil {
		return 0, err
	}
	if x.kind != "moof" {
		return len(x.b), nil // styp, prft and the like say nothing a player needs
	}
	if err := parseMoof(x.b, b.trex, &b.f); err != nil {
		return 0, err
	}
	mdat := off + len(x.b)
	if len(b.src)-mdat < 8 || string(b.src[mdat+4:mdat+8]) != "mdat" {
		return 0, corrupt("cmaf.build", "a fragment has no mdat")
	}
	whole := len(x.b) + int(be.Uint32(b.src[mdat:]))
	if !b.keyOnly {
		y, err := nextBox(b.src, mdat)
		if err != nil {
			return 0, err
		}
		whole = len(x.b) + len(y.b)
	}
	if b.w.keys == nil && !b.trim && !b.keyOnly && b.f.wide {
		b.patch(b.src[off : off+whole])
		return whole, nil
	}
	return whole, b.rebuild(off)
}

// patch copies a fragment and moves its time in place.
func (b *builder) patch(frag []byte) {
	if b.dst == nil {
		b.dst = make([]byte, 0, len(b.src))
	}
	at := len(b.dst)
	b.dst = append(b.dst, frag...)
	be.PutUint64(b.dst[at+b.f.decodeAt:], uint64(max(0, int64(b.f.decode)-b.from)))
}

// rebuild writes a fragment anew from the samples that are kept.
func (b *builder) rebuild(off int) error {
	samples, decode, first := b.keep()
	if len(samples) == 0 {
		return nil
	}
	total := 0
	for _, s := range samples {
		if s.off < int64(b.f.moofSize) || s.off+int64(s.size) > int64(len(b.src)-off) {
			return corrupt("cmaf.build", "a sample lies outside its mdat")
		}
		total += int(s.size)
	}
	if total > MaxSegment {
		return corrupt("cmaf.build", "a segment is too large")
	}
	var p *protector
	if b.w.keys != nil {
		var err error
		if p, err = b.w.keys.plan(b.src[off:], samples, b.segment, first); err != nil {
			return err
		}
	}
	if b.dst == nil {
		b.dst = make([]byte, 0, len(b.src)+64*len(samples)+1024)
	}
	const mdatHead = 8
	var extra func([]byte, int) []byte
	if p != nil {
		extra = p.appendBoxes
	}
	b.dst = appendMoof(b.dst, b.f.seq, b.f.track, decode, samples, mdatHead, extra)
	b.dst = append(put32(b.dst, uint32(total+mdatHead)), "mdat"...)
	body := len(b.dst)
	b.dst = appendSamples(b.dst, b.src[off:], samples)
	if p != nil {
		p.encrypt(b.dst[body:])
	}
	return nil
}

// keep returns the samples to show, their decode time in the view, and the number of the first one in the segment.
func (b *builder) keep() (samples []sample, decode uint64, first int) {
	all, start, at := b.f.samples, int64(b.f.decode), b.n
	b.n += len(all)
	if b.keyOnly {
		s := all[0]
		s.duration, s.cts = b.keyDuration, 0
		return []sample{s}, uint64(max(0, start-b.from)), at
	}
	i, j := 0, len(all)
	if b.trim {
		for i < j && 2*start+int64(all[i].duration) < 2*b.from {
			start += int64(all[i].duration)
			i++
		}
		end := start
		for j = i; j < len(all) && 2*end+int64(all[j].duration) <= 2*b.to; j++ {
			end += int64(all[j].duration)
		}
	}
	return all[i:j], uint64(max(0, start-b.from)), at + i
}

// appendSamples copies the samples' bytes; runs without gaps are copied at once.
func appendSamples(dst, src []byte, samples []sample) []byte {
	for i := 0; i < len(samples); {
		from, to := samples[i].off, samples[i].off+int64(samples[i].size)
		for i++; i < len(samples) && samples[i].off == to; i++ {
			to += int64(samples[i].size)
		}
		dst = append(dst, src[from:to]...)
	}
	return dst
}
