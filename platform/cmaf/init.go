package cmaf

import (
	"fmt"
	"math/bits"
	"strings"

	"showreel/fault"
)

// initInfo is what an initialisation segment says.
type initInfo struct {
	trackID    uint32
	timescale  uint32
	kind       string
	codec      string
	entry      fourCC // sample entry type: avc1, mp4a
	width      int
	height     int
	sampleRate int
	channels   int
	videoRange string
	config     []byte // body of avcC, hvcC …
	trex       trexDefaults
	stsd       []byte // the whole box
}

// trexDefaults are the sample values of a fragment that states none.
type trexDefaults struct {
	duration, size, flags uint32
}

// parseInit reads ftyp + moov of a file with exactly one track.
func parseInit(b []byte) (initInfo, error) {
	var x initInfo
	moov := find(b, "moov")
	if moov.kind == "" {
		return x, corrupt("cmaf.init", "it has no moov box")
	}
	tracks := 0
	err := eachBox(moov.body, func(c box) error {
		switch c.kind {
		case "trak":
			tracks++
			if tracks == 1 {
				return x.trak(c.body)
			}
		case "mvex":
			if trex := find(c.body, "trex"); trex.kind != "" {
				r := reader{b: trex.body}
				r.full()
				r.u32() // track
				r.u32() // sample description
				x.trex = trexDefaults{duration: r.u32(), size: r.u32(), flags: r.u32()}
			}
		}
		return nil
	})
	if err != nil {
		return x, err
	}
	if tracks != 1 {
		return x, fault.Say("cmaf.init", "", fault.Unsupported, "one-track",
			"A CMAF track file holds exactly one track; this one holds %d.", tracks)
	}
	if x.timescale == 0 {
		return x, corrupt("cmaf.init", "its timescale is 0")
	}
	if x.codec == "" {
		return x, corrupt("cmaf.init", "its sample description cannot be read")
	}
	return x, nil
}

func (x *initInfo) trak(b []byte) error {
	tkhd := find(b, "tkhd")
	r := reader{b: tkhd.body}
	if v, _ := r.full(); v == 1 {
		r.take(16)
	} else {
		r.take(8)
	}
	x.trackID = r.u32()
	if n := len(tkhd.body); n >= 8 {
		x.width, x.height = int(be.Uint32(tkhd.body[n-8:])>>16), int(be.Uint32(tkhd.body[n-4:])>>16)
	}
	mdhd := reader{b: find(b, "mdia", "mdhd").body}
	if v, _ := mdhd.full(); v == 1 {
		mdhd.take(16)
	} else {
		mdhd.take(8)
	}
	x.timescale = mdhd.u32()
	hdlr := reader{b: find(b, "mdia", "hdlr").body}
	hdlr.full()
	hdlr.u32()
	switch string(hdlr.take(4)) {
	case "vide":
		x.kind = KindVideo
	case "soun":
		x.kind = KindAudio
	case "text", "subt", "sbtl":
		x.kind = KindText
	default:
		return fault.Say("cmaf.init", "", fault.Unsupported, "track-kind", "Only video, audio and text tracks can be packaged.")
	}
	if r.bad || mdhd.bad || hdlr.bad || len(tkhd.body) < 84 || len(mdhd.b) < 4 {
		return corrupt("cmaf.init", "its track header is cut off")
	}
	stsd := find(b, "mdia", "minf", "stbl", "stsd")
	x.stsd = stsd.b
	if len(stsd.body) < 8 {
		return corrupt("cmaf.init", "it has no sample description")
	}
	entry, err := nextBox(stsd.body, 8)
	if err != nil {
		return err
	}
	return x.sampleEntry(entry)
}

// Fixed bytes of a sample entry before its child boxes.
const (
	visualEntry = 78
	audioEntry  = 28
)

func (x *initInfo) sampleEntry(e box) error {
	x.entry = e.kind
	switch x.kind {
	case KindVideo:
		if len(e.body) < visualEntry {
			return corrupt("cmaf.init", "its sample description is cut off")
		}
		if x.width == 0 || x.height == 0 {
			x.width, x.height = int(be.Uint16(e.body[24:])), int(be.Uint16(e.body[26:]))
		}
		kids := e.body[visualEntry:]
		x.videoRange = videoRange(find(kids, "colr").body)
		x.codec, x.config = videoCodec(e.kind, kids)
	case KindAudio:
		if len(e.body) < audioEntry {
			return corrupt("cmaf.init", "its sample description is cut off")
		}
		x.channels, x.sampleRate = int(be.Uint16(e.body[16:])), int(be.Uint32(e.body[24:])>>16)
		x.audio(e.kind, e.body[audioEntry:])
		x.width, x.height = 0, 0
	default:
		x.codec = e.kind
	}
	return nil
}

