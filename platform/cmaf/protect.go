package cmaf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"showreel/fault"
)

// Protection schemes of ISO/IEC 23001-7.
const (
	SchemeCENC = "cenc" // AES-CTR, whole protected ranges
	SchemeCBCS = "cbcs" // AES-CBC, pattern 1:9 for video, constant IV
)

// System ids of protection systems that need no vendor.
var (
	SystemClearKey = [16]byte{0xe2, 0x71, 0x9d, 0x58, 0xa9, 0x85, 0xb3, 0xc9, 0x78, 0x1a, 0xb0, 0x30, 0xaf, 0x78, 0xd3, 0x0e}
	SystemCommon   = [16]byte{0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02, 0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b} // W3C cenc initialisation data
)

// Protection is one content key and how it is used on a track.
type Protection struct {
	Scheme  string   // SchemeCENC or SchemeCBCS
	KID     [16]byte // key id
	Key     [16]byte
	IV      [16]byte // constant IV of cbcs when the key provider dictates one; zero derives one per track
	KeyURI  string   // of the raw 16-byte key for HLS, relative to the manifest; empty offers none
	Systems []System // further protection systems
}

// System is a protection system's signalling.
type System struct {
	PSSH []byte // a whole pssh box, put into the initialisation
	HLS  string // attribute list of an EXT-X-KEY line
	DASH string // ContentProtection element
}

