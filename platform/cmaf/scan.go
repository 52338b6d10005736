package cmaf

import (
	"errors"
	"io"

	"showreel/fault"
	"showreel/media"
)

// minSegmentMS is the length at which a segment may end at the next key frame: 2 s, less the jitter of audio frames.
const minSegmentMS = 1900

// Scan indexes a CMAF track file of size bytes: its initialisation, codec and segments. The returned track has one part
// without a key; the caller gives it key, name, language, title and role. Memory grows with the number of segments only.
//
// fault.Corrupt if the bytes are damaged or cut off, fault.Unsupported if the file is no single-track fragmented MP4.
func Scan(r io.ReaderAt, size int64) (Track, error) {
	c := collector{}
	err := walk(r, size, func(raw []byte, info initInfo) error {
		c.begin(raw, info)
		return nil
	}, func(f *fragment, _ []byte, at, n int64) error { return c.add(f, at, n) })
	if err != nil {
		return Track{}, err
	}
	return c.finish(size)
}

// walk reads the top level of a fragmented MP4: onInit once with ftyp + moov, then onFragment for each moof with its bytes,
// its offset and the size of moof + mdat. The fragment and the bytes are only valid during the call.
func walk(r io.ReaderAt, size int64, onInit func([]byte, initInfo) error, onFragment func(f *fragment, moof []byte, at, size int64) error) error {
	w := walker{r: r, size: size, buf: make([]byte, 8<<10)}
	var info initInfo
	var head []byte
	var f fragment
	seen, count := false, 0
	for at := int64(0); at < size; {
		kind, n, err := w.head(at)
		if err != nil {
			return err
		}
		switch kind {
		case "ftyp", "moov":
			if seen {
				return corrupt("cmaf.scan", "it has a second header")
			}
			if int64(len(head))+n > MaxInit {
				return corrupt("cmaf.scan", "its header is too large")
			}
			b, err := w.read(at, n)
			if err != nil {
				return err
			}
			head = append(head, b...)
			if kind == "moov" {
				if info, err = parseInit(head); err != nil {
					return err
				}
				seen = true
				if err := onInit(head, info); err != nil {
					return err
				}
			}
		case "moof":
			if count++; !seen || n > MaxMoof || count > maxFragments {
				return corrupt("cmaf.scan", "a fragment comes before the header, is too large, or there are too many")
			}
			moof, err := w.read(at, n)
			if err != nil {
				return err
			}
			if err := parseMoof(moof, info.trex, &f); err != nil {
				return err
			}
			mdat, err := w.mdat(at+n, &f)
			if err != nil {
				return err
			}
			if err := onFragment(&f, moof, at, n+mdat); err != nil {
				return err
			}
			n += mdat
		case "mdat":
			return fault.Say("cmaf.scan", "", fault.Unsupported, "not-fragmented", "This is not a fragmented MP4 file; package it as CMAF first.")
		}
		at += n
	}
	if !seen {
		return fault.Say("cmaf.scan", "", fault.Corrupt, "no-moov", "The file has no moov box: it is cut off or is not an MP4 file.")
	}
	return nil
}

// walker reads box headers through a small window so that a fragment costs one read.
type walker struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	at   int64 // of buf[0] in the file
	n    int   // valid bytes of buf
}

// bytes returns n ≤ len(buf) bytes at position at, valid until the next call.
func (w *walker) bytes(at, n int64) ([]byte, error) {
	if at < 0 || at > w.size-n {
		return nil, fault.Say("cmaf.scan", "", fault.Corrupt, "truncated", "The file is cut off at byte %d.", w.size)
	}
	if at < w.at || at+n > w.at+int64(w.n) {
		want := min(int64(len(w.buf)), w.size-at)
		got, err := w.r.ReadAt(w.buf[:want], at)
		if err != nil && !(errors.Is(err, io.EOF) && int64(got) >= n) {
			return nil, readFault(err)
		}
		w.at, w.n = at, got
		if int64(got) < n {
			return nil, fault.Say("cmaf.scan", "", fault.Corrupt, "truncated", "The file is cut off at byte %d.", at+int64(got))
		}
	}
	return w.buf[at-w.at : at-w.at+n], nil
}

// read returns n bytes at position at, valid until the next call.
func (w *walker) read(at, n int64) ([]byte, error) {
	if n > int64(len(w.buf)) {
		if at > w.size-n {
			return nil, fault.Say("cmaf.scan", "", fault.Corrupt, "truncated", "The file is cut off at byte %d.", w.size)
		}
		w.buf, w.n = make([]byte, n+n/2), 0
	}
	return w.bytes(at, n)
}