// videoRange maps the transfer of a colr box (ISO/IEC 23091-2) to HLS's VIDEO-RANGE.
func videoRange(colr []byte) string {
	if len(colr) >= 8 && (string(colr[:4]) == "nclx" || string(colr[:4]) == "nclc") {
		switch be.Uint16(colr[6:]) {
		case 16:
			return RangePQ
		case 18:
			return RangeHLG
		}
	}
	return RangeSDR
}

// videoCodec renders the RFC 6381 codec string of a visual sample entry, "" when it cannot be read.
func videoCodec(kind fourCC, kids []byte) (codec string, config []byte) {
	switch kind {
	case "avc1", "avc3":
		if c := find(kids, "avcC").body; len(c) >= 7 {
			return fmt.Sprintf("%s.%02x%02x%02x", kind, c[1], c[2], c[3]), c
		}
	case "hvc1", "hev1":
		if c := find(kids, "hvcC").body; len(c) >= 23 {
			return hevcCodec(kind, c), c
		}
	case "av01":
		if c := find(kids, "av1C").body; len(c) >= 4 {
			tier, depth := "M", 8
			if c[2]&0x80 != 0 {
				tier = "H"
			}
			if c[2]&0x40 != 0 {
				depth = 10
				if c[2]&0x20 != 0 {
					depth = 12
				}
			}
			return fmt.Sprintf("av01.%d.%02d%s.%02d", c[1]>>5, c[1]&31, tier, depth), c
		}
	case "vp09":
		if c := find(kids, "vpcC").body; len(c) >= 7 {
			return fmt.Sprintf("vp09.%02d.%02d.%02d", c[4], c[5], c[6]>>4), c
		}
	}
	return "", nil
}

// hevcCodec follows ISO/IEC 14496-15 annex E.3.
func hevcCodec(kind fourCC, c []byte) string {
	var b strings.Builder
	b.WriteString(kind + ".")
	if space := c[1] >> 6; space > 0 {
		b.WriteByte('A' + space - 1)
	}
	tier := "L"
	if c[1]&0x20 != 0 {
		tier = "H"
	}
	fmt.Fprintf(&b, "%d.%x.%s%d", c[1]&31, bits.Reverse32(be.Uint32(c[2:])), tier, c[12])
	constraints := c[6:12]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, v := range constraints {
		fmt.Fprintf(&b, ".%x", v)
	}
	return b.String()
}

// audio reads codec and channels from the codec's own configuration: the sample entry's channel count is 2 for many
// writers whatever the sound has (ISO/IEC 14496-14 §5.6), and stays only where the configuration does not tell.
func (x *initInfo) audio(kind fourCC, kids []byte) {
	channels := 0
	switch kind {
	case "mp4a":
		x.codec, channels = aacConfig(find(kids, "esds").body)
	case "Opus":
		x.codec = "opus"
		if c := find(kids, "dOps").body; len(c) >= 2 {
			channels = int(c[1])
		}
	case "fLaC":
		x.codec = "flac"
	case "ac-3", "ec-3", "alac":
		x.codec = kind
	}
	if channels > 0 {
		x.channels = channels
	}
}

// aacConfig walks the MPEG-4 descriptors (ISO/IEC 14496-1 §7.2.6) of an esds box to the object type and the
// AudioSpecificConfig behind it; channels is 0 where they are not stated.
func aacConfig(esds []byte) (codec string, channels int) {
	r := reader{b: esds}
	r.full()
	tag, body := descriptor(&r)
	if tag != 3 {
		return "", 0
	}
	es := reader{b: body}
	es.u16()
	flags := es.u8()
	if flags&0x80 != 0 {
		es.u16()
	}
	if flags&0x40 != 0 {
		es.take(int(es.u8()))
	}
	if flags&0x20 != 0 {
		es.u16()
	}
	tag, body = descriptor(&es)
	if tag != 4 || len(body) < 13 {
		return "", 0
	}
	object := body[0]
	if object != 0x40 {
		return fmt.Sprintf("mp4a.%02x", object), 0
	}
	dc := reader{b: body[13:]}
	tag, body = descriptor(&dc)
	if tag != 5 || len(body) < 2 {
		return "", 0
	}
	aot, channels := audioSpecificConfig(body)
	return fmt.Sprintf("mp4a.40.%d", aot), channels
}

func descriptor(r *reader) (tag uint8, body []byte) {
	tag = r.u8()
	n := 0
	for range 4 {
		v := r.u8()
		n = n<<7 | int(v&0x7f)
		if v&0x80 == 0 {
			break
		}
	}
	return tag, r.take(n)
}
