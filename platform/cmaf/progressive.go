package cmaf

import (
	"io"
	"sort"

	"showreel/fault"
	"showreel/media"
)

// Opener gives random access to a stored part. The progressive file calls it for every read, so it must be cheap.
type Opener func(Part) (io.ReaderAt, error)

// Progressive is a classic MP4 file, header first ("faststart"), that consists of a rebuilt moov and the sample bytes of
// stored CMAF tracks: a download without a second copy on disk.
type Progressive struct {
	head    []byte
	extents []extent
	size    int64
}

// extent is a run of sample bytes in a part and its place in the file.
type extent struct {
	at, off, size int64
	part          Part
}

// Size is the length of the file in bytes.
func (p *Progressive) Size() int64 { return p.size }

// ReaderAt reads the file through open. It is safe for concurrent use if open is.
func (p *Progressive) ReaderAt(open Opener) io.ReaderAt { return progressiveReader{p, open} }

type progressiveReader struct {
	*Progressive
	open Opener
}

// ReadAt implements io.ReaderAt.
func (p progressiveReader) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fault.Say("cmaf.progressive", "", fault.Invalid, "range", "A negative offset cannot be read.")
	}
	n := 0
	if off < int64(len(p.head)) {
		n = copy(b, p.head[off:])
	}
	i := sort.Search(len(p.extents), func(i int) bool { return p.extents[i].at+p.extents[i].size > off+int64(n) })
	for ; n < len(b) && i < len(p.extents); i++ {
		x := p.extents[i]
		skip := off + int64(n) - x.at
		want := min(int64(len(b)-n), x.size-skip)
		r, err := p.open(x.part)
		if err != nil {
			return n, err
		}
		got, err := r.ReadAt(b[n:n+int(want)], x.off+skip)
		n += got
		if int64(got) < want {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// BuildProgressive reads the fragment headers of the tracks (not their samples) and lays out the file. Chunks of the
// tracks are interleaved by time. fault.Invalid without tracks, fault.Corrupt if a stored part is damaged.
func BuildProgressive(tracks []*Track, open Opener) (*Progressive, error) {
	if len(tracks) == 0 {
		return nil, fault.Say("cmaf.progressive", "", fault.Invalid, "no-tracks", "There is nothing to download.")
	}
	tables := make([]*table, len(tracks))
	for i, t := range tracks {
		x := &table{t: t}
		if err := x.read(open); err != nil {
			return nil, err
		}
		tables[i] = x
	}
	order := interleave(tables)
	var payload int64
	for _, c := range order {
		payload += c.size
	}
	p := &Progressive{extents: make([]extent, 0, len(order))}
	base, wide := int64(0), payload > 1<<32-1<<20
	for range 2 { // the size of the head does not depend on the offsets in it: the second pass has the true ones
		at := base
		for _, c := range order {
			c.at = at
			at += c.size
		}
		head, err := progressiveHead(tables, wide, payload)
		if err != nil {
			return nil, err
		}
		p.head, base = head, int64(len(head))
	}
	for _, c := range order {
		p.add(extent{at: c.at, off: c.off, size: c.size, part: c.part})
	}
	p.size = base + payload
	return p, nil
}

// add joins extents that lie next to each other in both files.
func (p *Progressive) add(x extent) {
	if n := len(p.extents); n > 0 {
		if l := &p.extents[n-1]; l.part.Key == x.part.Key && l.off+l.size == x.off && l.at+l.size == x.at {
			l.size += x.size
			return
		}
	}
	p.extents = append(p.extents, x)
}

// chunk is a run of samples without a gap, in the sense of ISO/IEC 14496-12.
type chunk struct {
	part    Part
	off     int64 // in the part
	at      int64 // in the new file
	size    int64
	samples uint32
	start   media.Time
}

// table is the sample table of one track.
type table struct {
	t         *Track
	chunks    []*chunk
	sizes     []uint32
	durations []run
	offsets   []run
	sync      []uint32 // 1-based sample numbers
	allSync   bool
	hasCTS    bool
	duration  int64
}

type run struct{ count, value uint32 }

func addRun(rs []run, v uint32) []run {
	if n := len(rs); n > 0 && rs[n-1].value == v {
		rs[n-1].count++
		return rs
	}
	return append(rs, run{1, v})
}

func (x *table) read(open Opener) error {
	info, err := parseInit(x.t.Init)
	if err != nil {
		return err
	}
	var f fragment
	for _, s := range x.t.Segments {
		part := x.t.Parts[s.Part]
		r, err := open(part)
		if err != nil {
			return err
		}
		w := walker{r: r, size: s.Offset + s.Size, buf: make([]byte, 4<<10)}
		for at := s.Offset; at < w.size; {
			kind, n, err := w.head(at)
			if err != nil {
				return err
			}
			if kind == "moof" {
				if n > MaxMoof {
					return corrupt("cmaf.progressive", "a fragment header is too large")
				}
				b, err := w.read(at, n)
				if err != nil {
					return err
				}
				if err := parseMoof(b, info.trex, &f); err != nil {
					return err
				}
				x.fragment(&f, part, at)
			}
			at += n
		}
	}
	x.allSync = len(x.sync) == len(x.sizes)
	if len(x.sizes) == 0 {
		return corrupt("cmaf.progressive", "a track has no samples")
	}
	return nil
}

func (x *table) fragment(f *fragment, part Part, at int64) {
	var c *chunk
	time := int64(f.decode)
	for _, s := range f.samples {
		if c == nil || c.off+c.size != at+s.off {
			c = &chunk{part: part, off: at + s.off, start: media.FromTicks(time, int64(x.t.Timescale))}
			x.chunks = append(x.chunks, c)
		}
		c.size += int64(s.size)
		c.samples++
		time += int64(s.duration)
		x.sizes = append(x.sizes, s.size)
		x.durations = addRun(x.durations, s.duration)
		x.offsets = addRun(x.offsets, uint32(s.cts))
		x.hasCTS = x.hasCTS || s.cts != 0
		if s.sync() {
			x.sync = append(x.sync, uint32(len(x.sizes)))
		}
	}
	x.duration += f.duration
}

func interleave(tables []*table) []*chunk {
	var out []*chunk
	for _, x := range tables {
		out = append(out, x.chunks...)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].start < out[j].start })
	return out
}
