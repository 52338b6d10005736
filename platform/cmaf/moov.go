package cmaf

import "showreel/media"

// progressiveHead writes ftyp, moov and the header of the mdat that follows.
func progressiveHead(tables []*table, wide bool, payload int64) ([]byte, error) {
	dst := appendBox(nil, "ftyp", []byte("isom\x00\x00\x02\x00isomiso2avc1mp41"))
	dst, moov := startBox(dst, "moov")
	var longest media.Time
	for _, x := range tables {
		longest = max(longest, media.FromTicks(x.duration, int64(x.t.Timescale)))
	}
	dst = movieHeader(dst, longest.MS(), uint32(len(tables)+1))
	for i, x := range tables {
		trak := find(x.t.Init, "moov", "trak")
		var err error
		if dst, err = x.trak(dst, trak.body, uint32(i+1), wide); err != nil {
			return nil, err
		}
	}
	endBox(dst, moov)
	if payload+8 > 1<<32-1 {
		dst = put64(append(put32(dst, 1), "mdat"...), uint64(payload+16))
		return dst, nil
	}
	return append(put32(dst, uint32(payload+8)), "mdat"...), nil
}

// unityMatrix is the identity transformation of tkhd and mvhd.
var unityMatrix = [9]uint32{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000}

// movieHeader writes a version 1 mvhd in milliseconds.
func movieHeader(dst []byte, durationMS int64, nextTrack uint32) []byte {
	dst, at := startBox(dst, "mvhd")
	dst = put32(dst, 1<<24)
	dst = put64(put64(dst, 0), 0)
	dst = put64(put32(dst, 1000), uint64(durationMS))
	dst = put32(put32(dst, 0x10000), 0x01000000)
	dst = put64(dst, 0)
	for _, v := range unityMatrix {
		dst = put32(dst, v)
	}
	dst = append(dst, make([]byte, 24)...)
	dst = put32(dst, nextTrack)
	endBox(dst, at)
	return dst
}

// trak copies a fragmented track's description and puts durations and sample tables into it. An edit list is dropped: CMAF
// players do not apply it, so the download shows what they show.
func (x *table) trak(dst, b []byte, id uint32, wide bool) ([]byte, error) {
	dst, trak := startBox(dst, "trak")
	err := eachBox(b, func(c box) error {
		switch c.kind {
		case "tkhd":
			dst = x.trackHeader(dst, c, id)
		case "mdia":
			var mdia int
			dst, mdia = startBox(dst, "mdia")
			err := eachBox(c.body, func(m box) error {
				switch m.kind {
				case "mdhd":
					dst = x.mediaHeader(dst, m)
				case "minf":
					return x.mediaInfo(&dst, m, wide)
				default:
					dst = append(dst, m.b...)
				}
				return nil
			})
			if err != nil {
				return err
			}
			endBox(dst, mdia)
		}
		return nil
	})
	endBox(dst, trak)
	return dst, err
}

func (x *table) trackHeader(dst []byte, c box, id uint32) []byte {
	tail := c.body[len(c.body)-60:] // reserved, layer, group, volume, matrix, width, height
	dst, at := startBox(dst, "tkhd")
	dst = put32(dst, 1<<24|7)
	dst = put64(put64(dst, 0), 0)
	dst = put32(put32(dst, id), 0)
	dst = put64(dst, uint64(media.FromTicks(x.duration, int64(x.t.Timescale)).MS()))
	dst = append(dst, tail...)
	endBox(dst, at)
	return dst
}

func (x *table) mediaHeader(dst []byte, c box) []byte {
	tail := c.body[len(c.body)-4:] // language, pre_defined
	dst, at := startBox(dst, "mdhd")
	dst = put32(dst, 1<<24)
	dst = put64(put64(dst, 0), 0)
	dst = put64(put32(dst, x.t.Timescale), uint64(x.duration))
	dst = append(dst, tail...)
	endBox(dst, at)
	return dst
}

func (x *table) mediaInfo(dst *[]byte, c box, wide bool) error {
	d, minf := startBox(*dst, "minf")
	err := eachBox(c.body, func(m box) error {
		if m.kind != "stbl" {
			d = append(d, m.b...)
			return nil
		}
		var stbl int
		d, stbl = startBox(d, "stbl")
		d = append(d, find(m.body, "stsd").b...)
		d = x.sampleTables(d, wide)
		endBox(d, stbl)
		return nil
	})
	endBox(d, minf)
	*dst = d
	return err
}

func (x *table) sampleTables(dst []byte, wide bool) []byte {
	dst = runs(dst, "stts", 0, x.durations)
	if x.hasCTS {
		dst = runs(dst, "ctts", 1<<24, x.offsets)
	}
	if !x.allSync {
		d, at := startBox(dst, "stss")
		d = put32(put32(d, 0), uint32(len(x.sync)))
		for _, n := range x.sync {
			d = put32(d, n)
		}
		endBox(d, at)
		dst = d
	}
	dst = x.sampleToChunk(dst)
	dst, at := startBox(dst, "stsz")
	dst = put32(put32(put32(dst, 0), 0), uint32(len(x.sizes)))
	for _, n := range x.sizes {
		dst = put32(dst, n)
	}
	endBox(dst, at)
	kind := "stco"
	if wide {
		kind = "co64"
	}
	dst, at = startBox(dst, kind)
	dst = put32(put32(dst, 0), uint32(len(x.chunks)))
	for _, c := range x.chunks {
		if wide {
			dst = put64(dst, uint64(c.at))
		} else {
			dst = put32(dst, uint32(c.at))
		}
	}
	endBox(dst, at)
	return dst
}

func runs(dst []byte, kind string, version uint32, rs []run) []byte {
	dst, at := startBox(dst, kind)
	dst = put32(put32(dst, version), uint32(len(rs)))
	for _, r := range rs {
		dst = put32(put32(dst, r.count), r.value)
	}
	endBox(dst, at)
	return dst
}

func (x *table) sampleToChunk(dst []byte) []byte {
	dst, at := startBox(dst, "stsc")
	dst = put32(dst, 0)
	countAt, n := len(dst), uint32(0)
	dst = put32(dst, 0)
	for i, c := range x.chunks {
		if i == 0 || c.samples != x.chunks[i-1].samples {
			dst = put32(put32(put32(dst, uint32(i+1)), c.samples), 1)
			n++
		}
	}
	be.PutUint32(dst[countAt:], n)
	endBox(dst, at)
	return dst
}