func uuidText(id [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// hlsKeys writes the EXT-X-KEY lines of a media playlist: the raw key, then every system that has a line of its own.
func (p *Protection) hlsKeys(b *strings.Builder, c *sampleCipher) {
	if p.KeyURI != "" {
		var a attrs
		if p.Scheme == SchemeCENC {
			a.raw("METHOD", "SAMPLE-AES-CTR")
		} else {
			a.raw("METHOD", "SAMPLE-AES")
		}
		a.quoted("URI", "../"+p.KeyURI)
		if p.Scheme == SchemeCBCS {
			a.raw("IV", "0x"+hex.EncodeToString(c.iv[:]))
		}
		a.quoted("KEYFORMAT", "identity")
		a.quoted("KEYFORMATVERSIONS", "1")
		b.WriteString("#EXT-X-KEY:" + a.String() + "\n")
	}
	for _, s := range p.Systems {
		if s.HLS != "" {
			b.WriteString("#EXT-X-KEY:" + s.HLS + "\n")
		}
	}
}

// CommonPSSH is the W3C common pssh box (version 1) that lists the key ids.
func CommonPSSH(kids ...[16]byte) []byte {
	b, at := startBox(nil, "pssh")
	b = put32(b, 1<<24)
	b = append(b, SystemCommon[:]...)
	b = put32(b, uint32(len(kids)))
	for _, k := range kids {
		b = append(b, k[:]...)
	}
	b = put32(b, 0)
	endBox(b, at)
	return b
}

// sampleCipher encrypts the samples of one track with one key. It is safe for concurrent use.
type sampleCipher struct {
	p      *Protection
	track  *Track
	block  cipher.Block
	iv     [16]byte // constant IV of cbcs
	ranges protectedRanges
}

// protectedRanges appends the subsamples of a sample. nil means the whole sample is protected.
type protectedRanges func(dst []subsample, data []byte, scheme string) ([]subsample, error)

type subsample struct {
	clear   uint32
	crypted uint32
}

func newSampleCipher(t *Track, p *Protection) (*sampleCipher, error) {
	if p.Scheme != SchemeCENC && p.Scheme != SchemeCBCS {
		return nil, fault.Say("cmaf.protect", t.Name, fault.Invalid, "scheme", "The protection scheme must be cenc or cbcs.")
	}
	info, err := parseInit(t.Init)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(p.Key[:])
	if err != nil {
		return nil, fault.E("cmaf.protect", t.Name, fault.Internal, err)
	}
	c := &sampleCipher{p: p, track: t, block: block, iv: p.IV}
	if c.iv == ([16]byte{}) {
		copy(c.iv[:], derive(p.Key, "cbcs iv", t.Name))
	}
	switch {
	case info.kind == KindAudio:
	case info.entry == "avc1" || info.entry == "avc3":
		c.ranges, err = avcRanges(info.config)
	case info.entry == "hvc1" || info.entry == "hev1":
		c.ranges, err = hevcRanges(info.config)
	default:
		err = fault.Say("cmaf.protect", t.Name, fault.Unsupported, "no-protection",
			"Encrypted delivery is available for H.264, HEVC and audio; %s of track %s is not supported.", info.codec, t.Name)
	}
	return c, err
}

// derive is HMAC-SHA256 over length-framed parts.
func derive(key [16]byte, parts ...string) []byte {
	m := hmac.New(sha256.New, key[:])
	for _, p := range parts {
		fmt.Fprintf(m, "%d:%s", len(p), p)
	}
	return m.Sum(nil)
}

// Limits that keep the counter blocks of all samples of a part apart: 20 bits of segment, 20 of sample, 24 of block.
const (
	ivSegmentBits = 20
	ivSampleBits  = 20
	ivBlockBits   = 64 - ivSegmentBits - ivSampleBits
)

// sampleIV is the 16-byte IV of a cenc sample: 8 bytes that name track and stored part, then segment and sample, then a
// counter from 0. AES-CTR increments the lower 8 bytes by one a block, so no two samples under a key share a counter.
func (c *sampleCipher) sampleIV(prefix [8]byte, segment, n int) (iv [16]byte) {
	copy(iv[:], prefix[:])
	be.PutUint64(iv[8:], uint64(segment)<<(ivSampleBits+ivBlockBits)|uint64(n)<<ivBlockBits)
	return iv
}

func (c *sampleCipher) prefix(segment int) (out [8]byte) {
	part := c.track.Parts[c.track.Segments[segment].Part]
	copy(out[:], derive(c.p.Key, "cenc iv", c.track.Name, part.Key, part.SHA256, fmt.Sprint(part.Size)))
	return out
}

// protector is the encryption of one fragment.
type protector struct {
	c       *sampleCipher
	samples []sample
	ivs     [][16]byte    // cenc
	subs    [][]subsample // nil for whole samples
}

// plan finds what is protected in each sample. src starts at the moof; n is the number of the first sample in the segment.
func (c *sampleCipher) plan(src []byte, samples []sample, segment, n int) (*protector, error) {
	p := &protector{c: c, samples: samples}
	if c.p.Scheme == SchemeCENC {
		if segment >= 1<<ivSegmentBits || n+len(samples) > 1<<ivSampleBits {
			return nil, fault.Say("cmaf.protect", c.track.Name, fault.TooLarge, "segment", "A segment has too many samples to encrypt.")
		}
		prefix := c.prefix(segment)
		p.ivs = make([][16]byte, len(samples))
		for i := range samples {
			if samples[i].size>>4 >= 1<<ivBlockBits {
				return nil, fault.Say("cmaf.protect", c.track.Name, fault.TooLarge, "sample", "A sample is too large to encrypt.")
			}
			p.ivs[i] = c.sampleIV(prefix, segment, n+i)
		}
	}
	if c.ranges == nil {
		return p, nil
	}
	p.subs = make([][]subsample, len(samples))
	all := make([]subsample, 0, 2*len(samples))
	for i, s := range samples {
		from := len(all)
		var err error
		if all, err = c.ranges(all, src[s.off:s.off+int64(s.size)], c.p.Scheme); err != nil {
			return nil, err
		}
		p.subs[i] = all[from:len(all):len(all)]
	}
	return p, nil
}

// appendBoxes writes saiz, saio and senc into the traf.
func (p *protector) appendBoxes(dst []byte, moofAt int) []byte {
	if p.ivs == nil && p.subs == nil {
		return dst // a constant IV and whole samples need no auxiliary information
	}
	sizes := make([]byte, len(p.samples))
	same := true
	for i := range sizes {
		n := 0
		if p.ivs != nil {
			n = 16
		}
		if p.subs != nil {
			n += 2 + 6*len(p.subs[i])
		}
		sizes[i] = byte(min(n, 255))
		same = same && sizes[i] == sizes[0]
	}
	dst, at := startBox(dst, "saiz")
	dst = put32(dst, 0)
	if same {
		dst = put32(append(dst, sizes[0]), uint32(len(sizes)))
	} else {
		dst = append(put32(append(dst, 0), uint32(len(sizes))), sizes...)
	}
	endBox(dst, at)
	const saioSize, sencHead = 20, 16
	dst = appendBox(dst, "saio", put32(put32(put32(nil, 0), 1), uint32(len(dst)-moofAt+saioSize+sencHead)))
	dst, at = startBox(dst, "senc")
	flags := uint32(0)
	if p.subs != nil {
		flags = 2
	}
	dst = put32(put32(dst, flags), uint32(len(p.samples)))
	for i := range p.samples {
		if p.ivs != nil {
			dst = append(dst, p.ivs[i][:]...)
		}
		if p.subs != nil {
			dst = put16(dst, uint16(len(p.subs[i])))
			for _, s := range p.subs[i] {
				dst = put32(put16(dst, uint16(s.clear)), s.crypted)
			}
		}
	}
	endBox(dst, at)
	return dst
}

// encrypt encrypts the samples, which lie one after the other in data, in place.
func (p *protector) encrypt(data []byte) {
	for i, s := range p.samples {
		one := data[:s.size]
		data = data[s.size:]
		var subs []subsample
		if p.subs != nil {
			subs = p.subs[i]
		} else {
			subs = []subsample{{crypted: s.size}}
		}
		if p.ivs != nil {
			ctr := cipher.NewCTR(p.c.block, p.ivs[i][:])
			for _, u := range subs {
				part := one[u.clear : u.clear+u.crypted]
				ctr.XORKeyStream(part, part)
				one = one[u.clear+u.crypted:]
			}
			continue
		}
		for _, u := range subs {
			p.c.cbcs(one[u.clear:u.clear+u.crypted], p.subs != nil)
			one = one[u.clear+u.crypted:]
		}
	}
}

// cbcs encrypts a protected range from the constant IV: one block of ten for video, every whole block for audio. A rest
// shorter than a block stays clear.
func (c *sampleCipher) cbcs(b []byte, pattern bool) {
	n := len(b) &^ 15
	if n == 0 {
		return
	}
	if !pattern {
		cipher.NewCBCEncrypter(c.block, c.iv[:]).CryptBlocks(b[:n], b[:n])
		return
	}
	prev := c.iv[:]
	for at := 0; at+16 <= n; at += 160 {
		x := b[at : at+16]
		be.PutUint64(x, be.Uint64(x)^be.Uint64(prev))
		be.PutUint64(x[8:], be.Uint64(x[8:])^be.Uint64(prev[8:]))
		c.block.Encrypt(x, x)
		prev = x
	}
}

// protectInit turns the sample entry into its encrypted form and adds the pssh boxes.
func protectInit(b []byte, c *sampleCipher) ([]byte, error) {
	info, err := parseInit(b)
	if err != nil {
		return nil, err
	}
	return c.initBoxes(make([]byte, 0, len(b)+400), b, info)
}

func (c *sampleCipher) initBoxes(dst, b []byte, info initInfo) ([]byte, error) {
	err := eachBox(b, func(x box) error {
		switch x.kind {
		case "moov", "trak", "mdia", "minf", "stbl":
			var at int
			var err error
			dst, at = startBox(dst, x.kind)
			if dst, err = c.initBoxes(dst, x.body, info); err != nil {
				return err
			}
			if x.kind == "moov" {
				dst = append(dst, CommonPSSH(c.p.KID)...)
				for _, s := range c.p.Systems {
					dst = append(dst, s.PSSH...)
				}
			}
			endBox(dst, at)
		case "stsd":
			entry, err := nextBox(x.body, 8)
			if err != nil {
				return err
			}
			var at int
			dst, at = startBox(dst, "stsd")
			dst = append(dst, x.body[:8]...)
			dst = c.entry(dst, entry, info.kind)
			endBox(dst, at)
		default:
			dst = append(dst, x.b...)
		}
		return nil
	})
	return dst, err
}

func (c *sampleCipher) entry(dst []byte, e box, kind string) []byte {
	name := "encv"
	if kind == KindAudio {
		name = "enca"
	}
	dst, at := startBox(dst, name)
	dst = append(dst, e.body...)
	dst, sinf := startBox(dst, "sinf")
	dst = appendBox(dst, "frma", []byte(e.kind))
	dst = appendBox(dst, "schm", put32(nil, 0), []byte(c.p.Scheme), put32(nil, 0x10000))
	dst, schi := startBox(dst, "schi")
	dst, tenc := startBox(dst, "tenc")
	if c.p.Scheme == SchemeCENC {
		dst = append(dst, 0, 0, 0, 0, 0, 0, 1, 16)
		dst = append(dst, c.p.KID[:]...)
	} else {
		pattern := byte(0)
		if kind == KindVideo {
			pattern = 1<<4 | 9
		}
		dst = append(dst, 1, 0, 0, 0, 0, pattern, 1, 0)
		dst = append(dst, c.p.KID[:]...)
		dst = append(append(dst, 16), c.iv[:]...)
	}
	endBox(dst, tenc)
	endBox(dst, schi)
	endBox(dst, sinf)
	endBox(dst, at)
	return dst
}