// head returns type and size of the box at position at; the box lies wholly inside the file.
func (w *walker) head(at int64) (kind string, n int64, err error) {
	b, err := w.bytes(at, min(16, w.size-at))
	if err != nil {
		return "", 0, err
	}
	if len(b) < 8 {
		return "", 0, corrupt("cmaf.scan", "a box header is cut off")
	}
	n, least := int64(be.Uint32(b)), int64(8)
	switch n {
	case 0:
		n = w.size - at
	case 1:
		if len(b) < 16 || b[8]&0x80 != 0 {
			return "", 0, corrupt("cmaf.scan", "a box header is cut off")
		}
		n, least = int64(be.Uint64(b[8:])), 16
	}
	if n < least {
		return "", 0, corrupt("cmaf.scan", "a box is smaller than its header")
	}
	if n > w.size-at {
		return "", 0, fault.Say("cmaf.scan", "", fault.Corrupt, "truncated", "The file is cut off inside a %q box.", b[4:8])
	}
	return string(b[4:8]), n, nil
}

// mdat checks that the box at position at is the mdat of f and returns its size.
func (w *walker) mdat(at int64, f *fragment) (int64, error) {
	if at >= w.size {
		return 0, fault.Say("cmaf.scan", "", fault.Corrupt, "truncated", "The file is cut off after a fragment header.")
	}
	kind, n, err := w.head(at)
	if err != nil {
		return 0, err
	}
	if kind != "mdat" {
		return 0, corrupt("cmaf.scan", "a fragment has no mdat")
	}
	return n, f.checkData(int64(f.moofSize)+8, int64(f.moofSize)+n)
}

func readFault(err error) error {
	if kind := fault.KindOf(err); kind != fault.Internal {
		return fault.E("cmaf.read", "", kind, err)
	}
	return fault.E("cmaf.read", "", fault.Unavailable, err)
}

// collector turns fragments into the segments of a track.
type collector struct {
	t         Track
	min       int64 // ticks after which a key frame starts a new segment
	split     bool  // the next fragment starts a new segment: a part begins
	forced    bool  // the last segment was started by a part
	durations map[uint32]int64
	end       int64
}

func (c *collector) begin(raw []byte, x initInfo) {
	c.t = Track{Kind: x.kind, Codec: x.codec, Width: x.width, Height: x.height, SampleRate: x.sampleRate, Channels: x.channels,
		VideoRange: x.videoRange, Timescale: x.timescale, Init: append([]byte(nil), raw...), Complete: true}
	c.min = int64(x.timescale) * minSegmentMS / 1000
	c.durations = map[uint32]int64{}
}

func (c *collector) add(f *fragment, at, size int64) error {
	start := int64(f.decode)
	if start < c.end {
		return corrupt("cmaf.scan", "the decode times of its fragments run back")
	}
	if f.duration > 1<<40 {
		return corrupt("cmaf.scan", "a fragment is unreasonably long")
	}
	for _, s := range f.samples {
		if len(c.durations) < 1000 || c.durations[s.duration] > 0 {
			c.durations[s.duration]++
		}
	}
	c.end = start + f.duration
	key, n := f.samples[0].sync(), len(c.t.Segments)
	if n > 0 && !c.split {
		last := &c.t.Segments[n-1]
		if !key || last.Duration < c.min {
			last.Size = at + size - last.Offset
			last.Duration = c.end - last.Start
			if last.Size > MaxSegment {
				return corrupt("cmaf.scan", "a segment is too large")
			}
			return nil
		}
	}
	if n >= maxSegments || size > MaxSegment {
		return corrupt("cmaf.scan", "a segment is too large or there are too many")
	}
	c.forced, c.split = c.split, false
	s := Segment{Offset: at, Size: size, Start: start, Duration: f.duration, Keyframe: key}
	if key {
		s.KeyframeSize = int64(f.samples[0].size)
	}
	c.t.Segments = append(c.t.Segments, s)
	return nil
}

func (c *collector) finish(size int64) (Track, error) {
	if len(c.t.Segments) == 0 {
		return Track{}, fault.Say("cmaf.scan", "", fault.Corrupt, "no-frames", "The file holds no fragments.")
	}
	c.mergeTail()
	var most uint32
	for d, n := range c.durations {
		if n > c.durations[most] || n == c.durations[most] && d < most {
			most = d
		}
	}
	if most > 0 {
		c.t.Rate = reduce(int64(c.t.Timescale), int64(most))
	}
	c.t.Parts = []Part{{Size: size}}
	c.t.measure()
	return c.t, nil
}

// mergeTail joins a last segment shorter than a quarter of the minimum (the end of an audio track) to the one before it,
// unless it is a part of its own: players handle a longer segment better than a stub.
func (c *collector) mergeTail() {
	n := len(c.t.Segments)
	if n < 2 || c.forced {
		return
	}
	last, prev := c.t.Segments[n-1], &c.t.Segments[n-2]
	if 4*last.Duration >= c.min || last.Offset+last.Size-prev.Offset > MaxSegment {
		return
	}
	prev.Size = last.Offset + last.Size - prev.Offset
	prev.Duration = last.End() - prev.Start
	c.t.Segments = c.t.Segments[:n-1]
}

func reduce(num, den int64) media.Rate {
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	return media.Rate{Num: num / a, Den: den / a}
}
